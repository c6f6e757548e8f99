"""A company whose invoices the sandbox takes, and short ways to export them to their end."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal
from typing import Any

import requests
from django.utils import timezone

from integrations.models import CompanyLink, Connection, ExportItem, ItemStatus, Job
from integrations.services import exports
from invoices.models import Invoice
from ledger.models import GLCode
from organization.models import Company
from suppliers.models import Supplier
from tests import factories
from tests.integrations.importing import company_of, connected

OPEN = (ItemStatus.QUEUED, ItemStatus.SENDING, ItemStatus.UNKNOWN)
_number = itertools.count(1)


def exporting_connection(*, entity: str = "100", base: str = "GBP", **fields: Any) -> Connection:
    """Ready, for one entity of the sandbox's company; without imported reference data."""
    connection = connected(entities=(entity,))
    CompanyLink.objects.filter(connection=connection).update(base_currency=base)
    connection.remote_facts = {"multi_currency": True, "multi_base_currency": True}
    for name, value in fields.items():
        setattr(connection, name, value)
    connection.save()
    return connection


def vendor(company: Company, code: str = "V00001") -> Supplier:
    return Supplier.objects.filter(company=company, code=code).first() or factories.supplier(company, code)


def account(company: Company, code: str = "6100") -> GLCode:
    return GLCode.objects.filter(company=company, code=code).first() or factories.gl_code(company, code)


def ready_invoice(connection: Connection, **fields: Any) -> Invoice:
    """Authorised, with everything that the sandbox's first entity takes."""
    company = fields.pop("company", None) or company_of(connection)
    fields.setdefault("supplier", vendor(company))
    fields.setdefault("gl_code", account(company))
    fields.setdefault("number", f"EXP-{next(_number)}")
    return factories.authorized_invoice(company, **fields)


def export(connection: Connection, *invoices: Invoice, by: Any = None) -> Job:
    """Queue them and deliver all that is due now."""
    job = exports.export_invoices(connection, list(invoices), by=by)
    deliver(connection)
    job.refresh_from_db()
    return job


def deliver(connection: Connection) -> None:
    for company_id in connection.company_links.values_list("company", flat=True):
        exports.deliver_due(connection.pk, company_id)


def make_due(connection: Connection, ago: dt.timedelta = dt.timedelta(seconds=1)) -> None:
    """As if the waiting time of everything had passed."""
    open_items = ExportItem.objects.filter(connection=connection, status__in=OPEN)
    open_items.update(next_attempt_at=timezone.now() - ago)


def let_time_pass(connection: Connection, rounds: int = 40) -> None:
    """What the sweep and the workers do over hours: rescue, look up, try again, until nothing is open."""
    for _ in range(rounds):
        exports.sweep_exports(timezone.now() + dt.timedelta(hours=1))
        make_due(connection)
        deliver(connection)
        if not ExportItem.objects.filter(connection=connection, status__in=OPEN).exists():
            return


def assert_nothing_more_happens(sandbox: Any, connection: Connection) -> None:
    """Everything is exported once more and hours pass: the same bills with the same documents stand there."""
    before = state(sandbox)
    exports.export_invoices(connection, Invoice.objects.filter(account=connection.account_id), by=None)
    let_time_pass(connection)
    after = state(sandbox)
    assert after["bills"] == before["bills"]
    assert after["supdocs"] == before["supdocs"]


def state(sandbox: Any) -> dict[str, Any]:
    answer: dict[str, Any] = requests.get(f"{sandbox.base_url}/sandbox/state.json", timeout=30).json()
    return answer


def bills(sandbox: Any) -> list[dict[str, Any]]:
    """The bills that were made over the gateway."""
    return [bill for bill in state(sandbox)["bills"] if bill["controlid"].startswith("planergy-")]


def break_gateway(sandbox: Any, *faults: dict[str, Any], seed: int = 1) -> None:
    url = f"{sandbox.base_url}/sandbox/faults"
    requests.post(url, json={"faults": list(faults), "random_seed": seed}, timeout=30).raise_for_status()


def mend_gateway(sandbox: Any) -> None:
    requests.delete(f"{sandbox.base_url}/sandbox/faults", timeout=30).raise_for_status()


def act(sandbox: Any, **action: Any) -> dict[str, Any]:
    answer = requests.post(f"{sandbox.base_url}/sandbox/act", json=action, timeout=30)
    answer.raise_for_status()
    return dict(answer.json())


def cents(text: str) -> Decimal:
    return Decimal(text).quantize(Decimal("0.01"))


def enter_one_twice(connection: Connection) -> None:
    """Export "TWIN 1" and an invoice whose number differs by a space, written past the rule that refuses it here."""
    export(connection, ready_invoice(connection, number="TWIN 1"))
    second = ready_invoice(connection, number="TWIN 2")
    Invoice.objects.filter(pk=second.pk).update(number="TWIN  1")
    second.refresh_from_db()
    export(connection, second)
