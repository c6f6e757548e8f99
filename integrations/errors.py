"""Failures in an accountant's words. Anything that is not an `IntegrationError` is a bug.

IntegrationError(user_message, advice, code)
  LeftOut              an optional data set that may not be read there, which is no failure
  ConfigurationError   credentials, permission, missing mapping: the connection pauses and says so
  RecordError          this invoice or supplier must be mended
  TemporaryError       tried again by itself, with back-off
  UnknownOutcome       looked up before anything is sent again
"""

from __future__ import annotations

from typing import ClassVar

from integrations.models.outbox import FailureKind

CAUSE_LENGTH = 60


def cause_of(code: str, subject: str = "") -> str:
    """What failures are grouped by: the kind of trouble, and the one thing that is mended for all of them, if any."""
    return f"{code} {subject}".strip()[:CAUSE_LENGTH].strip()


class IntegrationError(Exception):
    """`user_message` says what and why, `advice` what to do; `code` groups failures of one cause."""

    kind: ClassVar[FailureKind] = FailureKind.INTERNAL

    def __init__(self, user_message: str, *, advice: str = "", code: str = "", raw: str = "") -> None:
        super().__init__(user_message)
        self.user_message = user_message
        self.advice = advice
        self.code = code
        self.raw = raw


class ConfigurationError(IntegrationError):
    kind = FailureKind.CONFIG


class LeftOut(IntegrationError):
    kind = FailureKind.CONFIG


class RecordError(IntegrationError):
    kind = FailureKind.RECORD


class TemporaryError(IntegrationError):
    kind = FailureKind.TEMPORARY


class UnknownOutcome(IntegrationError):
    kind = FailureKind.UNKNOWN
