"""Nothing is lost between two imports, whatever changes around them: zones, permissions, companies, dimensions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection as database

from integrations.models import CompanyLink, Connection, ExternalRecord, Job, JobStatus, Outcome
from integrations.sage_intacct.importers import opening
from ledger.models import Currency, Dimension, DimensionValue, GLCode, TaxCode, Terms
from suppliers.models import Supplier
from tests import factories
from tests.integrations.importing import (
    act,
    add_fault,
    backdate,
    company_of,
    requests_served,
    run_import,
    set_past_the_rules,
)

IMPORTED = (Currency, Terms, Dimension, DimensionValue, TaxCode, GLCode, Supplier, ExternalRecord)


@pytest.fixture
def imported(intacct: Connection) -> Connection:
    run_import(intacct)
    return intacct


def _by_data_set(jobs: list[Job]) -> dict[str, Job]:
    return {job.data_set: job for job in jobs}


def _refuse(sandbox: Any, function: str) -> None:
    error = {"errorno": "GW-0011", "description2": f"You do not have permission for API operation {function}"}
    add_fault(sandbox, kind="fail_function", match={"function": function}, times=-1, error=error)


def _row_versions() -> dict[str, set[tuple[int, str]]]:
    """Every row with the transaction that wrote it last: PostgreSQL's own word for whether it was written."""
    found = {}
    with database.cursor() as cursor:
        for model in (*IMPORTED, Outcome):
            cursor.execute(f"SELECT id, xmin::text FROM {model._meta.db_table}")
            found[model.__name__] = set(cursor.fetchall())
    return found


@pytest.mark.parametrize("is_full", [False, True])
def test_an_import_without_a_change_writes_no_row(imported: Connection, is_full: bool) -> None:
    before = _row_versions()
    jobs = run_import(imported, *[job.data_set for job in run_import(imported)][:-1], is_full=is_full)
    assert all(job.status == JobStatus.SUCCEEDED for job in jobs)
    assert _row_versions() == before


def test_several_data_sets_of_a_company_cost_one_round_trip_together(imported: Connection, portal_sandbox: Any) -> None:
    before = requests_served(portal_sandbox)
    assert len(run_import(imported, "gl_codes", "suppliers")) == 2
    assert requests_served(portal_sandbox) - before == 1


def test_without_the_list_of_dimensions_everything_else_is_imported(intacct: Connection, portal_sandbox: Any) -> None:
    _refuse(portal_sandbox, "getDimensions")
    jobs = _by_data_set(run_import(intacct))
    assert jobs["currencies"].status == jobs["department"].status == JobStatus.SUCCEEDED
    assert jobs["suppliers"].created == 176
    assert jobs["user_defined"].status == JobStatus.LEFT_OUT
    assert jobs["user_defined"].advice


def test_names_of_dimensions_stay_while_the_list_of_them_is_refused(imported: Connection, portal_sandbox: Any) -> None:
    _refuse(portal_sandbox, "getDimensions")
    run_import(imported)
    names = dict(Dimension.objects.filter(account=imported.account).values_list("key", "name"))
    assert (names["project"], names["gldimregion"]) == ("Job", "Region")


@pytest.mark.parametrize("offset", ["-12:00", "+14:00"])
def test_no_change_is_out_of_sight_while_the_users_zone_is_not_told(
    intacct: Connection, portal_sandbox: Any, offset: str
) -> None:
    for user in portal_sandbox.company.users.values():
        user.gmtoffset = offset
    _refuse(portal_sandbox, "readUserFormatting")
    run_import(intacct, "suppliers")
    act(portal_sandbox, "update_record", object="VENDOR", key="V00001", fields={"NAME": "Seen all the same"})
    assert run_import(intacct, "suppliers")[0].updated == 1


def test_the_date_format_of_the_api_user_changes_nothing(imported: Connection, portal_sandbox: Any) -> None:
    for user in portal_sandbox.company.users.values():
        user.dateformat = "/dmY"
    act(portal_sandbox, "update_record", object="VENDOR", key="V00001", fields={"NAME": "In another date order"})
    assert run_import(imported, "suppliers")[0].updated == 1


def test_a_company_that_is_connected_later_gets_the_records_of_its_entity(
    intacct: Connection, portal_sandbox: Any
) -> None:
    backdate(portal_sandbox, "LOCATION", "PROJECT", "TASK", "TAXDETAIL")
    run_import(intacct)
    other = factories.company(intacct.account, name="Harbor Retail Inc")
    assert not DimensionValue.objects.filter(dimension__key="location", code="210").exists()
    CompanyLink.objects.create(connection=intacct, company=other, entity_id="200", entity_name=other.name)
    run_import(intacct)
    assert DimensionValue.objects.get(dimension__key="location", code="210").company == other
    assert DimensionValue.objects.get(dimension__key="project", code="P-2000").company == other
    assert DimensionValue.objects.get(dimension__key="task", code="T-10", scope__code="P-2000").name == "Design"


def test_a_company_that_stands_for_another_entity_gets_that_ones_records(imported: Connection) -> None:
    company = company_of(imported)
    imported.company_links.update(entity_id="200", entity_name="Harbor Retail Inc")
    job = _by_data_set(run_import(imported, "suppliers"))["suppliers"]
    assert company.suppliers.get(code="V00080").is_active
    assert not company.suppliers.get(code="V00061").is_active
    assert job.deactivated == company.suppliers.filter(code__range=("V00060", "V00074"), is_imported=True).count()


