"""Queueing, automatic export, trying again, linking, undoing, cancelling; and what each leaves behind."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from integrations.errors import ConfigurationError, RecordError
from integrations.models import Attempt, Exchange, ExportItem, ItemStatus, Job, JobKind, JobStatus, Trigger
from integrations.services import connections, export_jobs, exports, linking, outbox
from invoices.models import ExportState, Invoice
from invoices.services import authorization, entry
from ledger.models import ClosedPeriod
from tests import factories
from tests.integrations import exporting
from tests.integrations.importing import run

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection() -> Any:
    return exporting.exporting_connection()


def queue(connection: Any, *invoices: Invoice, by: Any = None) -> Job:
    return exports.export_invoices(connection, list(invoices), by=by)


def test_acts_on_exactly_what_awaits_export_of_this_account(connection: Any) -> None:
    wanted = exporting.ready_invoice(connection)
    draft = exporting.ready_invoice(connection, approval_status="draft")
    posted = exporting.ready_invoice(connection, posting_status="posted")
    foreign = factories.authorized_invoice(factories.company())

    job = exports.export_invoices(connection, Invoice.objects.all(), by=None)

    assert [item.invoice for item in job.export_items.all()] == [wanted]
    assert job.total == 1
    for other in (draft, posted, foreign):
        assert exports.item_for(other) is None
    wanted.refresh_from_db()
    assert wanted.export_state == ExportState.QUEUED


def test_queueing_many_takes_few_statements(connection: Any) -> None:
    first = exporting.ready_invoice(connection)
    for number in range(300):
        Invoice.objects.filter(pk=first.pk).update(number=f"N-{number}")
        if number:
            clone = Invoice.objects.get(pk=first.pk)
            clone.pk, clone.number = None, f"M-{number}"
            clone.save(force_insert=True)
    with CaptureQueriesContext(
        database,
    ) as captured:
        job = exports.export_invoices(connection, Invoice.objects.all(), by=None)
    assert job.total == 300
    assert len(captured) < 20


def test_what_is_under_way_stays_in_its_own_job(connection: Any) -> None:
    invoice = exporting.ready_invoice(connection)
    first = queue(connection, invoice)
    second = queue(connection, invoice)
    assert (second.total, second.status) == (0, JobStatus.SUCCEEDED)
    assert ExportItem.objects.get().job == first


def test_is_refused_before_the_integration_is_ready(connection: Any) -> None:
    connections.disable(connection, by=factories.owner(connection.account))
    with pytest.raises(ConfigurationError):
        exports.export_invoices(connection, [], by=None)


def test_authorising_exports_when_support_has_switched_it_on(either_sandbox: Any, connection: Any) -> None:
    approver = factories.owner(connection.account)
    invoices = [exporting.ready_invoice(connection, approval_status="waiting") for _ in range(2)]
    off = exporting.ready_invoice(connection, approval_status="waiting")
    authorization.authorize_invoice(off, by=approver)
    assert exports.item_for(off) is None
    connection.exports_automatically = True
    connection.save()
    for invoice in invoices:
        authorization.authorize_invoice(invoice, by=approver)

    job = Job.objects.get(kind="export")
    assert (job.trigger, job.total) == (Trigger.AUTOMATIC, 2)
    exporting.deliver(connection)
    assert {bill["recordid"] for bill in exporting.bills(either_sandbox)} == {one.number for one in invoices}
    job.refresh_from_db()
    assert job.status == JobStatus.SUCCEEDED


def test_an_invoice_edited_while_queued_is_not_sent(either_sandbox: Any, connection: Any) -> None:
    by = factories.owner(connection.account)
    invoice = exporting.ready_invoice(connection)
    job = queue(connection, invoice)
    line = entry.LineData(gl_code=invoice.lines.get().gl_code, unit_price=invoice.net)
    header = {name: getattr(invoice, name) for name in entry.HEADER_FIELDS}
    entry.save_invoice(by=by, header=header, lines=[line], invoice=invoice)

    exporting.deliver(connection)

    job.refresh_from_db()
    invoice.refresh_from_db()
    assert exporting.bills(either_sandbox) == []
    assert (ExportItem.objects.get().status, invoice.export_state) == (ItemStatus.CANCELLED, ExportState.NONE)
    export_jobs.finish_settled([job.pk])
    job.refresh_from_db()
    assert job.status == JobStatus.CANCELLED
    assert "not authorised any more" in job.outcomes.get().message


def test_a_config_failure_pauses_and_fails_nothing(either_sandbox: Any, connection: Any) -> None:
    invoices = [exporting.ready_invoice(connection) for _ in range(3)]
    text = "You do not have permission for API operation CREATE on objects of type apbill"
    refused = {"kind": "fail_function", "times": 30, "error": {"errorno": "PL04000005", "description2": text}}
    exporting.break_gateway(either_sandbox, refused | {"match": {"function": "create", "object": "APBILL"}})

    job = exporting.export(connection, *invoices)

    connection.refresh_from_db()
    assert connection.is_paused
    assert connection.pause_advice
    assert {item.status for item in job.export_items.all()} == {ItemStatus.QUEUED}
    assert (job.status, job.failed) == (JobStatus.RUNNING, 0)
    exporting.mend_gateway(either_sandbox)
    connections.resume(connection, by=None)
    exporting.deliver(connection)
    assert len(exporting.bills(either_sandbox)) == 3


def test_wrong_credentials_pause_before_anything_is_sent(either_sandbox: Any, connection: Any) -> None:
    connections.save_credentials(
        connection,
        connection.credentials | {"user_password": "wrong"},
        by=factories.owner(connection.account),
    )
    connection.synchronized_at = connection.credentials_saved_at
    connection.save()
    exporting.export(connection, exporting.ready_invoice(connection))
    connection.refresh_from_db()
    item = ExportItem.objects.get()
    assert connection.is_paused
    assert (item.status, item.was_sent) == (ItemStatus.QUEUED, False)


def test_disabling_cancels_what_waits_and_lets_the_rest_settle(either_sandbox: Any, connection: Any) -> None:
    by = factories.owner(connection.account)
    lost = exporting.ready_invoice(connection)
    exporting.break_gateway(either_sandbox, {"kind": "drop_after", "match": {"function": "create"}})
    exporting.export(connection, lost)
    waiting = exporting.ready_invoice(connection)
    job = queue(connection, waiting)

    credentials = connection.credentials
    connections.disable(connection, by=by)

    waiting.refresh_from_db()
    assert exports.item_for(waiting).status == ItemStatus.CANCELLED  # type: ignore[union-attr]
    assert waiting.export_state == ExportState.NONE
    assert exports.item_for(lost).status == ItemStatus.UNKNOWN  # type: ignore[union-attr]
    export_jobs.finish_settled(export_jobs.possibly_settled())
    job.refresh_from_db()
    assert job.status == JobStatus.CANCELLED

    connections.enable(connection.account, "sage_intacct", by=by)
    connections.save_credentials(connection, credentials, by=by)
    connection.synchronized_at = connection.credentials_saved_at
    connection.save()
    exporting.export(connection, lost, waiting)
    exporting.let_time_pass(connection)
    assert sorted(bill["recordid"] for bill in exporting.bills(either_sandbox)) == sorted([lost.number, waiting.number])
    exporting.assert_nothing_more_happens(either_sandbox, connection)


def test_what_was_sent_to_another_company_is_not_looked_for_here(either_sandbox: Any, connection: Any) -> None:
    exporting.break_gateway(either_sandbox, {"kind": "drop_after", "match": {"function": "create"}})
    exporting.export(connection, exporting.ready_invoice(connection))
    connection.remote_company = "another"
    connection.save()
    exporting.make_due(connection)
    exporting.deliver(connection)
    item = ExportItem.objects.get()
    assert (item.status, item.code) == (ItemStatus.UNKNOWN, "sent_elsewhere")
    assert "demo" in item.advice


def foreign_bill(sandbox: Any, connection: Any, invoice: Invoice) -> str:
    """The same bill, typed in by an accountant over there."""
    exporting.export(connection, invoice)
    (bill,) = exporting.bills(sandbox)
    edited = {"DESCRIPTION": "typed in by hand", "SUPDOCID": ""}
    exporting.act(sandbox, action="edit_bill", recordno=bill["recordno"], fields=edited)
    Invoice.objects.filter(pk=invoice.pk).update(posting_status="not_posted", posted_reference="", export_state="none")
    ExportItem.objects.all().delete()
    return str(bill["recordno"])


def test_a_bill_of_somebody_else_is_reported_and_can_be_linked(either_sandbox: Any, connection: Any) -> None:
    by = factories.owner(connection.account)
    invoice = exporting.ready_invoice(connection)
    record_no = foreign_bill(either_sandbox, connection, invoice)

    exporting.export(connection, invoice)

    item = exports.item_for(invoice)
    assert item is not None
    assert (item.status, item.code) == (ItemStatus.FAILED, "bill_exists")
    assert record_no in item.message
    assert "Link" in item.advice
    assert link(item, by, "999999").status == JobStatus.FAILED
    job = link(item, by, record_no)
    assert (job.status, job.posted) == (JobStatus.SUCCEEDED, 1)
    item.refresh_from_db()
    invoice.refresh_from_db()
    assert (item.status, invoice.posted_reference) == (ItemStatus.POSTED, record_no)
    exporting.assert_nothing_more_happens(either_sandbox, connection)
    assert len(exporting.bills(either_sandbox)) == 1


def test_a_bill_that_does_not_match_is_not_linked(either_sandbox: Any, connection: Any) -> None:
    invoice = exporting.ready_invoice(connection)
    record_no = foreign_bill(either_sandbox, connection, invoice)
    exporting.export(connection, invoice)
    item = exports.item_for(invoice)
    assert item is not None
    Invoice.objects.update(total="101.00")
    job = link(item, factories.owner(connection.account), record_no)
    assert job.status == JobStatus.FAILED
    assert "it is not this invoice" in job.message
    item.refresh_from_db()
    assert item.status == ItemStatus.FAILED


def link(item: ExportItem, by: Any, record_no: str) -> Job:
    (job,) = run([linking.start_link(item, by=by, record_no=record_no)])
    return job


def test_what_is_known_here_is_told_before_anything_is_asked_there(connection: Any) -> None:
    """Nothing listens at the gateway of this test."""
    by = factories.owner(connection.account)
    invoices = [exporting.ready_invoice(connection) for _ in range(2)]
    exports.export_invoices(connection, invoices, by=None)
    mine, other = (exports.item_for(invoice) for invoice in invoices)
    with pytest.raises(RecordError, match="being exported"):
        linking.start_link(mine, by=by, record_no="7")
    ExportItem.objects.filter(pk=mine.pk).update(status=ItemStatus.FAILED)
    ExportItem.objects.filter(pk=other.pk).update(status=ItemStatus.POSTED, record_no="7")
    mine = exports.item_for(invoices[0])
    with pytest.raises(RecordError, match="linked to another invoice already"):
        linking.start_link(mine, by=by, record_no="7")
    ExportItem.objects.filter(pk=mine.pk).update(was_sent=True, sent_to="another")
    with pytest.raises(RecordError, match="sent to the Sage Intacct company another"):
        linking.start_link(exports.item_for(invoices[0]), by=by, record_no="8")
    connections.pause(connection, ConfigurationError("The password was refused."))
    with pytest.raises(ConfigurationError, match="paused"):
        linking.start_link(exports.item_for(invoices[0]), by=by, record_no="8")
    assert not Job.objects.filter(kind=JobKind.LINK).exists()


def test_pressing_twice_compares_once(connection: Any) -> None:
    by = factories.owner(connection.account)
    invoices = [exporting.ready_invoice(connection) for _ in range(2)]
    exports.export_invoices(connection, invoices, by=None)
    ExportItem.objects.update(status=ItemStatus.FAILED)
    items = [exports.item_for(invoice) for invoice in invoices]
    started = [linking.start_link(item, by=by, record_no="8") for item in (items[0], items[0], items[1])]
    assert started[0] == started[1] != started[2]


def test_try_again_sends_with_new_control_ids_after_a_definite_refusal(either_sandbox: Any, connection: Any) -> None:
    invoice = exporting.ready_invoice(connection)
    factories.document(invoice)
    refusal = {"errorno": "BL01001973", "description2": "Smart rule X was violated: no"}
    exporting.break_gateway(
        either_sandbox, {"kind": "fail_function", "match": {"object": "APBILL", "function": "create"}, "error": refusal}
    )
    exporting.export(connection, invoice)
    item = ExportItem.objects.get()
    assert (item.status, item.round, item.was_sent) == (ItemStatus.FAILED, 2, False)

    (job,) = exports.try_again(ExportItem.objects.all(), by=None)
    exporting.deliver(connection)

    job.refresh_from_db()
    (bill,) = exporting.bills(either_sandbox)
    assert job.status == JobStatus.SUCCEEDED
    assert len(bill["attachments"]) == 1
    assert len(exporting.state(either_sandbox)["supdocs"]) == 1
    results = list(item.attempts.order_by("number").values_list("result", "control_id"))
    assert [result for result, _ in results] == [Attempt.Result.REFUSED, Attempt.Result.POSTED]
    exporting.assert_nothing_more_happens(either_sandbox, connection)
    assert results[0][1] != results[1][1]
    assert item.attempts.first().exchange in Exchange.objects.all()


def test_documents_changed_after_a_refusal_replace_the_old_record(either_sandbox: Any, connection: Any) -> None:
    invoice = exporting.ready_invoice(connection)
    factories.document(invoice, "old.pdf")
    exporting.break_gateway(
        either_sandbox, {"kind": "fail_function", "match": {"object": "APBILL", "function": "create"}}
    )
    exporting.export(connection, invoice)
    invoice.documents.all().delete()
    factories.document(invoice, "new.pdf", b"%PDF-1.4 new")

    exports.try_again(ExportItem.objects.all(), by=None)
    exporting.deliver(connection)

    assert [[one["name"] for one in each["attachments"]] for each in exporting.state(either_sandbox)["supdocs"]] == [
        ["new.pdf"]
    ]
    exporting.assert_nothing_more_happens(either_sandbox, connection)


def test_large_documents_go_one_by_one_and_never_twice(
    either_sandbox: Any, connection: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from integrations.sage_intacct.exporters import parcels

    monkeypatch.setattr(parcels, "LARGE", 1000)
    invoice = exporting.ready_invoice(connection)
    for number in range(3):
        factories.document(invoice, f"{number}.pdf", b"%PDF-1.4" + bytes([48 + number]) * 600)
    exporting.break_gateway(either_sandbox, {"kind": "drop_after", "match": {"function": "update_supdoc"}})

    exporting.export(connection, invoice)
    assert ExportItem.objects.get().status == ItemStatus.QUEUED
    exporting.let_time_pass(connection)

    (bill,) = exporting.bills(either_sandbox)
    assert sorted(one["name"] for one in bill["attachments"]) == ["0.pdf", "1.pdf", "2.pdf"]
    exporting.assert_nothing_more_happens(either_sandbox, connection)


def test_a_closed_period_is_learnt_from_the_refusal(either_sandbox: Any, connection: Any) -> None:
    exporting.act(either_sandbox, action="close_period", before="2030-02-01")
    invoice = exporting.ready_invoice(connection)
    exporting.export(connection, invoice)
    assert ExportItem.objects.get().status == ItemStatus.FAILED
    assert str(ClosedPeriod.objects.get().closed_to) == "2030-01-31"


def test_a_period_that_was_opened_again_is_no_dead_end(either_sandbox: Any, connection: Any) -> None:
    """The advice is to open the period and to try again; what the refusal taught must not stand in the way."""
    exporting.act(either_sandbox, action="close_period", before="2030-02-01")
    refused, foretold = exporting.ready_invoice(connection), exporting.ready_invoice(connection)
    exporting.export(connection, refused)
    exporting.export(connection, foretold)
    assert ExportItem.objects.filter(status=ItemStatus.FAILED, code__startswith="period_closed").count() == 2
    exporting.act(either_sandbox, action="open_period", before="2020-01-01")

    exports.try_again(ExportItem.objects.all(), by=factories.owner(connection.account))
    exporting.deliver(connection)

    assert {bill["recordid"] for bill in exporting.bills(either_sandbox)} == {refused.number, foretold.number}


def test_trying_again_while_the_period_is_closed_asks_once(either_sandbox: Any, connection: Any) -> None:
    exporting.act(either_sandbox, action="close_period", before="2030-02-01")
    exporting.export(connection, exporting.ready_invoice(connection))
    exports.try_again(ExportItem.objects.all(), by=factories.owner(connection.account))
    exporting.deliver(connection)
    asked = Attempt.objects.count()
    exporting.export(connection, exporting.ready_invoice(connection))
    assert Attempt.objects.exclude(exchange=None).count() <= asked
    assert not exporting.bills(either_sandbox)
    assert ExportItem.objects.filter(status=ItemStatus.FAILED, code__startswith="period_closed").count() == 2


def test_a_demand_for_documents_that_was_lifted_is_no_dead_end(either_sandbox: Any, connection: Any) -> None:
    exporting.act(either_sandbox, action="set_preference", name="require_attachment", value=True)
    invoice = exporting.ready_invoice(connection)
    exporting.export(connection, invoice)
    assert ExportItem.objects.get().status == ItemStatus.FAILED
    exporting.act(either_sandbox, action="set_preference", name="require_attachment", value=False)

    exports.try_again(ExportItem.objects.all(), by=factories.owner(connection.account))
    exporting.deliver(connection)

    assert [bill["recordid"] for bill in exporting.bills(either_sandbox)] == [invoice.number]


def test_failures_are_grouped_by_cause(either_sandbox: Any, connection: Any) -> None:
    owner, outsider = factories.owner(connection.account), factories.owner()
    reporter = factories.user(connection.account, "System Admin")
    bad = exporting.vendor(connection.company_links.get().company, "NOBODY")
    exporting.export(connection, *(exporting.ready_invoice(connection, supplier=bad) for _ in range(3)))

    (group,) = exports.problems(connection.account_id, owner)

    assert group.count == 3
    assert group.items.count() == 3
    assert group.message
    assert group.advice
    assert exports.problems(connection.account_id, outsider) == []
    assert exports.problems(connection.account_id, reporter) == []


def test_mails_once_when_a_run_ends_with_failures(either_sandbox: Any, connection: Any) -> None:
    by = factories.owner(connection.account)
    bad = exporting.vendor(connection.company_links.get().company, "NOBODY")
    good = exporting.export(connection, exporting.ready_invoice(connection), by=by)
    assert mail.outbox == []
    assert good.mailed_at is None
    job = exporting.export(connection, exporting.ready_invoice(connection, supplier=bad), by=by)
    exports.sweep_exports(exporting.timezone.now() + exporting.dt.timedelta(hours=1))
    (message,) = mail.outbox
    assert message.to == [by.email]
    assert message.subject == "Sage Intacct: 1 invoice could not be exported"
    assert job.get_absolute_url() in message.body


def test_the_mail_names_each_cause_once_and_spells_as_its_reader_does(either_sandbox: Any, connection: Any) -> None:
    by = factories.owner(connection.account, spelling="en-us")
    company = connection.company_links.get().company
    for code, count in (("NOBODY", 7), ("NONE", 1)):
        for _ in range(count):
            exporting.ready_invoice(connection, supplier=exporting.vendor(company, code))
    for length in (31, 33):
        exporting.ready_invoice(connection, number="9" * length)
    exporting.ready_invoice(connection)

    exporting.export(connection, *Invoice.objects.all(), by=by)

    (message,) = mail.outbox
    html = " ".join(str(message.alternatives[0][0]).partition("</h1>")[2].split())
    assert message.subject == "Sage Intacct: 10 of 11 invoices could not be exported"
    for text in (message.body, html):
        assert "They stay Authorized, Not Posted; nothing is lost, and 1 was posted." in text
        assert text.count("does not know the vendor NOBODY") == 1
        assert text.count("does not know the vendor NONE") == 1
        assert "and 2 more" in text
        for length in (31, 33):
            assert f"{'9' * length} (Supplier V00001): The number has {length} characters" in text
        assert "Authorised" not in text


def test_support_undoes_a_posting_with_a_reason_only(either_sandbox: Any, connection: Any) -> None:
    support, owner = factories.user(connection.account, is_staff=True), factories.owner(connection.account)
    invoice = exporting.ready_invoice(connection)
    exporting.export(connection, invoice)
    for by, reason in ((owner, "because"), (support, " ")):
        with pytest.raises(RecordError):
            exports.undo_posting(invoice, by=by, reason=reason)
    exports.undo_posting(invoice, by=support, reason="Deleted by the auditors")
    assert not invoice.is_posted
    assert "Deleted by the auditors" in invoice.activities.get(kind="posting_undone").text
    exporting.export(connection, invoice)  # the bill still stands there: found, not made again
    invoice.refresh_from_db()
    assert invoice.is_posted
    assert len(exporting.bills(either_sandbox)) == 1


def test_statements_per_invoice_do_not_grow_with_lines(either_sandbox: Any, connection: Any) -> None:
    def count(invoices: list[Invoice]) -> int:
        queue(connection, *invoices)
        with CaptureQueriesContext(database) as captured:
            exporting.deliver(connection)
        return len(captured)

    few = count([exporting.ready_invoice(connection)])
    many = [exporting.ready_invoice(connection) for _ in range(10)]
    for invoice in many:
        for position in range(2, 12):
            line = invoice.lines.first()
            line.pk, line.position, line.net = None, position, 0
            line.save(force_insert=True)
    taken = count(many)
    assert len(exporting.bills(either_sandbox)) == 11
    assert (taken - few) / 9 <= 6


def test_a_batch_is_marked_as_posted_at_once(either_sandbox: Any, connection: Any) -> None:
    invoices = [exporting.ready_invoice(connection) for _ in range(12)]
    before = {invoice.pk: invoice.updated_at for invoice in invoices}
    queue(connection, *invoices)
    with CaptureQueriesContext(database) as captured:
        exporting.deliver(connection)
    statements = [query["sql"] for query in captured]
    assert sum(sql.startswith('INSERT INTO "invoices_activity"') for sql in statements) == 1
    assert sum(sql.startswith('UPDATE "invoices_invoice"') for sql in statements) <= 4
    bills = {bill["recordid"]: str(bill["recordno"]) for bill in exporting.bills(either_sandbox)}
    for invoice in Invoice.objects.filter(pk__in=before):
        assert (invoice.is_posted, invoice.export_state) == (True, ExportState.EXPORTED)
        assert invoice.posted_reference == bills[invoice.number]
        assert invoice.posted_reference in invoice.posted_url
        assert invoice.posted_at is not None
        assert invoice.updated_at > before[invoice.pk]
        said = invoice.activities.get(kind="posted").text
        assert said == f"Posted to Sage Intacct as record {invoice.posted_reference}."


def test_the_command_says_what_became_of_each(either_sandbox: Any, connection: Any) -> None:
    good = exporting.ready_invoice(connection)
    out = StringIO()
    call_command("intacct_export", "--account", connection.account.name, "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert (told["posted"], told["outcomes"][0]["invoice"]) == (1, good.number)
    bad = exporting.vendor(connection.company_links.get().company, "NOBODY")
    exporting.ready_invoice(connection, supplier=bad)
    out = StringIO()
    with pytest.raises(CommandError, match="1 of 1"):
        call_command("intacct_export", "--account", connection.account.name, stdout=out)
    assert "NOBODY" in out.getvalue()


def test_the_command_waits_for_a_worker_that_was_faster(
    either_sandbox: Any, connection: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from integrations.management import waiting
    from integrations.sage_intacct.exporters.sending import Sending

    invoice = exporting.ready_invoice(connection)
    deliver, claims = exports.deliver_due, []

    def another_is_faster(connection_id: int, company_id: int) -> None:
        if not claims:
            claims.append(outbox.claim_queued(connection, invoice.company, limit=10))
        deliver(connection_id, company_id)

    monkeypatch.setattr(exports, "deliver_due", another_is_faster)
    monkeypatch.setattr(waiting, "sleep", lambda _: Sending(claims[0]).run())
    out = StringIO()
    call_command("intacct_export", "--account", connection.account.name, "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert (told["status"], told["posted"], told["outcomes"][0]["invoice"]) == ("succeeded", 1, invoice.number)
    assert [bill["recordid"] for bill in exporting.bills(either_sandbox)] == [invoice.number]


def test_the_command_does_not_call_done_what_is_not_settled(either_sandbox: Any, connection: Any) -> None:
    exporting.ready_invoice(connection)
    exporting.break_gateway(either_sandbox, {"kind": "drop_after", "match": {"function": "create"}})
    with pytest.raises(CommandError, match="1 of 1 invoices wait to be looked up"):
        call_command("intacct_export", "--account", connection.account.name, stdout=StringIO())


def test_a_document_that_cannot_be_read_fails_its_invoice_alone(
    either_sandbox: Any, connection: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from integrations.sage_intacct.exporters import parcels

    large, small, good = (exporting.ready_invoice(connection) for _ in range(3))
    for invoice in (large, large, small):
        lost = factories.document(invoice, f"{invoice.documents.count()}.pdf")
    lost.file.delete(save=False)
    large.documents.first().file.delete(save=False)
    monkeypatch.setattr(parcels, "LARGE", len(factories.PDF) + 1)

    job = exporting.export(connection, large, small, good)

    assert (job.posted, job.failed) == (1, 2)
    assert set(ExportItem.objects.filter(status="failed").values_list("code", flat=True)) == {"document_unreadable"}
    assert [bill["recordid"] for bill in exporting.bills(either_sandbox)] == [good.number]


def test_nothing_stays_queued_over_a_disabled_connection(either_sandbox: Any, connection: Any) -> None:
    invoice = exporting.ready_invoice(connection)
    queue(connection, invoice)
    ExportItem.objects.update(status=ItemStatus.SENDING, claimed_at=exporting.timezone.now())
    connections.disable(connection, by=factories.owner(connection.account))

    exports.sweep_exports(exporting.timezone.now() + exporting.dt.timedelta(hours=1))

    invoice.refresh_from_db()
    assert (ExportItem.objects.get().status, invoice.export_state) == (ItemStatus.CANCELLED, ExportState.NONE)


def test_an_internal_error_fails_what_was_not_sent_and_says_so(
    either_sandbox: Any, connection: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from integrations.sage_intacct.exporters import sending

    def broken(*args: Any) -> Any:
        raise RuntimeError("a bug")

    monkeypatch.setattr(sending, "preflight", broken)
    job = exporting.export(connection, exporting.ready_invoice(connection))
    item = ExportItem.objects.get()
    assert (item.status, item.failure_kind, item.was_sent) == (ItemStatus.FAILED, "internal", False)
    assert "a bug" in item.raw_message
    assert "a bug" not in item.message
    assert job.failed == 1


def test_bills_arrive_as_drafts_where_the_connection_says_so(either_sandbox: Any) -> None:
    connection = exporting.exporting_connection(exports_as_draft=True)
    exporting.export(connection, exporting.ready_invoice(connection))
    assert exporting.bills(either_sandbox)[0]["state"] == "Draft"


def test_a_foreign_currency_goes_out_with_the_daily_rate(either_sandbox: Any, connection: Any) -> None:
    dollars = factories.currency(connection.account, "USD")
    exporting.export(connection, exporting.ready_invoice(connection, currency=dollars))
    bill = exporting.bills(either_sandbox)[0]
    assert (bill["currency"], bill["basecurr"], bill["total"]) == ("USD", "GBP", "100.00")
    assert bill["base_total"] != "100.00"


def test_credit_notes_are_taken_neither_by_hand_nor_automatically(either_sandbox: Any, connection: Any) -> None:
    note = exporting.ready_invoice(connection, kind="credit_note")
    assert exporting.export(connection, note).total == 0
    connection.exports_automatically = True
    connection.save()
    waiting = exporting.ready_invoice(connection, kind="credit_note", approval_status="waiting")
    authorization.authorize_invoice(waiting, by=factories.owner(connection.account))
    assert not ExportItem.objects.exists()
    assert Job.objects.filter(trigger=Trigger.AUTOMATIC).count() == 0


def test_a_credit_note_in_the_queue_never_leaves(either_sandbox: Any, connection: Any) -> None:
    invoice = exporting.ready_invoice(connection)
    queue(connection, invoice)
    Invoice.objects.update(kind="credit_note")
    exporting.deliver(connection)
    assert ExportItem.objects.get().status == ItemStatus.CANCELLED
    assert exporting.bills(either_sandbox) == []
