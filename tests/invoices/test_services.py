from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict

from invoices.errors import InvoiceChangedMeanwhile, InvoiceRefused
from invoices.filters import filtered_invoices
from invoices.models import ApprovalStatus, Authorization, ExportState, Invoice, PostingStatus
from invoices.services.authorization import authorize_invoice, reject_invoice, send_to_another, submit_invoice
from invoices.services.entry import LineData, create_invoice, save_invoice
from invoices.signals import invoice_authorized
from ledger.models import TaxCode
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Any:
    return factories.company()


@pytest.fixture
def clerk(company: Any) -> Any:
    return factories.user(company.account)


@pytest.fixture
def approver(company: Any) -> Any:
    return factories.user(company.account, "Invoice Approver")


def enter(company: Any, by: Any, **fields: Any) -> Invoice:
    """A whole invoice of 100.00 + 20.00."""
    supplier = fields.pop("supplier", None) or factories.supplier(company)
    lines = fields.pop("lines", None) or [
        LineData(
            gl_code=factories.gl_code(company),
            quantity=Decimal(4),
            unit_price=Decimal(25),
            tax_code=TaxCode.objects.get_or_create(account=company.account, code="VAT", rate=20)[0],
        )
    ]
    header = {
        "number": f"N-{supplier.pk}",
        "invoice_date": dt.date(2030, 1, 15),
        "currency": factories.currency(company.account),
    } | fields
    return create_invoice(company=company, supplier=supplier, by=by, lines=lines, **header)


def header_of(invoice: Invoice, **changes: Any) -> dict[str, Any]:
    names = ("company", "supplier", "kind", "number", "invoice_date", "due_date", "currency", "terms", "department")
    return {name: getattr(invoice, name) for name in names} | changes


def test_enters_an_invoice_with_totals_from_its_lines(company: Any, clerk: Any) -> None:
    invoice = enter(company, clerk)
    assert (invoice.net, invoice.tax, invoice.total) == (Decimal("100.00"), Decimal("20.00"), Decimal("120.00"))
    assert invoice.approval_status == ApprovalStatus.DRAFT
    assert [one.text for one in invoice.activities.all()] == ["Entered."]


def test_takes_currency_terms_and_due_date_from_the_supplier(company: Any, clerk: Any) -> None:
    terms = factories.terms(company.account, due_days=14)
    supplier = factories.supplier(company, currency=factories.currency(company.account, "EUR"), terms=terms)
    invoice = create_invoice(company=company, supplier=supplier, by=clerk, invoice_date=dt.date(2030, 1, 1))
    assert (invoice.currency.code, invoice.terms, invoice.due_date) == ("EUR", terms, dt.date(2030, 1, 15))


def test_keeps_dimensions_of_lines(company: Any, clerk: Any) -> None:
    dimension = factories.dimension(company.account)
    value = factories.dimension_value(dimension)
    line = LineData(gl_code=factories.gl_code(company), unit_price=Decimal(5), dimensions={dimension: value})
    invoice = enter(company, clerk, lines=[line])
    assert [one.value for one in invoice.lines.get().dimensions.all()] == [value]


def test_stores_documents_under_a_clean_name(company: Any, clerk: Any) -> None:
    upload = SimpleUploadedFile("../../b\u202ead<script>.pdf", factories.PDF)
    invoice = enter(company, clerk, documents=[upload])
    document = invoice.documents.get()
    assert document.name == "bad_script_.pdf"
    assert document.file.read() == factories.PDF
    assert invoice.has_documents


def foreign_line(company: Any, what: str) -> LineData:
    other = factories.company(company.account)
    dimension = factories.dimension(company.account)
    return {
        "gl_code": lambda: LineData(gl_code=factories.gl_code(other)),
        "tax_code": lambda: LineData(tax_code=factories.tax_code(company.account, company=other)),
        "dimension": lambda: LineData(dimensions={dimension: factories.dimension_value(dimension, company=other)}),
        "archived": lambda: LineData(gl_code=factories.gl_code(company, is_active=False)),
        "unusable": lambda: LineData(gl_code=factories.gl_code(company, is_usable_on_invoices=False)),
    }[what]()


@pytest.mark.parametrize("what", ["gl_code", "tax_code", "dimension", "archived", "unusable"])
def test_refuses_a_line_that_names_what_the_company_may_not_use(company: Any, clerk: Any, what: str) -> None:
    with pytest.raises(InvoiceRefused) as refused:
        enter(company, clerk, lines=[foreign_line(company, what)])
    assert refused.value.field.startswith("lines-0-")


def test_refuses_a_supplier_of_another_account(company: Any, clerk: Any) -> None:
    with pytest.raises(InvoiceRefused, match="supplier of this company"):
        enter(company, clerk, supplier=factories.supplier(factories.company()), lines=[LineData()])


