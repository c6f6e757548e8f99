"""What an import after the first one finds: changes, new records, what is gone, what was missing."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from integrations.models import Connection, Cursor, ExternalRecord, Job, JobStatus, Outcome
from ledger.models import Currency, DimensionValue, GLCode, Terms
from suppliers.models import Supplier
from tests import factories
from tests.integrations.importing import (
    act,
    company_of,
    functions_served,
    requests_served,
    run_import,
    set_past_the_rules,
)


def _only(jobs: list[Job]) -> Job:
    assert len(jobs) == 1
    return jobs[0]


@pytest.fixture
def imported(intacct: Connection) -> Connection:
    run_import(intacct, "currencies", "terms")
    run_import(intacct, "suppliers")
    return intacct


def test_a_change_is_told_with_what_it_was_and_what_it_is(imported: Connection, portal_sandbox: Any) -> None:
    act(
        portal_sandbox, "update_record", object="VENDOR", key="V00001", fields={"NAME": "Renamed Ltd", "ONHOLD": "true"}
    )
    job = _only(run_import(imported, "suppliers"))
    assert (job.updated, job.created, job.failed) == (1, 0, 0)
    supplier = Supplier.objects.get(company=company_of(imported), code="V00001")
    assert (supplier.name, supplier.is_on_hold) == ("Renamed Ltd", True)
    changes = job.outcomes.get().changes
    assert changes["Name"][1] == "Renamed Ltd"
    assert changes["On hold"] == ["no", "yes"]
    assert set(changes) == {"Name", "On hold"}


def test_only_what_changed_is_read(imported: Connection, portal_sandbox: Any) -> None:
    act(portal_sandbox, "update_record", object="VENDOR", key="V00001", fields={"NAME": "Renamed Ltd"})
    job = _only(run_import(imported, "suppliers"))
    # Never changed vendors count by their creation, which was long ago.
    assert job.done == 1


def test_inactive_there_becomes_inactive_here_and_back(imported: Connection, portal_sandbox: Any) -> None:
    act(portal_sandbox, "update_record", object="VENDOR", key="V00002", fields={"STATUS": "inactive"})
    job = _only(run_import(imported, "suppliers"))
    assert (job.deactivated, job.updated) == (1, 0)
    assert job.outcomes.get().message == "It is inactive in Sage Intacct."
    supplier = Supplier.objects.get(company=company_of(imported), code="V00002")
    assert not supplier.is_active
    act(portal_sandbox, "update_record", object="VENDOR", key="V00002", fields={"STATUS": "active"})
    run_import(imported, "suppliers")
    supplier.refresh_from_db()
    assert supplier.is_active


def test_a_vendor_that_is_gone_is_reported_and_made_inactive(imported: Connection, portal_sandbox: Any) -> None:
    act(portal_sandbox, "delete_record", object="VENDOR", key="V00003")
    job = _only(run_import(imported, "suppliers"))
    assert job.deactivated == 1
    assert job.outcomes.get().message == "It is no longer in Sage Intacct."
    assert not Supplier.objects.get(company=company_of(imported), code="V00003").is_active
    assert not ExternalRecord.objects.get(object_type="VENDOR", external_key="V00003").is_present


def test_a_vendor_that_is_made_again_comes_back(imported: Connection, portal_sandbox: Any) -> None:
    act(portal_sandbox, "delete_record", object="VENDOR", key="V00003")
    run_import(imported, "suppliers")
    act(portal_sandbox, "create_record", object="VENDOR", fields={"VENDORID": "V00003", "NAME": "Again Ltd"})
    run_import(imported, "suppliers")
    supplier = Supplier.objects.get(company=company_of(imported), code="V00003")
    assert (supplier.is_active, supplier.name) == (True, "Again Ltd")


def test_without_the_audit_trail_all_keys_are_compared(imported: Connection, portal_sandbox: Any) -> None:
    act(portal_sandbox, "set_permission", object="AUDITHISTORY", operation="read", allowed="false")
    run_import(imported, "suppliers")
    act(portal_sandbox, "delete_record", object="VENDOR", key="V00003")
    job = _only(run_import(imported, "suppliers"))
    assert job.deactivated == 1
    assert not Supplier.objects.get(company=company_of(imported), code="V00003").is_active
    before = requests_served(portal_sandbox)
    run_import(imported, "suppliers")
    assert requests_served(portal_sandbox) - before == 1, "the count says that nothing is gone"


def test_a_full_import_finds_what_is_gone_and_asks_before_it_believes(
    imported: Connection, portal_sandbox: Any
) -> None:
    act(portal_sandbox, "delete_record", object="VENDOR", key="V00004")
    served = functions_served(portal_sandbox)["query"]
    job = _only(run_import(imported, "suppliers", is_full=True))
    assert (job.deactivated, job.created, job.updated) == (1, 0, 0)
    assert job.done == 180
    assert functions_served(portal_sandbox)["query"] - served <= 3


def test_when_nothing_is_shown_nothing_is_made_inactive(imported: Connection, portal_sandbox: Any) -> None:
    for number in range(1, 201):
        act(portal_sandbox, "delete_record", object="VENDOR", key=f"V{number:05}", force=True)
    job = _only(run_import(imported, "suppliers", is_full=True))
    assert job.status == JobStatus.FAILED
    assert "shows none" in job.message
    assert Supplier.objects.filter(company=company_of(imported), is_active=True).count() > 100


def test_a_vendor_that_was_never_changed_is_found_when_it_is_new(imported: Connection, portal_sandbox: Any) -> None:
    answer = act(portal_sandbox, "create_record", object="VENDOR", fields={"VENDORID": "V90001", "NAME": "Untouched"})
    assert answer["recordno"]
    set_past_the_rules(portal_sandbox, "VENDOR", "V90001", WHENMODIFIED="")
    job = _only(run_import(imported, "suppliers"))
    assert job.created == 1


def test_both_warnings_can_stand_on_one_supplier_and_both_resolve(intacct: Connection) -> None:
    factories.currency(intacct.account, "GBP")
    job = _only(run_import(intacct, "suppliers"))
    assert job.status == JobStatus.PARTIAL
    supplier = Supplier.objects.get(company=company_of(intacct), code="V00035")
    assert (supplier.currency, supplier.terms) == (None, None)
    warnings = {outcome.code: outcome for outcome in job.outcomes.filter(record_key="V00035", kind="warning")}
    assert "The currency XBT is not set up in Planergy" in warnings["missing_currency"].message
    assert "Add the currency XBT" in warnings["missing_currency"].advice
    assert "Quarterly 4th" in warnings["missing_terms"].message
    assert "Add the terms" in warnings["missing_terms"].advice
    assert {outcome.local_id for outcome in warnings.values()} == {supplier.pk}

    # As an import of them writes them: nobody sets them up by hand, which suppliers would not wait for.
    Currency.objects.bulk_create([Currency(account=intacct.account, code="XBT")])
    Terms.objects.bulk_create([Terms(account=intacct.account, name="quarterly 4TH")])
    again = _only(run_import(intacct, "suppliers"))
    supplier.refresh_from_db()
    assert (supplier.currency.code, supplier.terms.name) == ("XBT", "quarterly 4TH")
    assert again.outcomes.get(record_key="V00035").changes == {"Currency": ["", "XBT"], "Terms": ["", "quarterly 4th"]}
    assert again.status == JobStatus.SUCCEEDED


def test_a_look_up_that_fails_blanks_nothing(imported: Connection, portal_sandbox: Any) -> None:
    supplier = Supplier.objects.get(company=company_of(imported), code="V00001")
    before = supplier.currency
    Currency.objects.filter(account=imported.account).exclude(code=before.code).delete()
    act(
        portal_sandbox,
        "update_record",
        object="VENDOR",
        key="V00001",
        fields={"CURRENCY": "CHF", "NAME": "Moved to Switzerland"},
    )
    run_import(imported, "suppliers")
    supplier.refresh_from_db()
    assert (supplier.name, supplier.currency) == ("Moved to Switzerland", before)


def test_an_invalid_character_keeps_one_vendor_out_until_it_is_removed(
    imported: Connection, portal_sandbox: Any
) -> None:
    company = company_of(imported)
    assert not Supplier.objects.filter(company=company, code="V00021").exists()
    failed = Outcome.objects.get(record_key="V00021", kind="failed")
    assert "U+200B ZERO WIDTH SPACE, character 5" in failed.message
    assert failed.advice == "Remove the character from the name in Sage Intacct, then import again."
    act(portal_sandbox, "update_record", object="VENDOR", key="V00021", fields={"NAME": "ZeroWidth Trading"})
    job = _only(run_import(imported, "suppliers"))
    assert (job.created, job.failed) == (1, 0)


def test_a_bank_that_is_bound_later_marks_the_account(intacct: Connection, portal_sandbox: Any) -> None:
    run_import(intacct, "gl_codes")
    act(
        portal_sandbox,
        "create_record",
        object="CHECKINGACCOUNT",
        fields={"BANKACCOUNTID": "BANK-NEW", "GLACCOUNTNO": "6100", "STATUS": "active"},
    )
    run_import(intacct, "gl_codes")
    code = GLCode.objects.get(company=company_of(intacct), code="6100")
    assert not code.is_usable_on_invoices
    assert "BANK-NEW" in code.unusable_reason


def test_a_parent_may_come_after_its_child_or_never(intacct: Connection, portal_sandbox: Any) -> None:
    make = {"object": "DEPARTMENT"}
    act(portal_sandbox, "create_record", **make, fields={"DEPARTMENTID": "901", "TITLE": "Child", "STATUS": "active"})
    act(portal_sandbox, "create_record", **make, fields={"DEPARTMENTID": "902", "TITLE": "Parent", "STATUS": "active"})
    set_past_the_rules(portal_sandbox, "DEPARTMENT", "901", PARENTID="902")
    set_past_the_rules(portal_sandbox, "DEPARTMENT", "902", PARENTID="999")
    job = _only(run_import(intacct, "department"))
    values = DimensionValue.objects.filter(dimension__key="department")
    assert values.get(code="901").parent.code == "902"
    assert values.get(code="902").parent is None
    assert "999" in job.outcomes.get(kind="warning").message


def test_ids_that_differ_by_case_only_are_two_suppliers_but_not_two_terms(
    intacct: Connection, portal_sandbox: Any
) -> None:
    act(portal_sandbox, "create_record", object="VENDOR", fields={"VENDORID": "v00001", "NAME": "Small letters"})
    act(
        portal_sandbox, "create_record", object="APTERM", fields={"NAME": "NET 30", "DUEDATE": "30", "STATUS": "active"}
    )
    terms, _suppliers = run_import(intacct, "terms", "suppliers")
    assert Supplier.objects.filter(company=company_of(intacct), code__in=["V00001", "v00001"]).count() == 2
    assert Terms.objects.filter(account=intacct.account, name__iexact="net 30").count() == 1
    failed = terms.outcomes.get(kind="failed")
    assert (failed.record_key, failed.code) == ("NET 30", "duplicate")


def test_what_changed_while_the_last_import_ran_is_read(imported: Connection, portal_sandbox: Any) -> None:
    """It was written down an hour before it could be seen, by the clock of the API user."""
    stamp = "%m/%d/%Y %H:%M:%S"
    now = dt.datetime.strptime(f"{portal_sandbox.company.user_zone_stamp()} +0000", f"{stamp} %z")
    changed = {"NAME": "Seen late", "WHENMODIFIED": f"{now - dt.timedelta(hours=1):{stamp}}"}
    set_past_the_rules(portal_sandbox, "VENDOR", "V00006", **changed)
    assert _only(run_import(imported, "suppliers")).updated == 1
    assert Supplier.objects.get(company=company_of(imported), code="V00006").name == "Seen late"


def test_the_zone_of_the_api_user_moves_no_change_out_of_sight(imported: Connection, portal_sandbox: Any) -> None:
    cursor = Cursor.objects.get(connection=imported, data_set="suppliers")
    for offset in ("-05:00", "+05:30"):
        for user in portal_sandbox.company.users.values():
            user.gmtoffset = offset
        act(portal_sandbox, "update_record", object="VENDOR", key="V00005", fields={"NAME": f"Seen at {offset}"})
        assert _only(run_import(imported, "suppliers")).updated == 1
    cursor.refresh_from_db()
    assert cursor.state["utc_offset"] == 5.5 * 3600
