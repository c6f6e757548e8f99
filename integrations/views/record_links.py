"""Where a record of a run can be opened on our side."""

from __future__ import annotations

from django.urls import reverse

from integrations import registry
from integrations.models import Connection, Job, JobKind, Outcome
from organization.models import User
from organization.permissions import can_manage_organization, can_manage_reference_data

EDIT_PAGES = {
    "gl_codes": "ledger:glcode_edit",
    "currencies": "ledger:currency_edit",
    "terms": "ledger:terms_edit",
    "tax_codes": "ledger:taxcode_edit",
    "dimensions": "ledger:dimensionvalue_edit",
    "suppliers": "suppliers:supplier_edit",
}


class RecordLinks:
    """One page name for all records of a run; "" where the person may not open them."""

    def __init__(self, job: Job, user: User) -> None:
        self._page = _page_of(job, user)

    def url_of(self, outcome: Outcome) -> str:
        if not self._page or outcome.local_id is None:
            return ""
        return reverse(self._page, args=[outcome.local_id])


def edit_url(connection: Connection, data_set: str, local_id: int | None) -> str:
    """Where what an import brought is edited, for somebody who may; empty for what is not here."""
    if local_id is None or not any(each.key == data_set for each in registry.data_sets_of(connection)):
        return ""
    page = EDIT_PAGES.get(registry.data_set(connection.system, data_set).list_name)
    return reverse(page, args=[local_id]) if page else ""


def _page_of(job: Job, user: User) -> str:
    match job.kind:
        case JobKind.EXPORT | JobKind.LINK:
            return "invoices:invoice_detail"
        case JobKind.SYNCHRONIZE:
            return "organization:company_edit" if can_manage_organization(user) else ""
        case JobKind.CHANGE:
            return ""
    if not can_manage_reference_data(user):
        return ""
    return EDIT_PAGES.get(registry.data_set(job.connection.system, job.data_set).list_name, "")
