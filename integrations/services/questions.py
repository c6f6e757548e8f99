"""Ask support: a person's question goes to the support address with its page, account and run, and to the person.

What is sent holds no secret: values that are stored encrypted are blotted out wherever they were typed, and so is what
stands behind a word like "password".
"""

from __future__ import annotations

import datetime as dt
import html
import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.db import transaction
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone

from integrations.errors import RecordError
from integrations.models import Connection, Job
from integrations.services.batches import Batch
from organization import audit, secrets
from organization.mail import as_read_by, tell
from organization.models import AuditAction, AuditEntry, User

MASK = "***"
# A shorter value would blot out half of a text.
SHORTEST = 4
MOST_PER_HOUR = 5
MOST_OF_ACCOUNT_PER_HOUR = 20
LONGEST = 4000
# Of a run: more of them would bury the question.
MOST_PARTS = 10
# Pages of these apps; those of the sign-in hold keys in their addresses.
TELLING = ("integrations", "invoices", "ledger", "suppliers", "organization")
# What people write of a password without writing the password.
_ORDINARY = (
    "refused|rejected|wrong|right|expired|invalid|incorrect|correct|changed|saved|entered|stored|not|no|never|the|a|an|"
    "is|was|has|have|had|that|which|cannot|can|does|did|do|field|form|page|of|for|from|to|and|or|in|on|at|by|we|i|it"
)
_NAMED = re.compile(
    r"(?P<name>pass ?words?|passwort|kennwort|mot de passe|contraseña|passphrase|pwd|bearer|secret|token|session ?id|"
    r"api[ _-]?key)"
    rf"(?P<between>\W{{0,3}}(?:\b(?:is|was)\b)?\W{{1,3}})(?!(?:{_ORDINARY})\b)(?P<value>\S+)",
    re.IGNORECASE,
)
_ELEMENT = re.compile(r"<(?P<name>[\w.:-]*(?:password|sessionid|secret|token)[\w.:-]*)>[^<]*", re.IGNORECASE)


@dataclass(frozen=True)
class Question:
    """`page` is an address of ours without its query, "" for none; `run` what it is about, of one part or several."""

    text: str
    page: str = ""
    run: Batch | None = None


def is_reachable() -> bool:
    """Whether this installation has an address that questions go to."""
    return bool(settings.SUPPORT_EMAIL)


def page_of(address: str) -> str:
    """The path of a page that may be told; "" for what is none, or may hold a key."""
    path = urlsplit(address).path if address.startswith("/") and not address.startswith("//") else ""
    try:
        match = resolve(path) if path else None
    except Resolver404:
        return ""
    if match is None or match.namespace not in TELLING:
        return ""
    return "" if "token" in match.kwargs else path[:300]


@transaction.atomic
def ask(question: Question, *, by: User) -> None:
    """Raises RecordError for too many, or without an address."""
    if not is_reachable():
        raise RecordError("This installation of Planergy has no support address.", code="no_support_address")
    _require_patience(by)
    clean = Question(without_secrets(question.text.strip()[:LONGEST], by), question.page, question.run)
    _tell_support(clean, by)
    _tell_asker(clean, by)
    told = {"Page": (None, clean.page or "none"), "Run": (None, clean.run.title if clean.run else "none")}
    audit.record(
        AuditAction.SUPPORT_ASKED,
        account=by.account,
        target=clean.run.first if clean.run else None,
        changes=told,
        reason=clean.text,
        actor=by,
    )


def _require_patience(by: User) -> None:
    lately = AuditEntry.objects.filter(
        action=AuditAction.SUPPORT_ASKED, account=by.account, at__gte=timezone.now() - dt.timedelta(hours=1)
    )
    if lately.filter(actor_id=by.pk).count() >= MOST_PER_HOUR or lately.count() >= MOST_OF_ACCOUNT_PER_HOUR:
        raise RecordError(
            "Many questions were sent within the last hour, so this one was not.",
            advice=f"Wait a while, or write to {settings.SUPPORT_EMAIL}.",
            code="too_many_questions",
        )


def without_secrets(text: str, by: User) -> str:
    text = _ELEMENT.sub(rf"<\g<name>>{MASK}", _as_seen(text))
    return _without_stored(_NAMED.sub(rf"\g<name>\g<between>{MASK}", text), by)


