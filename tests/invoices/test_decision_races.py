"""Two people at the same moment: each outcome is one that either of them alone could have caused, and both are told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import connection as database

from integrations.services import exports
from invoices.errors import InvoiceRefused
from invoices.models import ApprovalStatus, Authorization, Invoice
from invoices.services.authorization import authorize_invoice, reject_invoice, send_to_another, submit_invoice
from invoices.services.discarding import discard_invoice
from invoices.services.entry import LineData, save_invoice
from tests import factories
from tests.integrations import exporting
from tests.invoices.test_services import header_of

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 8
Step = Callable[[Invoice], object]


def again(invoice: Invoice) -> Invoice:
    """As another request would load it."""
    return Invoice.objects.get(pk=invoice.pk)


def at_once(invoice: Invoice, *steps: Step) -> list[str]:
    """Do all steps in threads that have loaded the invoice and start together; what each was refused with, or ""."""
    barrier = threading.Barrier(len(steps), timeout=30)

    def run(step: Step) -> str:
        try:
            loaded = again(invoice)
            barrier.wait()
            step(loaded)
        except InvoiceRefused as refused:
            return refused.message
        finally:
            database.close()
        return ""

    with ThreadPoolExecutor(len(steps)) as pool:
        return list(pool.map(run, steps))


class Office:
    def __init__(self) -> None:
        self.company = factories.company()
        self.clerk = factories.user(self.company.account)
        self.first, self.second = (factories.user(self.company.account, "Invoice Approver") for _ in range(2))
        self.gl_code = factories.gl_code(self.company)

    def draft(self) -> Invoice:
        return factories.invoice(self.company, created_by=self.clerk, gl_code=self.gl_code)

    def waiting(self) -> Invoice:
        return submit_invoice(self.draft(), by=self.clerk)

    def edit_and_submit(self, invoice: Invoice) -> None:
        submit_invoice(edit(invoice, by=self.clerk), by=self.clerk)


def edit(invoice: Invoice, *, by: Any) -> Invoice:
    line = LineData(gl_code=invoice.lines.get().gl_code, unit_price=Decimal(999))
    return save_invoice(by=by, header=header_of(invoice), lines=[line], invoice=invoice)


@pytest.fixture
def office() -> Office:
    return Office()


def kinds(invoice: Invoice) -> list[str]:
    return [one.kind for one in invoice.activities.order_by("pk")]


def test_of_two_approvers_one_authorises_and_the_other_is_told(office: Office) -> None:
    for _ in range(ROUNDS):
        invoice = office.waiting()
        told = at_once(
            invoice, partial(authorize_invoice, by=office.first), partial(authorize_invoice, by=office.second)
        )
        assert sorted(map(bool, told)) == [False, True]
        assert "not waiting for authorisation; it is Authorised, Not Posted" in "".join(told)
        assert kinds(invoice) == ["submitted", "authorized"]
        assert [one.status for one in invoice.authorizations.all()] == [Authorization.Status.AUTHORIZED]


def test_one_authorises_while_the_other_rejects(office: Office) -> None:
    for _ in range(ROUNDS):
        invoice = office.waiting()
        told = at_once(
            invoice,
            partial(authorize_invoice, by=office.first),
            partial(reject_invoice, by=office.second, reason="No."),
        )
        assert sorted(map(bool, told)) == [False, True]
        status = ApprovalStatus.REJECTED if told[0] else ApprovalStatus.AUTHORIZED
        assert again(invoice).approval_status == status
        assert kinds(invoice) == ["submitted", str(status)]


def test_one_sends_it_on_while_the_other_authorises(office: Office) -> None:
    for _ in range(ROUNDS):
        invoice = office.waiting()
        send = partial(send_to_another, by=office.first, approver=office.second)
        told = at_once(invoice, send, partial(authorize_invoice, by=office.second))
        assert told[1] == ""
        now = again(invoice)
        assert (now.approval_status, now.next_approver) == (ApprovalStatus.AUTHORIZED, None)


def test_what_is_edited_while_it_is_authorised_is_never_authorised_as_edited(office: Office) -> None:
    for _ in range(ROUNDS):
        invoice = office.waiting()
        authorize = partial(authorize_invoice, by=office.first, version=invoice.version)
        told = at_once(invoice, authorize, office.edit_and_submit)
        now = again(invoice)
        assert told[1] == ""
        assert (now.approval_status, now.total) == (ApprovalStatus.WAITING, Decimal(999))
        assert now.authorized_at is None


def test_what_is_submitted_while_it_is_discarded_is_either(office: Office) -> None:
    for _ in range(ROUNDS):
        invoice = office.draft()
        told = at_once(invoice, partial(discard_invoice, by=office.clerk), partial(submit_invoice, by=office.clerk))
        assert sorted(map(bool, told)) == [False, True]
        assert Invoice.objects.filter(pk=invoice.pk).exists() == bool(told[0])


def test_of_two_editors_of_the_same_version_one_is_told(office: Office) -> None:
    for _ in range(ROUNDS):
        invoice = office.draft()

        def save(loaded: Invoice, po_number: str) -> None:
            header = header_of(loaded, po_number=po_number)
            save_invoice(by=office.clerk, header=header, lines=[], invoice=loaded, version=1)

        told = at_once(invoice, partial(save, po_number="A"), partial(save, po_number="B"))
        assert sorted(map(bool, told)) == [False, True]
        assert again(invoice).po_number == ("B" if told[0] else "A")


def test_what_is_edited_while_it_is_exported_is_sent_as_it_was_authorised_or_not_at_all(portal_sandbox: Any) -> None:
    connection = exporting.exporting_connection()
    clerk, approver = factories.user(connection.account), factories.user(connection.account, "Invoice Approver")
    for _ in range(ROUNDS):
        invoice = exporting.ready_invoice(connection, created_by=clerk)
        exports.export_invoices(connection, [invoice], by=clerk)
        told = at_once(
            invoice,
            lambda loaded: exporting.deliver(connection),
            partial(edit, by=clerk),
            partial(authorize_invoice, by=approver),
        )
        now = again(invoice)
        sent = [bill["total"] for bill in exporting.bills(portal_sandbox) if bill["recordid"] == invoice.number]
        assert "not waiting for authorisation" in told[2]
        if told[1]:
            assert (now.total, now.is_posted, sent) == (Decimal(100), True, ["100.00"])
        else:
            assert (now.total, now.approval_status, sent) == (Decimal(999), ApprovalStatus.DRAFT, [])
