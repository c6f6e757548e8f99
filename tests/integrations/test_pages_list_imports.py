from __future__ import annotations

from typing import Any

import pytest
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.urls import reverse

from integrations.models import Connection, Job
from integrations.views.list_imports import LIST_PAGES
from organization.models import User
from tests import factories
from tests.integrations.importing import company_of, connected

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _asleep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.runner.wake", lambda *args, **kwargs: None)


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


def import_url(list_name: str) -> str:
    return reverse("integrations:import_list", args=["sage_intacct", list_name])


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


@pytest.mark.parametrize("list_name", LIST_PAGES)
def test_every_list_has_its_button(page: Client, list_name: str) -> None:
    shown = text(page.get(reverse(LIST_PAGES[list_name])))
    assert "Import from Sage Intacct" in shown
    assert import_url(list_name) in shown


@pytest.mark.parametrize(("list_name", "is_asked"), [("gl_codes", True), ("suppliers", True), ("currencies", False)])
def test_a_company_is_asked_for_where_the_data_belongs_to_one(page: Client, list_name: str, is_asked: bool) -> None:
    shown = text(page.get(reverse(LIST_PAGES[list_name])))
    assert ("Company to import from" in shown) is is_asked


def test_one_company_is_not_asked_for(client: Client) -> None:
    alone = connected()
    client.force_login(factories.owner(alone.account))
    assert "Company to import from" not in text(client.get(reverse(LIST_PAGES["suppliers"])))


def test_imports_the_chosen_company(page: Client, connection: Connection) -> None:
    company = company_of(connection, "200")
    shown = text(page.post(import_url("gl_codes"), {"company": company.pk}, follow=True))
    assert "The import process has started." in shown
    assert [(job.data_set, job.company) for job in Job.objects.all()] == [("gl_codes", company)]


def test_imports_every_company_when_none_is_chosen(page: Client, connection: Connection) -> None:
    page.post(import_url("suppliers"))
    assert {job.company.name for job in Job.objects.select_related("company")} == {
        "Northwind Manufacturing Ltd",
        "Harbor Retail Inc",
    }


def test_another_accounts_company_cannot_be_chosen(page: Client) -> None:
    foreign = company_of(connected())
    assert page.post(import_url("suppliers"), {"company": foreign.pk}).status_code == 404
    assert not Job.objects.exists()


def test_a_company_that_the_person_does_not_work_in_cannot_be_chosen(client: Client, connection: Connection) -> None:
    limited = factories.user(connection.account, "System Admin")
    limited.companies.add(company_of(connection, "100"))
    client.force_login(limited)
    assert client.post(import_url("suppliers"), {"company": company_of(connection, "200").pk}).status_code == 404
    client.post(import_url("suppliers"))
    assert [job.company for job in Job.objects.all()] == [company_of(connection, "100")]


def test_who_only_looks_gets_no_button(client: Client, connection: Connection) -> None:
    client.force_login(factories.user(connection.account))
    assert "Import from Sage Intacct" not in text(client.get(reverse(LIST_PAGES["suppliers"])))


def test_an_unknown_list_does_not_exist(page: Client) -> None:
    assert page.post(import_url("invoices")).status_code == 404


def test_pressing_twice_runs_once_and_says_so(page: Client, owner: User) -> None:
    page.post(import_url("terms"))
    shown = text(page.post(import_url("terms"), follow=True))
    assert f"“Import Terms” was running already, started by {owner}." in shown
    assert Job.objects.count() == 1


def test_nobody_is_sent_to_a_run_that_is_not_theirs(page: Client, connection: Connection, owner: User) -> None:
    page.post(import_url("terms"), follow=True)
    page.force_login(factories.user(connection.account, "System Admin"))
    shown = text(page.post(import_url("terms"), follow=True))
    assert f"started by {owner}" in shown
    assert "See how it goes" not in shown
    job = Job.objects.get()
    assert page.get(job.get_absolute_url()).status_code == 404


def test_who_works_in_no_connected_company_is_told(client: Client, connection: Connection) -> None:
    limited = factories.user(connection.account, "System Admin")
    limited.companies.add(factories.company(connection.account, name="Not connected Ltd"))
    client.force_login(limited)
    shown = text(client.post(import_url("suppliers"), follow=True))
    assert "None of the companies that you work in is connected to Sage Intacct." in shown
    assert not Job.objects.exists()


def test_an_archived_company_is_imported_no_more(page: Client, connection: Connection) -> None:
    connection.account.companies.filter(pk=company_of(connection, "200").pk).update(is_active=False)
    page.post(import_url("suppliers"))
    assert [job.company for job in Job.objects.all()] == [company_of(connection, "100")]


def test_imported_rows_say_where_they_came_from(connection: Connection, owner: User) -> None:
    company = company_of(connection)
    request = RequestFactory().get("/")
    template = Template('{% slot "suppliers.record_origin" record=record %}')

    def shown(**fields: Any) -> str:
        return template.render(
            Context({"record": factories.supplier(company, **fields), "user": owner, "request": request})
        )

    assert "From Sage Intacct" in shown(is_imported=True)
    assert shown(is_imported=False) == ""


def test_the_page_of_an_imported_row_names_its_origin(page: Client, connection: Connection) -> None:
    imported = factories.supplier(company_of(connection), is_imported=True)
    own = factories.supplier(company_of(connection))
    assert "From Sage Intacct" in text(page.get(reverse("suppliers:supplier_edit", args=[imported.pk])))
    assert "From Sage Intacct" not in text(page.get(reverse("suppliers:supplier_edit", args=[own.pk])))
