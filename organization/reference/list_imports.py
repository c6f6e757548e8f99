"""A CSV file on its way into a list: kept, read by a worker, shown, and applied by a worker once somebody says so.

Reading and applying do the same, batch by batch; only what applying does stays. A batch, its lines and the count of
lines done are written in one transaction, so that a worker that is killed loses nothing and does nothing twice.
"""

from __future__ import annotations

import datetime as dt
import gc
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice

from django.db import IntegrityError, transaction
from django.db.models import F, Min, Q, QuerySet
from django.utils import timezone, translation

from notices import after_commit
from organization import audit, secrets
from organization.models import ListImport, ListImportLine, User
from organization.reference import csv_reading, kept_files
from organization.reference.csv_import import Batch, Outcome, Result, Seen, is_written_together
from organization.reference.csv_lookups import hashed
from organization.reference.csv_reading import Line, Sheet, UnreadableFile
from organization.reference.resource import Resource, resource_called

State = ListImport.State
TOGETHER, ONE_BY_ONE = 1000, 50  # lines in a batch
GONE_AFTER = dt.timedelta(seconds=60)  # a worker that wrote no batch for so long is taken for dead
MAX_CLAIMS = 3
DECIDED_WITHIN = dt.timedelta(days=1)
KEPT = dt.timedelta(days=30)
ENDED = (State.DONE, State.CANCELLED, State.FAILED)
COUNTS = {
    Outcome.ADDED: "added",
    Outcome.CHANGED: "changed",
    Outcome.LEFT: "left",
    Outcome.REFUSED: "refused",
}


class Busy(Exception):
    """Another file is on its way into the same list; the message says whose."""


class ClaimLost(Exception):
    """It was cancelled, or another worker has taken it over: nothing of this batch stays."""


def wake(pk: int) -> None:
    """After commit."""
    from organization.tasks import run_list_import

    after_commit.wake(run_list_import, pk)


def begin(
    pieces: csv_reading.Pieces, *, name: str, resource: Resource, by: User, address: str | None = None
) -> ListImport:
    """Keep the file and have it read, unless a person must say first whether its letters are right.

    Raises UnreadableFile and Busy.
    """
    encoding = csv_reading.encoding_of(pieces)
    sheet = _open(pieces, encoding, resource)
    total = csv_reading.count_lines(sheet)
    is_guess = encoding == csv_reading.WINDOWS
    with transaction.atomic():
        new = ListImport(
            account=by.account,
            by=by,
            address=address,
            list_name=resource.name,
            file_name=name[:200],
            encoding=encoding,
            unknown_columns=sheet.unknown_columns,
            total=total,
            state=State.ASKED if is_guess else State.READING,
        )
        with _one_at_a_time(new):
            new.save(force_insert=True)
        kept_files.keep(new, pieces())
        if not is_guess:
            wake(new.pk)
    return new


def read(one: ListImport) -> None:
    """Its letters are right. Raises Busy."""
    _go_on(one, State.ASKED, State.READING)


def apply(one: ListImport) -> None:
    """Do what the preview showed. Raises Busy."""
    _go_on(one, State.READY, State.APPLYING)


def _go_on(one: ListImport, since: State, to: State) -> None:
    fresh = {"done": 0, "claim": None, "claims": 0, "heartbeat_at": None} | dict.fromkeys(COUNTS.values(), 0)
    with transaction.atomic():
        with _one_at_a_time(one):
            moved = ListImport.objects.filter(pk=one.pk, state=since).update(
                state=to, was_applied=to == State.APPLYING, **fresh
            )
        if moved:
            one.lines.all().delete()
            wake(one.pk)


