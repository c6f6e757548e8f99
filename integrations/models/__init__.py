"""Connections, jobs and their history, the export outbox, and what ties remote records to ours."""

from integrations.models.connection import CompanyLink, Connection, EntityChoice, ImportSchedule
from integrations.models.history import Exchange, Job, JobKind, JobStatus, Outcome, OutcomeKind, Trigger
from integrations.models.mapping import Cursor, ExternalRecord
from integrations.models.outbox import Attempt, ExportItem, FailureKind, ItemStatus
from integrations.models.problems import ImportProblem

__all__ = [
    "Attempt",
    "CompanyLink",
    "Connection",
    "Cursor",
    "EntityChoice",
    "Exchange",
    "ExportItem",
    "ExternalRecord",
    "FailureKind",
    "ImportProblem",
    "ImportSchedule",
    "ItemStatus",
    "Job",
    "JobKind",
    "JobStatus",
    "Outcome",
    "OutcomeKind",
    "Trigger",
]
