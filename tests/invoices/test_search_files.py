"""CSV and XLSX of a search: the whole result in the reader's columns, safe in a spreadsheet, streamed."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from lxml import etree
from python_calamine import CalamineWorkbook

from invoices.exports import csv_lines
from invoices.models import Invoice
from invoices.tables import COLUMNS
from organization.models import CsvStyle, Spelling
from organization.reference.csv_files import bare_cell
from organization.xlsx import workbook
from tests import factories

pytestmark = pytest.mark.django_db
SEARCH = "/accounts-payable/invoices/"
CELLS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture
def company() -> Any:
    return factories.company()


@pytest.fixture
def clerk(company: Any) -> Any:
    return factories.user(company.account, preferences={"invoice_columns": list(COLUMNS)})


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def exported(user: Any, query: str = "") -> list[dict[str, str]]:
    response = client_of(user).get(f"{SEARCH}export.csv?{query}")
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def sheets_of(content: bytes) -> list[list[list[tuple[str, str]]]]:
    """Sheets of rows of (style, text)."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        assert book.testzip() is None
        names = sorted(name for name in book.namelist() if name.startswith("xl/worksheets/"))
        return [_rows_of(book.read(name)) for name in names]


def _rows_of(xml: bytes) -> list[list[tuple[str, str]]]:
    root = etree.fromstring(xml)
    assert not list(root.iter(f"{CELLS}f"))
    return [
        [(cell.get("s", "0"), "".join(cell.itertext())) for cell in row.iter(f"{CELLS}c")]
        for row in root.iter(f"{CELLS}row")
    ]


def xlsx_rows(user: Any, query: str = "") -> list[dict[str, tuple[str, str]]]:
    content = b"".join(client_of(user).get(f"{SEARCH}export.xlsx?{query}").streaming_content)
    heads, *rows = sheets_of(content)[0]
    return [dict(zip([text for _, text in heads], row, strict=True)) for row in rows]


def test_hold_what_the_filters_select_and_credit_notes_as_negative(company: Any, clerk: Any) -> None:
    factories.invoice(company, number="YES", net=Decimal("1234.50"))
    factories.invoice(company, number="NO", kind=Invoice.Kind.CREDIT_NOTE)
    factories.invoice(factories.company(), number="YES-THEIRS")
    rows = exported(clerk, "kind=invoice")
    assert [(row["Number"], row["Total"], row["Status"]) for row in rows] == [("YES", "1234.50", "Draft")]
    [credit_note] = exported(clerk, "kind=credit_note")
    assert (credit_note["Net"], credit_note["Tax"], credit_note["Total"]) == ("-100.00", "0.00", "-100.00")
    assert [row["Number"] for row in xlsx_rows(clerk, "kind=invoice")] == [("0", "YES")]


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
@pytest.mark.parametrize(
    "chosen, heads",
    [
        ([], ["Number", "Supplier", "Date", "Due", "Currency", "Total", "Status"]),
        (["description", "net", "tax"], ["Number", "Currency", "Net", "Tax", "Description"]),
        (["supplier_code", "currency", "total"], ["Number", "Supplier code", "Currency", "Total"]),
        (["documents"], ["Number", "Documents"]),
    ],
)
def test_follow_the_readers_columns(company: Any, chosen: list[str], heads: list[str], ending: str) -> None:
    """An amount on the page carries its currency; in a file it stands beside."""
    factories.invoice(company)
    reader = factories.user(company.account)
    client = client_of(reader)
    client.post(f"{SEARCH}columns/", {"columns": chosen} if chosen else {"reset": ""})
    reader.refresh_from_db()
    rows = exported(reader) if ending == "csv" else xlsx_rows(reader)
    assert list(rows[0]) == heads


def test_keep_the_order_of_the_page(company: Any, clerk: Any) -> None:
    for number in ("B", "A", "C"):
        factories.invoice(company, number=number)
    assert [row["Number"] for row in exported(clerk, "sort=-number")] == ["C", "B", "A"]


def test_hold_nothing_but_headings_when_a_filter_makes_no_sense(company: Any, clerk: Any) -> None:
    factories.invoice(company)
    assert exported(clerk, "total_min=many") == []
    assert xlsx_rows(clerk, "total_min=many") == []