@contextmanager
def _one_at_a_time(one: ListImport) -> Iterator[None]:
    """The database lets one file of an account into a list at a time; this says whose is in the way."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        other = running(one.account_id, one.list_name).select_related("by").first()
        who = f"“{other}” of {other.by}" if other else "Another file"
        raise Busy(f"{who} is on its way into this list. Wait until it is done, then try again.") from error


def running(account_id: int, list_name: str) -> QuerySet[ListImport]:
    return ListImport.objects.filter(account=account_id, list_name=list_name, state__in=(State.READING, State.APPLYING))


def cancel(one: ListImport) -> bool:
    """The worker finds out with its next batch. What was applied until then stays."""
    with transaction.atomic():
        done = ListImport.objects.filter(pk=one.pk).exclude(state__in=ENDED)
        is_cancelled = bool(done.update(state=State.CANCELLED, finished_at=timezone.now()))
        if is_cancelled:
            kept_files.drop(one)
    return is_cancelled


def run(pk: int, *, now: dt.datetime | None = None) -> None:
    """For a worker: read or apply it, from where it stands to its end. Leaves alone what another worker is at."""
    one = _claim(pk, now or timezone.now())
    if one is None:
        return
    with translation.override(one.by.spelling), audit.acting(one.by, address=one.address):
        try:
            _work(one)
        except (ClaimLost, kept_files.Gone):
            return
        except UnreadableFile as error:
            _end(one, State.FAILED, str(error))
        except secrets.Undecryptable:
            _end(one, State.FAILED, "The file cannot be opened any more, for its key is gone. Choose it again.")


def _claim(pk: int, now: dt.datetime) -> ListImport | None:
    token = uuid.uuid4()
    free = Q(claim=None) | Q(heartbeat_at__lt=now - GONE_AFTER)
    mine = ListImport.objects.filter(free, pk=pk, state__in=(State.READING, State.APPLYING))
    if not mine.update(claim=token, heartbeat_at=now, claims=F("claims") + 1):
        return None
    return ListImport.objects.select_related("account", "by__account", "by__role").filter(claim=token).first()


def _work(one: ListImport) -> None:
    resource = resource_called(one.list_name)
    if not resource.can_manage(one.by):
        _end(one, State.FAILED, f"{one.by} may no longer change this list.")
        return
    sheet = _open(partial(kept_files.pieces_of, one), one.encoding, resource)
    size = TOGETHER if is_written_together(resource) else ONE_BY_ONE
    gc.freeze()  # what is there already is no garbage of the batches, and need not be looked through after each
    try:
        for lines in _batches(islice(sheet.lines, one.done, None), size):
            _take(one, lines, resource, sheet)
            gc.collect()  # forms and fields point at each other: thousands would wait for the collector's own time
    finally:
        gc.unfreeze()
    _end(one, State.DONE if one.was_applied else State.READY, "")


def _open(pieces: csv_reading.Pieces, encoding: str, resource: Resource) -> Sheet:
    return csv_reading.open_sheet(pieces, encoding, columns=resource.columns, needed=resource.key_fields)


def _batches(lines: Iterator[Line], size: int) -> Iterator[list[Line]]:
    while batch := list(islice(lines, size)):
        yield batch


def _take(one: ListImport, lines: Sequence[Line], resource: Resource, sheet: Sheet) -> None:
    with transaction.atomic():
        batch = Batch(lines, resource, one.by, has_decimal_commas=sheet.has_decimal_commas)
        results = batch.run(_seen(one, map(hashed, batch.keys)), is_preview=one.is_preview)
        ListImportLine.objects.bulk_create(_row(one, result) for result in results)
        _advance(one, results)


def _seen(one: ListImport, keys: Iterable[str]) -> Seen:
    """Which of `keys` earlier batches brought already."""
    found = one.lines.filter(key__in=list(keys)).order_by()
    return dict(found.values("key").annotate(first=Min("number")).values_list("key", "first"))


def _row(one: ListImport, result: Result) -> ListImportLine:
    is_refused = result.outcome == Outcome.REFUSED
    return ListImportLine(
        list_import=one,
        number=result.line.number,
        key="" if result.line.trouble else hashed(result.key),
        label=result.label[:255],
        outcome=result.outcome,
        changes={name: [_text(then), _text(now)] for name, (then, now) in result.changes.items()},
        refusals=result.refusals,
        warnings=result.warnings,
        cells=result.line.cells if is_refused else {},
    )


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _advance(one: ListImport, results: Sequence[Result]) -> None:
    """Raises ClaimLost, and then the batch is taken back."""
    counted = Counter(COUNTS[result.outcome] for result in results)
    mine = ListImport.objects.filter(pk=one.pk, claim=one.claim, state=one.state)
    more = {name: F(name) + count for name, count in counted.items()}
    # Whoever gets on is alive: only claims without a batch in between count.
    if not mine.update(done=F("done") + len(results), heartbeat_at=timezone.now(), claims=1, **more):
        raise ClaimLost


def _end(one: ListImport, state: State, message: str) -> None:
    with transaction.atomic():
        mine = ListImport.objects.filter(pk=one.pk, claim=one.claim, state=one.state)
        is_over = state in ENDED
        ended = mine.update(state=state, message=message, claim=None, finished_at=timezone.now() if is_over else None)
        if ended and is_over:
            kept_files.drop(one)


def sweep(now: dt.datetime) -> None:
    """Wake what lost its message or its worker, end what keeps failing, and forget what is over."""
    unfinished = ListImport.objects.filter(state__in=(State.READING, State.APPLYING))
    silent = unfinished.filter(Q(heartbeat_at__lt=now - GONE_AFTER) | Q(claim=None, created_at__lt=now - GONE_AFTER))
    for one in silent:
        if one.claims < MAX_CLAIMS:
            wake(one.pk)
            continue
        stays = " What was applied until then stays." if one.was_applied else " Nothing was changed."
        _end(
            one, State.FAILED, f"It stopped {MAX_CLAIMS} times after {one.done} rows, so it is not tried again.{stays}"
        )
    undecided = ListImport.objects.filter(state__in=(State.ASKED, State.READY), created_at__lt=now - DECIDED_WITHIN)
    for one in undecided:
        cancel(one)
    ListImport.objects.filter(state__in=ENDED, created_at__lt=now - KEPT).delete()
