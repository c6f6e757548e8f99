"""Starting and cancelling runs. `integrations.runner` runs them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction
from django.utils import timezone

from integrations import registry
from integrations.errors import ConfigurationError
from integrations.models import Connection, Job, JobKind, JobStatus, Trigger
from integrations.models.history import JobQuerySet
from integrations.registry import DataSet
from integrations.services import connections
from organization import audit
from organization.models import AuditAction, Company, User

SYNCHRONIZE_AGAIN = "Synchronize, then start it again."


def start_synchronize(connection: Connection, *, by: User | None = None, trigger: str = Trigger.MANUAL) -> Job:
    """The unfinished synchronization where there is one. Raises ConfigurationError without usable credentials."""
    if not connection.is_enabled or not connection.has_credentials:
        raise ConfigurationError(
            f"{connection.system_name} cannot be synchronized before its credentials are saved.",
            advice="Enter the credentials and press Save.",
            code="no_credentials",
        )
    connections.require_sign_in_allowed(connection)
    job = Job(connection=connection, kind=JobKind.SYNCHRONIZE, requested_by=by, trigger=trigger)
    return start([job])[0]


def start_imports(
    connection: Connection,
    *,
    companies: Iterable[Company] | None = None,
    data_sets: Iterable[str] | None = None,
    by: User | None = None,
    trigger: str = Trigger.MANUAL,
    is_full: bool = False,
    is_preview: bool = False,
    is_tried_once: bool = False,
) -> list[Job]:
    """One job per data set and company (none for what all companies share), in the order in which they run.

    None means all. `data_sets` takes keys of data sets, or of list pages: "dimensions" is every dimension. Where the
    same import is unfinished, that job is returned instead. `is_tried_once`: a temporary failure ends it, too.
    Raises ConfigurationError when the connection is not ready.
    """
    require_ready(connection)
    linked = _linked_companies(connection, companies)
    chosen = _chosen_data_sets(connection, data_sets)
    kind = JobKind.PREVIEW if is_preview else JobKind.IMPORT
    asked = {"is_full": is_full, "is_tried_once": is_tried_once}
    asked["is_all"] = data_sets is None
    options: dict[str, object] = {name: True for name, is_asked in asked.items() if is_asked}
    batch = uuid.uuid4()
    jobs = [
        Job(
            connection=connection,
            company=company,
            kind=kind,
            data_set=data_set.key,
            batch=batch,
            position=position,
            requested_by=by,
            trigger=trigger,
            options=options | _own_name(connection, data_set),
        )
        for position, data_set in enumerate(chosen)
        for company in (linked if data_set.is_per_company else [None])
    ]
    return start(jobs)


def _own_name(connection: Connection, data_set: DataSet) -> dict[str, str]:
    """As far as it is known before it is asked for there."""
    name = connection.own_names.get(data_set.key)
    return {"name": name} if name else {}


def cancel_job(job: Job, *, by: User | None) -> None:
    """What has not begun ends now; a running job ends after the page it is at. A finished one stays as it is."""
    if by is None:
        _cancel(Job.objects.filter(pk=job.pk), "It was cancelled")
    else:
        _cancel_for(by, Job.objects.filter(pk=job.pk))
    job.refresh_from_db()


@transaction.atomic
def _cancel_for(by: User, jobs: JobQuerySet[Job], marks: Mapping[str, object] = {}) -> None:
    """One line in the audit log, however many parts it stops."""
    stopped = _cancel(jobs, f"{by} cancelled it", marks=marks)
    if stopped:
        parts = {"Parts": (None, str(len(stopped)))}
        account = stopped[0].connection.account
        audit.record(AuditAction.RUN_CANCELLED, account=account, target=stopped[0], changes=parts, actor=by)


def cancel_batch(batch: uuid.UUID, *, by: User) -> None:
    """Cancel all: as `cancel_job`, of everything that was started together. Exports are cancelled by their invoices.

    Whoever does it to a run of their own needs no e-mail about each part.
    """
    _cancel_for(by, Job.objects.filter(batch=batch).exclude(kind=JobKind.EXPORT), {"cancelled_all_by": by.pk})


def cancel_unfinished(connection: Connection) -> None:
    """For Disable: nothing begins any more, and what runs ends after its page. Exports settle by themselves."""
    reason = f"The {connection.system_name} integration was disabled"
    _cancel(Job.objects.filter(connection=connection).exclude(kind=JobKind.EXPORT), reason)


def cancel_for_new_credentials(connection: Connection) -> None:
    """What was asked for with the old ones. Synchronizing takes the new ones, and afterwards exports go on."""
    _cancel(_imports(connection), "New credentials were saved", advice=SYNCHRONIZE_AGAIN)


def end_for_another_company(connection: Connection) -> None:
    """What still runs over the old company must not write what it reads into what is known of the new one."""
    reason = f"Another {connection.system_name} company was connected"
    _cancel(_imports(connection), reason, advice=SYNCHRONIZE_AGAIN, is_at_once=True)


def _imports(connection: Connection) -> JobQuerySet[Job]:
    """And all else that reads there for this connection, but for synchronizing."""
    kinds = (JobKind.IMPORT, JobKind.PREVIEW, JobKind.LINK)
    return Job.objects.filter(connection=connection, kind__in=kinds)


def may_run(job: Job, connection: Connection) -> bool:
    """Whether it may begin now. `connection` as it is, not as it was when the job was asked for."""
    if job.kind == JobKind.SYNCHRONIZE:
        return connection.is_enabled and connection.has_credentials and not connection.is_locked_out
    return connection.is_ready


def require_ready(connection: Connection) -> None:
    """Raises ConfigurationError that names the first thing that is missing."""
    connections.require_sign_in_allowed(connection)
    name = connection.system_name
    checks = (
        (connection.is_enabled, f"{name} is not set up.", "Press Setup on the Integrations page.", "disabled"),
        (
            connection.has_credentials,
            f"The credentials of {name} are not saved.",
            f"Save them in {name} Settings.",
            "no_credentials",
        ),
        (
            connection.is_synchronized,
            f"{name} has not been synchronized yet.",
            f"Press Synchronize With {name} first.",
            "not_synchronized",
        ),
        (
            not connection.is_paused,
            f"The connection to {name} is paused: {connection.pause_reason}",
            connections.advice_of_pause(connection),
            "paused",
        ),
    )
    for holds, message, advice, code in checks:
        if not holds:
            raise ConfigurationError(message, advice=advice, code=code)


def _linked_companies(connection: Connection, companies: Iterable[Company] | None) -> list[Company]:
    links = connection.company_links.filter(company__is_active=True).select_related("company")
    linked = {link.company_id: link.company for link in links}
    if companies is None:
        return list(linked.values())
    wanted = list(companies)
    missing = [company.name for company in wanted if company.pk not in linked]
    if missing:
        raise ConfigurationError(
            f"Nothing in {connection.system_name} has the name of {', '.join(missing)}.",
            advice=f"Give it the name that it has there, or choose its entity by hand; then press "
            f"Synchronize With {connection.system_name}.",
            code="company_not_linked",
        )
    return [linked[company.pk] for company in wanted]


def _chosen_data_sets(connection: Connection, keys: Iterable[str] | None) -> list[DataSet]:
    known = registry.get(connection.system).data_sets
    imported = [data_set for data_set in known if data_set.key not in connection.data_sets_left_out]
    if keys is None:
        return imported
    wanted = set(keys)
    unknown = wanted - {data_set.key for data_set in known} - {data_set.list_name for data_set in known}
    if unknown:
        raise ConfigurationError(
            f"There is no data set called {', '.join(sorted(unknown))}.",
            advice=f"Choose from {', '.join(data_set.key for data_set in known)}.",
            code="unknown_data_set",
        )
    chosen = [data_set for data_set in imported if {data_set.key, data_set.list_name} & wanted]
    if wanted and not chosen:
        raise ConfigurationError(
            "These data are not imported: an Account Owner has left them out.",
            advice=f"Choose them under Data To Import on the page {connection.system_name} Settings.",
            code="data_set_left_out",
        )
    return chosen


def left_out_there(connection: Connection) -> set[str]:
    """Keys of data sets whose last import found that they may not be read."""
    finished = Job.objects.filter(connection=connection, kind=JobKind.IMPORT, finished_at__isnull=False)
    last = finished.order_by("data_set", "-pk").distinct("data_set")
    return {key for key, status in last.values_list("data_set", "status") if status == JobStatus.LEFT_OUT}


def is_data_imported(connection: Connection, companies: Sequence[Company]) -> bool:
    """Whether what cannot be left out has been read to its end, for all of these: those that are connected."""
    needed = [each.key for each in registry.get(connection.system).data_sets if not each.is_optional]
    read = connection.cursors.filter(
        company__in=[company.pk for company in companies], data_set__in=needed, watermark__isnull=False
    )
    return bool(companies) and read.count() == len(companies) * len(needed)


def start(jobs: Sequence[Job]) -> list[Job]:
    """Insert what does not run yet (a unique index decides, so two people pressing make one), then wake workers."""
    from integrations import runner

    with transaction.atomic():
        Job.objects.bulk_create(jobs, ignore_conflicts=True)
        started = [_unfinished_twin(job) for job in jobs]
        # Who asks once more need not wait until it is tried again.
        Job.objects.unfinished().filter(pk__in=[job.pk for job in started]).update(next_attempt_at=None)
        for job in started:
            runner.wake(job.pk, trigger=job.trigger)
    return started


def _unfinished_twin(job: Job) -> Job:
    twins = Job.objects.filter(connection=job.connection, company=job.company, kind=job.kind, data_set=job.data_set)
    # The other one may have finished between our two statements; then its result is as fresh as ours would be.
    return twins.unfinished().first() or twins.latest("pk")


def _cancel(
    jobs: JobQuerySet[Job], reason: str, *, advice: str = "", is_at_once: bool = False, marks: Mapping[str, object] = {}
) -> list[Job]:
    """Those that it stops. `reason`: who or what does, as the beginning of a sentence. The runner ends a running one.

    `marks` are kept among its options. `is_at_once`: whoever is at a running job loses it, and writes nothing more.
    """
    with transaction.atomic():
        stopped = list(jobs.unfinished().select_for_update(no_key=True).order_by("pk"))
        for job in stopped:
            job.is_cancel_requested = True
            job.options = job.options | {"cancelled": reason, **marks}
            if job.status == JobStatus.QUEUED or is_at_once:
                job.message = f"{reason} before it {_next_step(job)}."
                job.status, job.finished_at, job.claim = JobStatus.CANCELLED, timezone.now(), None
                job.next_attempt_at, job.failure_kind, job.advice = None, "", advice
            job.save(
                update_fields=[
                    *("status", "finished_at", "claim", "next_attempt_at", "options", "is_cancel_requested"),
                    *("failure_kind", "message", "advice"),
                ]
            )
    return stopped


def _next_step(job: Job) -> str:
    if job.status == JobStatus.RUNNING:
        return "ended"
    return "was tried again" if job.tries else "began"
