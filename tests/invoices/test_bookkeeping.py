"""Correcting book-keeping alone keeps the authorisation; everything else drops it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from invoices.errors import InvoiceRefused
from invoices.forms import header_initial
from invoices.models import ApprovalStatus, ExportState, Invoice, InvoiceAuthor
from invoices.services.corrections import correct_posting_date
from invoices.services.entry import LineData, save_invoice
from organization.models import AuditAction, AuditEntry, User
from tests import factories

pytestmark = pytest.mark.django_db
NOVEMBER = dt.date(2030, 11, 30)


@pytest.fixture
def invoice() -> Invoice:
    return factories.authorized_invoice(
        factories.company(),
        authorized_at=timezone.now(),
        invoice_date=dt.date(2030, 11, 18),
        due_date=dt.date(2030, 12, 18),
    )


@pytest.fixture
def clerk(invoice: Invoice) -> User:
    return factories.user(invoice.account)


def edit(invoice: Invoice, by: User, lines: list[LineData] | None = None, **header: Any) -> Invoice:
    same = {name: getattr(invoice, name) for name in header_initial(invoice) if name not in ("net", "tax", "total")}
    same.pop("version", None)
    return save_invoice(by=by, header=same | header, lines=lines or lines_of(invoice), invoice=invoice)


def lines_of(invoice: Invoice, **fields: Any) -> list[LineData]:
    return [
        LineData(
            **{
                "gl_code": line.gl_code,
                "description": line.description,
                "quantity": line.quantity,
                "unit_price": line.unit_price,
                "tax_code": line.tax_code,
                "dimensions": {one.dimension: one.value for one in line.dimensions.all()},
                "tax": line.tax,
            }
            | fields
        )
        for line in invoice.lines.all()
    ]


def a_dimension(invoice: Invoice) -> dict[Any, Any]:
    dimension = factories.dimension(invoice.account, "project")
    return {dimension: factories.dimension_value(dimension)}


def test_a_posting_date_alone_keeps_the_authorisation(invoice: Invoice, clerk: User) -> None:
    saved = edit(invoice, clerk, posting_date=NOVEMBER)
    assert saved.approval_status == ApprovalStatus.AUTHORIZED
    assert Invoice.objects.get(pk=invoice.pk).posting_date == NOVEMBER
    assert Invoice.objects.get(pk=invoice.pk).authorized_at == invoice.authorized_at


def test_it_stands_in_the_activity_and_the_audit_trail(invoice: Invoice, clerk: User) -> None:
    edit(invoice, clerk, posting_date=NOVEMBER)
    told = invoice.activities.get(kind="corrected")
    assert told.text == "Posting date 18 November 2030 → 30 November 2030. The authorisation stays."
    assert told.user == clerk
    entry = AuditEntry.objects.get(action=AuditAction.INVOICE_CORRECTED)
    assert entry.changes == {"Posting date": ["2030-11-18", "2030-11-30"]}
    assert entry.target_id == invoice.pk


def test_it_makes_nobody_an_author(invoice: Invoice, clerk: User) -> None:
    edit(invoice, clerk, posting_date=NOVEMBER)
    assert not InvoiceAuthor.objects.filter(invoice=invoice, user=clerk).exists()


@pytest.mark.parametrize("header", [{"number": "OTHER-1"}, {"description": "Paint"}, {"due_date": NOVEMBER}])
def test_anything_beside_it_drops_the_authorisation(invoice: Invoice, clerk: User, header: dict[str, Any]) -> None:
    saved = edit(invoice, clerk, posting_date=NOVEMBER, **header)
    assert saved.approval_status == ApprovalStatus.DRAFT
    assert Invoice.objects.get(pk=invoice.pk).authorized_at is None


def test_a_document_beside_it_drops_the_authorisation(invoice: Invoice, clerk: User) -> None:
    header = {name: getattr(invoice, name) for name in ("company", "supplier", "number", "currency", "kind")}
    dates = {"invoice_date": invoice.invoice_date, "due_date": invoice.due_date, "posting_date": NOVEMBER}
    document = factories.document(invoice)
    saved = save_invoice(
        by=clerk, header=header | dates, lines=lines_of(invoice), removed_documents=[document], invoice=invoice
    )
    assert saved.approval_status == ApprovalStatus.DRAFT


def test_lines_drop_it_and_money_makes_an_author(invoice: Invoice, clerk: User) -> None:
    saved = edit(invoice, clerk, lines_of(invoice, unit_price=Decimal("7.00"), tax=None))
    assert saved.approval_status == ApprovalStatus.DRAFT
    assert InvoiceAuthor.objects.filter(invoice=invoice, user=clerk).exists()


def test_dimensions_keep_it_only_where_the_account_says_so(invoice: Invoice, clerk: User) -> None:
    invoice.account.coding_makes_author = True
    invoice.account.bookkeeping_fields = ["posting_date", "dimensions"]
    invoice.account.save()
    chosen = a_dimension(invoice)
    (value,) = chosen.values()
    saved = edit(invoice, clerk, lines_of(invoice, dimensions=chosen))
    assert saved.approval_status == ApprovalStatus.AUTHORIZED
    assert not InvoiceAuthor.objects.filter(invoice=invoice, user=clerk).exists()
    text = f"Dimensions none → 1: Project {value.code}. The authorisation stays."
    assert invoice.activities.get(kind="corrected").text == text
    assert AuditEntry.objects.get(action=AuditAction.INVOICE_CORRECTED).changes == {
        "Dimensions": [None, f"1: Project {value.code}"]
    }
    invoice.account.bookkeeping_fields = ["posting_date"]
    invoice.account.save()
    saved = edit(Invoice.objects.get(pk=invoice.pk), clerk, lines_of(invoice, dimensions={}))
    assert saved.approval_status == ApprovalStatus.DRAFT


def test_an_account_may_call_nothing_book_keeping(invoice: Invoice, clerk: User) -> None:
    invoice.account.bookkeeping_fields = []
    invoice.account.save()
    with pytest.raises(InvoiceRefused, match="drops the authorisation"):
        correct_posting_date(invoice, by=clerk, posting_date=NOVEMBER)
    assert edit(invoice, clerk, posting_date=NOVEMBER).approval_status == ApprovalStatus.DRAFT


@pytest.mark.parametrize("state", [ExportState.SENDING, ExportState.UNKNOWN])
def test_what_is_leaving_is_not_corrected(invoice: Invoice, clerk: User, state: ExportState) -> None:
    Invoice.objects.filter(pk=invoice.pk).update(export_state=state)
    with pytest.raises(InvoiceRefused, match="being exported right now"):
        correct_posting_date(invoice, by=clerk, posting_date=NOVEMBER)
    assert Invoice.objects.get(pk=invoice.pk).posting_date is None


def test_only_who_may_edit_corrects(invoice: Invoice) -> None:
    for stranger in (factories.user(invoice.account, "Reporter"), factories.user()):
        with pytest.raises(InvoiceRefused, match="not yours to edit"):
            correct_posting_date(invoice, by=stranger, posting_date=NOVEMBER)


def test_the_account_owner_names_what_is_book_keeping(invoice: Invoice, client: Any) -> None:
    client.force_login(factories.owner(invoice.account))
    page = client.get("/control-panel/account-settings/")
    assert "Dimensions of the lines" in page.content.decode()
    client.post(
        "/control-panel/account-settings/",
        {"base_currency": "GBP", "bookkeeping_fields": ["posting_date", "dimensions"]},
    )
    invoice.account.refresh_from_db()
    assert invoice.account.bookkeeping_fields == ["posting_date", "dimensions"]
