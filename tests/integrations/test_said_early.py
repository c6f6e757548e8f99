"""What Sage Intacct would refuse is said at entry, at submission and to the approver, in one wording."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from integrations.models import Connection
from integrations.sage_intacct.classification import classify_errors
from integrations.sage_intacct.client import ApiError
from integrations.sage_intacct.exporters.learning import DOCUMENTS_REQUIRED_AT
from integrations.services.preflight import problems_of
from invoices.errors import InvoiceRefused
from invoices.models import ApprovalStatus, Invoice, InvoiceLine
from invoices.services.authorization import submit_invoice
from invoices.services.readiness import problems
from ledger.models import ClosedPeriod
from organization.models import User
from suppliers.models import Supplier
from tests import factories
from tests.integrations.exporting import account, exporting_connection
from tests.integrations.importing import company_of

pytestmark = pytest.mark.django_db
LONG = "9" * 40


@pytest.fixture
def connection() -> Connection:
    return exporting_connection()


@pytest.fixture
def clerk(connection: Connection) -> User:
    return factories.user(connection.account)


@pytest.fixture
def page(client: Client, clerk: User) -> Client:
    client.force_login(clerk)
    return client


def draft(connection: Connection, clerk: User, **fields: Any) -> Invoice:
    return factories.invoice(company_of(connection), created_by=clerk, **fields)


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def note(shown: str, field: str) -> str:
    """What stands under a field of the entry form."""
    if f'id="id_{field}_note"' not in shown:
        return ""
    return shown.partition(f'id="id_{field}_note">')[2].partition("</div>")[0]


CASES = [
    ({"number": "PR#9"}, "number", "Sage Intacct refuses these characters in a bill number: #"),
    ({"number": LONG}, "number", "The number has 40 characters; Sage Intacct takes 30."),
    ({"po_number": "7" * 31}, "po_number", "The PO number has 31 characters; Sage Intacct takes 30."),
]


@pytest.mark.parametrize(("fields", "field", "words"), CASES)
def test_is_said_at_submission_and_beside_its_field(
    page: Client, connection: Connection, clerk: User, fields: dict[str, str], field: str, words: str
) -> None:
    invoice = draft(connection, clerk, **fields)
    with pytest.raises(InvoiceRefused) as refused:
        submit_invoice(invoice, by=clerk)
    assert refused.value.field == field
    assert refused.value.message.startswith(words)
    assert words in note(text(page.get(reverse("invoices:invoice_edit", args=[invoice.pk]))), field)


def test_a_supplier_on_hold_is_said_early(page: Client, connection: Connection, clerk: User) -> None:
    held = factories.supplier(company_of(connection), "V00090", is_on_hold=True)
    invoice = draft(connection, clerk, supplier=held)
    with pytest.raises(InvoiceRefused, match="is on hold"):
        submit_invoice(invoice, by=clerk)
    assert "is on hold" in text(page.get(invoice.get_absolute_url()))
    assert "is on hold" in note(text(page.get(reverse("invoices:invoice_edit", args=[invoice.pk]))), "supplier")


def test_a_closed_period_is_said_at_the_posting_date(connection: Connection, clerk: User) -> None:
    closed = ClosedPeriod.objects.create(company=company_of(connection), closed_to=dt.date(2030, 1, 31))
    invoice = draft(connection, clerk)
    with pytest.raises(InvoiceRefused, match=r"is closed in Sage Intacct\. Open from 1 February 2030\.") as refused:
        submit_invoice(invoice, by=clerk)
    assert refused.value.field == "posting_date"
    ClosedPeriod.objects.filter(pk=closed.pk).update(learnt_at=timezone.now() - dt.timedelta(days=2))
    submit_invoice(invoice, by=clerk)  # may be open again: it only warns
    assert invoice.approval_status == ApprovalStatus.WAITING


def test_a_closed_period_names_the_date_that_counts(page: Client, connection: Connection, clerk: User) -> None:
    ClosedPeriod.objects.create(company=company_of(connection), closed_to=dt.date(2030, 1, 31))
    invoice = draft(connection, clerk)
    edit = reverse("invoices:invoice_edit", args=[invoice.pk])
    assert "The invoice date, which counts while the posting date is empty, lies in a period" in note(
        text(page.get(edit)), "posting_date"
    )
    Invoice.objects.filter(pk=invoice.pk).update(posting_date=dt.date(2030, 1, 20))
    said = note(text(page.get(edit)), "posting_date")
    assert "The posting date lies in a period" in said
    assert "invoice date" not in said


def test_a_closed_period_is_said_once_and_as_its_reader_writes_dates(
    page: Client, connection: Connection, clerk: User
) -> None:
    ClosedPeriod.objects.create(company=company_of(connection), closed_to=dt.date(2030, 1, 31))
    invoice = draft(connection, clerk)
    for spelling, day in (("en-gb", "1 February 2030"), ("en-us", "February 1, 2030")):
        User.objects.filter(pk=clerk.pk).update(spelling=spelling)
        shown = text(page.get(invoice.get_absolute_url()))
        assert shown.count("closed") == shown.count("lies in a period that is closed in Sage Intacct") > 0
        assert f"Open from {day}." in shown
        edited = text(page.get(reverse("invoices:invoice_edit", args=[invoice.pk])))
        assert f"a posting date in an open period, {day} or later" in note(edited, "posting_date")
        assert edited.count("closed in Sage Intacct") == 1
    typed = {"company": company_of(connection).pk, "kind": "invoice", "invoice_date": "01/15/2030"}
    notes = page.get(reverse("invoices:header_check"), typed).json()["notes"]
    assert "Open from February 1, 2030." in notes["posting_date"]
    assert "closed" not in page.get(reverse("invoices:plausibility"), typed).text


def test_a_sign_beside_its_field_is_escaped_once_for_every_reader(
    page: Client, connection: Connection, clerk: User
) -> None:
    edit = reverse("invoices:invoice_edit", args=[draft(connection, clerk, number="A&B").pk])
    for spelling in ("en-gb", "en-us"):
        User.objects.filter(pk=clerk.pk).update(spelling=spelling)
        assert "in a bill number: &amp; Take" in note(text(page.get(edit)), "number")


def close_january(invoice: Invoice) -> None:
    ClosedPeriod.objects.create(company=invoice.company, closed_to=dt.date(2030, 1, 31))
    Invoice.objects.filter(pk=invoice.pk).update(posting_date=dt.date(2030, 1, 20))


# What pre-flight knows, and the refusal that it spares: one wording.
SPARED: list[tuple[str, Callable[[Invoice], object]]] = [
    ("Periods are closed. Open periods: Top level: open from 02/01/2030", close_january),
    ("Date must be on or after 02/01/2030", close_january),
    (
        "Date Due cannot be earlier than date of transaction",
        lambda invoice: Invoice.objects.filter(pk=invoice.pk).update(due_date=dt.date(2029, 1, 1)),
    ),
    (
        "The vendor 'V00001' is on hold.",
        lambda invoice: Supplier.objects.filter(pk=invoice.supplier_id).update(is_on_hold=True, name="", code="V00001"),
    ),
    (
        "Currency 'USD' is not enabled",
        lambda invoice: Invoice.objects.filter(pk=invoice.pk).update(
            currency=factories.currency(invoice.account, "USD", is_active=False)
        ),
    ),
    (
        "Term 'Net 9' is invalid",
        lambda invoice: Invoice.objects.filter(pk=invoice.pk).update(
            terms=factories.terms(invoice.account, name="Net 9", is_active=False)
        ),
    ),
    (
        "Vendor invoice attachment is required",
        lambda invoice: invoice.account.connections.get().company_links.update(
            facts={DOCUMENTS_REQUIRED_AT: timezone.now().isoformat()}
        ),
    ),
]


@pytest.mark.parametrize(("answer", "happen"), SPARED, ids=[answer for answer, _ in SPARED])
def test_one_wording_before_it_is_sent_and_after_it_was_refused(
    connection: Connection, clerk: User, answer: str, happen: Callable[[Invoice], object]
) -> None:
    invoice = draft(connection, clerk)
    happen(invoice)
    refusal = classify_errors([ApiError("BL01001973", description2=answer)], level="result")
    (told,) = problems(Invoice.objects.get(pk=invoice.pk))
    assert (told.message.replace("V00001 ", "V00001"), told.advice) == (refusal.message, refusal.advice)


def test_a_currency_that_is_not_enabled_is_said(connection: Connection, clerk: User) -> None:
    Connection.objects.filter(pk=connection.pk).update(remote_facts={"multi_currency": False})
    invoice = draft(connection, clerk, currency=factories.currency(connection.account, "USD"))
    with pytest.raises(InvoiceRefused, match="keeps its books in GBP only"):
        submit_invoice(invoice, by=clerk)


@pytest.mark.parametrize("fields", [{"is_enabled": False}, {"synchronized_at": None}])
def test_without_a_synchronized_connection_nobody_speaks_of_it(
    page: Client, connection: Connection, clerk: User, fields: dict[str, Any]
) -> None:
    Connection.objects.filter(pk=connection.pk).update(**fields)
    invoice = draft(connection, clerk, number="PR#9")
    assert list(problems(invoice)) == []
    assert "Sage Intacct refuses" not in text(page.get(invoice.get_absolute_url()))
    assert submit_invoice(invoice, by=clerk).approval_status == ApprovalStatus.WAITING


def test_a_company_that_is_not_connected_is_told_and_not_held_back(connection: Connection, clerk: User) -> None:
    invoice = factories.invoice(factories.company(connection.account), created_by=clerk)
    assert [(one.code, one.is_error) for one in problems(invoice)] == [("company_not_linked", False)]
    assert submit_invoice(invoice, by=clerk).approval_status == ApprovalStatus.WAITING


def test_warnings_alone_are_not_called_a_hindrance(page: Client, connection: Connection, clerk: User) -> None:
    invoice = factories.invoice(factories.company(connection.account), created_by=clerk)
    shown = text(page.get(invoice.get_absolute_url()))
    assert "What may be refused when it is posted" in shown
    assert "Before it can be submitted" not in shown
    assert "Before it can be submitted" not in text(page.get(f"{invoice.get_absolute_url()}edit/?check=1"))


def test_another_accounts_connection_says_nothing(connection: Connection) -> None:
    invoice = factories.invoice(factories.company(), number="PR#9")
    assert list(problems(invoice)) == []


def test_a_credit_note_is_not_judged_as_a_bill(connection: Connection, clerk: User) -> None:
    invoice = draft(connection, clerk, number="PR#9", kind=Invoice.Kind.CREDIT_NOTE)
    assert submit_invoice(invoice, by=clerk).approval_status == ApprovalStatus.WAITING


def test_the_approver_is_told(client: Client, connection: Connection, clerk: User) -> None:
    invoice = submit_invoice(draft(connection, clerk), by=clerk)
    Invoice.objects.filter(pk=invoice.pk).update(number=LONG)
    client.force_login(factories.owner(connection.account))
    shown = text(client.get(invoice.get_absolute_url()))
    assert "What would be refused when it is posted" in shown
    assert "The number has 40 characters; Sage Intacct takes 30." in shown


def test_the_location_that_the_export_adds_is_not_demanded(connection: Connection, clerk: User) -> None:
    factories.dimension(connection.account, "location", name="Location")
    code = factories.gl_code(company_of(connection), "7000", required_dimensions=["location"])
    invoice = draft(connection, clerk, gl_code=code)
    assert submit_invoice(invoice, by=clerk).approval_status == ApprovalStatus.WAITING
    other = draft(connection, clerk, gl_code=code)
    connection.company_links.update(entity_id="")
    with pytest.raises(InvoiceRefused, match="needs a Location"):
        submit_invoice(other, by=clerk)


def test_one_wording_before_and_after_authorisation(connection: Connection, clerk: User) -> None:
    held = factories.supplier(company_of(connection), "V00090", is_on_hold=True, is_active=False)
    code = factories.gl_code(company_of(connection), "7000", required_dimensions=["project"], is_active=False)
    invoice = draft(connection, clerk, number=LONG, supplier=held, gl_code=code, due_date=dt.date(2029, 1, 1))
    Invoice.objects.filter(pk=invoice.pk).update(total="99.99")
    invoice.refresh_from_db()
    early = [(one.code, one.message, one.advice) for one in problems(invoice)]
    late = [(one.code, one.message, one.advice) for one in problems_of(connection, invoice)]
    assert early == late
    assert len(early) == len({code for code, _, _ in early}) == 7


def test_a_whole_new_invoice_is_told_when_it_is_submitted(page: Client, connection: Connection) -> None:
    company = company_of(connection)
    supplier, code = factories.supplier(company, "V00001"), account(company)
    data = {
        "company": str(company.pk),
        "kind": "invoice",
        "supplier": supplier.code,
        "number": "PR#9",
        "invoice_date": "15/01/2030",
        "due_date": "15/02/2030",
        "currency": str(factories.currency(connection.account).pk),
        "lines-TOTAL_FORMS": "1",
        "lines-INITIAL_FORMS": "0",
        "lines-0-gl_code": code.code,
        "lines-0-quantity": "1",
        "lines-0-unit_price": "10",
        "action": "submit",
    }
    shown = text(page.post(reverse("invoices:invoice_add"), data, follow=True))
    assert "Saved as a draft, but not submitted." in shown
    assert "Sage Intacct refuses these characters" in note(shown, "number")
    assert Invoice.objects.get().approval_status == ApprovalStatus.DRAFT


def test_is_said_while_it_is_typed(page: Client, connection: Connection) -> None:
    held = factories.supplier(company_of(connection), "V00090", is_on_hold=True)
    typed = {"company": company_of(connection).pk, "kind": "invoice", "supplier": held.code, "number": LONG}
    notes = page.get(reverse("invoices:header_check"), typed).json()["notes"]
    assert notes["number"].startswith("The number has 40 characters")
    assert "is on hold" in notes["supplier"]
    assert "invoice_date" not in notes
    other = page.get(reverse("invoices:header_check"), typed | {"company": factories.company().pk})
    assert other.status_code == 404


def test_queries_do_not_grow_with_lines(page: Client, connection: Connection, clerk: User) -> None:
    invoice = draft(connection, clerk)
    edit = reverse("invoices:invoice_edit", args=[invoice.pk])

    def count(address: str) -> int:
        with CaptureQueriesContext(database) as captured:
            page.get(address)
        return len(captured)

    line = invoice.lines.get()
    page.get(edit)  # what is asked once per process is no part of it
    before = [count(edit), count(invoice.get_absolute_url())]
    InvoiceLine.objects.bulk_create(
        InvoiceLine(invoice=invoice, position=position, gl_code=line.gl_code) for position in range(2, 20)
    )
    assert [count(edit), count(invoice.get_absolute_url())] == before
