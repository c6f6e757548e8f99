"""A first import of everything, over the sandbox."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from integrations.models import Connection, Cursor, ExternalRecord, JobStatus, Outcome
from ledger.models import Currency, Dimension, DimensionValue, DueFrom, GLCode, TaxCode, Terms
from suppliers.models import Supplier
from tests import factories
from tests.integrations.importing import company_of, requests_served, run_import


@pytest.fixture
def imported(intacct: Connection) -> Connection:
    jobs = run_import(intacct)
    assert {job.data_set: job.status for job in jobs if job.status != JobStatus.SUCCEEDED} == {"suppliers": "partial"}
    return intacct


def test_brings_all_data_sets_with_the_facts_that_invoices_need(imported: Connection) -> None:
    account, company = imported.account, company_of(imported)
    assert set(Currency.objects.filter(account=account).values_list("code", flat=True)) >= {"GBP", "USD", "EUR", "CHF"}
    assert Terms.objects.get(account=account, name="15th next month").due_from == DueFrom.NEXT_MONTH
    supplier = Supplier.objects.get(company=company, code="V00001")
    assert (supplier.currency.code, supplier.terms.name, supplier.is_imported) == ("USD", "Net 30", True)
    assert supplier.tax_id
    assert supplier.email
    assert "Station Road" in supplier.address
    assert Supplier.objects.get(company=company, code="V00040").is_on_hold
    assert not Supplier.objects.get(company=company, code="V00043").is_active
    assert Supplier.objects.get(company=company, code="V00003").default_gl_code.code.startswith("6")
    assert TaxCode.objects.filter(account=account, is_imported=True).exists()


def test_names_dimensions_as_the_company_does_and_keeps_trees_and_owners(imported: Connection) -> None:
    account, company = imported.account, company_of(imported)
    names = dict(Dimension.objects.filter(account=account).values_list("key", "name"))
    assert names["project"] == "Job"
    assert names["gldimregion"] == "Region"
    titles = {job.data_set: job.title for job in imported.jobs.all()}
    assert (titles["project"], titles["department"]) == ("Import Job", "Import Departments")
    values = DimensionValue.objects.filter(dimension__account=account)
    assert values.get(dimension__key="department", code="110").parent.code == "100"
    assert values.get(dimension__key="location", code="110").company == company
    assert values.get(dimension__key="task", code="T-20").scope.code == "P-1000"
    assert not values.get(dimension__key="location", code="130").is_active
    assert not values.filter(dimension__key="location", code="310").exists(), "of an entity without a company here"
    assert values.filter(dimension__key="gldimregion").count() == 5
    region = values.get(dimension__key="gldimregion", name="North")
    assert ExternalRecord.objects.get(object_type="REGION", local_id=region.pk).record_no == int(region.code)


def test_accounts_bring_required_dimensions_and_those_of_a_bank_cannot_be_used(imported: Connection) -> None:
    codes = {code.code: code for code in GLCode.objects.filter(company=company_of(imported))}
    assert codes["5050"].required_dimensions == ["department", "project"]
    assert codes["6860"].required_dimensions == ["gldimregion"]
    assert not codes["1010"].is_usable_on_invoices
    assert "BANK-GB" in codes["1010"].unusable_reason
    assert codes["6100"].is_usable_on_invoices
    assert codes["6100"].required_dimensions == []
    assert not codes["6990"].is_active


def test_each_data_set_sends_one_mail_with_counts_and_the_link(intacct: Connection) -> None:
    owner = factories.owner(intacct.account)
    jobs = run_import(intacct, "suppliers", "terms", by=owner)
    assert [message.to for message in mail.outbox] == [[owner.email]] * 2
    message = next(message for message in mail.outbox if "Suppliers" in message.subject)
    suppliers = next(job for job in jobs if job.data_set == "suppliers")
    assert f"Created: {suppliers.created}" in message.body
    assert "To see the details of this import click here: http" in message.body
    html = message.alternatives[0].content
    assert f'To see the details of this import <a href="http://127.0.0.1:8000{suppliers.get_absolute_url()}"' in html
    assert ">click here</a>" in html


def test_a_scheduled_import_mails_the_account_owners(intacct: Connection) -> None:
    owners = {factories.owner(intacct.account).email for _ in range(2)}
    factories.user(intacct.account)
    run_import(intacct, "terms", trigger="scheduled")
    assert {message.to[0] for message in mail.outbox} == owners


def test_the_second_import_writes_nothing_and_costs_one_round_trip_per_session(
    imported: Connection, portal_sandbox: Any
) -> None:
    before = requests_served(portal_sandbox)
    with CaptureQueriesContext(database) as queries:
        jobs = run_import(imported)
    assert requests_served(portal_sandbox) - before == 2, "one for what companies share, one for the company"
    assert {job.status for job in jobs} == {JobStatus.SUCCEEDED}
    assert sum(job.created + job.updated + job.deactivated + job.warnings + job.failed for job in jobs) == 0
    ours = ("ledger_", "suppliers_", "integrations_outcome", "integrations_externalrecord")
    written = [q["sql"] for q in queries if q["sql"].startswith(tuple(f'UPDATE "{name}' for name in ours))]
    assert not written


def test_rows_made_by_hand_are_adopted_not_doubled(intacct: Connection) -> None:
    company = company_of(intacct)
    mine = factories.supplier(company, "V00001", name="Mine")
    terms = factories.terms(intacct.account, "NET 30", due_days=1)
    run_import(intacct, "terms", "suppliers")
    mine.refresh_from_db()
    terms.refresh_from_db()
    assert mine.is_imported
    assert mine.name != "Mine"
    assert (terms.name, terms.due_days, terms.is_imported) == ("Net 30", 30, True)
    assert Outcome.objects.get(local_id=mine.pk, job__data_set="suppliers", kind="updated").changes["Name"][0] == "Mine"


def test_two_companies_share_one_connection_and_see_their_own_records(intacct: Connection) -> None:
    from integrations.models import CompanyLink

    other = factories.company(intacct.account, name="Harbor Retail Inc")
    CompanyLink.objects.create(connection=intacct, company=other, entity_id="200", entity_name="Harbor Retail Inc")
    run_import(intacct)
    codes = {company: set(company.suppliers.values_list("code", flat=True)) for company in (company_of(intacct), other)}
    first, second = codes.values()
    assert "V00061" in first - second
    assert "V00080" in second - first
    assert "V00001" in first & second
    assert Cursor.objects.filter(connection=intacct, data_set="suppliers").count() == 2


def test_single_entity_company_is_read_at_the_top_level(transactional_db: None, portal_sandbox: Any) -> None:
    from integrations.models import CompanyLink
    from tests.integrations.importing import connected

    solo = connected(entities=(), company_id="solo")
    company = factories.company(solo.account, name="Solo Trading Ltd")
    CompanyLink.objects.create(connection=solo, company=company, entity_id="", entity_name=company.name)
    jobs = run_import(solo)
    assert {job.status for job in jobs} <= {JobStatus.SUCCEEDED, JobStatus.PARTIAL}
    assert company.suppliers.exists()
    assert DimensionValue.objects.get(dimension__account=solo.account, dimension__key="location").company is None
