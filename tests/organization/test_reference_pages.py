"""The pages of every resource: who may open them, what they refuse, and that they show nobody else's rows."""

import csv
import datetime as dt
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from invoices.rules import approval_rules
from ledger import resources as ledger_resources
from ledger.models import GLCode
from organization import resources as organization_resources
from organization.models import Company, User
from suppliers import resources as supplier_resources
from tests import factories
from tests.organization.bringing import bring, refused

pytestmark = pytest.mark.django_db
RESOURCES = [approval_rules, *organization_resources.ALL, *ledger_resources.ALL, *supplier_resources.ALL]


@pytest.fixture
def account():
    return factories.account()


@pytest.fixture
def owner(account, client):
    owner = factories.owner(account)
    client.force_login(owner)
    return owner


def url(resource, page, *args):
    return reverse(resource.url_name(page), args=args)


def make_rows(account, count=1):
    """One row of everything, `count` times, so that every list shows something."""
    company = factories.company(account)
    dimension = factories.dimension(account)
    for _ in range(count):
        gl_code = factories.gl_code(company)
        factories.supplier(company, default_gl_code=gl_code)
        factories.dimension_value(dimension)
        factories.department(account)
        factories.company(account)
        factories.user(account)
        rule = company.approval_rules.create(name=f"Rule {gl_code.code}", minimum_total=100)
        rule.steps.create(position=1, approver=factories.owner(account))
        factories.tax_code(account, f"Tax {gl_code.code}", company=company)
        factories.exchange_rate(account, date=dt.date(2030, 1, 1) + dt.timedelta(days=gl_code.pk))
    factories.currency(account)
    factories.terms(account)


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name)
class TestEveryResource:
    def test_shows_owners_the_list_and_the_forms(self, resource, account, owner, client):
        make_rows(account)
        record = resource.rows(owner).first()
        for page, args in (("list", ()), ("add", ()), ("edit", (record.pk,)), ("import", ()), ("export", ())):
            assert client.get(url(resource, page, *args)).status_code == 200, page

    def test_names_nothing_of_another_account(self, resource, account, owner, client):
        """In rows, filters and choices alike."""
        make_rows(account)
        stranger = factories.owner(factories.account())
        make_rows(stranger.account)
        stranger.role.name = "Role of strangers"
        stranger.role.save()
        foreign = {str(each) for other in RESOURCES for each in other.rows(stranger)}
        own = {str(each) for other in RESOURCES for each in other.rows(owner)}
        for page, args in (("list", ()), ("add", ()), ("edit", (resource.rows(owner).first().pk,))):
            shown = client.get(url(resource, page, *args)).content.decode()
            assert not [name for name in foreign - own if f">{name}<" in shown], page

    def test_does_not_exist_for_outsiders(self, resource, account, client):
        make_rows(account)
        record = resource.rows(factories.owner(account)).first()
        client.force_login(factories.owner())
        assert client.get(url(resource, "edit", record.pk)).status_code == 404
        assert client.post(url(resource, "archive", record.pk)).status_code == 404
        record.refresh_from_db()
        assert record.is_active

    def test_lets_reporters_change_nothing(self, resource, account, client):
        make_rows(account)
        record = resource.rows(factories.owner(account)).first()
        client.force_login(factories.user(account, "Reporter"))
        for page, args in (("add", ()), ("edit", (record.pk,)), ("import", ())):
            assert client.get(url(resource, page, *args)).status_code == 404, page
        assert client.post(url(resource, "archive", record.pk)).status_code == 404

    def test_archives_and_takes_back(self, resource, account, owner, client):
        make_rows(account)
        record = resource.rows(owner).exclude(pk=owner.pk if resource.model is User else 0).first()
        client.post(url(resource, "archive", record.pk))
        record.refresh_from_db()
        assert not record.is_active
        client.post(url(resource, "archive", record.pk))
        record.refresh_from_db()
        assert record.is_active

    def test_writes_the_rows_of_the_list_as_csv(self, resource, account, owner, client):
        make_rows(account)
        text = b"".join(client.get(url(resource, "export")).streaming_content).decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text)))
        assert len(rows) == resource.rows(owner).filter(is_active=True).count()
        assert list(rows[0]) == resource.columns

    def test_takes_its_own_csv_back_without_a_refusal(self, resource, account, owner, client):
        make_rows(account)
        content = b"".join(client.get(url(resource, "export")).streaming_content)
        before = resource.rows(owner).count()
        one = bring(client, f"{resource.app}:{resource.name}", content).context["one"]
        assert (refused(one), one.added, one.changed) == ({}, 0, 0)
        assert one.lines.count() == resource.rows(owner).filter(is_active=True).count()
        assert resource.rows(owner).count() == before

    def test_asks_no_more_of_the_database_for_more_rows(self, resource, account, owner, client):
        make_rows(account, 10)
        client.get(url(resource, "list"))
        with CaptureQueriesContext(connection) as few:
            client.get(url(resource, "list"))
        make_rows(account, 10)
        with CaptureQueriesContext(connection) as many:
            client.get(url(resource, "list"))
        assert len(many) == len(few)


def test_a_list_never_shows_another_accounts_rows(account, owner, client):
    mine, foreign = factories.supplier(factories.company(account)), factories.supplier(factories.company())
    page = client.get(reverse("suppliers:supplier_list")).content.decode()
    assert mine.name in page
    assert foreign.name not in page


def test_hides_archived_rows_until_asked_for(account, owner, client):
    archived = factories.supplier(factories.company(account), is_active=False)
    assert archived.name not in client.get(reverse("suppliers:supplier_list")).content.decode()
    assert archived.name in client.get(reverse("suppliers:supplier_list"), {"show": "archived"}).content.decode()


def test_refuses_a_gl_code_for_another_accounts_company(owner, client):
    foreign = factories.company()
    answer = client.post(
        reverse("ledger:glcode_add"),
        {"company": foreign.pk, "code": "6100", "name": "Office", "kind": "income_statement"},
    )
    assert answer.status_code == 422
    assert not GLCode.objects.filter(company=foreign).exists()


def test_refuses_the_same_company_name_in_other_case(account, owner, client):
    factories.company(account, name="Harbor Retail")
    answer = client.post(reverse("organization:company_add"), {"name": "HARBOR RETAIL", "base_currency": "USD"})
    assert "A company of this name exists already." in answer.content.decode()
    assert Company.objects.filter(account=account).count() == 1


def test_keeps_imported_fields_as_they_are(account, owner, client):
    supplier = factories.supplier(factories.company(account), name="As imported", is_imported=True)
    terms = factories.terms(account)
    client.post(reverse("suppliers:supplier_edit", args=[supplier.pk]), {"name": "Changed here", "terms": terms.pk})
    supplier.refresh_from_db()
    assert supplier.name == "As imported"
    assert supplier.terms == terms  # what the import could not set may be chosen here


def test_my_details_change_spelling_and_time_zone(owner, client):
    client.post(
        reverse("organization:profile"), {"first_name": "Ada", "time_zone": "America/New_York", "spelling": "en-us"}
    )
    owner.refresh_from_db()
    assert (owner.first_name, owner.time_zone, owner.spelling) == ("Ada", "America/New_York", "en-us")
