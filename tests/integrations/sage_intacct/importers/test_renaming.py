"""A vendor whose ID changes stays one supplier; one that only has an old ID is another."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.models import Connection, ExternalRecord, Outcome
from suppliers.models import Supplier
from tests import factories
from tests.integrations.importing import act, company_of, run_import


@pytest.fixture
def imported(intacct: Connection) -> Connection:
    run_import(intacct, "currencies", "terms")
    run_import(intacct, "suppliers")
    return intacct


def supplier_of(connection: Connection, code: str) -> Supplier:
    return Supplier.objects.get(company=company_of(connection), code=code)


def rename(sandbox: Any, **codes: str) -> None:
    """As support staff do it there: the number stays."""
    table = sandbox.company.table("VENDOR")
    positions = {new: table.position_of_key(old) for old, new in codes.items()}
    for new, position in positions.items():
        row = list(table.row(position))
        row[table.otype.column["VENDORID"]] = new
        table.put(position, tuple(row))


@pytest.mark.parametrize("is_full", [True, False], ids=["full", "changes"])
def test_a_vendor_whose_id_changes_stays_one_supplier_with_its_invoices(
    imported: Connection, portal_sandbox: Any, is_full: bool
) -> None:
    supplier = supplier_of(imported, "V00001")
    invoice = factories.invoice(supplier.company, supplier=supplier)
    before = Supplier.objects.count()
    act(portal_sandbox, "update_record", object="VENDOR", key="V00001", fields={"ONHOLD": "true"})
    rename(portal_sandbox, V00001="V77001")
    (job,) = run_import(imported, "suppliers", is_full=is_full)
    supplier.refresh_from_db()
    assert (supplier.code, supplier.code_folded, supplier.is_on_hold) == ("V77001", "v77001", True)
    assert (job.created, job.updated) == (0, 1)
    assert job.outcomes.get(kind="updated").changes["ID"] == ["V00001", "V77001"]
    assert Supplier.objects.count() == before
    invoice.refresh_from_db()
    assert invoice.supplier == supplier
    assert ExternalRecord.objects.get(object_type="VENDOR", local_id=supplier.pk).external_key == "V77001"
    (again,) = run_import(imported, "suppliers", is_full=True)
    assert (again.created, again.updated, again.deactivated) == (0, 0, 0)


def test_two_that_change_places_and_one_that_follows_keep_their_rows(imported: Connection, portal_sandbox: Any) -> None:
    codes = ("V00001", "V00002", "V00004")
    first, second, third = (supplier_of(imported, code) for code in codes)
    rename(portal_sandbox, V00001="V00002", V00002="V00001", V00004="V77004")
    rename(portal_sandbox, V00005="V00004")
    run_import(imported, "suppliers", is_full=True)
    for supplier in (first, second, third):
        supplier.refresh_from_db()
    assert [first.code, second.code, third.code] == ["V00002", "V00001", "V77004"]
    assert Supplier.objects.filter(company=company_of(imported), code="V00004").get() != third


def test_an_id_that_passes_on_page_by_page_makes_room(
    imported: Connection, portal_sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.sage_intacct.importers.reading.PAGE_SIZE", 5)
    early, late = supplier_of(imported, "V00001"), supplier_of(imported, "V00009")
    rename(portal_sandbox, V00009="V77009", V00001="V00009")
    run_import(imported, "suppliers", is_full=True)
    early.refresh_from_db()
    late.refresh_from_db()
    assert [(early.code, early.is_active), (late.code, late.is_active)] == [("V00009", True), ("V77009", True)]


def test_a_preview_tells_the_change_and_makes_none(imported: Connection, portal_sandbox: Any) -> None:
    rename(portal_sandbox, V00001="V77001")
    (job,) = run_import(imported, "suppliers", is_full=True, is_preview=True)
    assert (job.created, job.updated, job.deactivated) == (0, 1, 0)
    assert job.outcomes.get(kind="updated").changes == {"ID": ["V00001", "V77001"]}
    assert supplier_of(imported, "V00001").is_active


def _made_again(sandbox: Any, code: str, name: str) -> None:
    act(sandbox, "delete_record", object="VENDOR", key=code)
    act(sandbox, "create_record", object="VENDOR", fields={"VENDORID": code, "NAME": name})


def test_another_vendor_under_an_old_id_is_another_supplier(imported: Connection, portal_sandbox: Any) -> None:
    old = supplier_of(imported, "V00003")
    invoice = factories.invoice(old.company, supplier=old)
    number = ExternalRecord.objects.get(object_type="VENDOR", external_key="V00003").record_no
    _made_again(portal_sandbox, "V00003", "Quite Another Ltd")
    (job,) = run_import(imported, "suppliers")
    old.refresh_from_db()
    new = supplier_of(imported, "V00003")
    assert (new.name, new.is_active) == ("Quite Another Ltd", True)
    assert (old.code, old.is_active) == (f"V00003 (record {number})", False)
    invoice.refresh_from_db()
    assert invoice.supplier == old
    told = job.outcomes.get(code="other_record")
    assert (told.kind, told.local_id) == ("warning", new.pk)
    assert old.name in told.message


def test_the_same_vendor_made_again_is_the_same_supplier(imported: Connection, portal_sandbox: Any) -> None:
    old = supplier_of(imported, "V00003")
    _made_again(portal_sandbox, "V00003", old.name.upper())
    run_import(imported, "suppliers")
    assert supplier_of(imported, "V00003") == old
    assert not Outcome.objects.filter(code="other_record").exists()


def test_one_that_was_merged_into_another_is_archived_and_keeps_its_invoices(
    imported: Connection, portal_sandbox: Any
) -> None:
    merged, kept = supplier_of(imported, "V00003"), supplier_of(imported, "V00004")
    invoice = factories.invoice(merged.company, supplier=merged)
    act(portal_sandbox, "delete_record", object="VENDOR", key="V00003")
    run_import(imported, "suppliers", is_full=True)
    for row in (merged, kept, invoice):
        row.refresh_from_db()
    assert (merged.is_active, kept.is_active, invoice.supplier) == (False, True, merged)


def test_a_supplier_of_that_code_entered_by_hand_is_not_taken_over(imported: Connection, portal_sandbox: Any) -> None:
    supplier = supplier_of(imported, "V00001")
    by_hand = factories.supplier(supplier.company, "V77001", name="By Hand")
    rename(portal_sandbox, V00001="V77001")
    (job,) = run_import(imported, "suppliers", is_full=True)
    supplier.refresh_from_db()
    by_hand.refresh_from_db()
    assert [supplier.code, by_hand.code, by_hand.is_imported] == ["V00001", "V77001", False]
    told = job.outcomes.get(code="taken_code")
    assert told.advice == "Give supplier V77001 here another code, then import again."
    Supplier.objects.filter(pk=by_hand.pk).update(code="H1")
    run_import(imported, "suppliers", is_full=True)
    supplier.refresh_from_db()
    assert supplier.code == "V77001"
