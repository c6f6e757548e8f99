"""Problems of imports stand until they are mended there or here, are gone there, or somebody puts them aside."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from integrations.errors import ConfigurationError
from integrations.models import Connection, ExternalRecord, ImportProblem, JobStatus
from integrations.runner import ClaimLost
from integrations.sage_intacct.importers import reading, writing
from integrations.services import import_problems
from ledger.models import Currency, DimensionValue, Terms
from organization.models import AuditEntry
from suppliers.forms import SupplierForm
from suppliers.models import Supplier
from tests import factories
from tests.integrations.importing import act, backdate, company_of, run_import, set_past_the_rules
from tests.organization.bringing import apply

NOT_IMPORTED = 5
FAILED, WARNING = ImportProblem.Kind.FAILED, ImportProblem.Kind.WARNING


@pytest.fixture
def imported(intacct: Connection, portal_sandbox: Any) -> Connection:
    run_import(intacct, "currencies", "terms")
    run_import(intacct, "suppliers")
    backdate(portal_sandbox, "VENDOR")
    return intacct


def _open(**narrowed: Any) -> list[tuple[str, str]]:
    return list(ImportProblem.objects.open().filter(**narrowed).values_list("record_key", "code"))


def _save(supplier: Supplier, connection: Connection, **values: Any) -> None:
    """As the form of the page does."""
    by = factories.owner(connection.account)
    held = {name: SupplierForm(instance=supplier, user=by).initial.get(name) for name in SupplierForm.Meta.fields}
    data = held | {name: getattr(value, "pk", value) for name, value in values.items()}
    form = SupplierForm({key: value for key, value in data.items() if value is not None}, instance=supplier, user=by)
    assert form.is_valid(), form.errors
    form.save()


def test_a_run_without_changes_hides_none(imported: Connection) -> None:
    before = _open()
    assert len([code for _, code in before if code == "invalid_character"]) == NOT_IMPORTED
    assert ("V00034", "missing_terms") in before
    job = run_import(imported, "suppliers")[0]
    assert (job.status, job.done) == (JobStatus.SUCCEEDED, 0)
    assert _open() == before
    full = run_import(imported, "suppliers", is_full=True)[0]
    assert full.failed == NOT_IMPORTED
    assert _open() == before
    assert ImportProblem.objects.count() == len(before), "the same rows, seen again"


def test_each_says_why_and_what_to_do(imported: Connection) -> None:
    problem = ImportProblem.objects.get(record_key="V00021")
    assert (problem.kind, problem.data_set, problem.company) == (FAILED, "suppliers", company_of(imported))
    assert "U+200B ZERO WIDTH SPACE" in problem.message
    assert problem.advice == "Remove the character from the name in Sage Intacct, then import again."


@pytest.mark.parametrize("is_full", [False, True])
def test_what_is_mended_there_is_closed_by_the_next_import(
    imported: Connection, portal_sandbox: Any, is_full: bool
) -> None:
    before = _open()
    act(portal_sandbox, "update_record", object="VENDOR", key="V00021", fields={"NAME": "Without it"})
    run_import(imported, "suppliers", is_full=is_full)
    assert _open() == [each for each in before if each[0] != "V00021"]
    closed = ImportProblem.objects.get(record_key="V00021")
    assert closed.closed_why == "A later import brought the record without this problem."


def test_a_record_that_is_put_back_as_it_was_has_no_problem_any_more(imported: Connection, portal_sandbox: Any) -> None:
    """It is the same as what is held here, and so it is not even written."""
    set_past_the_rules(portal_sandbox, "VENDOR", "V00001", NAME="Zero\u200bWidth")
    run_import(imported, "suppliers", is_full=True)
    assert _open(record_key="V00001") == [("V00001", "invalid_character")]
    name = company_of(imported).suppliers.get(code="V00001").name
    set_past_the_rules(portal_sandbox, "VENDOR", "V00001", NAME=name)
    job = run_import(imported, "suppliers", is_full=True)[0]
    assert (job.updated, _open(record_key="V00001")) == (0, [])


def test_a_record_that_fails_keeps_its_warnings_and_changes_its_failure(
    imported: Connection, portal_sandbox: Any
) -> None:
    set_past_the_rules(portal_sandbox, "VENDOR", "V00034", NAME="Zero\u200bWidth")
    run_import(imported, "suppliers", is_full=True)
    codes = ["invalid_character", "missing_currency", "missing_terms"]
    assert [code for _, code in _open(record_key="V00034")] == codes
    set_past_the_rules(portal_sandbox, "VENDOR", "V00034", NAME="")
    run_import(imported, "suppliers", is_full=True)
    assert [code for _, code in _open(remote_id=ImportProblem.objects.filter(record_key="V00034")[0].remote_id)] == [
        "empty",
        "missing_currency",
        "missing_terms",
    ]


def test_a_currency_or_terms_set_up_here_close_their_warnings_at_once(intacct: Connection) -> None:
    run_import(intacct, "suppliers")
    supplier = company_of(intacct).suppliers.get(code="V00035")
    assert {code for _, code in _open(record_key="V00035")} == {"missing_currency", "missing_terms"}
    factories.currency(intacct.account, "XBT")
    supplier.refresh_from_db()
    assert supplier.currency.code == "XBT"
    assert "currency_id" in supplier.imported_fields
    assert _open(record_key="V00035") == [("V00035", "missing_terms")]
    factories.terms(intacct.account, "quarterly 4TH")
    assert _open(record_key="V00035") == []
    closed = ImportProblem.objects.get(record_key="V00035", code="missing_currency")
    assert closed.closed_why == "The currency was set up in Planergy."
    assert len(_open(code="missing_currency")) > 100, "the others still wait for theirs"


@pytest.mark.parametrize("is_full", [False, True])
@pytest.mark.parametrize("key", ["V00021", "V00034"])
def test_what_is_gone_there_has_no_problem(imported: Connection, portal_sandbox: Any, key: str, is_full: bool) -> None:
    """Never imported, or imported with a warning."""
    before = _open()
    act(portal_sandbox, "delete_record", object="VENDOR", key=key)
    run_import(imported, "suppliers", is_full=is_full)
    assert _open() == [each for each in before if each[0] != key]
    assert ImportProblem.objects.filter(record_key=key)[0].closed_why == "The record is no longer in Sage Intacct."


def test_without_the_audit_trail_what_is_gone_has_no_problem_either(imported: Connection, portal_sandbox: Any) -> None:
    act(portal_sandbox, "set_permission", object="AUDITHISTORY", operation="read", allowed="false")
    run_import(imported, "suppliers")
    before = _open()
    act(portal_sandbox, "delete_record", object="VENDOR", key="V00021")
    run_import(imported, "suppliers")
    assert _open() == [each for each in before if each[0] != "V00021"]


def test_a_deleted_vendor_that_came_back_wrong_again_keeps_its_problem(
    imported: Connection, portal_sandbox: Any
) -> None:
    act(portal_sandbox, "delete_record", object="VENDOR", key="V00021")
    act(portal_sandbox, "create_record", object="VENDOR", fields={"VENDORID": "V00021", "NAME": "Same"})
    set_past_the_rules(portal_sandbox, "VENDOR", "V00021", NAME="Zero\u200bWidth")
    run_import(imported, "suppliers")
    assert _open(record_key="V00021") == [("V00021", "invalid_character")]


def test_a_parent_that_is_missing_stands_until_it_comes(intacct: Connection, portal_sandbox: Any) -> None:
    fields = {"DEPARTMENTID": "901", "TITLE": "Child", "STATUS": "active"}
    act(portal_sandbox, "create_record", object="DEPARTMENT", fields=fields)
    set_past_the_rules(portal_sandbox, "DEPARTMENT", "901", PARENTID="999")
    run_import(intacct, "department")
    first = ImportProblem.objects.get(code="missing_parent")
    run_import(intacct, "department", is_full=True)
    assert ImportProblem.objects.get(code="missing_parent").first_seen_at == first.first_seen_at
    parent = {"DEPARTMENTID": "999", "TITLE": "Parent", "STATUS": "active"}
    act(portal_sandbox, "create_record", object="DEPARTMENT", fields=parent)
    run_import(intacct, "department")
    assert _open() == []


def test_a_preview_keeps_none_and_closes_none(imported: Connection, portal_sandbox: Any) -> None:
    before = list(ImportProblem.objects.values())
    act(portal_sandbox, "update_record", object="VENDOR", key="V00021", fields={"NAME": "Without it"})
    act(portal_sandbox, "delete_record", object="VENDOR", key="V00034")
    set_past_the_rules(portal_sandbox, "VENDOR", "V00001", NAME="Zero\u200bWidth")
    run_import(imported, "suppliers", is_full=True, is_preview=True)
    run_import(imported, "suppliers", is_preview=True)
    assert list(ImportProblem.objects.values()) == before


def test_a_page_that_is_lost_leaves_no_problem_behind(intacct: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*args: Any, **kwargs: Any) -> bool:
        raise ClaimLost

    monkeypatch.setattr(writing, "add_progress", lost)
    run_import(intacct, "suppliers")
    assert not ImportProblem.objects.exists()
    assert not company_of(intacct).suppliers.exists()


def test_open_problems_cost_no_statement_more_a_page(imported: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    def statements(page_size: int) -> int:
        monkeypatch.setattr(reading, "PAGE_SIZE", page_size)
        with CaptureQueriesContext(database) as queries:
            job = run_import(imported, "suppliers", is_full=True)[0]
        mine = [q for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))]
        return len(mine) + job.exchanges.count()

    few, many = statements(50), statements(5)
    assert (many - few) / (37 - 4) <= 5


def test_put_aside_with_a_reason_until_something_else_is_wrong(imported: Connection, portal_sandbox: Any) -> None:
    owner = factories.owner(imported.account)
    problem = ImportProblem.objects.get(record_key="V00021")
    with pytest.raises(ConfigurationError, match="no reason was given"):
        import_problems.put_aside(imported, [problem.pk], reason="  ", by=owner)
    assert import_problems.put_aside(imported, [problem.pk], reason="Not used any more", by=owner) == 1
    entry = AuditEntry.objects.get(action="import_problem.put_aside")
    assert (entry.actor_id, entry.reason) == (owner.pk, "Not used any more")
    run_import(imported, "suppliers", is_full=True)
    problem.refresh_from_db()
    assert (problem.put_aside_by, problem.put_aside_reason) == (owner, "Not used any more")
    assert ("V00021", "invalid_character") not in _open()
    set_past_the_rules(portal_sandbox, "VENDOR", "V00021", NAME="Another\u200bone")
    run_import(imported, "suppliers", is_full=True)
    assert ("V00021", "invalid_character") in _open()


def test_every_mail_says_what_is_still_open_with_reason_and_fix(imported: Connection) -> None:
    factories.owner(imported.account)
    mail.outbox.clear()
    run_import(imported, "suppliers")
    message = mail.outbox[0]
    assert "Still open: 5 suppliers not imported, 4 warnings about suppliers" in message.body
    assert "U+200B ZERO WIDTH SPACE" in message.body
    assert "Remove the character from the name in Sage Intacct, then import again." in message.body
    assert "Still open: 5 suppliers not imported" in message.alternatives[0].content


@pytest.mark.parametrize("code", ["missing_currency", "missing_terms"])
def test_what_a_person_sets_on_the_supplier_is_no_problem_any_more(imported: Connection, code: str) -> None:
    """Also where it is read again; emptied here, it is one again."""
    field = {"missing_currency": "currency", "missing_terms": "terms"}[code]
    value = {"currency": Currency, "terms": Terms}[field].objects.filter(account=imported.account).first()
    supplier = company_of(imported).suppliers.get(code="V00034")
    assert ("V00034", code) in _open()
    _save(supplier, imported, **{field: value})
    assert ("V00034", code) not in _open()
    assert ImportProblem.objects.get(record_key="V00034", code=code).closed_why == "It was set by hand in Planergy."
    before = _open()
    for is_full in (False, True):
        preview = run_import(imported, "suppliers", is_full=is_full, is_preview=True)[0]
        job = run_import(imported, "suppliers", is_full=is_full)[0]
        assert _open() == before
        assert not preview.outcomes.filter(record_key="V00034", code=code).exists()
        assert not job.outcomes.filter(record_key="V00034", code=code).exists()
        assert job.warnings == preview.warnings == job.outcomes.filter(kind="warning").count()
    supplier.refresh_from_db()
    assert getattr(supplier, field) == value
    _save(supplier, imported, **{field: None})
    assert ("V00034", code) in _open()
    run_import(imported, "suppliers", is_full=True)
    assert ImportProblem.objects.filter(record_key="V00034", code=code).count() == 1


def test_an_email_address_set_here_ends_its_warning(imported: Connection, portal_sandbox: Any) -> None:
    set_past_the_rules(portal_sandbox, "VENDOR", "V00034", **{"DISPLAYCONTACT.EMAIL1": "none at all"})
    run_import(imported, "suppliers", is_full=True)
    supplier = company_of(imported).suppliers.get(code="V00034")
    assert ("V00034", "invalid_email") in _open()
    _save(supplier, imported, email="here@example.com")
    run_import(imported, "suppliers", is_full=True)
    assert ("V00034", "invalid_email") not in _open()


def test_a_value_from_there_that_is_kept_stays_a_problem(imported: Connection, portal_sandbox: Any) -> None:
    """The vendor's currency becomes one that is not set up here: nobody here set the old one."""
    run_import(imported, "currencies")
    key = company_of(imported).suppliers.exclude(currency=None).values_list("code", flat=True)[0]
    set_past_the_rules(portal_sandbox, "VENDOR", key, CURRENCY="XBT")
    run_import(imported, "suppliers", is_full=True)
    problem = ImportProblem.objects.open().get(record_key=key)
    assert problem.code == "missing_currency"
    assert "was not set automatically" in problem.message
    supplier = company_of(imported).suppliers.get(code=key)
    supplier.save()
    assert _open(record_key=key) == [(key, "missing_currency")]


