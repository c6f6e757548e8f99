"""Codes there that nobody here can tell apart: both are imported, the second one with a warning that names both."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.models import Connection, ImportProblem, Outcome
from organization.folding import fold
from suppliers.models import Supplier
from tests.integrations.importing import act, backdate, company_of, run_import

ADVICE = "If both are one, make one inactive in Sage Intacct. Otherwise rename one of the two there, so that"


@pytest.fixture
def imported(intacct: Connection, portal_sandbox: Any) -> Connection:
    run_import(intacct, "suppliers")
    backdate(portal_sandbox, "VENDOR")
    return intacct


def vendor(sandbox: Any, code: str, name: str) -> None:
    act(sandbox, "create_record", object="VENDOR", fields={"VENDORID": code, "NAME": name})


def _open() -> list[tuple[str, str]]:
    return list(ImportProblem.objects.open().filter(code="look_alike").values_list("record_key", "message"))


@pytest.mark.parametrize("code", ["DU–0I1", "ＤＵ-０I1", "du-0i1"], ids=["dash", "full width", "case"])
def test_the_second_of_two_codes_that_look_the_same_is_warned_of(
    imported: Connection, portal_sandbox: Any, code: str
) -> None:
    vendor(portal_sandbox, "DU-0I1", "Dunham Ltd")
    assert run_import(imported, "suppliers")[0].warnings == 0
    vendor(portal_sandbox, code, "Dunham Limited")
    job = run_import(imported, "suppliers")[0]
    assert (job.created, job.warnings) == (1, 1)
    told = Outcome.objects.get(job=job, kind="warning")
    assert told.message == f"Its code {code} looks the same as DU-0I1, the code of Dunham Ltd."
    assert told.advice.startswith(ADVICE)
    assert _open() == [(code, told.message)]
    assert Supplier.objects.filter(company=company_of(imported), code_folded=fold(code)).count() == 2


def test_it_stays_open_until_one_is_renamed_or_inactive(imported: Connection, portal_sandbox: Any) -> None:
    vendor(portal_sandbox, "DU-0I1", "Dunham Ltd")
    vendor(portal_sandbox, "DU–0I1", "Dunham Limited")
    assert run_import(imported, "suppliers")[0].warnings == 1, "both in one page"
    for is_full in (False, True):
        run_import(imported, "suppliers", is_full=is_full)
        assert Outcome.objects.filter(code="look_alike").count() == 1, "told once"
        assert len(_open()) == 1
    act(portal_sandbox, "update_record", object="VENDOR", key="DU–0I1", fields={"STATUS": "inactive"})
    run_import(imported, "suppliers")
    assert _open() == []


def test_the_same_code_in_another_company_is_no_look_alike(imported: Connection, portal_sandbox: Any) -> None:
    other = company_of(imported).account.companies.create(name="Another Ltd")
    Supplier.objects.create(company=other, code="DU-0I1", name="Dunham Ltd")
    vendor(portal_sandbox, "DU–0I1", "Dunham Limited")
    assert run_import(imported, "suppliers")[0].warnings == 0
    Supplier.objects.create(company=company_of(imported), code="DV-0I1", name="Entered by hand")
    vendor(portal_sandbox, "dv-0i1", "Dunham Limited")
    assert run_import(imported, "suppliers")[0].warnings == 1


def test_a_code_with_an_invisible_character_is_not_imported(imported: Connection, portal_sandbox: Any) -> None:
    vendor(portal_sandbox, "DU-0\u00adI1", "Dunham Ltd")
    job = run_import(imported, "suppliers")[0]
    assert job.failed == 1
    assert "SOFT HYPHEN" in Outcome.objects.get(job=job, kind="failed").message


def test_every_list_with_codes_is_looked_at(intacct: Connection, portal_sandbox: Any) -> None:
    department = {"DEPARTMENTID": "９００", "TITLE": "Twin", "STATUS": "active"}
    act(portal_sandbox, "create_record", object="DEPARTMENT", fields=department | {"DEPARTMENTID": "900"})
    act(portal_sandbox, "create_record", object="DEPARTMENT", fields=department)
    jobs = run_import(intacct, "department", "gl_codes", "tax_codes")
    assert [key for key, _ in _open()] == ["９００"]
    assert sum(Outcome.objects.filter(job=job, code="look_alike").count() for job in jobs) == 1
