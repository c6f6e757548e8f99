"""Runs the import jobs of one company in order: what to read, from where, and how far it got."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property

from django.db import transaction
from django.utils import timezone

from integrations import runner
from integrations.errors import ConfigurationError, IntegrationError, TemporaryError
from integrations.models import CompanyLink, Connection, Cursor, Job, JobKind, Outcome
from integrations.models.connection import OWN_NAMES
from integrations.sage_intacct.client import AuthenticationError, Client, ControlError, Filter, Page, Query, ResultError
from integrations.sage_intacct.gateway import client_for
from integrations.sage_intacct.importers import (
    dimensions,
    finishing,
    look_alikes,
    opening,
    permissions,
    problems,
    removing,
)
from integrations.sage_intacct.importers.catalogue import sources_of, supplier_lookups
from integrations.sage_intacct.importers.comparing import Held, held_records
from integrations.sage_intacct.importers.reading import Reader, ReadPage, changed_since, page_query
from integrations.sage_intacct.importers.sources import Source
from integrations.sage_intacct.importers.surroundings import Surroundings
from integrations.sage_intacct.importers.writing import refresh_statistics, write_page
from integrations.sage_intacct.mappers.dimensions import STANDARD

# An interrupted read goes on where it stopped; after this long it begins again.
GOES_ON_FOR = timedelta(days=1)
_WORDS_OF_REFUSED_CURRENCIES = ("not found", "cannot be queried")


def run_imports(jobs: Sequence[Job]) -> None:
    group = Group(jobs)
    for job in jobs:
        runner.execute(job, group.run)


@dataclass
class Plan:
    """How one source is read. `is_full` compares everything and finds what is gone; otherwise only changes are read."""

    source: Source
    cursor: Cursor
    is_full: bool
    is_resumed: bool
    selection: Filter | None = None

    @property
    def after(self) -> int:
        return self.cursor.after_record_no or 0


class Group:
    """Jobs of one company. The first request serves all of them; when it fails, all of them fail with its reason."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs = jobs
        self._around = Surroundings.of(jobs[0].connection)
        self._failure: IntegrationError | None = None
        self._asked_with_offset = timedelta(0)

    def run(self, job: Job) -> None:
        try:
            self._run(job)
        except ConfigurationError as error:
            self._pause_when_nothing_can_work(job, error)
            permissions.leave_out_or_keep(job, error)
            raise
        permissions.close_unreadable(job)

    def _run(self, job: Job) -> None:
        answers = self._opened()
        if job.claims > 1 and job.kind == JobKind.PREVIEW:
            _start_afresh(job)
        if job.data_set == "user_defined":
            dimensions.check_user_defined(job, self._around, answers.no_dimensions)
        _name_as_they_call_it(job, self._around)
        for source in sources_of(job, self._around):
            _SourceRun(job, self._client(job), source, self._around, answers, self._asked_with_offset).run()

    def _pause_when_nothing_can_work(self, job: Job, error: ConfigurationError) -> None:
        """Wrong credentials or a wrong sender stop everything; a missing permission only this data set."""
        from integrations.services import connections

        if isinstance(error.__cause__, AuthenticationError | ControlError):
            connections.pause(job.connection, error)

    def _client(self, job: Job) -> Client:
        return client_for(job.connection, entity_id=self._entity_id or None, job=job)

    @cached_property
    def _entity_id(self) -> str:
        first = self._jobs[0]
        if first.company_id is None:
            return ""
        link = CompanyLink.objects.filter(connection=first.connection_id, company=first.company_id).first()
        if link is None:
            raise ConfigurationError(
                f"{first.company} is not linked to a Sage Intacct entity any more.",
                advice="Press Synchronize With Sage Intacct, then import again.",
                code="company_not_linked",
            )
        return link.entity_id

    def _opened(self) -> opening.Answers:
        if self._failure is not None:
            raise self._failure
        try:
            return self._answers
        except IntegrationError as error:
            self._failure = error
            raise

    @cached_property
    def _answers(self) -> opening.Answers:
        sources = [(job, source) for job in self._jobs for source in sources_of(job, self._around)]
        cursors = {source.cursor_key: load_cursor(job, source) for job, source in sources}
        self._asked_with_offset = _offset(cursors.values())
        answers = opening.ask(
            self._client(self._jobs[0]),
            [_question(job, source, cursors[source.cursor_key], self._asked_with_offset) for job, source in sources],
            with_dimensions=any(_is_dimension(job) for job in self._jobs),
            with_banks=any(job.data_set == "gl_codes" for job in self._jobs),
            objects=[source.object_name for _, source in sources],
        )
        self._around.dimensions = answers.dimensions
        known_banks = cursors["gl_codes"].state.get("banks", {}) if "gl_codes" in cursors else {}
        self._around.bank_accounts = known_banks if answers.bank_accounts is None else answers.bank_accounts
        return answers


