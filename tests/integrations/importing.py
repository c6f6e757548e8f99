"""A connection to the sandbox that is ready to import, and short ways to run an import to its end."""

from __future__ import annotations

from typing import Any

import requests
from django.utils import timezone

from integrations import runner, secrets
from integrations.models import CompanyLink, Connection, Job
from integrations.services import jobs
from organization.models import Account, Company
from tests import factories

CREDENTIALS = {
    "company_id": "demo",
    "user_id": "xml_user",
    "user_password": "xml_password",
    "sender_id": "demo_sender",
    "sender_password": "sender_password",
}
ENTITIES = {"100": "Northwind Manufacturing Ltd", "200": "Harbor Retail Inc"}


def connected(
    account: Account | None = None, *, entities: tuple[str, ...] = ("100",), **credentials: str
) -> Connection:
    """Enabled, with credentials, synchronized: companies for these entities of the sandbox's company."""
    account = account or factories.account()
    now = timezone.now()
    made = Connection.objects.create(
        account=account,
        system="sage_intacct",
        is_enabled=True,
        encrypted_credentials=secrets.encrypt_json(CREDENTIALS | credentials),
        credentials_saved_at=now,
        synchronized_at=now,
        remote_company="demo",
    )
    for entity in entities:
        company = factories.company(account, name=ENTITIES[entity])
        CompanyLink.objects.create(connection=made, company=company, entity_id=entity, entity_name=ENTITIES[entity])
    return made


def company_of(connection: Connection, entity: str = "100") -> Company:
    return connection.company_links.get(entity_id=entity).company


def run_import(connection: Connection, *data_sets: str, **options: Any) -> list[Job]:
    """Start, run in this process, and hand back the jobs as they ended."""
    started = jobs.start_imports(connection, data_sets=data_sets or None, **options)
    return run(started)


def run(started: list[Job]) -> list[Job]:
    for job in started:
        runner.run_job(job.pk)
    return [Job.objects.get(pk=job.pk) for job in started]


def act(sandbox: Any, action: str, **details: Any) -> Any:
    answer = requests.post(f"{sandbox.base_url}/sandbox/act", json={"action": action, **details}, timeout=30)
    assert answer.ok, answer.text
    answer.raise_for_status()
    return answer.json()


def add_fault(sandbox: Any, **fault: Any) -> None:
    answer = requests.post(f"{sandbox.base_url}/sandbox/faults", json={"faults": [fault]}, timeout=30)
    answer.raise_for_status()


def functions_served(sandbox: Any) -> dict[str, int]:
    return requests.get(f"{sandbox.base_url}/sandbox/state.json", timeout=30).json()["functions"]


def requests_served(sandbox: Any) -> int:
    return requests.get(f"{sandbox.base_url}/sandbox/state.json", timeout=30).json()["requests"]
