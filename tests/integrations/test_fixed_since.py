"""The Export Invoice section after a refusal: what it says, and that a correction makes exactly one bill."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from integrations.models import Attempt, Connection, ExportItem, FailureKind, ItemStatus, Trigger
from integrations.services import exports, outbox
from integrations.services.preflight import problems_of
from invoices.models import ApprovalStatus, ExportState, Invoice
from invoices.services.authorization import authorize_invoice, submit_invoice
from invoices.services.corrections import correct_posting_date
from invoices.services.entry import LineData, save_invoice
from ledger.models import ClosedPeriod
from organization.models import User
from tests import factories
from tests.integrations import exporting
from tests.integrations.exporting import exporting_connection, ready_invoice

pytestmark = pytest.mark.django_db
OPEN_DAY = dt.date(2030, 2, 15)


@pytest.fixture
def connection() -> Connection:
    return exporting_connection()


@pytest.fixture
def clerk(connection: Connection) -> User:
    return factories.user(connection.account, first_name="Clara", last_name="Bennett")


@pytest.fixture
def page(client: Client, clerk: User) -> Client:
    client.force_login(clerk)
    return client


@pytest.fixture
def refused(connection: Connection, portal_sandbox: Any) -> Invoice:
    """Sage Intacct's books are closed, which nobody here knew."""
    exporting.act(portal_sandbox, action="close_period", before="2030-02-01")
    invoice = ready_invoice(connection, invoice_date=dt.date(2030, 1, 18), due_date=dt.date(2030, 3, 18))
    exporting.export(connection, invoice)
    assert ExportItem.objects.get().attempts.first().result == Attempt.Result.REFUSED  # type: ignore[union-attr]
    return invoice


def panel(client: Client, invoice: Invoice) -> str:
    shown = " ".join(client.get(invoice.get_absolute_url()).content.decode().split())
    return shown[shown.index('id="export-panel"') : shown.index('id="header-title"')]


def correct(client: Client, invoice: Invoice, day: str = "15/02/2030", **data: Any) -> Any:
    invoice.refresh_from_db()
    address = reverse("integrations:correct_posting_date", args=[invoice.pk])
    return client.post(address, {"posting_date": day, "version": invoice.version} | data, follow=True)


def test_a_refusal_says_who_refused_and_offers_the_field(page: Client, refused: Invoice) -> None:
    shown = panel(page, refused)
    assert "Refused by Sage Intacct" in shown
    assert "It was not sent" not in shown
    assert "Save and try again" in shown
    assert "The authorisation stays." in shown
    assert 'name="posting_date" value="' in shown


def test_refusals_stand_in_the_activity(refused: Invoice) -> None:
    told = refused.activities.get(kind="export_failed")
    assert told.text.startswith("Sage Intacct refused it: The posting date, 18 January 2030, lies in a period")


def test_after_a_correction_it_says_fixed_since(page: Client, clerk: User, refused: Invoice) -> None:
    correct_posting_date(refused, by=clerk, posting_date=OPEN_DAY)
    shown = panel(page, refused)
    assert "Fixed since, ready" in shown
    assert "Ready to be sent." in shown
    assert "18/01/2030" in shown
    assert "15/02/2030" in shown
    assert "by Clara Bennett" in shown
    assert "Refused by Sage Intacct" not in shown
    assert "Save and try again" not in shown
    folded = shown.index("What was refused before")
    assert shown.index("lies in a period") > folded
    assert "It was not sent" not in shown


def test_what_was_fixed_is_no_export_problem_any_more(clerk: User, refused: Invoice) -> None:
    assert len(exports.problems(refused.account_id, clerk)) == 1
    correct_posting_date(refused, by=clerk, posting_date=OPEN_DAY)
    assert exports.problems(refused.account_id, clerk) == []
    refused.refresh_from_db()
    assert refused.export_state == ExportState.NONE


def test_after_an_edit_and_a_new_authorisation_it_says_fixed_since(page: Client, clerk: User, refused: Invoice) -> None:
    header = {name: getattr(refused, name) for name in ("company", "supplier", "number", "currency", "kind")}
    dates = {"invoice_date": refused.invoice_date, "due_date": refused.due_date, "posting_date": OPEN_DAY}
    lines = [LineData(gl_code=line.gl_code, unit_price=Decimal(90)) for line in refused.lines.all()]
    edited = save_invoice(by=clerk, header=header | dates, lines=lines, invoice=refused)
    assert edited.approval_status == ApprovalStatus.DRAFT
    submit_invoice(edited, by=clerk)
    authorize_invoice(edited, by=factories.owner(refused.account))
    shown = panel(page, refused)
    assert "Fixed since, ready" in shown
    assert "lines changed" in shown
    before, after = refused.total, edited.total
    assert f"{before:.2f}</span>" in re.sub(r"\s+", " ", shown)
    assert f"{after:.2f}</strong>" in shown
    assert "0000" not in shown
    assert "Refused by Sage Intacct" not in shown