def _is_dimension(job: Job) -> bool:
    return job.data_set in STANDARD or job.data_set == "user_defined"


def _offset(cursors: object) -> timedelta:
    """The API user's zone as it was last time; if it has changed, the pages are asked for again."""
    known = [cursor.state["utc_offset"] for cursor in cursors if "utc_offset" in cursor.state]  # type: ignore[attr-defined]
    return timedelta(seconds=known[0] if known else 0)


def _question(job: Job, source: Source, cursor: Cursor, offset: timedelta) -> opening.Question:
    """Only what was read to the end before is worth asking together: its answers are small."""
    if cursor.watermark is None or job.options.get("is_full") or cursor.after_record_no:
        return opening.Question(source.cursor_key)
    if not source.is_incremental:
        return opening.Question(source.cursor_key, page_query(source, None, 0))
    page = page_query(source, changed_since(cursor.watermark, offset), 0)
    if cursor.state.get("audit") == "refused":
        count = Query(source.object_name, (source.record_field,), page_size=1, show_private=page.show_private)
        return opening.Question(source.cursor_key, page, count=replace(count, order_by=page.order_by))
    return opening.Question(source.cursor_key, page, audited_since=cursor.watermark)


def load_cursor(job: Job, source: Source) -> Cursor:
    """A preview gets one that is never saved."""
    key = {"connection_id": job.connection_id, "company_id": source.link_company_id, "data_set": source.cursor_key}
    found = Cursor.objects.filter(**key).first()
    if found is None:
        return Cursor(**key)
    if job.kind == JobKind.PREVIEW:
        found.after_record_no = found.next_watermark = None
    return found


def _start_afresh(job: Job) -> None:
    """A preview keeps no cursor: after a broken-off try it begins again from nothing."""
    Outcome.objects.filter(job=job).delete()
    Job.objects.filter(pk=job.pk, claim=job.claim).update(
        done=0, created=0, updated=0, unchanged=0, warnings=0, failed=0, deactivated=0, total=None
    )


def _name_as_they_call_it(job: Job, around: Surroundings) -> None:
    """Everywhere an import is called what the Sage Intacct company calls it, say Job for Project."""
    if job.data_set not in STANDARD or around.dimensions is None:
        return
    name = dimensions.renamed(around, STANDARD[job.data_set])
    if name != job.connection.own_names.get(job.data_set, ""):
        _learn_name(job.connection, job.data_set, name)
    if name and job.options.get("name") != name:
        with transaction.atomic():  # somebody may be cancelling it
            job.options = Job.objects.select_for_update(no_key=True).get(pk=job.pk).options | {"name": name}
            Job.objects.filter(pk=job.pk).update(options=job.options)


def _learn_name(connection: Connection, data_set: str, name: str) -> None:
    """`name` is "" where it is called as usual again."""
    with transaction.atomic():
        row = Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
        names = {key: known for key, known in row.own_names.items() if key != data_set}
        row.remote_facts = row.remote_facts | {OWN_NAMES: names | ({data_set: name} if name else {})}
        row.save(update_fields=["remote_facts"])
    connection.remote_facts = row.remote_facts


