"""From the errors of an answer, or the way a call broke, to a verdict."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from integrations.models.outbox import FailureKind
from integrations.sage_intacct.client.errors import (
    AnswerLost,
    ApiError,
    ConnectionFailed,
    IntacctError,
    MalformedResponse,
    ResponseError,
    Throttled,
)

from .catalogue import CATALOGUE, VAGUE
from .entry import Entry, render
from .texts import clean, numbers_of, searchable
from .verdict import Verdict

_LONGEST_QUOTE = 500
_WRAPPER = re.compile(
    r"could(?: not|n't) \w+ (?:the )?[\w ]+ record!?\.?"
    r"|validate [\w ]+ record failed!?\.?"
    r"|error while saving the [\w ]+ info(?:rmation)?!?\.?"
    r"|currently, we can't \w+ the transaction(?: [\"'].{1,120}?[\"'])? ?\.?"
    r"|check the transaction for errors or inconsistencies, then try again\.?"
    r"|error",
    re.IGNORECASE,
)


def classify(error: IntacctError) -> Verdict:
    """Never raises; what is in no table falls to the safe default of where it broke."""
    if isinstance(error, ResponseError):
        # A function that was only rolled back carries the cause of its sibling.
        return classify_errors((*error.errors, error.first), level=error.level)
    return _classify_broken_call(error)


def classify_errors(errors: Sequence[ApiError], *, level: str) -> Verdict:
    """The verdict on the errors of one answer or one function (`level="result"`). The first specific one decides."""
    repeat = next((error for error in errors if error.is_repeat), None)
    causes = [repeat] if repeat else [error for error in errors if not _is_wrapper(error) or _find(VAGUE, error, level)]
    specific = [error for error in causes if _find(CATALOGUE, error, level) or not _find(VAGUE, error, level)]
    for table, found in ((CATALOGUE, specific), (VAGUE, causes)):
        if found:
            return _judge(table, found[0], level, _support_id(errors))
    return _without_cause(errors, level)


def _judge(table: Iterable[Entry], error: ApiError, level: str, support_id: str) -> Verdict:
    found = _find(table, error, level)
    if found is None:
        return _default(error, level, support_id)
    entry, values = found
    message, advice = render(entry.message, values), render(entry.advice, values)
    subject = " ".join(values[name] for name in entry.about if values.get(name))
    return Verdict(entry.kind, entry.code, message, advice, subject, values=values, support_id=support_id)


def _find(table: Iterable[Entry], error: ApiError, level: str) -> tuple[Entry, dict[str, str]] | None:
    text, numbers = searchable(error), numbers_of(error)
    for entry in table:
        values = entry.match(text, numbers, level)
        if values is not None:
            return entry, values
    return None


def _is_wrapper(error: ApiError) -> bool:
    """Stands around a cause and never is one: a companion, or nothing but sentences that fit every failure."""
    return error.is_companion or all(_WRAPPER.fullmatch(line) for line in searchable(error).splitlines())


def _without_cause(errors: Sequence[ApiError], level: str) -> Verdict:
    """Wrappers alone. Together with a roll-back, other integrations found that they pass when tried again."""
    support_id = _support_id(errors)
    if level == "result" and any(error.is_companion for error in errors):
        return Verdict(
            FailureKind.TEMPORARY,
            "rolled_back",
            "Sage Intacct undid the request and does not say why.",
            "It is tried again by itself. If it keeps failing, give Sage's support the support ID.",
            support_id=support_id,
        )
    return _default(errors[0] if errors else ApiError(), level, support_id)


def _default(error: ApiError, level: str, support_id: str) -> Verdict:
    is_config = level in ("control", "authentication")
    kind = FailureKind.CONFIG if is_config else FailureKind.RECORD
    said = clean(error.description2 or error.description or error.correction or error.errorno)[:_LONGEST_QUOTE]
    message = f"Sage Intacct refused it: {said}" if said else "Sage Intacct refused it without saying why."
    return Verdict(kind, "refused", message, _default_advice(error, is_config), error.errorno, support_id=support_id)


def _default_advice(error: ApiError, is_config: bool) -> str:
    correction = clean(error.correction)[:_LONGEST_QUOTE]
    if correction and not _WRAPPER.fullmatch(correction):
        return f"Sage Intacct advises: {correction}"
    if is_config:
        return "Check the credentials on the Sage Intacct Settings page, then press Synchronize With Sage Intacct."
    return "Correct this and try again."


def _support_id(errors: Iterable[ApiError]) -> str:
    return next((error.support_id for error in errors if error.support_id), "")


def _classify_broken_call(error: IntacctError) -> Verdict:
    if isinstance(error, Throttled):
        return Verdict(
            FailureKind.TEMPORARY,
            "throttled",
            "Sage Intacct has too many requests of this company at the moment.",
            "It is tried again by itself.",
        )
    if isinstance(error, ConnectionFailed):
        return Verdict(
            FailureKind.TEMPORARY, "unreachable", "Sage Intacct could not be reached.", "It is tried again by itself."
        )
    if isinstance(error, AnswerLost | MalformedResponse):
        return Verdict(
            FailureKind.UNKNOWN,
            "answer_lost",
            "Sage Intacct did not answer properly.",
            "What became of it is looked up first.",
        )
    return Verdict(
        FailureKind.INTERNAL, "internal", "The request could not be made.", "Planergy's support team has been told."
    )
