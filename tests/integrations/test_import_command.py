"""`manage.py intacct_import`"""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests import factories
from tests.integrations.importing import act, connected


@pytest.fixture
def intacct(transactional_db: None, portal_sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    from integrations import runner
    from integrations.sage_intacct.gateway import redis_client

    redis_client().flushdb()
    monkeypatch.setattr(runner, "wake", lambda job_id, *, trigger: None)
    return connected(factories.account(name="Acme"))


def _run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("intacct_import", *arguments, stdout=out)
    return out.getvalue()


def test_imports_what_is_named_and_answers_in_json(intacct: Any) -> None:
    answer = json.loads(_run("--account", "acme", "--data-set", "terms", "--data-set", "suppliers", "--json"))
    assert [(job["data_set"], job["status"], job["company"]) for job in answer] == [
        ("terms", "succeeded", None),
        ("suppliers", "partial", "Northwind Manufacturing Ltd"),
    ]
    assert answer[1]["created"] == 176


def test_says_in_a_line_per_data_set_how_it_ended(intacct: Any) -> None:
    assert "Import Terms: Completed." in _run("--data-set", "terms")
    assert "created" not in _run("--data-set", "terms")


def test_says_what_is_still_open_as_mails_and_pages_do(intacct: Any) -> None:
    first = _run("--data-set", "suppliers")
    again = _run("--data-set", "suppliers")
    for out in (first, again):
        assert out.splitlines()[-1].startswith("Still open: 5 suppliers not imported, ")
    assert first.splitlines()[-1] == again.splitlines()[-1], "though nothing had changed"
    assert "Still open" not in _run("--data-set", "terms"), "of other data"
    assert "Still open" not in _run("--data-set", "suppliers", "--preview")
    (told,) = json.loads(_run("--data-set", "suppliers", "--json"))
    assert told["still_open"][0] == "5 suppliers not imported"


def test_waits_for_a_worker_that_is_at_it(intacct: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from integrations import runner
    from integrations.management import waiting
    from integrations.models import JobStatus
    from integrations.services import jobs

    held = runner.claim_group(jobs.start_imports(intacct, data_sets=["terms"])[0].pk)[0]

    def end_it(seconds: float) -> None:
        runner.finish(held, JobStatus.SUCCEEDED)

    monkeypatch.setattr(waiting, "sleep", end_it)
    *lines, _ = _run("--data-set", "terms", "--data-set", "suppliers").splitlines()
    assert [line.split(".")[0] for line in lines] == [
        "Import Terms: Completed",
        "Import Suppliers for Northwind Manufacturing Ltd: Completed with problems",
    ]


def test_refuses_what_it_cannot_do_in_words(intacct: Any, portal_sandbox: Any) -> None:
    with pytest.raises(CommandError, match="Connected accounts: Acme"):
        _run("--account", "Nobody")
    with pytest.raises(CommandError, match="no company called Nobody"):
        _run("--company", "Nobody")
    _run("--data-set", "terms")
    act(portal_sandbox, "set_permission", object="APTERM", operation="read", allowed="false")
    with pytest.raises(CommandError, match="failed as a whole"):
        _run("--data-set", "terms")
