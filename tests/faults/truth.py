"""What must hold after any fault: bills there = invoices posted here, none twice, none lost, every state true."""

from __future__ import annotations

from collections import Counter
from typing import Any

from integrations.models import Connection, ExportItem, ItemStatus
from invoices.models import ExportState, Invoice, PostingStatus
from tests.integrations import exporting

STATE_OF = {
    ItemStatus.POSTED: ExportState.EXPORTED,
    ItemStatus.FAILED: ExportState.FAILED,
    ItemStatus.QUEUED: ExportState.QUEUED,
    ItemStatus.CANCELLED: ExportState.NONE,
}


def assert_one_bill_each(sandbox: Any, connection: Connection) -> None:
    """Every exported invoice is posted and has exactly one bill with exactly its documents."""
    bills = exporting.bills(sandbox)
    invoices = list(Invoice.objects.filter(account=connection.account_id).prefetch_related("documents"))
    assert Counter(bill["recordid"] for bill in bills) == Counter(invoice.number for invoice in invoices)
    assert_states_are_true(sandbox, connection)
    by_number = {bill["recordid"]: bill for bill in bills}
    for invoice in invoices:
        bill = by_number[invoice.number]
        assert invoice.posting_status == PostingStatus.POSTED, invoice.number
        assert exporting.cents(bill["total"]) == invoice.total
        sent = Counter(document.sha256 for document in invoice.documents.all())
        assert Counter(one["sha256"] for one in bill["attachments"]) == sent
    assert_no_attachment_twice(sandbox, bills)
    exporting.assert_nothing_more_happens(sandbox, connection)


def assert_states_are_true(sandbox: Any, connection: Connection) -> None:
    """Nothing is open, no bill stands twice, and what is posted here stands there under the number that we show."""
    bills = {bill["recordno"]: bill for bill in exporting.bills(sandbox)}
    assert len({(bill["vendorid"], bill["recordid"]) for bill in bills.values()}) == len(bills), "a bill stands twice"
    items = list(ExportItem.objects.filter(connection=connection).select_related("invoice"))
    for item in items:
        assert item.status in STATE_OF, f"{item.invoice.number} is still {item.status}: {item.message}"
        assert item.invoice.export_state == STATE_OF[ItemStatus(item.status)]
        assert item.invoice.is_posted == (item.status == ItemStatus.POSTED)
    numbers = [item.record_no for item in items if item.status == ItemStatus.POSTED]
    assert len(set(numbers)) == len(numbers), "one bill is linked to two invoices"
    posted = {item.record_no: item for item in items if item.status == ItemStatus.POSTED}
    assert set(posted) == set(bills), "posted here and standing there differ"
    for record_no, item in posted.items():
        assert bills[record_no]["recordid"] == item.invoice.number
        assert item.invoice.posted_reference == record_no
    open_jobs = connection.jobs.unfinished().filter(kind="export")
    assert not open_jobs.exists()


def assert_no_attachment_twice(sandbox: Any, bills: list[dict[str, Any]]) -> None:
    used = [bill["supdocid"] for bill in bills if bill["supdocid"]]
    made = [one["supdocid"] for one in exporting.state(sandbox)["supdocs"] if one["controlid"].startswith("planergy-")]
    assert sorted(used) == sorted(made)
