"""Keeps the history at a size that people can use: exchanges go first, runs much later. Postings stay for good."""

from __future__ import annotations

import datetime as dt

from django.db.models import F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from integrations.models import Exchange, ImportProblem, Job, JobKind
from integrations.models.history import UNFINISHED

EXCHANGES_FOR = dt.timedelta(days=30)
EXCHANGES_PER_CONNECTION = 5_000
RUNS_FOR = dt.timedelta(days=400)
AT_ONCE = 5_000


def prune_history(now: dt.datetime) -> None:
    _delete(Exchange.objects.filter(started_at__lt=now - EXCHANGES_FOR))
    numbered = Exchange.objects.annotate(
        age=Window(RowNumber(), partition_by=F("connection"), order_by=[F("started_at").desc(), F("pk").desc()])
    )
    _delete(Exchange.objects.filter(pk__in=numbered.filter(age__gt=EXCHANGES_PER_CONNECTION).values("pk")))
    old = Job.objects.filter(finished_at__lt=now - RUNS_FOR).exclude(Q(kind=JobKind.EXPORT) | Q(status__in=UNFINISHED))
    _delete(old, at_once=100)
    _delete(ImportProblem.objects.filter(closed_at__lt=now - RUNS_FOR))


def _delete(rows: QuerySet[Exchange] | QuerySet[Job] | QuerySet[ImportProblem], *, at_once: int = AT_ONCE) -> None:
    """In slices, so that no lock is held for long."""
    while ids := list(rows.values_list("pk", flat=True)[:at_once]):
        rows.model._default_manager.filter(pk__in=ids).delete()