def test_a_parent_set_here_ends_the_warning_about_it(intacct: Connection, portal_sandbox: Any) -> None:
    fields = {"DEPARTMENTID": "901", "TITLE": "Child", "STATUS": "active"}
    act(portal_sandbox, "create_record", object="DEPARTMENT", fields=fields)
    set_past_the_rules(portal_sandbox, "DEPARTMENT", "901", PARENTID="999")
    run_import(intacct, "department")
    assert ImportProblem.objects.open().get().message == "Its parent 999 was not imported, so it stands without one."
    child = DimensionValue.objects.get(code="901")
    child.parent = DimensionValue.objects.filter(dimension=child.dimension).exclude(pk=child.pk)[0]
    child.save()
    assert _open() == []
    for is_full in (False, True):
        assert run_import(intacct, "department", is_full=is_full)[0].warnings == 0
        assert _open() == []


def test_what_comes_as_a_file_ends_warnings_as_a_page_does(imported: Connection, client: Client) -> None:
    client.force_login(factories.owner(imported.account))
    company, terms = company_of(imported), Terms.objects.filter(account=imported.account)[0]
    assert {code for _, code in _open(record_key="V00034")} == {"missing_currency", "missing_terms"}
    apply(client, "suppliers:supplier", f"company,code,terms\n{company.name},V00034,{terms.name}\n")
    assert _open(record_key="V00034") == [("V00034", "missing_currency")]
    record = ExternalRecord.objects.get(company=company, object_type="VENDOR", external_key="V00034")
    apply(client, "ledger:currency", f"code,name\n{record.attributes['missing']['currency_id']},Its own\n")
    assert _open(record_key="V00034") == []
