"""Ways round four eyes and limits that somebody tried by hand: none leads to an authorisation."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from invoices.errors import InvoiceRefused
from invoices.models import ApprovalRule, ApprovalStatus, ApprovalStep, Invoice
from invoices.services.authorization import (
    authorize_invoice,
    others_to_ask,
    possible_approvers,
    send_to_another,
    submit_invoice,
)
from invoices.services.entry import LineData, save_invoice
from organization.models import Scope, User
from tests import factories
from tests.invoices.test_services import header_of

pytestmark = pytest.mark.django_db

REACHED = "You brought this invoice within your own departments or limit"


def edited(invoice: Invoice, by: User, *, gl_code: Any = None, **header: Any) -> Invoice:
    line = invoice.lines.get()
    data = LineData(gl_code=gl_code or line.gl_code, description=line.description, unit_price=line.unit_price)
    return save_invoice(by=by, header=header_of(invoice, **header), lines=[data], invoice=invoice)


def test_who_lost_the_permission_does_not_authorize_what_still_waits_for_them() -> None:
    company = factories.company()
    approver = factories.user(company.account, "Invoice Approver")
    invoice = factories.invoice(company, approval_status=ApprovalStatus.WAITING, next_approver=approver)
    assert Invoice.objects.authorizable_by(approver).exists()
    User.objects.filter(pk=approver.pk).update(role=factories.role(company.account, "Reporter"))
    demoted = User.objects.get(pk=approver.pk)
    assert not Invoice.objects.authorizable_by(demoted).exists()
    with pytest.raises(InvoiceRefused, match="You may not decide on invoices"):
        authorize_invoice(invoice, by=demoted)


def test_a_supplier_of_the_same_name_in_another_company_is_another_supplier() -> None:
    company = factories.company()
    other = factories.company(company.account)
    invoice = factories.invoice(company, supplier=factories.supplier(company, "S1", name="Alder"))
    approver, clerk = factories.user(company.account, "Invoice Approver"), factories.user(company.account)
    there = {"company": other, "supplier": factories.supplier(other, "S1", name="Alder")}
    moved = edited(invoice, approver, gl_code=factories.gl_code(other), **there)
    submit_invoice(moved, by=clerk)
    assert not possible_approvers(moved).filter(pk=approver.pk).exists()
    with pytest.raises(InvoiceRefused, match="You changed the supplier"):
        authorize_invoice(moved, by=approver)
    assert f"Company {company} → {other}" in moved.activities.get(kind="edited").text


def test_nobody_moves_an_invoice_into_the_departments_that_they_authorize() -> None:
    company = factories.company()
    ours, theirs = factories.department(company.account), factories.department(company.account)
    approver = factories.user(company.account, "Invoice Approver", authorization=Scope.DEPARTMENTS)
    approver.departments.add(ours)
    moved = edited(factories.invoice(company, department=theirs), approver, department=ours)
    submit_invoice(moved, by=factories.user(company.account))
    with pytest.raises(InvoiceRefused, match=REACHED):
        authorize_invoice(moved, by=approver)


@pytest.mark.parametrize(("own_date", "moves_it"), [(dt.date(2030, 1, 15), True), (dt.date(2029, 5, 1), False)])
def test_nobody_dates_an_invoice_to_a_day_whose_rate_brings_it_within_their_limit(
    own_date: dt.date, moves_it: bool
) -> None:
    company = factories.company()
    factories.exchange_rate(company.account, "USD", "0.5", date=dt.date(2029, 1, 1))
    factories.exchange_rate(company.account, "USD", "2", date=dt.date(2030, 1, 1))
    limit = {"authorization_limit": Decimal(100), "authorization_limit_currency": "GBP"}
    approver = factories.user(company.account, "Invoice Approver", **limit)
    dollars = factories.currency(company.account, "USD")
    invoice = factories.invoice(company, currency=dollars, invoice_date=own_date)
    dated = edited(invoice, approver, invoice_date=dt.date(2029, 6, 1))
    submit_invoice(dated, by=factories.user(company.account))
    if moves_it:
        with pytest.raises(InvoiceRefused, match=REACHED):
            authorize_invoice(dated, by=approver)
    else:
        assert authorize_invoice(dated, by=approver).approval_status == ApprovalStatus.AUTHORIZED


@pytest.mark.parametrize(("scope", "is_let"), [(Scope.ALL, False), (Scope.NONE, True)])
def test_who_authorizes_invoices_does_not_allow_it_for_ones_own(client: Client, scope: Scope, is_let: bool) -> None:
    company = factories.company()
    manager = factories.user(company.account, "System Admin", authorization=scope)
    client.force_login(manager)
    typed = {"company": company.pk, "name": "Small ones", "position": 1, "allows_own": "on"}
    answer = client.post(reverse("invoices:approval_rule_add"), typed)
    assert ("so only an Account Owner can let people" in answer.content.decode()) != is_let
    assert ApprovalRule.objects.exists() == is_let


def test_nor_restores_a_rule_that_does(client: Client) -> None:
    company = factories.company()
    rule = ApprovalRule.objects.create(company=company, name="Small ones", allows_own=True, is_active=False)
    client.force_login(factories.user(company.account, "System Admin", authorization=Scope.ALL))
    client.post(reverse("invoices:approval_rule_archive", args=[rule.pk]))
    rule.refresh_from_db()
    assert not rule.is_active


class Chain:
    """An invoice that a rule wants two people to authorise, and a third who may."""

    def __init__(self) -> None:
        self.company = factories.company()
        self.clerk = factories.user(self.company.account)
        self.ann, self.ben, self.cleo = (
            factories.user(self.company.account, "Invoice Approver", first_name=name) for name in ("Ann", "Ben", "Cleo")
        )
        rule = ApprovalRule.objects.create(company=self.company, name="Two")
        for position, approver in enumerate((self.ann, self.ben), 1):
            ApprovalStep.objects.create(rule=rule, position=position, approver=approver)
        self.invoice = submit_invoice(factories.invoice(self.company, created_by=self.clerk), by=self.clerk)

    def refuses(self, by: User, approver: User) -> None:
        assert approver not in others_to_ask(self.invoice)
        with pytest.raises(InvoiceRefused, match=r"in this round already, or is asked next\. Choose somebody else"):
            send_to_another(self.invoice, by=by, approver=approver)


def test_who_authorised_the_first_step_is_not_sent_the_second() -> None:
    """The rule asks two people, and its form refuses to name one twice."""
    chain = Chain()
    authorize_invoice(chain.invoice, by=chain.ann)
    chain.refuses(chain.ben, chain.ann)
    owner = factories.owner(chain.company.account)
    send_to_another(chain.invoice, by=owner, approver=chain.cleo)
    chain.refuses(owner, chain.ann)
    assert authorize_invoice(chain.invoice, by=chain.cleo).approval_status == ApprovalStatus.AUTHORIZED


def test_who_is_asked_for_the_second_step_is_not_sent_the_first() -> None:
    chain = Chain()
    chain.refuses(chain.ann, chain.ben)
    send_to_another(chain.invoice, by=chain.ann, approver=chain.cleo)
    authorize_invoice(chain.invoice, by=chain.cleo)
    chain.refuses(chain.ben, chain.cleo)


def test_an_earlier_round_keeps_nobody_out_of_this_one() -> None:
    chain = Chain()
    for approver in (chain.ann, chain.ben):
        authorize_invoice(chain.invoice, by=approver)
    chain.invoice = submit_invoice(edited(chain.invoice, chain.clerk, po_number="7"), by=chain.clerk)
    send_to_another(chain.invoice, by=chain.ann, approver=chain.cleo)
    authorize_invoice(chain.invoice, by=chain.cleo)
    send_to_another(chain.invoice, by=chain.ben, approver=chain.ann)
    assert authorize_invoice(chain.invoice, by=chain.ann).approval_status == ApprovalStatus.AUTHORIZED


def test_nobody_changes_the_currency_of_what_is_authorised_by_calling_it_another(client: Client) -> None:
    """The same number of another currency would be paid, and a limit would be judged by another rate."""
    company = factories.company()
    rupiah = factories.currency(company.account, "IDR")
    invoice = factories.authorized_invoice(company, currency=rupiah)
    client.force_login(factories.user(company.account, "System Admin"))
    url = reverse("ledger:currency_edit", args=[rupiah.pk])
    assert "Invoices and rates are in it, so it stays." in client.get(url).content.decode()
    client.post(url, {"code": "USD", "name": "Renamed"})
    rupiah.refresh_from_db()
    invoice.refresh_from_db()
    assert (str(invoice.currency), rupiah.name) == ("IDR", "Renamed")