def test_a_queued_invoice_leaves_with_its_corrected_date(
    clerk: User, connection: Connection, portal_sandbox: Any
) -> None:
    invoice = ready_invoice(connection)
    exports.export_invoices(connection, [invoice], by=clerk)
    correct_posting_date(invoice, by=clerk, posting_date=OPEN_DAY)
    assert Invoice.objects.get().export_state == ExportState.QUEUED
    exporting.deliver(connection)
    (bill,) = exporting.bills(portal_sandbox)
    assert bill["whenposted"] == "02/15/2030"


def test_retries_stand_in_the_activity(connection: Connection) -> None:
    invoice = ready_invoice(connection)
    exports.export_invoices(connection, [invoice], by=None)
    claim = outbox.claim_queued(connection, invoice.company, limit=1)
    busy = outbox.Failure(FailureKind.TEMPORARY, "busy", "Sage Intacct is busy.")
    outbox.settle(claim, [outbox.Settlement(claim.items[0], Attempt.Result.NOT_SENT, busy)])
    told = "Export to Sage Intacct did not succeed yet: Sage Intacct is busy. It is tried again by itself."
    assert invoice.activities.get(kind="export_retried").text == told


def test_what_was_sent_and_looked_for_in_vain_is_not_called_unsent(page: Client, connection: Connection) -> None:
    invoice = ready_invoice(connection)
    exports.export_invoices(connection, [invoice], by=None)
    ExportItem.objects.update(lookups_count=6, was_sent=True)
    claim = outbox.claim_queued(connection, invoice.company, limit=1)
    gone = outbox.Failure(FailureKind.RECORD, "document_changed", "A document was changed meanwhile.")
    outbox.settle(claim, [outbox.Settlement(claim.items[0], Attempt.Result.NOT_SENT, gone)])
    shown = panel(page, invoice)
    assert "A document was changed meanwhile." in shown
    assert "It was not sent" not in shown
    assert "Not sent" not in shown


def test_another_change_is_no_fix_of_a_closed_period(page: Client, clerk: User, refused: Invoice) -> None:
    ClosedPeriod.objects.all().delete()  # so that nothing else tells
    refused.activities.create(user=clerk, kind="edited", text="Edited.", changes={"description": [None, "Paint"]})
    assert "Refused by Sage Intacct" in panel(page, refused)


def test_what_was_changed_back_is_no_fix(page: Client, clerk: User, refused: Invoice) -> None:
    correct_posting_date(refused, by=clerk, posting_date=OPEN_DAY)
    correct_posting_date(refused, by=clerk, posting_date=dt.date(2030, 1, 18))
    ClosedPeriod.objects.all().delete()  # so that nothing else tells
    assert "Fixed since" not in panel(page, refused)


def test_save_and_try_again_makes_one_bill(
    page: Client, refused: Invoice, connection: Connection, portal_sandbox: Any
) -> None:
    round_before = ExportItem.objects.get().round
    response = correct(page, refused)
    assert "The posting date was saved first." in response.content.decode()
    item = ExportItem.objects.get()
    assert (item.status, item.round) == (ItemStatus.QUEUED, round_before)
    exporting.deliver(connection)
    refused.refresh_from_db()
    assert refused.is_posted
    assert refused.approval_status == ApprovalStatus.AUTHORIZED
    (bill,) = exporting.bills(portal_sandbox)
    assert bill["controlid"].endswith(f"-{round_before}-bill")
    exporting.assert_nothing_more_happens(portal_sandbox, connection)


def certain(connection: Connection) -> bool:
    """Whether what the refusal taught still holds invoices back."""
    other = ready_invoice(connection, invoice_date=dt.date(2030, 1, 19), due_date=dt.date(2030, 3, 18))
    return any(problem.is_error for problem in problems_of(connection, other))


def test_a_corrected_date_does_not_make_what_was_learnt_doubtful(
    page: Client, refused: Invoice, connection: Connection
) -> None:
    assert "The posting date was saved first." in correct(page, refused).content.decode()
    assert ExportItem.objects.get().status == ItemStatus.QUEUED
    assert certain(connection)