@pytest.mark.parametrize("text", ["=1+1", "+1+1", "-1-1", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1", "'=1"])
def test_disarm_formulas(company: Any, clerk: Any, text: str) -> None:
    factories.invoice(company, description=text, supplier=factories.supplier(company, name="=cmd()"))
    [row] = exported(clerk)
    assert (row["Description"], row["Supplier"]) == (f"'{text}", "'=cmd()")
    [row] = xlsx_rows(clerk)
    assert row["Supplier"] == ("0", "=cmd()")  # a text; sheets_of asserts that there is no formula


def test_are_for_their_reader(company: Any) -> None:
    """The stream is read after the request's own time zone is gone."""
    american = factories.user(
        company.account,
        spelling=Spelling.US,
        time_zone="America/New_York",
        preferences={"invoice_columns": ["status", "created_at"]},
    )
    factories.authorized_invoice(company, created_at=dt.datetime(2030, 7, 1, 2, 30, tzinfo=dt.UTC))
    [row] = exported(american)
    assert (row["Status"], row["Entered"]) == ("Authorized, Not Posted", "2030-06-30 22:30:00")
    [row] = xlsx_rows(american)
    assert row["Status"] == ("0", "Authorized, Not Posted")
    assert float(row["Entered"][1]) == pytest.approx(47664 + 22.5 / 24)  # days since 1899-12-30


def test_xlsx_has_dates_and_amounts_as_such(company: Any, clerk: Any) -> None:
    factories.invoice(company, net=Decimal("1234.50"), invoice_date=dt.date(2030, 1, 15), due_date=None)
    [row] = xlsx_rows(clerk)
    assert (row["Total"], row["Date"], row["Due"]) == (("4", "1234.50"), ("2", "47498"), ("0", ""))


def test_xlsx_survives_any_text(company: Any, clerk: Any) -> None:
    factories.invoice(company, description="<b>&\"'\x07 \x0b ünï 😀  two")
    assert xlsx_rows(clerk)[0]["Description"] == ("0", "<b>&\"'\ufffd \ufffd ünï 😀  two")


def test_xlsx_goes_on_on_another_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("organization.xlsx.MAX_ROWS", 3)

    def texts(count: int) -> list[list[str]]:
        content = b"".join(workbook("Invoices", ["Number"], ([str(number)] for number in range(count))))
        return [[text for row in sheet for _, text in row] for sheet in sheets_of(content)]

    assert texts(0) == [["Number"]]
    assert texts(3) == [["Number", "0", "1", "2"]]
    assert texts(7) == [["Number", "0", "1", "2"], ["Number", "3", "4", "5"], ["Number", "6"]]


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_cost_as_many_queries_for_twenty_rows_as_for_ten(company: Any, clerk: Any, ending: str) -> None:
    def cost() -> int:
        for _ in range(10):
            factories.invoice(company, terms=factories.terms(company.account))
        client = client_of(clerk)
        with CaptureQueriesContext(connection) as queries:
            b"".join(client.get(f"{SEARCH}export.{ending}").streaming_content)
        return len(queries)

    assert cost() == cost()


def test_come_before_the_last_invoice_is_read(company: Any, clerk: Any) -> None:
    factories.invoice(company)
    lines = csv_lines(Invoice.objects.all(), "number", reader=clerk)
    with CaptureQueriesContext(connection) as queries:
        assert next(lines).startswith("\ufeffNumber,")
    assert len(queries) == 0


def _odd_invoices(company: Any) -> None:
    """Everything that a reader of files may stumble over."""
    supplier = factories.supplier(company, name='=Müller; O’Neil, "Söhne"')
    dinars = factories.currency(company.account, "KWD")
    factories.invoice(company, supplier=supplier, number="0012", description="first\nsecond", net=Decimal("1234.50"))
    factories.invoice(company, number="-1", kind=Invoice.Kind.CREDIT_NOTE, description="'=1", net=Decimal("0.10"))
    factories.invoice(company, number="1.50", currency=dinars, net=Decimal("12.345"), tax=Decimal(0), description="+x")


def _said(value: Any) -> str:
    """What any reader makes of a cell, as one text."""
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d %H:%M}" if value.time() != dt.time() else f"{value:%Y-%m-%d}"
    if isinstance(value, int | float | Decimal):
        return f"{Decimal(str(value)).normalize():f}"
    return "" if value is None else str(value).replace("\r\n", "\n")


AMOUNTS = ("Net", "Tax", "Total")


@pytest.mark.parametrize("style", CsvStyle.values)
def test_two_readers_find_the_same_in_both_files_in_the_readers_own_way(company: Any, clerk: Any, style: str) -> None:
    _odd_invoices(company)
    clerk.csv_style = style
    clerk.save()
    content = b"".join(client_of(clerk).get(f"{SEARCH}export.xlsx").streaming_content)
    sheet = openpyxl.load_workbook(io.BytesIO(content), read_only=True).worksheets[0]
    first = [[_said(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    assert [[_said(cell) for cell in row] for row in book.get_sheet_by_index(0).to_python()] == first
    text = b"".join(client_of(clerk).get(f"{SEARCH}export.csv").streaming_content).decode("utf-8-sig")
    has_commas = style == CsvStyle.SEMICOLONS
    heads, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=";" if has_commas else ",")
    assert heads == first[0]
    for row, other in zip(rows, first[1:], strict=True):
        cells = dict(zip(heads, row, strict=True))
        amounts = {name: cells[name].replace(",", ".") if has_commas else cells[name] for name in AMOUNTS}
        assert ("," in cells["Total"]) is has_commas
        found = cells | {name: _said(Decimal(amount)) for name, amount in amounts.items()}
        found |= {name: found[name][:16] for name in ("Entered", "Posted")}
        assert [bare_cell(found[name]) for name in heads] == other
