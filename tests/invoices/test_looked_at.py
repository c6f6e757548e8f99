"""Nobody submits or decides on what was changed after they had looked at it: the second of two people is told."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from invoices.models import ApprovalStatus, Invoice
from invoices.services.discarding import discard_invoice
from invoices.services.entry import LineData, save_invoice
from tests import factories
from tests.invoices.test_services import header_of

pytestmark = pytest.mark.django_db
BULK = reverse("invoices:invoice_bulk")
SEARCH = reverse("invoices:invoice_search")
WAITING = reverse("invoices:waiting")


class Desk:
    """A clerk and an approver, each with the page that they look at."""

    def __init__(self) -> None:
        self.company = factories.company()
        self.clerk = factories.user(self.company.account, first_name="Carla")
        self.colleague = factories.user(self.company.account, first_name="Cora")
        self.owner = factories.owner(self.company.account)

    def invoice(self, number: str, **fields: Any) -> Invoice:
        return factories.invoice(self.company, number=number, created_by=self.clerk, **fields)

    def edit(self, invoice: Invoice) -> None:
        line = LineData(gl_code=invoice.lines.get().gl_code, unit_price=Decimal(999))
        header = header_of(invoice) | {"net": None, "tax": None, "total": None}
        save_invoice(by=self.colleague, header=header, lines=[line], invoice=Invoice.objects.get(pk=invoice.pk))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def fields_of(page: str, form: str) -> dict[str, Any]:
    """The hidden fields of the form that is sent to `form`, as the browser would send them."""
    body = page.partition(f'action="{form}"')[2].partition("</form>")[0]
    found: dict[str, Any] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', body):
        found.setdefault(name, []).append(value.replace("&amp;", "&"))
    return found


def status(invoice: Invoice) -> str:
    return Invoice.objects.get(pk=invoice.pk).approval_status


def test_submits_nothing_that_a_colleague_edited_meanwhile(desk: Desk) -> None:
    invoice, client = desk.invoice("A-1"), signed_in(desk.clerk)
    address = reverse("invoices:invoice_submit", args=[invoice.pk])
    fields = fields_of(client.get(invoice.get_absolute_url()).text, address)
    desk.edit(invoice)
    answer = client.post(address, fields, follow=True)
    assert "This invoice was edited after you had opened it." in answer.text
    assert status(invoice) == ApprovalStatus.DRAFT
    client.post(address, fields_of(answer.text, address))
    assert status(invoice) == ApprovalStatus.WAITING


def test_of_two_who_submit_the_second_reads_where_it_stands(desk: Desk) -> None:
    invoice, client = desk.invoice("A-1"), signed_in(desk.clerk)
    address = reverse("invoices:invoice_submit", args=[invoice.pk])
    fields = fields_of(client.get(invoice.get_absolute_url()).text, address)
    client.post(address, fields)
    answer = client.post(address, fields, follow=True)
    assert "This invoice is Waiting For Authorisation already." in answer.text
    assert invoice.activities.filter(kind="submitted").count() == 1


@pytest.mark.parametrize("action", ["submit", "authorize", "reject"])
@pytest.mark.parametrize("scope", ["", "all"])
def test_acts_on_none_of_many_that_was_edited_or_entered_meanwhile(desk: Desk, action: str, scope: str) -> None:
    before = ApprovalStatus.DRAFT if action == "submit" else ApprovalStatus.WAITING
    same, edited = (desk.invoice(number, approval_status=before) for number in ("SAME", "EDITED"))
    client = signed_in(desk.owner)
    fields = fields_of(client.get(SEARCH).text, BULK)
    desk.edit(edited)
    Invoice.objects.filter(pk=edited.pk).update(approval_status=before)
    later = desk.invoice("LATER", approval_status=before)
    selected = {"scope": "all"} if scope else {"selected": [same.pk, edited.pk]}
    answer = client.post(BULK, fields | selected | {"action": action, "reason": "Twice."}, follow=True)
    assert status(same) != before
    assert (status(edited), status(later)) == (before, before)
    assert "Invoice EDITED: This invoice was edited after you had opened it." in answer.text
    told = "Invoice LATER: This invoice was entered or changed after you had opened the list." in answer.text
    assert told == bool(scope)
    again = fields_of(client.get(SEARCH).text, BULK)
    client.post(BULK, again | selected | {"action": action, "reason": "Twice."})
    assert status(edited) != before


def test_all_that_match_are_those_of_other_pages_too(desk: Desk) -> None:
    desk.owner.preferences = {"invoice_page_size": 25}
    desk.owner.save()
    invoices = [desk.invoice(f"N-{index:02}", approval_status=ApprovalStatus.WAITING) for index in range(30)]
    client = signed_in(desk.owner)
    fields = fields_of(client.get(SEARCH, {"sort": "number"}).text, BULK)
    desk.edit(invoices[29])
    Invoice.objects.filter(pk=invoices[29].pk).update(approval_status=ApprovalStatus.WAITING)
    answer = client.post(BULK, fields | {"scope": "all", "action": "authorize"}, follow=True)
    assert "29 invoices were authorised" in answer.text
    assert "N-29: This invoice was entered or changed after you had opened the list." in answer.text
    assert list(Invoice.objects.waiting()) == [invoices[29]]


def test_the_waiting_page_carries_what_it_showed(desk: Desk) -> None:
    invoice = desk.invoice("A-1", approval_status=ApprovalStatus.WAITING)
    client = signed_in(desk.owner)
    fields = fields_of(client.get(WAITING).text, BULK)
    desk.edit(invoice)
    Invoice.objects.filter(pk=invoice.pk).update(approval_status=ApprovalStatus.WAITING)
    client.post(BULK, fields | {"selected": invoice.pk, "action": "authorize"})
    assert status(invoice) == ApprovalStatus.WAITING


def test_tells_of_chosen_ones_that_are_gone(desk: Desk) -> None:
    kept, gone = desk.invoice("KEPT"), desk.invoice("GONE")
    client = signed_in(desk.clerk)
    fields = fields_of(client.get(SEARCH).text, BULK)
    discard_invoice(gone, by=desk.colleague)
    answer = client.post(BULK, fields | {"selected": [kept.pk, gone.pk or 0, 10**9], "action": "submit"}, follow=True)
    assert status(kept) == ApprovalStatus.WAITING
    assert "2 of the invoices that you chose are gone" in answer.text


@pytest.mark.parametrize("moment", ["yesterday", "2030-01-01", "\x01", ""])
def test_a_moment_that_makes_no_sense_is_none(desk: Desk, moment: str) -> None:
    invoice = desk.invoice("A-1")
    answer = signed_in(desk.clerk).post(BULK, {"scope": "all", "query": "", "shown_at": moment, "action": "submit"})
    assert answer.status_code == 302
    assert status(invoice) == ApprovalStatus.WAITING
