"""Suppliers from the sandbox, with the three common cases of the guide."""

from __future__ import annotations

from integrations.models import Connection, JobStatus, Outcome
from suppliers.models import Supplier
from tests.integrations.importing import company_of, run_import


def test_first_import_brings_every_data_set(intacct: Connection) -> None:
    jobs = run_import(intacct)
    for job in jobs:
        print(job.title, job.status, job.done, job.total, job.created, job.unchanged, job.failed, job.warnings, job.message, job.traceback)
    for o in Outcome.objects.exclude(kind="created"):
        print(o.job.data_set, o.kind, o.record_key, o.record_name, o.message)
    print(Supplier.objects.filter(company=company_of(intacct)).count())
    assert {job.status for job in jobs} <= {JobStatus.SUCCEEDED, JobStatus.PARTIAL}
