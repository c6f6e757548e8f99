"""Exporting over the real sandbox: one invoice becomes one bill, with all its documents."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from integrations.models import Attempt, ExportItem, ItemStatus, JobStatus, OutcomeKind
from invoices.models import ExportState
from tests import factories
from tests.integrations import exporting

pytestmark = pytest.mark.django_db


def test_posts_an_authorised_invoice_with_its_documents(portal_sandbox: Any) -> None:
    connection = exporting.exporting_connection()
    invoice = exporting.ready_invoice(connection, description="Paper")
    factories.document(invoice, "invoice.pdf")
    factories.document(invoice, "invoice.PDF", b"%PDF-1.4 another one")

    job = exporting.export(connection, invoice)

    (bill,) = exporting.bills(portal_sandbox)
    invoice.refresh_from_db()
    assert job.status == JobStatus.SUCCEEDED, ExportItem.objects.get().raw_message
    assert (job.total, job.posted, job.done, job.failed) == (1, 1, 1, 0)
    assert (bill["vendorid"], bill["recordid"], bill["total"]) == ("V00001", invoice.number, "100.00")
    assert (bill["entity"], bill["currency"], bill["state"]) == ("100", "GBP", "Posted")
    assert f"/{invoice.pk}/" in bill["description"]
    assert bill["description"].startswith("Paper http")
    assert {(one["name"], one["sha256"]) for one in bill["attachments"]} == {
        ("invoice.pdf", hashlib.sha256(factories.PDF).hexdigest()),
        ("invoice (2).pdf", hashlib.sha256(b"%PDF-1.4 another one").hexdigest()),
    }
    assert invoice.is_posted
    assert invoice.export_state == ExportState.EXPORTED
    assert invoice.posted_reference == bill["recordno"]


def test_posts_nothing_twice(portal_sandbox: Any) -> None:
    connection = exporting.exporting_connection()
    invoice = exporting.ready_invoice(connection)
    exporting.export(connection, invoice)

    again = exporting.export(connection, invoice)

    assert len(exporting.bills(portal_sandbox)) == 1
    assert (again.total, again.status) == (0, JobStatus.SUCCEEDED)


def test_one_refusal_leaves_the_others_untouched(portal_sandbox: Any) -> None:
    connection = exporting.exporting_connection()
    good, bad, other = (exporting.ready_invoice(connection) for _ in range(3))
    bad.supplier = exporting.vendor(bad.company, "NOBODY")
    bad.save()
    factories.document(bad)

    job = exporting.export(connection, good, bad, other)

    item = ExportItem.objects.get(invoice=bad)
    assert {bill["recordid"] for bill in exporting.bills(portal_sandbox)} == {good.number, other.number}
    assert (job.status, job.posted, job.failed) == (JobStatus.PARTIAL, 2, 1)
    assert item.status == ItemStatus.FAILED
    assert item.advice
    assert "NOBODY" in item.raw_message
    assert job.outcomes.get(kind=OutcomeKind.FAILED).record_key == bad.number
    bad.refresh_from_db()
    assert (bad.export_state, bad.is_posted) == (ExportState.FAILED, False)


def test_a_lost_answer_is_looked_up_and_never_sent_again(portal_sandbox: Any) -> None:
    connection = exporting.exporting_connection()
    invoice = exporting.ready_invoice(connection)
    exporting.break_gateway(portal_sandbox, {"kind": "drop_after", "match": {"function": "create"}})

    exporting.export(connection, invoice)
    item = ExportItem.objects.get()
    invoice.refresh_from_db()
    assert (item.status, invoice.export_state) == (ItemStatus.UNKNOWN, ExportState.UNKNOWN)
    assert not invoice.is_editable

    exporting.make_due(connection)
    exporting.deliver(connection)
    item.refresh_from_db()
    assert item.status == ItemStatus.POSTED
    assert item.attempts.first().result == Attempt.Result.FOUND
    assert [bill["recordno"] for bill in exporting.bills(portal_sandbox)] == [item.record_no]
    assert item.job.outcomes.get().kind == OutcomeKind.POSTED