def test_refuses_a_company_of_another_account(clerk: Any) -> None:
    with pytest.raises(InvoiceRefused, match="one of your companies"):
        create_invoice(company=factories.company(), supplier=None, by=clerk)


def test_refuses_the_same_number_of_a_supplier_twice_in_whatever_case(company: Any, clerk: Any) -> None:
    first = enter(company, clerk, number="ab-1")
    with pytest.raises(InvoiceRefused) as refused:
        enter(company, clerk, supplier=first.supplier, number="AB-1")
    assert refused.value.field == "number"


def test_refuses_a_number_that_somebody_else_takes_at_the_same_moment(
    company: Any, clerk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = enter(company, clerk, number="A-1")
    monkeypatch.setattr("invoices.services.entry.duplicate_of", lambda invoice: None)
    with pytest.raises(InvoiceRefused, match="There already is an invoice A-1"):
        enter(company, clerk, supplier=first.supplier, number="A-1")
    assert Invoice.objects.count() == 1


def test_keeps_an_archived_gl_code_on_an_old_invoice(company: Any, clerk: Any) -> None:
    invoice = enter(company, clerk)
    gl_code = invoice.lines.get().gl_code
    gl_code.is_active = False
    gl_code.save()
    line = LineData(gl_code=gl_code, unit_price=Decimal(1))
    assert save_invoice(by=clerk, header=header_of(invoice), lines=[line], invoice=invoice).total == Decimal("1.00")


def test_tells_the_second_editor_and_loses_nothing(company: Any, clerk: Any) -> None:
    invoice = enter(company, clerk)
    opened = invoice.version
    save_invoice(by=clerk, header=header_of(invoice, po_number="PO-1"), lines=[], invoice=invoice, version=opened)
    with pytest.raises(InvoiceChangedMeanwhile):
        save_invoice(by=clerk, header=header_of(invoice, po_number="PO-2"), lines=[], invoice=invoice, version=opened)
    invoice.refresh_from_db()
    assert invoice.po_number == "PO-1"


@pytest.mark.parametrize("state", [ExportState.SENDING, ExportState.UNKNOWN])
def test_refuses_to_edit_what_is_leaving(company: Any, clerk: Any, state: ExportState) -> None:
    invoice = factories.authorized_invoice(company, created_by=clerk, export_state=state)
    with pytest.raises(InvoiceRefused, match="being exported"):
        save_invoice(by=clerk, header=header_of(invoice), lines=[], invoice=invoice)


def test_refuses_to_edit_what_is_posted(company: Any, clerk: Any) -> None:
    invoice = factories.authorized_invoice(company, created_by=clerk, posting_status=PostingStatus.POSTED)
    with pytest.raises(InvoiceRefused, match="read-only"):
        save_invoice(by=clerk, header=header_of(invoice), lines=[], invoice=invoice)


def test_editing_drops_the_authorisation(company: Any, clerk: Any, approver: Any) -> None:
    invoice = enter(company, clerk)
    submit_invoice(invoice, by=clerk)
    authorize_invoice(invoice, by=approver)
    save_invoice(by=clerk, header=header_of(invoice), lines=[], invoice=invoice)
    invoice.refresh_from_db()
    assert invoice.approval_status == ApprovalStatus.DRAFT
    assert "dropped the authorisation" in invoice.activities.first().text


def test_refuses_to_submit_what_does_not_add_up(company: Any, clerk: Any) -> None:
    invoice = enter(company, clerk, net=Decimal("100.01"), tax=Decimal("20.00"), total=Decimal("120.01"))
    with pytest.raises(InvoiceRefused) as refused:
        submit_invoice(invoice, by=clerk)
    assert (refused.value.field, refused.value.message) == (
        "net",
        "The lines add up to 100.00 net, but the invoice says 100.01.",
    )


def test_refuses_to_submit_a_line_without_the_dimension_its_gl_code_needs(company: Any, clerk: Any) -> None:
    factories.dimension(company.account, "project", name="Job")
    gl_code = factories.gl_code(company, "7000", required_dimensions=["project"])
    invoice = enter(company, clerk, lines=[LineData(gl_code=gl_code, unit_price=Decimal(1))])
    with pytest.raises(InvoiceRefused, match="GL code 7000 of line 1 needs a Job"):
        submit_invoice(invoice, by=clerk)


def test_authorises_and_tells_the_signal_inside_the_transaction(company: Any, clerk: Any, approver: Any) -> None:
    heard: list[Any] = []

    def hear(sender: Any, invoice: Invoice, by: Any, **kwargs: Any) -> None:
        heard.append((invoice.pk, by, invoice.approval_status))

    invoice_authorized.connect(hear)
    invoice = submit_invoice(enter(company, clerk), by=clerk)
    authorize_invoice(invoice, by=approver)
    invoice_authorized.disconnect(hear)
    assert heard == [(invoice.pk, approver, ApprovalStatus.AUTHORIZED)]
    assert invoice.status_label == "Authorised, Not Posted"


def test_refuses_to_authorise_ones_own(company: Any, approver: Any) -> None:
    invoice = submit_invoice(enter(company, approver), by=approver)
    with pytest.raises(InvoiceRefused, match="You entered this invoice"):
        authorize_invoice(invoice, by=approver)


def test_refuses_to_authorise_above_the_limit(company: Any, clerk: Any) -> None:
    limited = factories.user(company.account, "Invoice Approver", authorization_limit=Decimal(119))
    invoice = submit_invoice(enter(company, clerk), by=clerk)
    with pytest.raises(InvoiceRefused, match="above your limit"):
        authorize_invoice(invoice, by=limited)


def test_refuses_to_authorise_as_much_below_zero(company: Any, clerk: Any) -> None:
    limited = factories.user(company.account, "Invoice Approver", authorization_limit=Decimal(119))
    invoice = factories.invoice(company, net=Decimal(-120), created_by=clerk, approval_status=ApprovalStatus.WAITING)
    with pytest.raises(InvoiceRefused, match="above your limit"):
        authorize_invoice(invoice, by=limited)


def test_refuses_to_authorise_twice(company: Any, clerk: Any, approver: Any) -> None:
    invoice = submit_invoice(enter(company, clerk), by=clerk)
    authorize_invoice(invoice, by=approver)
    with pytest.raises(InvoiceRefused, match="not waiting"):
        authorize_invoice(invoice, by=approver)


def test_asks_the_approvers_of_the_rule_in_order(company: Any, clerk: Any, approver: Any) -> None:
    second = factories.owner(company.account)
    rule = company.approval_rules.create(name="Over a hundred", minimum_total=100)
    rule.steps.create(position=1, approver=approver)
    rule.steps.create(position=2, approver=second)
    invoice = submit_invoice(enter(company, clerk), by=clerk)
    with pytest.raises(InvoiceRefused, match="waits for"):
        authorize_invoice(invoice, by=second)
    authorize_invoice(invoice, by=approver)
    assert (invoice.approval_status, invoice.next_approver) == (ApprovalStatus.WAITING, second)
    authorize_invoice(invoice, by=second)
    assert invoice.approval_status == ApprovalStatus.AUTHORIZED
    assert [one.status for one in invoice.authorizations.all()] == [Authorization.Status.AUTHORIZED] * 2


def test_passes_on_to_another_approver(company: Any, clerk: Any, approver: Any) -> None:
    other = factories.user(company.account, "Invoice Approver")
    invoice = submit_invoice(enter(company, clerk), by=clerk)
    send_to_another(invoice, by=approver, approver=other)
    with pytest.raises(InvoiceRefused, match="waits for"):
        authorize_invoice(invoice, by=approver)
    authorize_invoice(invoice, by=other)
    assert invoice.approval_status == ApprovalStatus.AUTHORIZED


@pytest.mark.parametrize("role", ["Reporter", "Accounts Payable", "System Admin"])
def test_refuses_to_pass_on_to_somebody_who_may_not_authorise(
    company: Any, clerk: Any, approver: Any, role: str
) -> None:
    invoice = submit_invoice(enter(company, clerk), by=clerk)
    with pytest.raises(InvoiceRefused, match="may not authorise"):
        send_to_another(invoice, by=approver, approver=factories.user(company.account, role))


def test_rejects_with_a_reason(company: Any, clerk: Any, approver: Any) -> None:
    invoice = submit_invoice(enter(company, clerk), by=clerk)
    with pytest.raises(InvoiceRefused, match="Say why"):
        reject_invoice(invoice, by=approver, reason="  ")
    reject_invoice(invoice, by=approver, reason="No purchase order.")
    assert invoice.approval_status == ApprovalStatus.REJECTED
    assert invoice.activities.first().text == "Rejected: No purchase order."
    assert submit_invoice(invoice, by=clerk).approval_status == ApprovalStatus.WAITING


def test_finds_only_what_the_user_may_see(company: Any, clerk: Any) -> None:
    mine = factories.invoice(company, created_by=clerk)
    factories.invoice(factories.company())
    assert list(filtered_invoices(clerk, QueryDict())) == [mine]
    assert not filtered_invoices(factories.user(company.account, "System Admin"), QueryDict()).exists()


def test_finds_nothing_when_a_filter_makes_no_sense(company: Any, clerk: Any) -> None:
    factories.invoice(company, created_by=clerk)
    assert not filtered_invoices(clerk, QueryDict("date_after=yesterday")).exists()
