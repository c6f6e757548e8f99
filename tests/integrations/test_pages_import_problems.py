"""Open import problems where people see them, and who may put one aside."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection as database
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from integrations.mail import still_open
from integrations.models import Connection, ImportProblem
from organization.models import AuditEntry, User
from tests import factories
from tests.integrations.importing import company_of, connected

pytestmark = pytest.mark.django_db

LIST = reverse("integrations:import_problems", args=["sage_intacct"])
PUT_ASIDE = reverse("integrations:problems_put_aside", args=["sage_intacct"])
TAKE_UP = reverse("integrations:problems_take_up", args=["sage_intacct"])
FIX = "Remove the character from the name in Sage Intacct, then import again."


@pytest.fixture
def connection() -> Connection:
    return connected(entities=("100", "200"))


@pytest.fixture
def owner(connection: Connection) -> User:
    return factories.owner(connection.account)


@pytest.fixture
def page(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def problem(connection: Connection, number: int = 1, **facts: Any) -> ImportProblem:
    facts = {
        "company": company_of(connection),
        "data_set": "suppliers",
        "object_type": "VENDOR",
        "kind": "failed",
        "code": "invalid_character",
        "message": f"The name of vendor {number} holds a character that cannot be imported.",
        "advice": FIX,
    } | facts
    key = f"V{number:05}"
    return ImportProblem.objects.create(
        connection=connection, remote_id=str(number), record_key=key, record_name=f"Vendor {number}", **facts
    )


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_what_is_here_can_be_opened_where_it_is_fixed(page: Client, connection: Connection) -> None:
    supplier = factories.supplier(company_of(connection))
    problem(connection, 1, kind="warning", local_id=supplier.pk)
    problem(connection, 2)
    problem(connection, 3, data_set="long_gone", local_id=supplier.pk)
    shown = text(page.get(LIST))
    assert f'<a href="{reverse("suppliers:supplier_edit", args=[supplier.pk])}">V00001</a>' in shown
    assert shown.count('">V0000') == 1, "what was not imported is nowhere to be opened"


def test_data_that_cannot_be_read_are_not_counted_as_one(page: Client, connection: Connection) -> None:
    problem(connection, kind="not_read", data_set="suppliers")
    for address in ("/accounts-payable/", "/control-panel/sage-intacct-settings/"):
        shown = text(page.get(address))
        assert "Suppliers cannot be read any more" in shown
        assert '<span class="badge error">Error</span> <a href' in shown, address


def test_it_is_listed_with_reason_and_fix(page: Client, connection: Connection) -> None:
    problem(connection)
    shown = text(page.get(LIST))
    assert "V00001" in shown
    assert "The name of vendor 1 holds a character that cannot be imported." in shown
    assert FIX in shown
    assert "Still open: 1 supplier not imported" in shown


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("integrations:sage_intacct_settings", id="settings"),
        pytest.param("suppliers:supplier_list", id="list"),
        pytest.param("invoices:home", id="accounts payable home"),
    ],
)
def test_it_is_counted_with_a_way_there(page: Client, connection: Connection, name: str) -> None:
    problem(connection)
    problem(connection, 2)
    shown = text(page.get(reverse(name)))
    assert "2 suppliers not imported" in shown
    assert f"{LIST}?data_set=suppliers&amp;kind=failed" in shown


def test_every_place_counts_what_has_to_be_fixed(page: Client, connection: Connection) -> None:
    """One vendor that fails in two companies, and one with two warnings."""
    failed = "1 supplier not imported in 2 companies"
    for entity in ("100", "200"):
        problem(connection, company=company_of(connection, entity))
    for code in ("missing_currency", "missing_terms"):
        problem(connection, 2, kind="warning", code=code)
    shown = page.get(LIST)
    assert len(shown.context["table"].rows) == 4
    assert f"Still open: {failed}, 2 warnings about suppliers" in text(shown)
    for kind in ("failed", "warning"):
        assert len(page.get(f"{LIST}?data_set=suppliers&kind={kind}").context["table"].rows) == 2
    for name in ("integrations:sage_intacct_settings", "suppliers:supplier_list", "invoices:home"):
        page_shown = text(page.get(reverse(name)))
        assert failed in page_shown, name
        assert page_shown.count("1 supplier not imported") == 1, name
        assert "2 warnings about suppliers" in page_shown, name
    mailed = still_open(connection, ImportProblem.objects.open())
    assert mailed["still_open"] == f"{failed}, 2 warnings about suppliers"
    for name in ("html", "txt"):
        sent = " ".join(render_to_string(f"integrations/mail/still_open.{name}", mailed).split())
        for company in ("Northwind Manufacturing Ltd", "Harbor Retail Inc"):
            assert f"({company}): The name of vendor 1 holds a character" in sent


def test_a_list_says_nothing_of_other_data(page: Client, connection: Connection) -> None:
    problem(connection)
    assert "not imported" not in text(page.get(reverse("ledger:glcode_list")))


def test_it_is_put_aside_with_a_reason_and_taken_up_again(page: Client, connection: Connection, owner: User) -> None:
    mine, other = problem(connection), problem(connection, 2)
    answer = page.post(PUT_ASIDE, {"selected": [mine.pk], "reason": ""}, follow=True)
    assert "no reason was given" in text(answer)
    assert ImportProblem.objects.open().count() == 2
    page.post(PUT_ASIDE, {"selected": [mine.pk, "x"], "reason": "Not used any more"})
    assert list(ImportProblem.objects.open()) == [other]
    shown = text(page.get(f"{LIST}?state=put_aside"))
    assert f"Put aside by {owner}" in shown
    assert "Not used any more" in shown
    assert "V00002" not in shown
    page.post(TAKE_UP, {"selected": [mine.pk]})
    assert ImportProblem.objects.open().count() == 2
    told = list(AuditEntry.objects.filter(action__startswith="import_problem").order_by("pk"))
    assert [(entry.action, entry.reason) for entry in told] == [
        ("import_problem.put_aside", "Not used any more"),
        ("import_problem.reopened", ""),
    ]


def test_it_is_found_by_words_data_and_kind(page: Client, connection: Connection) -> None:
    problem(connection)
    problem(connection, 2, company=None, data_set="project", object_type="PROJECT", kind="warning")
    assert "V00002" not in text(page.get(LIST, {"q": "vendor 1"}))
    assert "V00001" not in text(page.get(LIST, {"data_set": "project"}))
    assert "V00001" not in text(page.get(LIST, {"kind": "warning"}))
    assert "V00002" not in text(page.get(LIST, {"company": company_of(connection).pk}))


def test_an_outsider_sees_none_and_puts_none_aside(client: Client, connection: Connection) -> None:
    theirs = problem(connection)
    elsewhere = connected()
    client.force_login(factories.owner(elsewhere.account))
    assert "V00001" not in text(client.get(LIST))
    client.post(PUT_ASIDE, {"selected": [theirs.pk], "reason": "Mine"})
    assert ImportProblem.objects.open().count() == 1


def test_a_colleague_settles_those_of_their_own_companies(client: Client, connection: Connection) -> None:
    colleague = factories.user(connection.account, "System Admin")
    colleague.companies.set([company_of(connection, "200")])
    hidden, seen = problem(connection), problem(connection, 2, company=company_of(connection, "200"))
    client.force_login(colleague)
    shown = text(client.get(LIST))
    assert "V00002" in shown
    assert "V00001" not in shown
    client.post(PUT_ASIDE, {"selected": [hidden.pk, seen.pk], "reason": "Checked"})
    assert list(ImportProblem.objects.open()) == [hidden]


def test_who_does_not_keep_the_data_has_no_such_page(client: Client, connection: Connection) -> None:
    client.force_login(factories.user(connection.account, "Accounts Payable"))
    answer = client.get(LIST)
    assert answer.status_code == client.post(PUT_ASIDE, {"reason": "x"}).status_code
    assert answer.status_code in (403, 404)


def test_queries_do_not_grow_with_rows(page: Client, connection: Connection) -> None:
    def queries(count: int) -> int:
        for _ in range(count):
            problem(connection, ImportProblem.objects.count() + 1)
        with CaptureQueriesContext(database) as captured:
            page.get(LIST)
        return len(captured)

    page.get(LIST)
    assert queries(10) == queries(10)


def test_the_owner_chooses_what_is_imported(page: Client, connection: Connection) -> None:
    settings = reverse("integrations:sage_intacct_settings")
    assert "Departments – Company &gt; Departments" in text(page.get(settings))
    problem(connection, data_set="item", object_type="ITEM", company=None)
    kept = ["currencies", "terms", "department"]
    page.post(reverse("integrations:choose_data_sets", args=["sage_intacct"]), {"chosen": kept})
    connection.refresh_from_db()
    assert {"item", "project", "tax_codes"} <= set(connection.data_sets_left_out)
    assert {*kept, "suppliers", "gl_codes"}.isdisjoint(connection.data_sets_left_out)
    assert not ImportProblem.objects.open().exists()
    page.post(reverse("integrations:choose_data_sets", args=["sage_intacct"]), {"chosen": ["nonsense"]})
    connection.refresh_from_db()
    assert "department" not in connection.data_sets_left_out


def test_only_owners_choose(client: Client, connection: Connection) -> None:
    client.force_login(factories.user(connection.account, "System Admin"))
    client.post(reverse("integrations:choose_data_sets", args=["sage_intacct"]), {"chosen": []})
    connection.refresh_from_db()
    assert connection.data_sets_left_out == []


def test_the_preparation_names_the_permission_of_each(page: Client, connection: Connection) -> None:
    shown = text(page.get(reverse("integrations:sage_intacct_settings")))
    assert "General Ledgers (General Ledger &gt; Accounts) and Suppliers (Accounts Payable &gt; Vendors)" in shown
    assert "Taxes: Taxes &gt; Tax details" in shown
