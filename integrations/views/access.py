"""Who may open which page of the integrations. What a person may not use does not exist for them (404)."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from integrations import registry
from integrations.errors import IntegrationError
from integrations.models import Connection, ExportItem, Job, JobKind, Outcome
from integrations.models.history import JobQuerySet
from integrations.registry import AccountingSystem
from integrations.services.batches import Batch, in_running_order
from invoices.models import DiscardedInvoice, Invoice
from invoices.querysets import InvoiceQuerySet
from organization.models import User
from organization.permissions import administration_of, can_manage_integrations, can_manage_reference_data

OF_INVOICES = (JobKind.EXPORT, JobKind.LINK)
OF_LISTS = (JobKind.IMPORT,)


def system_or_404(key: str) -> AccountingSystem:
    try:
        return registry.get(key)
    except KeyError as error:
        raise Http404 from error


def connection_or_404(user: User, system_key: str) -> Connection:
    """The account's enabled connection to this system."""
    system_or_404(system_key)
    enabled = Connection.objects.for_account(user.account).enabled().select_related("account", "changed_by")
    return get_object_or_404(enabled, system=system_key)


def enabled_connection(user: User) -> Connection | None:
    """The connection that invoices of this user's account go out over."""
    return Connection.objects.for_account(user.account).enabled().select_related("account").order_by("pk").first()


def exporting_connection_or_404(user: User) -> Connection:
    connection = enabled_connection(user)
    if connection is None or not administration_of(user).is_any:
        raise Http404
    return connection


def _jobs_of(user: User) -> JobQuerySet[Job]:
    """All of the account's for Account Owners, also while the integration is disabled; for others one's own, as long
    as one may do what they did.
    """
    jobs: JobQuerySet[Job] = Job.objects.for_account(user.account)
    if can_manage_integrations(user):
        return jobs
    kinds: tuple[JobKind, ...] = OF_INVOICES if administration_of(user).is_any else ()
    kinds += OF_LISTS if can_manage_reference_data(user) else ()
    own = jobs.filter(connection__is_enabled=True, requested_by=user, kind__in=kinds)
    companies = user.limited_company_ids
    return own if companies is None else own.filter(Q(company=None) | Q(company__in=companies))


def outcomes_of(job: Job, user: User) -> QuerySet[Outcome]:
    """What became of its records; of invoices those that the person may look at now."""
    if job.kind not in OF_INVOICES or can_manage_integrations(user):
        return job.outcomes.all()
    seen = [rows.visible_to(user).values("pk") for rows in (Invoice.objects, DiscardedInvoice.objects)]
    return job.outcomes.filter(Q(local_id=None) | Q(local_id__in=seen[0]) | Q(local_id__in=seen[1]))


def job_or_404(user: User, pk: int) -> Job:
    return get_object_or_404(_jobs_of(user).select_related("connection__account", "company", "requested_by"), pk=pk)


def batch_or_404(user: User, batch: uuid.UUID) -> Batch:
    """All that was started together."""
    parts = list(in_running_order(_jobs_of(user).filter(batch=batch)))
    if not parts:
        raise Http404
    return Batch(parts)


def live_batch_or_404(user: User, batch: uuid.UUID) -> Batch:
    """See `live_job_or_404`."""
    found = batch_or_404(user, batch)
    if not found.first.connection.is_enabled:
        raise Http404
    return found


def live_job_or_404(user: User, pk: int) -> Job:
    """One that may be acted on: while the integration is disabled there is nothing to do with it."""
    job = job_or_404(user, pk)
    if not job.connection.is_enabled:
        raise Http404
    return job


def exportable_invoices(user: User) -> InvoiceQuerySet:
    return Invoice.objects.administrable_by(user)


def items_of(user: User, connection: Connection) -> QuerySet[ExportItem]:
    """What goes out over the connection, as far as the user administers the invoices."""
    return connection.export_items.filter(invoice__in=exportable_invoices(user))


def refresh_when_told(request: HttpRequest, response: HttpResponse, *, is_live: bool, is_held: bool) -> HttpResponse:
    """The answer to polling a part of a page: the whole page is read anew once it ended, or once its banner, which says
    why work is held back, came or went. A part that shows that says so as `held`.
    """
    if not is_live or is_held != ("held" in request.GET):
        response["HX-Refresh"] = "true"
    return response


def tell(request: HttpRequest, error: IntegrationError) -> None:
    messages.error(request, " ".join(filter(None, [error.user_message, error.advice])))
