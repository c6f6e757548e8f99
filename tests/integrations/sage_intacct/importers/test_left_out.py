"""Data sets that a company does not use, may not read, or does not want."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail

from integrations.errors import ConfigurationError
from integrations.models import Connection, ImportProblem, JobStatus
from integrations.services import connections, jobs
from organization.models import AuditEntry
from tests import factories
from tests.integrations.importing import act, run_import

# What the role of the guide does not grant: it has Company, General Ledger and Accounts Payable.
OUTSIDE = {"project": "PROJECT", "task": "TASK", "customer": "CUSTOMER", "item": "ITEM", "tax_codes": "TAXDETAIL"}

# The company calls Project "Job"; the page of its roles does not.
MAY_NOT = "The Sage Intacct user may not read Job records, which its permissions call Projects."


@pytest.fixture
def guided(intacct: Connection, portal_sandbox: Any) -> Connection:
    """A user with exactly the role of the guide."""
    for name in (*OUTSIDE.values(), "REGION"):
        act(portal_sandbox, "set_permission", object=name, operation="read", allowed="false")
    return intacct


def test_the_role_of_the_guide_makes_no_run_red(guided: Connection) -> None:
    factories.owner(guided.account)
    for _ in range(2):
        ended = {job.data_set: job for job in run_import(guided)}
        assert {key for key, job in ended.items() if job.status == JobStatus.LEFT_OUT} == {*OUTSIDE, "user_defined"}
        assert {job.status for key, job in ended.items() if key not in {*OUTSIDE, "user_defined"}} <= {
            JobStatus.SUCCEEDED,
            JobStatus.PARTIAL,
        }
    assert ended["project"].message.startswith(f"Job records are left out. {MAY_NOT}")
    assert "Company > Admin > Roles" in ended["project"].advice
    assert "List and View for Projects under Projects Permissions" in ended["project"].advice
    assert not ImportProblem.objects.filter(kind=ImportProblem.Kind.NOT_READ).exists()
    told = [message.subject for message in mail.outbox if "left out" in message.subject]
    assert len(told) == len(OUTSIDE) + 1, "once, not with every run"
    assert jobs.left_out_there(guided) == {*OUTSIDE, "user_defined"}


def test_each_data_set_that_cannot_be_read_any_more_is_a_problem_of_its_own(
    intacct: Connection, portal_sandbox: Any
) -> None:
    run_import(intacct, "project")
    run_import(intacct, "customer")
    for name in ("PROJECT", "CUSTOMER"):
        act(portal_sandbox, "set_permission", object=name, operation="read", allowed="false")
    ended = [run_import(intacct, data_set)[0].status for data_set in ("project", "customer") * 2]
    assert ended == [JobStatus.FAILED] * 4
    assert {problem.data_set for problem in ImportProblem.objects.open()} == {"project", "customer"}
    assert ImportProblem.objects.open().count() == 2


def test_what_could_be_read_before_and_no_longer_can_is_a_problem_until_it_can_again(
    intacct: Connection, portal_sandbox: Any
) -> None:
    factories.owner(intacct.account)
    run_import(intacct, "project")
    act(portal_sandbox, "set_permission", object="PROJECT", operation="read", allowed="false")
    mail.outbox.clear()
    for _ in range(2):
        assert run_import(intacct, "project")[0].status == JobStatus.FAILED
    problem = ImportProblem.objects.open().get()
    assert (problem.kind, problem.data_set, problem.code) == ("not_read", "project", "permission_missing")
    assert "List and View for Projects" in problem.advice
    assert "Job records cannot be read any more" in mail.outbox[-1].body
    assert f"\n- Job: {MAY_NOT}" in mail.outbox[-1].body
    act(portal_sandbox, "set_permission", object="PROJECT", operation="read", allowed="true")
    assert run_import(intacct, "project")[0].status == JobStatus.SUCCEEDED
    assert not ImportProblem.objects.open().exists()


@pytest.mark.parametrize(("data_set", "object_name"), [("suppliers", "VENDOR"), ("gl_codes", "GLACCOUNT")])
def test_suppliers_and_general_ledgers_are_never_left_out(
    intacct: Connection, portal_sandbox: Any, data_set: str, object_name: str
) -> None:
    act(portal_sandbox, "set_permission", object=object_name, operation="read", allowed="false")
    assert run_import(intacct, data_set)[0].status == JobStatus.FAILED
    assert ImportProblem.objects.open().get().kind == "not_read"


def test_account_owners_choose_what_is_imported(intacct: Connection) -> None:
    owner = factories.owner(intacct.account)
    run_import(intacct, "department")
    connections.choose_data_sets(intacct, left_out=["department", "item"], by=owner)
    started = jobs.start_imports(intacct)
    assert {"department", "item"}.isdisjoint({job.data_set for job in started})
    assert {"suppliers", "project"} <= {job.data_set for job in started}
    with pytest.raises(ConfigurationError, match="has left them out"):
        jobs.start_imports(intacct, data_sets=["department"])
    assert AuditEntry.objects.get(action="integration.data_sets_chosen").actor_id == owner.pk
    assert intacct.jobs.get(data_set="integration.data_sets_chosen").message == "Left out: Departments, Items"
