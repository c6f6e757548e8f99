"""Sage Intacct as the rest of `integrations` sees it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from integrations.sage_intacct import data_sets
from integrations.sage_intacct.classification import places
from integrations.sage_intacct.preparing import preparation
from notices.after_commit import after_commit

if TYPE_CHECKING:
    from django import forms

    from integrations.field_map import Section
    from integrations.models import Connection, ExportItem, Job
    from integrations.registry import RemoteEntity
    from integrations.services.preflight import Problem
    from invoices.models import Invoice
    from organization.models import Company


class SageIntacct:
    key = "sage_intacct"
    name = "Sage Intacct"
    data_sets = data_sets.ALL
    adjustments_place = places.ADJUSTMENTS

    def preparation(self) -> Sequence[tuple[str, str]]:
        return preparation()

    def credentials_form(self) -> type[forms.Form]:
        from integrations.sage_intacct.forms import CredentialsForm

        return CredentialsForm

    def forget_sessions(self, connection: Connection) -> None:
        from integrations.sage_intacct.gateway import forget_sessions

        forget_sessions(connection)

    def synchronize(self, job: Job) -> None:
        from integrations.sage_intacct.synchronize import synchronize

        synchronize(job)

    def entities(self, connection: Connection) -> Sequence[RemoteEntity]:
        from integrations.sage_intacct.synchronize import known_entities

        return known_entities(connection)

    def field_map(self, connection: Connection | None) -> Sequence[Section]:
        from integrations.sage_intacct.field_map import field_map

        return field_map(connection)

    def run_imports(self, jobs: Sequence[Job]) -> None:
        from integrations.sage_intacct.importers import run_imports

        run_imports(jobs)

    def fill_missing_references(self, connection: Connection) -> None:
        from integrations.sage_intacct.importers.finishing import fill_what_was_set_up

        fill_what_was_set_up(connection.pk)

    @property
    def fixed_here(self) -> Mapping[str, str]:
        from integrations.sage_intacct.importers.problems import FIXED_HERE

        return FIXED_HERE

    def deliver(self, connection: Connection, company: Company) -> None:
        from integrations.sage_intacct.exporters import deliver

        deliver(connection, company)

    def standing_bill(self, item: ExportItem, record_no: str, job: Job) -> tuple[str, str]:
        from integrations.sage_intacct.exporters import standing_bill

        return standing_bill(item, record_no, job)

    def preflight(self, connection: Connection, invoices: Sequence[Invoice]) -> dict[int, list[Problem]]:
        from integrations.sage_intacct.exporters.preflight import preflight

        return preflight(connection, invoices)

    @property
    def may_have_changed(self) -> Collection[str]:
        from integrations.sage_intacct.exporters.preflight import MAY_HAVE_CHANGED

        return MAY_HAVE_CHANGED

    def early_problems(self, connection: Connection, invoice: Invoice, *, is_header_only: bool) -> list[Problem]:
        from integrations.sage_intacct.exporters.preflight import early_problems

        return early_problems(connection, invoice, is_header_only=is_header_only)

    def added_dimensions(self, connection: Connection, company: Company) -> Collection[str]:
        """The entity is the location of every line that names none."""
        is_entity = connection.company_links.filter(company=company).exclude(entity_id="").exists()
        return ("location",) if is_entity else ()

    def doubt(self, connection: Connection, causes: Collection[tuple[int, str]]) -> None:
        from integrations.sage_intacct.exporters import learning, line_fields

        learning.doubt(connection, causes)
        # Afterwards: it locks the connection, which elsewhere is locked before its items.
        after_commit(line_fields.doubt, connection, causes)
