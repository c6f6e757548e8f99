"""One name for a data set everywhere: what their company calls it, once that was learnt."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from integrations.models import Connection, ImportProblem, ImportSchedule, Trigger
from integrations.services import jobs
from tests import factories
from tests.integrations.importing import act, run, run_import, set_past_the_rules

pytestmark = pytest.mark.django_db
SETTINGS = "/control-panel/sage-intacct-settings/"
LIST = reverse("integrations:import_problems", args=["sage_intacct"])


@pytest.fixture
def learnt(intacct: Connection) -> Connection:
    """This company calls its projects Job."""
    run_import(intacct, "project")
    return Connection.objects.get(pk=intacct.pk)


def test_a_page_a_mail_and_the_history_call_it_the_same(
    client: Client, learnt: Connection, portal_sandbox: Any
) -> None:
    client.force_login(factories.owner(learnt.account))
    key = portal_sandbox.company.table("PROJECT").as_dict(next(iter(portal_sandbox.company.table("PROJECT").scan()))[1])
    set_past_the_rules(portal_sandbox, "PROJECT", key["PROJECTID"], NAME="Zero\u200bWidth")
    ImportSchedule.objects.create(connection=learnt, data_set="project")
    started = jobs.start_imports(learnt, data_sets=("project",), trigger=Trigger.SCHEDULED, is_full=True)
    assert [job.title for job in started] == ["Import Job"], "before it is read again"
    mail.outbox.clear()
    run(started)
    sent = mail.outbox[0]
    assert "Import Job" in sent.subject
    assert "Still open: 1 Job record not imported" in sent.body
    for url in (SETTINGS, LIST, "/accounts-payable/", started[0].get_absolute_url()):
        shown = client.get(url).text
        assert "1 Job record not imported" in shown, url
        assert "Import Projects" not in shown, url
        assert "project not imported" not in shown, url
    assert "Job – Projects &gt; Projects" in client.get(SETTINGS).text, "the second is the place there"
    assert "Import of Job" in client.get(SETTINGS).text
    assert '<option value="project">Job</option>' in client.get(LIST).text


def test_what_may_not_be_read_any_more_is_called_so_too(
    client: Client, learnt: Connection, portal_sandbox: Any
) -> None:
    client.force_login(factories.owner(learnt.account))
    act(portal_sandbox, "set_permission", object="PROJECT", operation="read", allowed="false")
    run_import(learnt, "project")
    assert ImportProblem.objects.get().record_name == "Job"
    assert "Job records cannot be read any more" in client.get(SETTINGS).text


def test_an_ordinary_name_stays_as_it_is(learnt: Connection) -> None:
    assert set(learnt.own_names) == {"project"}
    run_import(learnt, "department")
    assert set(Connection.objects.get(pk=learnt.pk).own_names) == {"project"}


def test_what_was_never_read_is_called_so_too_and_after_synchronizing(
    client: Client, intacct: Connection, portal_sandbox: Any
) -> None:
    owner = factories.owner(intacct.account)
    client.force_login(owner)
    act(portal_sandbox, "set_permission", object="PROJECT", operation="read", allowed="false")
    job = run_import(intacct, "project")[0]
    assert (job.title, job.status) == ("Import Job", "left_out")
    assert job.message.startswith("Job records are left out.")
    run([jobs.start_synchronize(intacct, by=owner)])
    assert "Job – Projects &gt; Projects (left out: not granted)" in client.get(SETTINGS).text


def test_the_usual_name_comes_back(learnt: Connection, portal_sandbox: Any) -> None:
    del portal_sandbox.company.dimension_labels["PROJECT"]
    assert run_import(learnt, "project")[0].title == "Import Job", "as it was asked for"
    assert Connection.objects.get(pk=learnt.pk).own_names == {}
    assert run_import(Connection.objects.get(pk=learnt.pk), "project")[0].title == "Import Projects"