def test_nor_does_an_invoice_that_was_changed_and_authorised_again(
    page: Client, clerk: User, refused: Invoice, connection: Connection
) -> None:
    header = {name: getattr(refused, name) for name in ("company", "supplier", "number", "currency", "kind")}
    dates = {"invoice_date": refused.invoice_date, "due_date": refused.due_date, "posting_date": OPEN_DAY}
    lines = [LineData(gl_code=line.gl_code, unit_price=Decimal(90)) for line in refused.lines.all()]
    submit_invoice(save_invoice(by=clerk, header=header | dates, lines=lines, invoice=refused), by=clerk)
    authorize_invoice(refused, by=factories.owner(connection.account))
    page.post(reverse("integrations:export_invoice", args=[refused.pk]))
    assert ExportItem.objects.get().status == ItemStatus.QUEUED
    assert certain(connection)


def test_nor_does_a_command_that_runs_by_itself(refused: Invoice, connection: Connection) -> None:
    exports.export_invoices(connection, [refused], by=None, trigger=Trigger.COMMAND)
    assert ExportItem.objects.get().status == ItemStatus.QUEUED
    assert certain(connection)


@pytest.mark.parametrize(
    ("address", "data"), [("export_invoice", {}), ("try_again", {"code": "period_closed"})], ids=["one", "cause"]
)
def test_trying_again_what_was_not_changed_does(
    page: Client, refused: Invoice, connection: Connection, address: str, data: dict[str, str]
) -> None:
    page.post(reverse(f"integrations:{address}", args=[] if data else [refused.pk]), data)
    assert ExportItem.objects.get().status == ItemStatus.QUEUED
    assert not certain(connection)


def test_an_automatic_connection_takes_a_fixed_invoice_again(
    clerk: User, refused: Invoice, connection: Connection, portal_sandbox: Any
) -> None:
    Connection.objects.filter(pk=connection.pk).update(exports_automatically=True)
    correct_posting_date(refused, by=clerk, posting_date=OPEN_DAY)
    assert ExportItem.objects.get().status == ItemStatus.QUEUED
    exporting.deliver(connection)
    assert len(exporting.bills(portal_sandbox)) == 1


@pytest.mark.parametrize("state", [ExportState.SENDING, ExportState.UNKNOWN])
def test_what_is_leaving_is_neither_corrected_nor_sent_anew(page: Client, refused: Invoice, state: ExportState) -> None:
    Invoice.objects.filter(pk=refused.pk).update(export_state=state)
    ExportItem.objects.update(status=ItemStatus.UNKNOWN, was_sent=True)
    response = correct(page, refused)
    assert "being exported right now" in response.content.decode()
    assert Invoice.objects.get().posting_date is None
    assert ExportItem.objects.get().status == ItemStatus.UNKNOWN


def test_a_version_that_was_not_seen_is_not_corrected(page: Client, refused: Invoice) -> None:
    response = correct(page, refused, version=99)
    assert "saved elsewhere" in response.content.decode()
    assert ExportItem.objects.get().status == ItemStatus.FAILED


def test_a_day_that_is_none_is_refused_in_words(page: Client, refused: Invoice) -> None:
    assert "Enter a date like 31/12/2030." in correct(page, refused, "soon").content.decode()


def test_only_who_administers_it_corrects(client: Client, refused: Invoice) -> None:
    for stranger in (factories.user(refused.account, "Reporter"), factories.owner()):
        client.force_login(stranger)
        assert correct(client, refused).status_code == 404
    assert Invoice.objects.get(pk=refused.pk).posting_date is None


def test_the_field_is_not_offered_where_it_would_drop_the_authorisation(page: Client, refused: Invoice) -> None:
    refused.account.bookkeeping_fields = []
    refused.account.save()
    assert "Save and try again" not in panel(page, refused)


def test_what_only_preflight_refused_was_not_sent(
    page: Client, connection: Connection, portal_sandbox: Any, refused: Invoice
) -> None:
    second = ready_invoice(connection, invoice_date=dt.date(2030, 1, 19), due_date=dt.date(2030, 3, 18))
    exporting.export(connection, second)
    shown = panel(page, second)
    assert "It was not sent, for this has to be fixed first" in shown
    assert "Save and try again" in shown
    assert second.activities.get(kind="export_failed").text.startswith(
        "Not sent to Sage Intacct: The invoice date, which counts while the posting date is empty, lies in a period"
    )


def test_asking_again_stands_in_the_activity(page: Client, clerk: User, refused: Invoice) -> None:
    page.post(reverse("integrations:export_invoice", args=[refused.pk]))
    assert refused.activities.get(kind="export_asked").user == clerk
