"""The life of a connection: set up, credentials saved, paused, resumed, disabled. Synchronizing is a job."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from integrations import registry
from integrations.errors import ConfigurationError, IntegrationError
from integrations.models import Connection
from integrations.services import changes
from ledger.models import ClosedPeriod
from notices.after_commit import wake
from organization import secrets
from organization.models import Account, AuditAction, User

log = logging.getLogger(__name__)

# Among the remote facts, from new credentials to synchronizing: the company file that everything was learnt of.
LEARNT_OF = "learnt_of"
WAS_PAUSED_FOR = "Was paused for"
LOCKED_OUT = (
    "The sign-in was refused three times in a row, so no more are sent: further ones could lock the user there."
)
LOCKED_OUT_ADVICE = "Find out the right credentials, save them on the settings page, then synchronize."


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
        changes.record(connection, AuditAction.INTEGRATION_ENABLED, by=by)
    return connection


@transaction.atomic
def save_credentials(connection: Connection, data: dict[str, str], *, by: User) -> None:
    """Store `data` encrypted; it must be proven by synchronizing before anything else uses it.

    `data["company_id"]` names the company file there. It may be mistyped, so what was learnt of the one before, and
    what waits to be exported, stays until another one is proven: see `forget_another_company`. Imports end.
    Raises ConfigurationError when the connection was disabled meanwhile.
    """
    from integrations.services import jobs

    row = _locked(connection)
    _require_enabled(row)
    registry.get(row.system).forget_sessions(row)
    company_id = data.get("company_id", "")
    if row.remote_company:
        row.remote_facts.setdefault(LEARNT_OF, row.remote_company)
    saved = {"Company ID": (row.remote_company, company_id), "Credentials": (None, "saved")}
    changes.record(row, AuditAction.CREDENTIALS_SAVED, by=by, changes=saved)
    _note_end_of_pause(row, "New credentials were saved.", by=by)
    row.encrypted_credentials = secrets.encrypt_json(data)
    row.credentials_saved_at = timezone.now()
    row.remote_company = company_id
    row.changed_by = by
    row.synchronized_at = None
    _forget_sign_ins(row)
    _clear_pause(row)
    row.save()
    jobs.cancel_for_new_credentials(row)
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
        _forget_sign_ins(row)
        _note_end_of_pause(row, "The integration was disabled.", by=by)
        _clear_pause(row)
        row.save()
        changes.record(row, AuditAction.INTEGRATION_DISABLED, by=by)
        row.schedules.update(is_active=False, next_run_at=None)
        jobs.cancel_unfinished(row)
        exports.cancel_after_disabling(row)
    connection.refresh_from_db()


@transaction.atomic
def choose_data_sets(connection: Connection, *, left_out: Sequence[str], by: User) -> None:
    """These are not imported any more. What was imported of them stays, and their problems need nobody any longer."""
    row = _locked(connection)
    names = {each.key: each.shown_name for each in registry.data_sets_of(row)}
    before, after = (", ".join(names.get(key, key) for key in keys) for keys in (row.data_sets_left_out, left_out))
    chosen = {"Left out": (before, after)}
    if list(left_out) != row.data_sets_left_out:
        changes.record(row, AuditAction.DATA_SETS_CHOSEN, by=by, changes=chosen)
    row.data_sets_left_out = list(left_out)
    row.save(update_fields=["data_sets_left_out"])
    row.import_problems.filter(data_set__in=left_out).close("An Account Owner left these data out.")
    connection.refresh_from_db()


def pause(connection: Connection, error: IntegrationError) -> None:
    """Hold all work over the connection until somebody mends it, and tell people.

    The first reason stays, so it is safe to repeat.
    """
    from integrations import hindrance_mail, mail

    with transaction.atomic():
        running = Connection.objects.enabled().filter(pk=connection.pk, paused_at=None)
        words = {"pause_reason": error.user_message, "pause_advice": error.advice}
        is_new = running.update(paused_at=timezone.now(), overdue_since=None, **words)
        connection.refresh_from_db()
        if is_new:
            why = {"Why": (None, error.user_message)}
            changes.record(connection, AuditAction.INTEGRATION_PAUSED, by=None, changes=why)
        if is_new and not connection.is_locked_out:  # of that people are told by whoever finds it out
            mail.safely(hindrance_mail.tell, connection.pk)


def advice_of_pause(connection: Connection) -> str:
    """What to do, and how work goes on then: Resume is of no use before new credentials were proven."""
    synchronize = f"Synchronize With {connection.system_name}"
    advice = connection.pause_advice or "Fix it."
    if synchronize in advice:
        return advice
    return f"{advice} Then press Resume or, where you saved new credentials, {synchronize}."


def resume(connection: Connection, *, by: User | None, why: str = "") -> None:
    """Let work go on; what waits is taken up at once. A resumed connection that is still broken pauses again.

    `why`, where nobody pressed Resume.
    """
    from integrations.tasks import sweep

    with transaction.atomic():
        row = _locked(connection)
        _require_enabled(row)
        require_sign_in_allowed(row)
        if row.is_paused:
            told = {"Why": (None, why)} if why else {}
            told[WAS_PAUSED_FOR] = (None, row.pause_reason)
            changes.record(row, AuditAction.INTEGRATION_RESUMED, by=by, changes=told)
        _clear_pause(row)
        row.save(update_fields=["paused_at", "pause_reason", "pause_advice", "overdue_since"])
        wake(sweep)
    log.info("Connection %s was resumed by user %s.", row.pk, by.pk if by else None)
    connection.refresh_from_db()


def _locked(connection: Connection) -> Connection:
    return Connection.objects.select_for_update(no_key=True, of=("self",)).get(pk=connection.pk)


def _require_enabled(connection: Connection) -> None:
    if not connection.is_enabled:
        raise ConfigurationError(
            f"The {connection.system_name} integration is disabled.",
            advice="Press Setup on the Integrations page first.",
            code="disabled",
        )


def require_sign_in_allowed(connection: Connection) -> None:
    """Raises ConfigurationError after too many refusals."""
    if connection.is_locked_out:
        raise ConfigurationError(
            f"{connection.system_name}: {LOCKED_OUT}", advice=LOCKED_OUT_ADVICE, code="sign_in_stopped"
        )


def is_unchanged(connection: Connection) -> bool:
    """Whether work that was begun over this connection, as it was read then, may still go on."""
    saved_at = connection.credentials_saved_at
    return Connection.objects.ready().filter(pk=connection.pk, credentials_saved_at=saved_at).exists()


def _forget_sign_ins(connection: Connection) -> None:
    connection.refused_sign_ins, connection.proven_company = 0, ""


def _note_end_of_pause(connection: Connection, why: str, *, by: User | None) -> None:
    """What ended it was not Resume, so the history says what was."""
    if connection.is_paused:
        ended = {"Why": (None, why), WAS_PAUSED_FOR: (None, connection.pause_reason)}
        changes.record(connection, AuditAction.INTEGRATION_PAUSE_ENDED, by=by, changes=ended)


def _clear_pause(connection: Connection) -> None:
    connection.paused_at = connection.overdue_since = None
    connection.pause_reason = connection.pause_advice = ""


def forget_another_company(connection: Connection) -> None:
    """When it proved to be another company file than before, what was learnt of the old one is worthless.

    Links, cursors, external records and closed periods go, and what waits to be sent is cancelled. Invoices that were
    posted stay posted; what was perhaps sent is looked for only in the company that it went to.
    """
    from integrations.services import exports, jobs

    before = connection.remote_facts.get(LEARNT_OF, connection.remote_company)
    if before.casefold() == connection.remote_company.casefold():
        return
    connection.entity_choices.exclude(remote_company__iexact=connection.remote_company).delete()
    jobs.end_for_another_company(connection)
    exports.cancel_for_another_company(connection, before)
    ClosedPeriod.objects.filter(company__account=connection.account_id).delete()
    connection.company_links.all().delete()
    connection.cursors.all().delete()
    connection.external_records.all().delete()
    connection.import_problems.all().delete()
    connection.remote_facts = {}
