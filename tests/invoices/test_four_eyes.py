"""Whoever had a part in what an invoice asks to be paid does not authorise it, whichever way they try."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from invoices.errors import InvoiceRefused
from invoices.models import ApprovalStatus, Invoice, InvoiceAuthor
from invoices.services.authorization import (
    authorize_invoice,
    possible_approvers,
    reject_invoice,
    send_to_another,
    submit_invoice,
)
from invoices.services.bulk import act_on_many
from invoices.services.discarding import discard_invoice
from invoices.services.entry import LineData, save_invoice
from ledger.models import ExchangeRate
from organization.models import AuditAction, AuditEntry, Scope, User
from tests import factories
from tests.invoices.test_services import header_of

pytestmark = pytest.mark.django_db


class Office:
    """Everybody enters, edits and authorises: only what they did keeps them out."""

    def __init__(self, *people: str) -> None:
        self.company = factories.company()
        self.account = self.company.account
        self.clerk, self.ann, self.ben, self.cleo = (self.person(name) for name in ("Clerk", "Ann", "Ben", "Cleo"))
        self.invoice = factories.invoice(self.company, created_by=self.clerk)

    def person(self, name: str, **fields: Any) -> User:
        everything = {"administration": Scope.ALL, "authorization": Scope.ALL}
        return factories.user(self.account, "Invoice Approver", first_name=name, **everything, **fields)

    def edit(self, by: User, *, price: int | None = None, gl_code: Any = None, **header: Any) -> Invoice:
        """Nothing else changes."""
        line = self.invoice.lines.get()
        data = LineData(
            gl_code=gl_code or line.gl_code,
            description=line.description,
            unit_price=line.unit_price if price is None else Decimal(price),
        )
        self.invoice = save_invoice(
            by=by,
            header=header_of(self.invoice, **header),
            lines=[data],
            invoice=Invoice.objects.get(pk=self.invoice.pk),
        )
        return self.invoice

    def submit(self, by: User) -> None:
        submit_invoice(self.invoice, by=by)

    def able(self) -> set[str]:
        """Who may decide, by every way of asking; the ways must agree."""
        people = [self.clerk, self.ann, self.ben, self.cleo]
        listed = {one.first_name for one in people if Invoice.objects.authorizable_by(one).exists()}
        asked = {one.first_name for one in possible_approvers(self.invoice)}
        assert listed == asked
        return listed


@pytest.fixture
def office() -> Office:
    return Office()


def test_everybody_who_changed_money_or_submitted_is_an_author_not_only_the_last(office: Office) -> None:
    office.edit(office.ann, price=120)
    office.edit(office.ben, description="Not about money")
    office.submit(office.ben)
    assert office.able() == {"Cleo"}
    with pytest.raises(InvoiceRefused, match="You changed the supplier, the amounts or the currency"):
        authorize_invoice(office.invoice, by=office.ann)
    with pytest.raises(InvoiceRefused, match="You submitted this invoice"):
        authorize_invoice(office.invoice, by=office.ben)
    authorize_invoice(office.invoice, by=office.cleo)
    assert office.invoice.approval_status == ApprovalStatus.AUTHORIZED


@pytest.mark.parametrize(
    "what", ["supplier", "currency", "kind", "total", "line amounts", "description", "due_date", "coding"]
)
def test_what_counts_as_money(office: Office, what: str) -> None:
    changes: dict[str, Any] = {
        "supplier": lambda: {"supplier": factories.supplier(office.company)},
        "currency": lambda: {"currency": factories.currency(office.account, "EUR")},
        "kind": lambda: {"kind": "credit_note"},
        "total": lambda: {"total": Decimal(90)},
        "line amounts": lambda: {"price": 90, "net": Decimal(100), "total": Decimal(100)},
        "description": lambda: {"description": "Other words"},
        "due_date": lambda: {"due_date": dt.date(2030, 3, 1)},
        "coding": lambda: {"gl_code": factories.gl_code(office.company)},
    }[what]()
    office.edit(office.ann, **changes)
    counts = what not in ("description", "due_date", "coding")
    assert InvoiceAuthor.objects.filter(user=office.ann).exists() == counts
    assert AuditEntry.objects.filter(action=AuditAction.INVOICE_CHANGED).exists() == counts


def test_coding_counts_where_the_account_says_so(office: Office) -> None:
    office.account.coding_makes_author = True
    office.account.save()
    coder = User.objects.get(pk=office.ann.pk)
    office.edit(coder, gl_code=factories.gl_code(office.company))
    office.submit(office.clerk)
    assert office.able() == {"Ben", "Cleo"}
    with pytest.raises(InvoiceRefused, match="You changed the coding"):
        authorize_invoice(office.invoice, by=office.ann)


def test_authors_stay_authors_after_a_rejection_and_until_it_is_authorised(office: Office) -> None:
    office.edit(office.ann, price=120)
    office.submit(office.clerk)
    reject_invoice(office.invoice, by=office.cleo, reason="Why so dear?")
    office.submit(office.clerk)
    assert office.able() == {"Ben", "Cleo"}
    authorize_invoice(office.invoice, by=office.ben)
    office.edit(office.cleo, price=130)
    office.submit(office.clerk)
    assert office.able() == {"Ann", "Ben"}
    with pytest.raises(InvoiceRefused, match="You entered this invoice"):
        authorize_invoice(office.invoice, by=office.clerk)


def test_no_way_leads_round_it(office: Office) -> None:
    """Singly, in bulk over ticked rows and over all that match, by sending it to oneself, by any forged form."""
    office.edit(office.ann, price=120)
    office.submit(office.clerk)
    client = Client()
    client.force_login(office.ann)
    invoice = office.invoice
    client.post(reverse("invoices:invoice_authorize", args=[invoice.pk]), {"version": invoice.version})
    for scope in ({"selected": [invoice.pk]}, {"scope": "all", "query": ""}):
        client.post(reverse("invoices:invoice_bulk"), {"action": "authorize", **scope})
    client.post(reverse("invoices:invoice_reject", args=[invoice.pk]), {"reason": "x"})
    client.post(reverse("invoices:invoice_send_to", args=[invoice.pk]), {"approver": office.ann.pk})
    with pytest.raises(InvoiceRefused, match="may not authorise"):
        send_to_another(invoice, by=office.cleo, approver=office.ann)
    invoice.refresh_from_db()
    assert (invoice.approval_status, invoice.next_approver) == (ApprovalStatus.WAITING, None)
    result = act_on_many(Invoice.objects.filter(pk=invoice.pk), "authorize", by=office.ann)
    assert "You changed the supplier" in result.refusals[0]
    assert reverse("invoices:invoice_authorize", args=[invoice.pk]) not in page_of(office.ann, invoice)


def test_a_rules_approver_who_is_an_author_is_passed_over(office: Office) -> None:
    rule = office.company.approval_rules.create(name="All")
    for position, person in enumerate((office.ann, office.cleo), 1):
        rule.steps.create(position=position, approver=person)
    office.edit(office.ann, price=120)
    office.submit(office.clerk)
    assert office.invoice.next_approver == office.cleo


def test_an_owner_is_an_author_like_everybody_unless_a_rule_allows_ones_own(office: Office) -> None:
    owner = factories.owner(office.account)
    mine = submit_invoice(factories.invoice(office.company, created_by=owner), by=owner)
    with pytest.raises(InvoiceRefused, match="You entered this invoice"):
        authorize_invoice(mine, by=owner)
    office.company.approval_rules.create(name="Own", allows_own=True)
    other = submit_invoice(factories.invoice(office.company, created_by=owner), by=owner)
    assert authorize_invoice(other, by=owner).approval_status == ApprovalStatus.AUTHORIZED


def page_of(user: User, invoice: Invoice) -> str:
    client = Client()
    client.force_login(user)
    return client.get(invoice.get_absolute_url()).content.decode()


def test_the_page_says_who_could_or_what_would_let_somebody(office: Office) -> None:
    office.edit(office.ann, price=120)
    office.submit(office.clerk)
    assert "These may: Ben" in page_of(office.ann, office.invoice)
    User.objects.filter(pk__in=[office.ben.pk, office.cleo.pk]).update(is_active=False)
    assert "At present nobody else may" in page_of(office.ann, office.invoice)
    assert "nobody else may" not in page_of(factories.user(office.account, "Reporter"), office.invoice)


def test_a_discarded_invoice_takes_its_authors_along(office: Office) -> None:
    office.edit(office.ann, price=120)
    discard_invoice(office.invoice, by=office.clerk)
    assert not InvoiceAuthor.objects.exists()
    entry = AuditEntry.objects.get(action=AuditAction.INVOICE_DISCARDED)
    assert entry.changes["Total"] == ["120.00", None]


@pytest.mark.django_db(transaction=True)
def test_of_an_edit_and_an_authorisation_at_once_no_author_comes_through() -> None:
    """Ann changes the amount and submits while she authorises what she had opened before."""
    for _ in range(6):
        office, barrier = Office(), Barrier(2, timeout=30)
        office.submit(office.clerk)

        def run(step: Any, barrier: Barrier = barrier) -> None:
            try:
                barrier.wait()
                step()
            except InvoiceRefused:
                pass
            finally:
                connection.close()

        def edit(office: Office = office) -> None:
            submit_invoice(office.edit(office.ann, price=999), by=office.ann)

        opened = Invoice.objects.get(pk=office.invoice.pk)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(run, [edit, partial(authorize_invoice, opened, by=office.ann)]))
        now = Invoice.objects.get(pk=office.invoice.pk)
        assert (now.total, now.approval_status) == (Decimal(999), ApprovalStatus.WAITING)
        assert not Invoice.objects.authorizable_by(office.ann).exists()


def test_the_activity_tells_old_and_new_and_nobody_deletes_it(office: Office) -> None:
    supplier = office.invoice.supplier
    office.edit(office.ann, price=120, supplier=factories.supplier(office.company, code="NEW", name="Newcomer"))
    text = office.invoice.activities.get(kind="edited").text
    assert f"Supplier {supplier} → NEW Newcomer" in text
    assert "Total 100.00 → 120.00" in text
    entry = AuditEntry.objects.get(action=AuditAction.INVOICE_CHANGED)
    assert entry.changes["Total"] == ["100.00", "120.00"]
    for change in (office.invoice.activities.all().delete, partial(office.invoice.activities.update, text="x")):
        with pytest.raises(DatabaseError, match="may not be"), transaction.atomic():
            change()


def limited(office: Office, limit: int, currency: str = "") -> User:
    return office.person("Lim", authorization_limit=Decimal(limit), authorization_limit_currency=currency)


def rate(office: Office, currency: str, value: str, date: dt.date = dt.date(2030, 1, 1)) -> ExchangeRate:
    return factories.exchange_rate(office.account, currency, value, date=date)


def waiting_in(office: Office, currency: str, net: int, **fields: Any) -> Invoice:
    made = factories.invoice(
        office.company,
        created_by=office.clerk,
        currency=factories.currency(office.account, currency),
        net=Decimal(net),
        **fields,
    )
    return submit_invoice(made, by=office.clerk)


@pytest.mark.parametrize(
    "limit, currency, net, may",
    [
        (100, "GBP", 125, True),  # 125 USD × 0.8 = 100 GBP
        (100, "GBP", 126, False),
        (100, "", 125, True),  # the base currency
        (125, "USD", 125, True),
        (125, "USD", 126, False),
        (50, "KWD", 125, True),  # 125 USD = 100 GBP = 50 KWD
        (49, "KWD", 125, False),
    ],
)
def test_a_limit_judges_other_currencies_by_the_rates(
    office: Office, limit: int, currency: str, net: int, may: bool
) -> None:
    rate(office, "USD", "0.8")
    rate(office, "KWD", "2")
    person = limited(office, limit, currency)
    invoice = waiting_in(office, "USD", net)
    assert Invoice.objects.authorizable_by(person).exists() == may
    assert (person in possible_approvers(invoice)) == may
    if may:
        authorize_invoice(invoice, by=person)
    else:
        with pytest.raises(InvoiceRefused, match="above your limit"):
            authorize_invoice(invoice, by=person)


def test_without_a_rate_nothing_passes_and_the_reason_is_told(office: Office) -> None:
    rate(office, "USD", "0.8", dt.date(2030, 1, 16))  # a day too late
    person = limited(office, 1_000_000, "GBP")
    invoice = waiting_in(office, "USD", 1)
    with pytest.raises(InvoiceRefused, match="no exchange rate for USD on or before 15 January 2030"):
        authorize_invoice(invoice, by=person)
    assert person not in possible_approvers(invoice)
    assert "no exchange rate for USD" in page_of(person, invoice)
    rate(office, "USD", "0.8", dt.date(2030, 1, 15))
    assert authorize_invoice(invoice, by=person).approval_status == ApprovalStatus.AUTHORIZED


def test_the_last_rate_before_the_invoices_date_counts_and_archived_ones_do_not(office: Office) -> None:
    rate(office, "USD", "9", dt.date(2029, 1, 1))
    rate(office, "USD", "1", dt.date(2030, 1, 10))
    wrong = rate(office, "USD", "8", dt.date(2030, 1, 12))
    wrong.is_active = False
    wrong.save()
    person = limited(office, 100, "GBP")
    waiting_in(office, "USD", 100)
    assert Invoice.objects.authorizable_by(person).count() == 1


def test_a_rates_of_another_account_is_none(office: Office) -> None:
    ExchangeRate.objects.create(account=factories.account(), currency="USD", rate=Decimal(1), date=dt.date(2030, 1, 1))
    person = limited(office, 100, "GBP")
    invoice = waiting_in(office, "USD", 1)
    assert not Invoice.objects.authorizable_by(person).exists()
    assert person not in possible_approvers(invoice)


def test_a_rules_bounds_are_in_the_companys_currency(office: Office) -> None:
    rule = office.company.approval_rules.create(name="Large", minimum_total=Decimal(100))
    draft = factories.invoice(
        office.company, created_by=office.clerk, net=Decimal(125), currency=factories.currency(office.account, "USD")
    )
    with pytest.raises(InvoiceRefused, match="no exchange rate for USD"):
        submit_invoice(draft, by=office.clerk)
    rate(office, "USD", "0.8")
    assert submit_invoice(draft, by=office.clerk).approval_rule == rule
    assert waiting_in(office, "USD", 124).approval_rule is None
