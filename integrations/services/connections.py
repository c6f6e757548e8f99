"""The life of a connection: set up, credentials saved, paused, resumed, disabled. Synchronizing is a job."""

from __future__ import annotations

import logging

from django.db import transaction
from django.utils import timezone

from integrations import registry
from integrations.errors import ConfigurationError, IntegrationError
from integrations.models import Connection
from organization import secrets
from organization.models import Account, User

log = logging.getLogger(__name__)

# Among the remote facts, from new credentials to synchronizing: the company file that everything was learnt of.
LEARNT_OF = "learnt_of"


@transaction.atomic
def enable(account: Account, system_key: str, *, by: User) -> Connection:
    """The account's connection to this system, on. The one that was disabled before comes back with its history."""
    connection, _ = Connection.objects.get_or_create(account=account, system=system_key)
    connection = _locked(connection)
    if not connection.is_enabled:
        connection.is_enabled = True
        connection.enabled_at = timezone.now()
        connection.changed_by = by
        connection.save(update_fields=["is_enabled", "enabled_at", "changed_by"])
    return connection


@transaction.atomic
def save_credentials(connection: Connection, data: dict[str, str], *, by: User) -> None:
    """Store `data` encrypted; it must be proven by synchronizing before anything else uses it.

    `data["company_id"]` names the company file there. It may be mistyped, so what was learnt of the one before stays
    until another one is proven: see `forget_another_company`.
    Raises ConfigurationError when the connection was disabled meanwhile.
    """
    row = _locked(connection)
    _require_enabled(row)
    registry.get(row.system).forget_sessions(row)
    company_id = data.get("company_id", "")
    if row.remote_company:
        row.remote_facts.setdefault(LEARNT_OF, row.remote_company)
    row.encrypted_credentials = secrets.encrypt_json(data)
    row.credentials_saved_at = timezone.now()
    row.remote_company = company_id
    row.changed_by = by
    row.synchronized_at = None
    _clear_pause(row)
    row.save()
    connection.refresh_from_db()


def disable(connection: Connection, *, by: User) -> None:
    """Wipe the credentials, stop what starts by itself and cancel what waits. Rows and history stay."""
    from integrations.services import exports, jobs

    with transaction.atomic():
        row = _locked(connection)
        registry.get(row.system).forget_sessions(row)
        row.is_enabled = False
        row.disabled_at = timezone.now()
        row.changed_by = by
        row.encrypted_credentials = ""
        row.credentials_saved_at = row.synchronized_at = None
        row.exports_automatically = False
        _clear_pause(row)
        row.save()
        row.schedules.update(is_active=False, next_run_at=None)
        jobs.cancel_unfinished(row)
        exports.cancel_queued(row)
    connection.refresh_from_db()


def pause(connection: Connection, error: IntegrationError) -> None:
    """Hold all work over the connection until somebody mends it. The first reason stays, so it is safe to repeat."""
    Connection.objects.enabled().filter(pk=connection.pk, paused_at=None).update(
        paused_at=timezone.now(), pause_reason=error.user_message, pause_advice=error.advice
    )
    connection.refresh_from_db()


def resume(connection: Connection, *, by: User | None) -> None:
    """Let work go on; what waits is taken up at once. A resumed connection that is still broken pauses again."""
    with transaction.atomic():
        row = _locked(connection)
        _require_enabled(row)
        _clear_pause(row)
        row.save(update_fields=["paused_at", "pause_reason", "pause_advice"])
        transaction.on_commit(_take_up_work)
    log.info("Connection %s was resumed by user %s.", row.pk, by.pk if by else None)
    connection.refresh_from_db()


def _take_up_work() -> None:
    from integrations.tasks import sweep

    sweep.delay()


def _locked(connection: Connection) -> Connection:
    return Connection.objects.select_for_update(no_key=True, of=("self",)).get(pk=connection.pk)


def _require_enabled(connection: Connection) -> None:
    if not connection.is_enabled:
        raise ConfigurationError(
            f"The {connection.system_name} integration is disabled.",
            advice="Press Setup on the Integrations page first.",
            code="disabled",
        )


def _clear_pause(connection: Connection) -> None:
    connection.paused_at = None
    connection.pause_reason = connection.pause_advice = ""


def forget_another_company(connection: Connection) -> None:
    """When it proved to be another company file than before, what was learnt of the old one is worthless.

    Links, cursors and external records go. Invoices that were posted stay posted.
    """
    before = connection.remote_facts.get(LEARNT_OF, connection.remote_company)
    if before.casefold() == connection.remote_company.casefold():
        return
    connection.company_links.all().delete()
    connection.cursors.all().delete()
    connection.external_records.all().delete()
    connection.remote_facts = {}