class _SourceRun:
    def __init__(
        self,
        job: Job,
        client: Client,
        source: Source,
        around: Surroundings,
        answers: opening.Answers,
        asked_with_offset: timedelta,
    ) -> None:
        self._job = job
        self._client = client
        self._source = source
        self._around = around
        self._answers = answers
        self._is_offset_changed = asked_with_offset != answers.offset
        self._knows_records = removing.known_records(job, source).exists()
        self._with_problems = frozenset() if source.is_preview else problems.records_with_some(job, source)

    def run(self) -> None:
        plan = self._plan()
        if plan.cursor.state.get("ended") == self._job.pk:
            return  # by a worker that was killed right behind it
        if not plan.is_full and self._job.data_set == "suppliers" and not self._source.is_preview:
            lookups = supplier_lookups(self._job, self._around)
            finishing.fill_missing_references(self._job.connection_id, self._job.company_id, lookups, job=self._job)
        received = self._read(plan)
        self._find_removed(plan, received)
        self._finish(plan)

    def _plan(self) -> Plan:
        cursor = load_cursor(self._job, self._source)
        is_full = self._must_be_full(cursor)
        mode = "full" if is_full else "changes"
        is_resumed = self._goes_on(cursor, mode)
        if not is_resumed:
            cursor.after_record_no = None
            cursor.next_watermark = self._answers.gateway_time
            cursor.state = cursor.state | {"mode": mode, "job": self._job.pk, "received": 0}
            cursor.state["began"] = timezone.now().isoformat()
        watermark = None if is_full else cursor.watermark
        selection = changed_since(watermark, self._answers.offset) if watermark else None
        return Plan(self._source, cursor, is_full, is_resumed, selection)

    def _must_be_full(self, cursor: Cursor) -> bool:
        is_asked = bool(self._job.options.get("is_full"))
        is_first = cursor.watermark is None or not self._source.is_incremental
        has_other_fields = cursor.state.get("fields", list(self._source.fields)) != list(self._source.fields)
        is_elsewhere = cursor.state.get("scope") != self._around.scope_of(self._source)
        knows_origins = "knows_origins" in cursor.state
        is_same_selection = knows_origins and not (has_other_fields or is_elsewhere or self._have_banks_changed(cursor))
        return is_asked or is_first or not is_same_selection

    def _have_banks_changed(self, cursor: Cursor) -> bool:
        """A bank account that is bound to a GL account does not touch the GL account itself."""
        return self._job.data_set == "gl_codes" and cursor.state.get("banks", {}) != self._around.bank_accounts

    def _goes_on(self, cursor: Cursor, mode: str) -> bool:
        if not cursor.after_record_no or cursor.next_watermark is None or cursor.state.get("mode") != mode:
            return False
        is_ours = cursor.state.get("job") == self._job.pk
        is_fresh = cursor.next_watermark > timezone.now() - GOES_ON_FOR
        return is_ours or (is_fresh and not self._job.options.get("is_full"))

    def _read(self, plan: Plan) -> int:
        """Write every page as it comes; how many records came, with those of the read that this one goes on with."""
        received = int(plan.cursor.state.get("received", 0))
        expected: int | None = None
        for page in self._pages(plan):
            if expected is None:
                expected = received + page.total
                self._announce(page.total)
            held: dict[int | str, Held] = {}
            if plan.is_full and self._knows_records:
                removing.guard_against_nothing(self._source, page.total, page.after)
                held = self._compare_with_held(page)
            received += len(page.records)
            plan.cursor.after_record_no = page.last
            plan.cursor.state = plan.cursor.state | {"received": received}
            write_page(
                self._job,
                self._source,
                page.records,
                None if self._source.is_preview else plan.cursor,
                held,
                with_problems=self._with_problems,
            )
            if not self._knows_records and page.after == 0 and not page.is_last:
                refresh_statistics(self._source)
        self._check_complete(plan, received, expected or 0)
        return received

    def _pages(self, plan: Plan) -> Reader:
        first = None if plan.is_resumed or self._is_offset_changed else self._first_page(plan)
        client = _CurrencyList(self._client) if self._source.object_name == "TRXCURRENCIES" else self._client
        return Reader(client, self._source, plan.selection, plan.after, first)  # type: ignore[arg-type]

    def _first_page(self, plan: Plan) -> Page | None:
        is_the_same_question = not plan.is_full or not self._source.is_incremental
        return self._answers.pages.get(self._source.cursor_key) if is_the_same_question else None

    def _announce(self, total: int) -> None:
        self._job.refresh_from_db(fields=["done", "total"])
        Job.objects.filter(pk=self._job.pk, claim=self._job.claim).update(total=self._job.done + total)

    def _compare_with_held(self, page: ReadPage) -> dict[int | str, Held]:
        """What is known of the page's records; what is known between them, but not there any more, is removed."""
        last = None if page.is_last else page.last
        held: dict[int | str, Held] = {}
        for some in held_records(self._job, self._source, after=page.after, last=last):
            missing = [(known.pk, number) for number, known in some.items() if number not in page.records]
            removing.remove_verified(self._job, self._source, self._client, missing)
            held |= {number: known for number, known in some.items() if number in page.records}
        return held

    def _check_complete(self, plan: Plan, received: int, expected: int) -> None:
        """Fewer than announced: records were deleted meanwhile, or a page got lost. Ask which."""
        if received >= expected:
            return
        count = page_query(self._source, plan.selection, 0)
        with_one = replace(count, fields=(self._source.record_field,), page_size=1)
        now_there = self._client.query(with_one).total_count
        if received < now_there:
            plan.cursor.after_record_no = None
            if not self._source.is_preview:
                plan.cursor.save()
            raise TemporaryError(
                f"Sage Intacct announced {now_there} records, but only {received} arrived.",
                advice="Import again; what has arrived is kept, and everything is read once more.",
                code="incomplete",
            )

    def _find_removed(self, plan: Plan, received: int) -> None:
        state = plan.cursor.state
        if plan.is_full:
            state["remote_count"] = received
            return
        if self._answers.is_audit_refused:
            state["audit"] = "refused"
        if self._source.cursor_key in self._answers.audited:
            removing.remove_deleted(self._job, self._source, self._client, self._answers.deleted)
            return
        count = self._answers.counts.get(self._source.cursor_key)
        if count is None or count != state.get("remote_count") or not self._brought_only_known():
            removing.sweep(self._job, self._source, self._client)
            state["remote_count"] = count if count is not None else state.get("remote_count")

    def _brought_only_known(self) -> bool:
        """Otherwise as many may have gone as came: the count alone would not tell."""
        self._job.refresh_from_db(fields=["done", "updated", "unchanged", "deactivated"])
        return self._job.done == self._job.updated + self._job.unchanged + self._job.deactivated

    def _finish(self, plan: Plan) -> None:
        if self._source.is_preview:
            return
        self._job.refresh_from_db(fields=["created", "updated", "deactivated"])
        if self._source.has_parents and (plan.is_full or self._job.created or self._job.updated):
            finishing.set_parents(self._job, self._source)
        has_news = self._job.created or self._job.updated or self._job.deactivated
        if look_alikes.can_be(self._source) and (has_news or self._with_problems):
            look_alikes.warn(self._job, self._source)
        cursor = plan.cursor
        if plan.is_full and self._with_problems and "began" in cursor.state:
            unseen = problems.standing(self._job, self._source).filter(last_seen_at__lt=cursor.state["began"])
            unseen.close(problems.GONE)
        cursor.watermark, cursor.next_watermark, cursor.after_record_no = cursor.next_watermark, None, None
        cursor.state = cursor.state | {
            "utc_offset": self._answers.offset.total_seconds(),
            "scope": self._around.scope_of(self._source),
            "ended": self._job.pk,
            "fields": list(self._source.fields),
            # Cursors from before it was kept where a value came from lack this: everything is read once more.
            "knows_origins": True,
        }
        if self._job.data_set == "gl_codes":
            cursor.state["banks"] = self._around.bank_accounts
        if plan.is_full:
            cursor.last_full_at = timezone.now()
        cursor.save()


class _CurrencyList:
    """A client for companies that do not let TRXCURRENCIES be queried: the legacy list has the codes."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def query(self, q: Query) -> Page:
        try:
            return self._client.query(q)
        except ResultError as error:
            if not any(words in error.first.whole_text for words in _WORDS_OF_REFUSED_CURRENCIES):
                raise
            records = [{"CODE": code} for code in self._client.transaction_currencies()]
            return Page(records, len(records), 0)

    def lookup_fields(self, object_name: str) -> list[dict[str, str]]:
        return self._client.lookup_fields(object_name)
