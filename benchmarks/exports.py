"""Exports of invoices with documents: round trips, statements, memory; and the same through the SDK, side by side."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import os
import subprocess
import sys
import time
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import requests
from django.core.files.base import ContentFile
from django.db import connection

from benchmarks.imports import CREDENTIALS, ROOT, _row, connect, sandbox
from benchmarks.search import scratch_database
from integrations.models import Connection, Exchange
from integrations.services import exports
from invoices.models import Document, Invoice, InvoiceLine
from ledger.models import Currency, GLCode
from organization.models import User
from suppliers.models import Supplier

COUNT, LINES, DOCUMENT_BYTES = 100, 20, 100_000
SUPPLIERS = 20  # that the sandbox documents as well-behaved
MANY = {"small": 1_000, "full": 10_000}
FOLDER = "SDK"


def run(scale: str) -> list[dict[str, Any]]:
    """`scale` is "small" or "full"."""
    with scratch_database(), sandbox(200) as url:
        ours, theirs = _hundred(url), _hundred_with_the_sdk(url)
        many = _many(url, MANY.get(scale, MANY["full"]))
    _tell(ours, theirs, many)
    return [
        _row("export_round_trips_100", ours["round_trips"], "requests", 15),
        _row("export_sql_per_invoice", ours["statements"] / COUNT, "statements", 25),
        _row("export_vs_sdk_round_trips", ours["round_trips"] / theirs["round_trips"], "x", 0.1),
        _row("export_peak_mb", many["growth_mb"], "MB", 64),
    ]


def _tell(ours: dict[str, float], theirs: dict[str, float], many: dict[str, float]) -> None:
    print(
        f"  {COUNT} invoices with a {DOCUMENT_BYTES // 1000} kB document each: {ours['round_trips']:g} round trips and "
        f"{ours['cpu_seconds']:.2f} s of CPU; with sageintacctsdk {theirs['round_trips']:g} and "
        f"{theirs['cpu_seconds']:.2f} s (which keeps no outbox, no history and no look-up)\n"
        f"  {many['count']:g} invoices: {many['peak_mb']:.0f} MB at most, {many['growth_mb']:.0f} MB of them after the "
        f"first request",
        file=sys.stderr,
    )


def _hundred(url: str) -> dict[str, float]:
    made = _with_invoices(COUNT, lines=LINES)
    for invoice in Invoice.objects.filter(account=made.account).iterator():
        _attach(invoice)
    return _deliver_in_worker(made, url)


def _many(url: str, count: int) -> dict[str, float]:
    return _deliver_in_worker(_with_invoices(count, lines=2), url) | {"count": count}


def _with_invoices(count: int, *, lines: int) -> Connection:
    made = connect()
    company = made.company_links.get().company
    made.company_links.update(base_currency="GBP")
    made.remote_company = "demo"
    made.save()
    person = User.objects.create_user(f"bench{made.pk}@demo.example", "not-used", account=made.account)
    suppliers = [
        Supplier.objects.create(company=company, code=f"V{number:05}", name=f"Vendor {number}")
        for number in range(1, SUPPLIERS + 1)
    ]
    currency = Currency.objects.get(account=made.account, code="GBP")
    code = GLCode.objects.create(company=company, code="6100", name="Office Supplies")
    net = Decimal("10.00")
    invoices = Invoice.objects.bulk_create(
        [
            Invoice(
                account=made.account,
                company=company,
                supplier=suppliers[number % SUPPLIERS],
                number=f"BENCH-{made.pk}-{number}",
                invoice_date=dt.date(2030, 1, 15),
                due_date=dt.date(2030, 2, 14),
                currency=currency,
                net=net * lines,
                total=net * lines,
                approval_status="authorized",
                created_by=person,
            )
            for number in range(count)
        ],
        batch_size=1_000,
    )
    InvoiceLine.objects.bulk_create(
        (
            InvoiceLine(invoice=invoice, position=position, gl_code=code, description="Goods", unit_price=net, net=net)
            for invoice in invoices
            for position in range(1, lines + 1)
        ),
        batch_size=2_000,
    )
    return made


def _content(number: int) -> bytes:
    return b"%PDF-1.4 " + hashlib.sha256(str(number).encode()).digest() * (DOCUMENT_BYTES // 32)


def _attach(invoice: Invoice) -> None:
    content = _content(invoice.pk)
    document = Document(
        invoice=invoice,
        name="invoice.pdf",
        content_type="application/pdf",
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        uploaded_by=invoice.created_by,
    )
    document.file.save("invoice.pdf", ContentFile(content))


def _deliver_in_worker(made: Connection, url: str) -> dict[str, float]:
    job = exports.export_invoices(made, Invoice.objects.filter(account=made.account), by=None)
    head, _, query = os.environ["DATABASE_URL"].partition("?")
    database = f"{head.rpartition('/')[0]}/{connection.settings_dict['NAME']}?{query}"
    environment = os.environ | {"DATABASE_URL": database, "SAGE_INTACCT_ENDPOINT": url}
    company_id = str(made.company_links.get().company_id)
    command = [sys.executable, "-m", "benchmarks.export_worker", str(made.pk), company_id]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    job.refresh_from_db()
    if job.posted != job.total:
        raise RuntimeError(f"The export ended as {job.status}: {job.message}")
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told | {"round_trips": Exchange.objects.filter(connection=made).count()}


def _hundred_with_the_sdk(url: str) -> dict[str, float]:
    """A folder, then an attachment record and a bill per invoice, as the SDK's users do."""
    from sageintacctsdk import SageIntacctSDK
    from sageintacctsdk.apis.api_base import ApiBase

    plain = ApiBase.__init__

    def pointed_at_the_sandbox(self: ApiBase, *args: object, **options: object) -> None:
        plain(self, *args, **options)
        self._ApiBase__api_url = url

    before, start = _served(url), time.process_time()
    with patch.object(ApiBase, "__init__", pointed_at_the_sandbox):
        sdk = SageIntacctSDK(entity_id="100", **CREDENTIALS)
    sdk.attachments.create_attachments_folder({"supdocfoldername": FOLDER})
    for number in range(COUNT):
        sdk.attachments.post(_sdk_attachment(number))
        sdk.bills.post(_sdk_bill(number))
    return {"round_trips": _served(url) - before, "cpu_seconds": time.process_time() - start}


def _sdk_attachment(number: int) -> dict[str, Any]:
    data = base64.b64encode(_content(number)).decode()
    file = {"attachmentname": "invoice", "attachmenttype": "pdf", "attachmentdata": data}
    return {
        "supdocid": f"SDK-{number}",
        "supdocname": f"SDK-{number}",
        "supdocfoldername": FOLDER,
        "attachments": {"attachment": file},
    }


def _sdk_bill(number: int) -> dict[str, Any]:
    line = {"ACCOUNTNO": "6100", "TRX_AMOUNT": "10.00", "LOCATIONID": "100"}
    return {
        "VENDORID": "V00002",
        "RECORDID": f"SDK-{number}",
        "WHENCREATED": "01/15/2030",
        "WHENDUE": "02/14/2030",
        "SUPDOCID": f"SDK-{number}",
        "APBILLITEMS": {"APBILLITEM": [line] * LINES},
    }


def _served(url: str) -> int:
    base = url.partition("/ia/")[0]
    return int(requests.get(f"{base}/sandbox/state.json", timeout=60).json()["requests"])
