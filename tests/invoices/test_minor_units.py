"""Yen without decimals, dinars with three: entered, rounded, shown, added up and written to files as such."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from invoices.errors import InvoiceRefused
from invoices.exports import csv_lines
from invoices.filters import filtered_invoices, invoice_filter
from invoices.models import Invoice
from invoices.services.entry import LineData, proposed_tax, save_invoice
from invoices.services.readiness import problems
from invoices.services.twins import find_twins
from invoices.tallies import totals_of, totals_of_search
from ledger.minor_units import decimals_of, in_currency, is_finer, rounded
from ledger.models import TaxCode
from tests import factories
from tests.invoices.test_entry_page import Desk
from tests.invoices.test_search_files import sheets_of

pytestmark = pytest.mark.django_db
WORDS = "\N{NO-BREAK SPACE}"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def enter(desk: Desk, code: str, *lines: LineData, **header: Any) -> Invoice:
    header = {
        "company": desk.company,
        "supplier": desk.supplier,
        "number": f"{code}-{Invoice.objects.count()}",
        "currency": factories.currency(desk.account, code),
    } | header
    return save_invoice(by=desk.clerk, header=header, lines=lines)


def line(price: str, quantity: str = "1", tax: str = "0") -> LineData:
    return LineData(quantity=Decimal(quantity), unit_price=Decimal(price), tax=Decimal(tax))


@pytest.mark.parametrize(
    "code, decimals", [("JPY", 0), ("EUR", 2), ("KWD", 3), ("CLF", 4), ("XAU", 2), ("", 2), ("ZZZ", 2), (None, 2)]
)
def test_knows_the_decimals_of_currencies(code: str | None, decimals: int) -> None:
    assert decimals_of(code) == decimals


@pytest.mark.parametrize(
    "code, price, total", [("JPY", "1250", "1250"), ("KWD", "12.345", "12.345"), ("CLF", "0.1234", "0.1234")]
)
def test_keeps_an_amount_to_the_minor_unit(desk: Desk, code: str, price: str, total: str) -> None:
    saved = Invoice.objects.get(pk=enter(desk, code, line(price)).pk)
    assert str(in_currency(saved.total, saved.currency)) == total
    assert saved.lines.get().net == saved.net == saved.total == Decimal(total)


@pytest.mark.parametrize(
    "code, what, field",
    [
        ("JPY", {"lines": [line("12.5")]}, "lines-0-unit_price"),
        ("EUR", {"lines": [line("1"), line("0.125")]}, "lines-1-unit_price"),
        ("KWD", {"lines": [line("12.3455", "-1")]}, "lines-0-unit_price"),
        ("JPY", {"lines": [line("100", tax="10.5")]}, "lines-0-tax"),
        ("EUR", {"lines": [], "total": Decimal("10.005")}, "total"),
        ("KWD", {"lines": [], "net": Decimal("10.0005")}, "net"),
        ("JPY", {"lines": [], "tax": Decimal("0.50")}, "tax"),
    ],
)
def test_refuses_what_cannot_be_paid_in_the_currency(desk: Desk, code: str, what: dict[str, Any], field: str) -> None:
    with pytest.raises(InvoiceRefused, match=rf"{code} has .*decimals: .* cannot be paid\. Enter ") as caught:
        enter(desk, code, *what.pop("lines"), **what)
    assert caught.value.field == field
    assert not Invoice.objects.exists()


def test_several_units_are_rounded_and_the_page_says_so(desk: Desk) -> None:
    invoice = enter(desk, "JPY", line("12.5", "3"), line("100", "2"))
    assert [one.net for one in invoice.lines.all()] == [38, 200]
    page = desk.client.get(invoice.get_absolute_url()).content.decode()
    assert page.count("rounded from 37.50") == page.count("rounded from") == 1


@pytest.mark.parametrize(
    "code, net, rate, tax",
    [
        ("JPY", "1005", "10", "101"),
        ("EUR", "10.05", "10", "1.01"),
        ("KWD", "10.005", "5", "0.500"),
        ("KWD", "1", "5.55", "0.056"),
    ],
)
def test_tax_is_rounded_to_the_minor_unit(desk: Desk, code: str, net: str, rate: str, tax: str) -> None:
    invoice = enter(desk, code, _with_tax(desk, net, rate))
    assert invoice.lines.get().tax == Decimal(tax)
    assert invoice.total == Decimal(net) + Decimal(tax)


def _with_tax(desk: Desk, net: str, rate: str) -> LineData:
    return LineData(unit_price=Decimal(net), tax_code=factories.tax_code(desk.account, f"T{rate}", rate=Decimal(rate)))


PRICES = st.decimals(Decimal("-99999.9999"), Decimal("99999.9999"), places=4)


@given(PRICES, PRICES, st.sampled_from(["JPY", "EUR", "KWD", "CLF"]), st.sampled_from(["0", "7.7", "19", "8.875"]))
def test_every_line_is_payable_and_off_by_less_than_a_unit(
    price: Decimal, quantity: Decimal, code: str, rate: str
) -> None:
    made = LineData(quantity=quantity, unit_price=price, decimals=decimals_of(code))
    tax = proposed_tax(made.net, TaxCode(rate=Decimal(rate)), decimals_of(code))
    unit = Decimal(1).scaleb(-decimals_of(code))
    assert not is_finer(made.net, decimals_of(code))
    assert abs(made.net - price * quantity) * 2 <= unit
    assert abs(tax - made.net * Decimal(rate) / 100) * 2 <= unit
    assert tax == rounded(tax, decimals_of(code))


@pytest.mark.parametrize(
    "code, net, shown", [("JPY", "1250", "1,250"), ("EUR", "1250", "1,250.00"), ("KWD", "1250.5", "1,250.500")]
)
def test_pages_mails_and_files_write_the_currencys_decimals(desk: Desk, code: str, net: str, shown: str) -> None:
    invoice = enter(desk, code, line(net), number=f"{code}-1")
    money, query = f"{code}{WORDS}{shown}", f"currency={code}"
    desk.clerk.preferences["invoice_columns"] = ["net", "tax", "total"]
    desk.clerk.save()
    assert money in desk.client.get(invoice.get_absolute_url()).content.decode()
    search = desk.client.get(f"{reverse('invoices:invoice_search')}?{query}").content.decode()
    assert money in search
    assert f"<dd>{shown}</dd>" in search
    mail = render_to_string("invoices/mail/rejection.txt", {"invoice": invoice, "decided_by": "Ann", "reason": "No."})
    assert money in mail
    (row,) = list(csv_lines(filtered_invoices(desk.clerk, {}), "number", reader=desk.clerk))[1:]
    assert row.strip().split(",") == [f"{code}-1", code, shown.replace(",", ""), _zero(code), shown.replace(",", "")]
    book = b"".join(desk.client.get(f"{reverse('invoices:invoice_search')}export.xlsx").streaming_content)
    style = {"JPY": "5", "EUR": "4", "KWD": "6"}[code]
    assert sheets_of(book)[0][1][-1] == (style, shown.replace(",", ""))


def _zero(code: str) -> str:
    return f"{rounded(Decimal(0), decimals_of(code))}"


def test_the_form_shows_what_it_reads_again(desk: Desk) -> None:
    invoice = enter(desk, "KWD", line("12.345"), total=Decimal("13.345"))
    form = desk.client.get(reverse("invoices:invoice_edit", args=[invoice.pk])).context["form"]
    assert form["total"].value() == "13.345"
    assert form.fields["total"].clean("13.345") == Decimal("13.345")


def test_the_form_asks_what_three_digits_mean_and_takes_the_answer(desk: Desk) -> None:
    dinars = factories.currency(desk.account, "KWD").pk
    asked = desk.post(currency=dinars, **{"lines-0-unit_price": "12,345"})
    assert "can be read as 12345 or as 12.345. Write 12345 or 12.3450." in asked.content.decode()
    desk.post(currency=dinars, **{"lines-0-unit_price": "12,3450"})
    assert Invoice.objects.get().net == Decimal("12.345")


@pytest.mark.parametrize("typed", ["12.345", "KWD 12.345", "12.345 KWD", "\u00a012.345\u200b"])
def test_a_point_before_three_digits_is_the_decimal_mark_of_dinars(desk: Desk, typed: str) -> None:
    dinars = factories.currency(desk.account, "KWD").pk
    desk.post(currency=dinars, total=typed, **{"lines-0-unit_price": typed})
    assert (Invoice.objects.get().net, Invoice.objects.get().total) == (Decimal("12.345"), Decimal("12.345"))


def test_a_point_before_three_digits_stays_a_question_of_pounds_and_of_quantities(desk: Desk) -> None:
    pounds, dinars = (factories.currency(desk.account, code).pk for code in ("GBP", "KWD"))
    for currency, box in ((pounds, "lines-0-unit_price"), (dinars, "lines-0-quantity")):
        asked = desk.post(currency=currency, **{"lines-0-unit_price": "1", box: "12.345"})
        assert "can be read as 12345 or as 12.345." in asked.content.decode()
    assert not Invoice.objects.exists()


def test_the_form_refuses_decimals_of_yen_and_other_currencies(desk: Desk) -> None:
    yen = factories.currency(desk.account, "JPY").pk
    page = desk.post(currency=yen, total="12.5", **{"lines-0-unit_price": "12.5", "lines-0-tax": "USD 1"})
    assert {one.message for one in page.context["problems"]} == {
        "Enter no decimals. A thousand is written 1,000 or 1000.",
        "This says USD, but the currency is JPY.",
    }
    page = desk.post(currency=yen, **{"lines-0-unit_price": "12.5"})
    assert [one.message for one in page.context["problems"]] == [
        "JPY has no decimals: 12.5 cannot be paid. Enter 13 if that is what the invoice says."
    ]


def test_totals_filters_and_twins_know_the_minor_unit(desk: Desk) -> None:
    for price in ("12.345", "12.345", "0.012"):
        enter(desk, "KWD", line(price))
    assert [one.total for one in totals_of(filtered_invoices(desk.clerk, {}))] == [Decimal("24.702")]
    for query, total in [("12.345", "24.690"), ("12.3460", None), ("0.012", "24.702")]:
        found = invoice_filter(desk.clerk, {"currency": "KWD", "total_min": query})
        sums = [one.total for one in totals_of_search(desk.clerk, found)]
        assert sums == ([Decimal(total)] if total else [])
    assert not invoice_filter(desk.clerk, {"currency": "KWD", "total_min": "1,234"}).is_valid()
    assert filtered_invoices(desk.clerk, {"total_min": "(EUR 1,000.00)"}).count() == 3


@pytest.mark.parametrize(
    "code, half, is_twin", [("JPY", "500", True), ("KWD", "500.495", False), ("EUR", "500.50", True)]
)
def test_halves_are_equal_to_the_minor_unit(desk: Desk, code: str, half: str, is_twin: bool) -> None:
    days = {"invoice_date": dt.date(2030, 1, 1), "company": desk.company}
    for number in ("first", "second"):
        enter(desk, code, line(half), number=number, **days)
    whole = enter(desk, code, line("1001"), number="whole", **days)
    assert bool(find_twins(whole)) is is_twin


def test_what_is_missing_is_said_with_the_currencys_decimals(desk: Desk) -> None:
    invoice = enter(desk, "KWD", line("12.345"), net=Decimal("12.346"))
    assert "The lines add up to 12.345 net, but the invoice says 12.346." in [
        finding.message for finding in problems(invoice)
    ]
