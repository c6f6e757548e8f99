"""What each answer of the gateway means: one table from (level, errorno, text) to a failure kind and advice in plain words."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.errors import (
    ConfigurationError,
    IntegrationError,
    RecordError,
    TemporaryError,
    UnknownOutcome,
)
from integrations.models.outbox import FailureKind
from integrations.sage_intacct.client.errors import (
    AnswerLost,
    AuthenticationError,
    ConnectionFailed,
    ControlError,
    IntacctError,
    MalformedResponse,
    ResponseError,
)


@dataclass(frozen=True)
class Verdict:
    """`code` groups failures of one cause; `message` says what and why, `advice` what to do and where in Sage Intacct."""

    kind: FailureKind
    code: str
    message: str
    advice: str


_CLASSES: dict[FailureKind, type[IntegrationError]] = {
    FailureKind.CONFIG: ConfigurationError,
    FailureKind.RECORD: RecordError,
    FailureKind.TEMPORARY: TemporaryError,
    FailureKind.UNKNOWN: UnknownOutcome,
}


def classify(error: IntacctError) -> Verdict:
    """Never raises; what is in no table falls to the safe default of where it broke."""
    if isinstance(error, ResponseError):
        return _default_refusal(error)
    if isinstance(error, ConnectionFailed):
        return Verdict(FailureKind.TEMPORARY, "unreachable", "Sage Intacct could not be reached.", "It is tried again by itself.")
    if isinstance(error, AnswerLost | MalformedResponse):
        return Verdict(
            FailureKind.UNKNOWN, "answer_lost", "Sage Intacct did not answer properly.", "What became of it is looked up first."
        )
    return Verdict(FailureKind.INTERNAL, "internal", "The request could not be made.", "Our support team has been told.")


def _default_refusal(error: ResponseError) -> Verdict:
    is_config = isinstance(error, ControlError | AuthenticationError)
    kind = FailureKind.CONFIG if is_config else FailureKind.RECORD
    return Verdict(kind, "refused", f"Sage Intacct refused it: {error.first.text}", "Mend this and try again.")


def integration_error(error: IntacctError) -> IntegrationError:
    """The exception that services raise for it: `raise integration_error(error) from error`."""
    verdict = classify(error)
    return _CLASSES.get(verdict.kind, IntegrationError)(
        verdict.message, advice=verdict.advice, code=verdict.code, raw=str(error)
    )