def _as_seen(text: str) -> str:
    """Without what a copy from a page or a mail brings along in the midst of words, and nobody sees."""
    return "".join(letter for letter in text if unicodedata.category(letter) != "Cf")


def _without_stored(text: str, by: User) -> str:
    """Also where they were copied from an address or from XML."""
    kept = plain = html.unescape(text)
    for value in sorted(_stored_secrets(by), key=len, reverse=True):
        spellings = "|".join(map(re.escape, sorted({value, quote(value, safe="")}, key=len, reverse=True)))
        kept = re.sub(spellings, MASK, kept, flags=re.IGNORECASE)
    return text if kept == plain else kept


def _stored_secrets(by: User) -> set[str]:
    """What the account's connections keep encrypted, but for the company's ID, which stands on pages."""
    found: set[str] = set()
    for connection in Connection.objects.for_account(by.account):
        try:
            values = connection.credentials.values()
        except secrets.Undecryptable:
            continue  # nobody can read these any more
        found |= {value for value in values if value.casefold() != connection.remote_company.casefold()}
    return {value for value in found if len(value) >= SHORTEST}


def _tell_support(question: Question, by: User) -> None:
    run = question.run
    admin = _admin_url(run) if run else ""
    reason = f"Answer this e-mail to reach {by.get_full_name() or by.email}."
    context = {"heading": f"A question of {by.account}", "admin_url": admin, "for_support": True, "reason": reason}
    subject = f"Question of {by.account}{f': {run.title}' if run else ''}"
    _tell(by, question, subject, context, to=settings.SUPPORT_EMAIL, answer_to=by.email)


def _tell_asker(question: Question, by: User) -> None:
    context: dict[str, object] = {
        "heading": "Your question was sent to Planergy's support team",
        "reason": "You get this e-mail because you asked. The answer comes by e-mail, too.",
    }
    subject = "Your question to Planergy's support team"
    _tell(by, question, subject, context, to=by.email, answer_to=settings.SUPPORT_EMAIL)


def _tell(by: User, question: Question, subject: str, context: dict[str, object], *, to: str, answer_to: str) -> None:
    with as_read_by(by):
        context |= {
            "question": question,
            "by": by,
            "page_url": settings.PORTAL_URL + question.page if question.page else "",
            **(_about(question.run, by) if question.run else {}),
            "preheader": " ".join(question.text.split())[:90],
        }
        tell(
            by,
            "integrations.question",
            to=to,
            subject=subject,
            template="integrations/mail/support_question",
            context=context,
            about_id=question.run.first.pk if question.run else None,
            headers={"Reply-To": answer_to},
        )


def _admin_url(run: Batch) -> str:
    """One run, or the list of its parts."""
    if run.is_single:
        return f"{settings.PORTAL_URL}{reverse('admin:integrations_job_change', args=[run.first.pk])}"
    return f"{settings.PORTAL_URL}{reverse('admin:integrations_job_changelist')}?batch={run.first.batch}"


def _about(run: Batch, by: User) -> dict[str, object]:
    """The run in words. Its own are masked already, as far as the answers went that they quote."""
    first = run.first
    if run.is_single:
        number = f"number {first.pk}"
    else:
        number = f"a run of {len(run.parts)} parts, numbers {first.pk} to {max(part.pk for part in run.parts)}"
    words = [_without_stored(words, by) for words in _words_of(run)]
    called = _called(first) if run.is_single else run.title
    return {
        "run": ", ".join(filter(None, [called, run.status_label.lower(), number])),
        "run_words": words,
        "run_url": settings.PORTAL_URL + run.get_absolute_url(),
    }


def _called(job: Job) -> str:
    return f"{job.title} for {job.company}" if job.company else job.title


def _words_of(run: Batch) -> list[str]:
    """What it says of itself; of several parts, which of them says so."""
    if run.is_single:
        return [words for words in (run.first.message, run.first.advice) if words]
    told = [part for part in run.parts if part.message][:MOST_PARTS]
    return [f"{_called(part)}: {part.message} {part.advice}".strip() for part in told]
