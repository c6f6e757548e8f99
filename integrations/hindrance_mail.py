"""Telling that work is held back: at once, and once more after a day if it still is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from integrations.models import Connection, Job
from integrations.services.hindrances import (
    NOTHING_LOST,
    Hindrance,
    Kind,
    note_overdue,
    own_hindrance_of,
    unconnected,
    waiting_words,
)
from notices import telling
from notices.kinds import LINK, last_look
from notices.models import Notice
from organization.mail import tell as tell_user
from organization.models import User
from organization.spelling import spell

REMIND_AFTER = dt.timedelta(days=1)
TEMPLATE = "integrations/mail/hindrance"
FOR_SUPPORT = (
    f"See whether a worker and beat run, and at the connection what its runs and exports wait for. {NOTHING_LOST}"
)
HELD, HELD_STILL = "integrations.held", "integrations.held_still"
OVERDUE, OVERDUE_STILL = "integrations.overdue", "integrations.overdue_still"
LOST, LOST_STILL = "integrations.entity_lost", "integrations.entity_lost_still"


def tell(connection_id: int) -> None:
    """Account Owners, whoever started what waits, and support. Nobody where nothing is held back any more."""
    connection = Connection.objects.select_related("account").get(pk=connection_id)
    hindrance = own_hindrance_of(connection)
    if hindrance is None:
        return
    kinds = (OVERDUE, OVERDUE_STILL) if hindrance.kind == Kind.OVERDUE else (HELD, HELD_STILL)
    _drop_reminders(connection, HELD_STILL, OVERDUE_STILL)
    _tell_now_and_tomorrow(connection, hindrance, kinds, _concerned(connection))


def tell_of_lost_entities(connection_id: int) -> None:
    """Account Owners and support: companies of theirs have no entity any more, whatever else holds work back."""
    connection = Connection.objects.select_related("account").get(pk=connection_id)
    hindrance = unconnected(connection)
    if hindrance is None:
        return
    _drop_reminders(connection, LOST_STILL)
    owners = list(connection.account.owners().select_related("account"))
    _tell_now_and_tomorrow(connection, hindrance, (LOST, LOST_STILL), owners)


def _tell_now_and_tomorrow(
    connection: Connection, hindrance: Hindrance, kinds: tuple[str, str], users: Sequence[User]
) -> None:
    for kind, due_at in zip(kinds, (None, timezone.now() + REMIND_AFTER), strict=True):
        for user in users:
            _tell_user(user, kind, connection, hindrance, due_at=due_at)
        _tell_support(kind, connection, hindrance, due_at=due_at)


def _drop_reminders(connection: Connection, *kinds: str) -> None:
    """Of an earlier trouble: the new one has reminders of its own."""
    reminders = Notice.objects.waiting().filter(kind__in=kinds, about_id=connection.pk)
    reminders.update(state=Notice.State.DROPPED, ended_at=timezone.now())


def tell_of_overdue(now: dt.datetime) -> None:
    with transaction.atomic():
        for connection in note_overdue(now):
            tell(connection.pk)


def _concerned(connection: Connection) -> list[User]:
    owners = {user.pk: user for user in connection.account.owners().select_related("account")}
    started = User.objects.filter(pk__in=_starters(connection), is_active=True, account=connection.account_id)
    return list((owners | {user.pk: user for user in started.select_related("account")}).values())


def _starters(connection: Connection) -> set[int]:
    jobs = connection.jobs.unfinished().values_list("requested_by", flat=True)
    items = connection.export_items.unsettled().values_list("requested_by", flat=True)
    return {pk for pk in (*jobs.distinct(), *items.distinct()) if pk is not None}


def _tell_user(
    user: User, kind: str, connection: Connection, hindrance: Hindrance, *, due_at: dt.datetime | None
) -> None:
    context = _context(kind, connection, hindrance) | _way(user, connection, hindrance)
    subject = spell(str(context["heading"]), user.spelling)
    tell_user(user, kind, subject=subject, template=TEMPLATE, context=context, about_id=connection.pk, due_at=due_at)


def _context(kind: str, connection: Connection, hindrance: Hindrance) -> dict[str, object]:
    if kind == OVERDUE_STILL:
        hindrance = replace(hindrance, why=LINK)  # as it is when the reminder leaves
    return {
        "heading": _heading(kind, hindrance),
        "hindrance": hindrance,
        "waiting": _waiting(kind, connection, hindrance),
        "connection": connection,
        "preheader": hindrance.why,
    }


def _waiting(kind: str, connection: Connection, hindrance: Hindrance) -> str:
    """How much waits; in a reminder as it is when that leaves."""
    if hindrance.kind in (Kind.OVERDUE, Kind.UNCONNECTED):
        return ""  # of what is overdue, that is the reason already; for a company without its entity, nothing waits
    return LINK if kind == HELD_STILL else waiting_words(connection)


def _heading(kind: str, hindrance: Hindrance) -> str:
    if kind == LOST_STILL:
        return f"Still so: {hindrance.heading}"
    is_still = kind in (HELD_STILL, OVERDUE_STILL)
    return hindrance.heading.replace(" is ", " is still ") if is_still else hindrance.heading


def _way(user: User, connection: Connection, hindrance: Hindrance) -> dict[str, object]:
    """Owners are led to where it is fixed; who started something, to what waits."""
    may_fix = user.is_account_owner
    if may_fix:
        path = reverse(f"integrations:{connection.system}_settings")
        label, why = f"Open {connection.system_name} Settings", "you are an Account Owner"
    else:
        job = Job.objects.unfinished().filter(connection=connection, requested_by=user).first()
        path = job.get_absolute_url() if job else reverse("invoices:home")
        label, why = "See what waits", "you started something that waits for it"
    reason = f"You get this e-mail because {why}."
    return {
        "button_url": settings.PORTAL_URL + path,
        "button_label": label,
        "reason": reason,
        "may_fix": may_fix or not hindrance.is_for_owners,
    }


def _tell_support(kind: str, connection: Connection, hindrance: Hindrance, *, due_at: dt.datetime | None) -> None:
    url = settings.PORTAL_URL + reverse("admin:integrations_connection_change", args=[connection.pk])
    told = hindrance if hindrance.is_for_owners else replace(hindrance, advice=FOR_SUPPORT)
    context = _context(kind, connection, told) | {
        "account": connection.account,
        "may_fix": True,
        "button_url": url,
        "button_label": "The connection",
        "reason": "You get this e-mail because you support Planergy.",
    }
    telling.tell(
        kind,
        to=settings.SUPPORT_EMAIL,
        subject=f"{connection.account}: {context['heading']}",
        text=render_to_string(f"{TEMPLATE}.txt", context),
        html=render_to_string(f"{TEMPLATE}.html", context),
        account_number=connection.account_id,
        about_id=connection.pk,
        due_at=due_at,
    )


@last_look(HELD_STILL, OVERDUE_STILL)
def _is_still_so(notice: Notice) -> str | None:
    """The same pause: one that was resumed and came again has its own reminder. What waits, as of now."""
    connection = Connection.objects.enabled().filter(pk=notice.about_id).first()
    hindrance = own_hindrance_of(connection) if connection and not _has_left(notice) else None
    if connection is None or hindrance is None:
        return None
    since = connection.overdue_since if notice.kind == OVERDUE_STILL else connection.paused_at
    is_so = since is not None and since <= notice.created_at
    if not (is_so or (notice.kind == HELD_STILL and connection.is_locked_out)):
        return None
    return hindrance.why if notice.kind == OVERDUE_STILL else waiting_words(connection) or "Nothing waits"


def _has_left(notice: Notice) -> bool:
    """Its reader no longer works here."""
    return notice.user is not None and not notice.user.is_active


@last_look(LOST_STILL)
def _is_still_lost(notice: Notice) -> str | None:
    connection = Connection.objects.enabled().filter(pk=notice.about_id).first()
    return "" if connection is not None and unconnected(connection) and not _has_left(notice) else None
