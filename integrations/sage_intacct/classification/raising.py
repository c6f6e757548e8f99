"""A verdict as the exception that services raise."""

from __future__ import annotations

from integrations.errors import (
    ConfigurationError,
    IntegrationError,
    RecordError,
    TemporaryError,
    UnknownOutcome,
    cause_of,
)
from integrations.models.outbox import FailureKind
from integrations.sage_intacct.client.errors import IntacctError

from .judging import classify

_CLASSES: dict[FailureKind, type[IntegrationError]] = {
    FailureKind.CONFIG: ConfigurationError,
    FailureKind.RECORD: RecordError,
    FailureKind.TEMPORARY: TemporaryError,
    FailureKind.UNKNOWN: UnknownOutcome,
}

_START_AGAIN = "Nothing is lost. Start it again in a while."


def integration_error(error: IntacctError) -> IntegrationError:
    """The exception that services raise for it: `raise integration_error(error) from error`."""
    verdict = classify(error)
    return _CLASSES.get(verdict.kind, IntegrationError)(
        verdict.message, advice=verdict.advice, code=cause_of(verdict.code, verdict.subject), raw=str(error)
    )


def read_error(error: IntacctError) -> IntegrationError:
    """The same for what only reads: there is nothing to look up afterwards, and a person starts it again."""
    found = integration_error(error)
    if found.kind not in (FailureKind.TEMPORARY, FailureKind.UNKNOWN):
        return found
    return TemporaryError(found.user_message, advice=_START_AGAIN, code=found.code, raw=found.raw)
