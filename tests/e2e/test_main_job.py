"""The demo's main job over the real worker, database, broker and sandbox: what `make demo` does."""

from __future__ import annotations

import hashlib
import subprocess
from decimal import Decimal
from typing import Any

import pytest
import requests

from integrations.models import ExportItem, Job, JobKind, JobStatus, OutcomeKind
from integrations.services import exports
from invoices.models import Invoice
from planergy.demo import main_job
from planergy.demo.account import DemoAccount
from suppliers.models import Supplier


@pytest.fixture(autouse=True)
def _addresses(portal_sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_PORT", portal_sandbox.base_url.rpartition(":")[2])


def bills() -> dict[str, dict[str, Any]]:
    state = requests.get(f"{main_job.sandbox_url()}/sandbox/state.json", timeout=30).json()
    return {bill["recordid"]: bill for bill in state["bills"]}


def test_does_the_main_job_and_a_second_run_changes_nothing(
    demo: DemoAccount, worker: subprocess.Popen[bytes], mailoutbox: list[Any]
) -> None:
    told: list[str] = []
    connection = main_job.connect(demo, told.append)
    assert connection.is_ready
    imported = main_job.import_all(connection, demo, told.append)
    assert all(job.status in (JobStatus.SUCCEEDED, JobStatus.PARTIAL) for job in imported)
    first, second = demo.companies
    assert Supplier.objects.filter(company=first).count() > 100
    warned = Job.objects.filter(kind=JobKind.IMPORT, outcomes__kind=OutcomeKind.WARNING)
    assert warned.filter(data_set="suppliers").exists()

    exported = main_job.export_first_company(connection, demo, told.append)
    for invoice in exported:
        bill = bills()[invoice.number]
        assert invoice.status_label == "Authorised, Posted"
        assert invoice.posted_reference == str(bill["recordno"])
        assert Decimal(bill["total"]) == invoice.total
        sent = {document.sha256 for document in invoice.documents.all()}
        assert {attachment["sha256"] for attachment in bill["attachments"]} == sent
    assert Invoice.objects.filter(company=second).awaiting_export().count() == len(exported)

    before = bills()
    again = exports.export_invoices(connection, Invoice.objects.filter(company=first), by=demo.clerk)
    main_job.wait_for([again], told.append)
    assert again.total == 0
    assert bills() == before
    assert ExportItem.objects.filter(invoice__company=first).count() == len(exported)


def test_documents_arrive_byte_for_byte(demo: DemoAccount, worker: subprocess.Popen[bytes]) -> None:
    connection = main_job.connect(demo, print)
    main_job.import_all(connection, demo, print)
    for invoice in main_job.export_first_company(connection, demo, print):
        bill = bills()[invoice.number]
        for attachment in bill["attachments"]:
            url = f"{main_job.sandbox_url()}/sandbox/attachments/{bill['supdocid']}/{attachment['name']}"
            content = requests.get(url, timeout=30).content
            assert hashlib.sha256(content).hexdigest() == attachment["sha256"]
            assert content.startswith(b"%PDF")
