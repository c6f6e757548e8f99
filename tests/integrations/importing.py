"""A connection to the sandbox that is ready to import, and short ways to run an import to its end."""

from __future__ import annotations

from typing import Any

import requests
from django.utils import timezone

from integrations import runner
from integrations.models import CompanyLink, Connection, Job
from integrations.services import jobs
from organization import secrets
from organization.models import Account, Company, User
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


def synchronize(connection: Connection, by: User) -> Job:
    job = jobs.start_synchronize(connection, by=by)
    runner.run_job(job.pk)
    job.refresh_from_db()
    connection.refresh_from_db()
    return job


def act(sandbox: Any, action: str, **details: Any) -> Any:
    answer = requests.post(f"{sandbox.base_url}/sandbox/act", json={"action": action, **details}, timeout=30)
    assert answer.ok, answer.text
    answer.raise_for_status()
    return answer.json()


def set_past_the_rules(sandbox: Any, object_name: str, key: str, **fields: str) -> None:
    """As data that came about some other way: nothing is checked, nothing is stamped."""
    table = sandbox.company.table(object_name)
    _set(table, table.position_of_key(key), fields)


def backdate(sandbox: Any, *object_names: str) -> None:
    """Records of these objects were last touched long before the first import."""
    for name in object_names:
        table = sandbox.company.table(name)
        for position in [position for position, _ in table.scan()]:
            _set(table, position, {"WHENCREATED": "01/02/2020 03:04:05", "WHENMODIFIED": "01/02/2020 03:04:05"})


def _set(table: Any, position: int, fields: dict[str, str]) -> None:
    row = list(table.row(position))
    for name, value in fields.items():
        row[table.otype.column[name]] = value
    table.put(position, tuple(row))


def add_fault(sandbox: Any, **fault: Any) -> None:
    answer = requests.post(f"{sandbox.base_url}/sandbox/faults", json={"faults": [fault]}, timeout=30)
    answer.raise_for_status()


def functions_served(sandbox: Any) -> dict[str, int]:
    return requests.get(f"{sandbox.base_url}/sandbox/state.json", timeout=30).json()["functions"]


def requests_served(sandbox: Any) -> int:
    return requests.get(f"{sandbox.base_url}/sandbox/state.json", timeout=30).json()["requests"]
