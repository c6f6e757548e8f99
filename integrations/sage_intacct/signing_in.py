"""Signing in over one connection: one worker at a time, and never again after too many refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection as database
from django.db.models import F, QuerySet

from integrations import hindrance_mail, mail
from integrations.errors import TemporaryError
from integrations.models import Connection, FailureKind, Job
from integrations.sage_intacct.classification import classify
from integrations.sage_intacct.client import AuthenticationError, ControlError, Session
from integrations.services import connections
from organization import audit
from organization.models import AuditAction

# The sign-in itself was right, but the user may not work there: nobody is locked out over it.
NOT_COUNTED = ("entity_refused",)
COMPANY_LENGTH = 120


class SignIns:
    """Counts the refusals in PostgreSQL, and notes the company that a sign-in proved.

    Workers take turns, for two that sign in at once could be refused once more than is allowed.
    """

    def __init__(self, connection: Connection, job: Job | None) -> None:
        self._connection = connection
        self._actor = job.requested_by if job else None

    def __call__(self, attempt: Callable[[], Session]) -> Session:
        """Raises IntegrationError when nothing may be sent, else what the attempt raises."""
        with _one_at_a_time(self._connection.pk):
            self._require_that_it_may_be_sent()
            try:
                session = attempt()
            except (AuthenticationError, ControlError) as error:
                self._note_refusal(error)
                raise
            self._note_success(session)
        return session

    def _require_that_it_may_be_sent(self) -> None:
        row = self._row().first()
        if row is None:
            raise TemporaryError(
                "The credentials were replaced or removed in the meantime.",
                advice="Nothing to do: the new ones are used.",
                code="credentials_replaced",
            )
        connections.require_sign_in_allowed(row)

    def _row(self) -> QuerySet[Connection]:
        """No row when other credentials were saved since ours were read."""
        saved_at = self._connection.credentials_saved_at
        return Connection.objects.enabled().filter(pk=self._connection.pk, credentials_saved_at=saved_at)

    def _note_refusal(self, error: AuthenticationError | ControlError) -> None:
        verdict = classify(error)
        if verdict.kind != FailureKind.CONFIG or verdict.code in NOT_COUNTED:
            return
        self._row().update(refused_sign_ins=F("refused_sign_ins") + 1)
        self._record(AuditAction.REMOTE_SIGN_IN_REFUSED, verdict.message)
        if (row := self._row().first()) and row.is_locked_out:
            self._record(AuditAction.REMOTE_SIGN_IN_STOPPED, connections.LOCKED_OUT)
            mail.safely(hindrance_mail.tell, row.pk)

    def _note_success(self, session: Session) -> None:
        company_id = session.company_id[:COMPANY_LENGTH]
        self._row().update(refused_sign_ins=0, proven_company=company_id)
        self._connection.proven_company = company_id
        self._record(AuditAction.REMOTE_SIGN_IN, "")

    def _record(self, action: AuditAction, reason: str) -> None:
        audit.record(
            action,
            account=self._connection.account,
            target=self._connection,
            changes={"Company ID": (None, self._connection.remote_company)},
            reason=reason,
            actor=self._actor,
        )


@contextmanager
def _one_at_a_time(connection_id: int) -> Iterator[None]:
    """A lock of the database session, not of a transaction: none is open during a call. A killed worker lets go."""
    name = "SELECT {}(hashtextextended('sage_intacct.sign_in', %s))"
    with database.cursor() as cursor:
        cursor.execute(name.format("pg_advisory_lock"), [connection_id])
    try:
        yield
    finally:
        with database.cursor() as cursor:
            cursor.execute(name.format("pg_advisory_unlock"), [connection_id])