def test_a_user_defined_dimension_that_is_gone_is_told_and_made_inactive(
    imported: Connection, portal_sandbox: Any
) -> None:
    regions = portal_sandbox.company.table("REGION")
    for position in [position for position, _ in regions.scan()]:
        act(portal_sandbox, "delete_record", object="REGION", key=str(regions.first + position))
    preview = run_import(imported, "user_defined", is_preview=True)[0]
    assert (preview.deactivated, Dimension.objects.get(key="gldimregion").is_active) == (1, True)
    job = _by_data_set(run_import(imported, "user_defined"))["user_defined"]
    dimension = Dimension.objects.get(account=imported.account, key="gldimregion")
    assert not dimension.is_active
    assert job.deactivated == 1
    assert job.outcomes.get(kind="deactivated").record_name == "Region"
    assert run_import(imported, "gl_codes", "user_defined")[1].status == JobStatus.SUCCEEDED
    act(portal_sandbox, "create_record", object="REGION", fields={"name": "Anew"})
    run_import(imported, "user_defined")
    dimension.refresh_from_db()
    assert dimension.is_active
    assert dimension.values.filter(name="Anew", is_active=True).exists()


def test_a_dimension_that_a_person_archived_stays_archived(imported: Connection) -> None:
    Dimension.objects.filter(account=imported.account, key__in=["gldimregion", "class"]).update(is_active=False)
    run_import(imported, is_full=True)
    archived = Dimension.objects.filter(account=imported.account, is_active=False)
    assert set(archived.values_list("key", flat=True)) == {"gldimregion", "class"}


def test_a_preview_of_everything_fails_nothing_that_the_import_would_bring(intacct: Connection) -> None:
    previews = _by_data_set(run_import(intacct, is_preview=True))
    imports = _by_data_set(run_import(intacct))
    counts = {key: (job.created, job.failed) for key, job in imports.items()}
    assert {key: (job.created, job.failed) for key, job in previews.items()} == counts


def test_terms_that_differ_by_case_only_stay_apart_when_they_come_later(
    intacct: Connection, portal_sandbox: Any
) -> None:
    backdate(portal_sandbox, "APTERM")
    run_import(intacct, "terms")
    act(portal_sandbox, "create_record", object="APTERM", fields={"NAME": "NET 30", "DUEDATE": "45"})
    job = run_import(intacct, "terms")[0]
    assert (job.done, job.failed, job.updated) == (1, 1, 0)
    assert job.outcomes.get().code == "duplicate"
    terms = Terms.objects.get(account=intacct.account, name__iexact="net 30")
    assert (terms.name, terms.due_days) == ("Net 30", 30)


def test_more_deletions_than_a_page_are_found_and_the_audit_trail_is_asked_again(
    imported: Connection, portal_sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = opening._audit_query
    with monkeypatch.context() as patch:
        patch.setattr(opening, "_audit_query", lambda *args: replace(real(*args), page_size=1))
        for key in ("V00003", "V00004"):
            act(portal_sandbox, "delete_record", object="VENDOR", key=key)
        assert run_import(imported, "suppliers")[0].deactivated == 2
    before = requests_served(portal_sandbox)
    act(portal_sandbox, "delete_record", object="VENDOR", key="V00005")
    assert run_import(imported, "suppliers")[0].deactivated == 1
    assert requests_served(portal_sandbox) - before == 2, "the audit trail, and whether the vendor is really gone"


def test_a_deletion_is_found_though_a_record_that_cannot_be_imported_took_its_place(
    imported: Connection, portal_sandbox: Any
) -> None:
    act(portal_sandbox, "set_permission", object="AUDITHISTORY", operation="read", allowed="false")
    run_import(imported, "suppliers")
    run_import(imported, "suppliers")
    act(portal_sandbox, "delete_record", object="VENDOR", key="V00003")
    act(portal_sandbox, "create_record", object="VENDOR", fields={"VENDORID": "V90001", "NAME": "Bad\u200bname"})
    job = run_import(imported, "suppliers")[0]
    assert (job.failed, job.deactivated) == (1, 1)


def test_a_sweep_that_sees_nothing_makes_nothing_inactive(imported: Connection, portal_sandbox: Any) -> None:
    act(portal_sandbox, "set_permission", object="AUDITHISTORY", operation="read", allowed="false")
    run_import(imported, "suppliers")
    for number in range(1, 201):
        act(portal_sandbox, "delete_record", object="VENDOR", key=f"V{number:05}", force=True)
    job = run_import(imported, "suppliers")[0]
    assert job.status == JobStatus.FAILED
    assert "shows none" in job.message
    assert Supplier.objects.filter(company=company_of(imported), is_active=True).count() > 100


def test_texts_arrive_as_they_are_and_an_empty_name_fails_alone(intacct: Connection, portal_sandbox: Any) -> None:
    names = {"V91001": "Müller & Söhne “GmbH” 'x'", "V91002": "\U00020bb7野家 \U0001f69a", "V91003": "x"}
    for code, name in names.items():
        act(portal_sandbox, "create_record", object="VENDOR", fields={"VENDORID": code, "NAME": name})
    set_past_the_rules(portal_sandbox, "VENDOR", "V91003", NAME="")
    job = run_import(intacct, "suppliers")[0]
    assert Supplier.objects.get(code="V91001").name == names["V91001"]
    assert Supplier.objects.get(code="V91002").name == names["V91002"]
    failed = job.outcomes.get(record_key="V91003")
    assert (failed.kind, failed.code, failed.message) == ("failed", "empty", "It has no name.")


def test_a_card_and_every_bank_keep_their_accounts_off_bills(imported: Connection) -> None:
    kept_off = GLCode.objects.filter(company=company_of(imported), is_usable_on_invoices=False)
    reasons = dict(kept_off.values_list("code", "unusable_reason"))
    assert set(reasons) == {"1010", "1020", "1030", "1040", "2030"}
    assert all("bound to" in reason for reason in reasons.values())
