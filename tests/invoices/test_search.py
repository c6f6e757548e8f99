"""Invoice Search, Waiting For Authorisation, home: what they show, to whom, at what cost."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import lxml.html
import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from invoices.filters import filtered_invoices, in_order
from invoices.models import ApprovalStatus, ExportState, Invoice, InvoiceLine
from invoices.slots import search_actions
from invoices.tables import COLUMNS, PREFERENCE
from organization.models import Scope, Spelling
from organization.slots import Fragment
from tests import factories

pytestmark = pytest.mark.django_db
SEARCH = "/accounts-payable/invoices/"


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def company() -> Any:
    return factories.company()


@pytest.fixture
def clerk(company: Any) -> Any:
    return factories.user(company.account)


def numbers(user: Any, query: str) -> set[str]:
    return set(filtered_invoices(user, QueryDict(query)).values_list("number", flat=True))


@pytest.mark.parametrize(
    "query, expected",
    [
        ("", {"AB-1040", "CD-2"}),
        ("q=1040", {"AB-1040"}),
        ("q=ab 10", {"AB-1040"}),
        ("q=toner", {"CD-2"}),
        ("q=PO-9", {"CD-2"}),
        ("q=finch", {"AB-1040"}),
        ("q=alder", {"AB-1040"}),
        ("q=%27%26%7C%21", set()),
        ("number=cd", {"CD-2"}),
        ("number=toner", set()),
        ("po_number=po", {"CD-2"}),
        ("supplier=ALDER", {"AB-1040"}),
        ("supplier=ALDER Alder %26 Finch", {"AB-1040"}),
        ("supplier=nobody", set()),
        ("status=draft", {"AB-1040"}),
        ("status=draft&status=not_posted", {"AB-1040", "CD-2"}),
        ("status=posted", set()),
        ("export_state=failed", {"CD-2"}),
        ("export_state=failed&export_state=none", {"AB-1040", "CD-2"}),
        ("kind=credit_note", {"CD-2"}),
        ("date_after=2030-02-01", {"CD-2"}),
        ("date_before=2030-01-31", {"AB-1040"}),
        ("due_after=2030-03-01", {"CD-2"}),
        ("due_before=28/02/2030", {"AB-1040"}),
        ("total_min=1.000,50", {"CD-2"}),
        ("total_max=100", {"AB-1040"}),
        ("currency=EUR", {"CD-2"}),
        ("gl_code=6100", {"AB-1040"}),
        ("gl_code=6100 Office", {"AB-1040"}),
        ("posted_after=2030-04-02", {"CD-2"}),
        ("posted_after=2030-04-03", set()),
        ("posted_before=2030-04-02", {"CD-2"}),
        ("posted_before=2030-04-01", set()),
        ("has_document=yes", {"CD-2"}),
        ("has_document=no", {"AB-1040"}),
        ("mine=yes", {"AB-1040"}),
        ("status=nonsense", set()),
        ("company=999999", set()),
        ("total_min=many", set()),
        ("q=%00", set()),
    ],
)
def test_filters(company: Any, clerk: Any, query: str, expected: set[str]) -> None:
    account = company.account
    factories.invoice(
        company,
        number="AB-1040",
        supplier=factories.supplier(company, "ALDER", name="Alder & Finch"),
        gl_code=factories.gl_code(company, "6100", name="Office"),
        created_by=clerk,
    )
    factories.authorized_invoice(
        company,
        number="CD-2",
        kind=Invoice.Kind.CREDIT_NOTE,
        description="Toner, black",
        po_number="PO-9",
        net=Decimal(2000),
        invoice_date=dt.date(2030, 2, 15),
        due_date=dt.date(2030, 3, 15),
        currency=factories.currency(account, "EUR"),
        export_state=ExportState.FAILED,
        posted_at=dt.datetime(2030, 4, 2, 23, 59, tzinfo=dt.UTC),
        has_documents=True,
    )
    assert numbers(clerk, query) == expected


@pytest.mark.parametrize("many", [0, 10_000])
def test_finds_each_invoice_of_a_gl_code_once(
    company: Any, clerk: Any, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("invoices.filters.MANY_LINES", many)
    gl_code = factories.gl_code(company, "6100")
    invoice = factories.invoice(company, number="TWICE", gl_code=gl_code)
    InvoiceLine.objects.create(invoice=invoice, position=2, gl_code=gl_code)
    factories.invoice(company)
    found = filtered_invoices(clerk, QueryDict("gl_code=6100"))
    assert list(found.values_list("number", flat=True)) == ["TWICE"]


@pytest.mark.parametrize("address", [SEARCH, reverse("invoices:waiting") + "?show=all"])
def test_every_cell_stands_under_its_heading(company: Any, address: str) -> None:
    owner = factories.owner(company.account, preferences={PREFERENCE: ["created_by", *reversed(COLUMNS)]})
    factories.invoice(company, approval_status=ApprovalStatus.WAITING)
    page = lxml.html.fromstring(client_of(owner).get(address).text)
    headings = [heading.text_content().strip() for heading in page.xpath("//thead//th[@class != 'select']")]
    assert len(headings) > 5
    assert headings == page.xpath("//tbody//td[@class != 'select']/@data-label")


def test_reach_of_visibility(company: Any) -> None:
    account = company.account
    sales, other = factories.department(account), factories.department(account)
    user = factories.user(account, visibility=Scope.DEPARTMENTS)
    user.departments.add(sales)
    factories.invoice(company, number="SALES", department=sales)
    factories.invoice(company, number="OTHER", department=other)
    factories.invoice(company, number="OWN", created_by=user)
    asked = {"approval_status": ApprovalStatus.WAITING, "next_approver": user}
    factories.invoice(company, number="ASKED", **asked)
    assert numbers(user, "") == {"SALES", "OWN", "ASKED"}
    user.visibility = Scope.OWN
    assert numbers(user, "") == {"OWN", "ASKED"}


def test_limits_to_the_users_companies(company: Any, clerk: Any) -> None:
    factories.invoice(company, number="MINE")
    factories.invoice(factories.company(company.account), number="NOT MINE")
    clerk.companies.add(company)
    assert numbers(clerk, "") == {"MINE"}


def test_totals_per_currency_count_credit_notes_against(company: Any, clerk: Any) -> None:
    factories.invoice(company, net=Decimal(100))
    factories.invoice(company, net=Decimal(30), kind=Invoice.Kind.CREDIT_NOTE)
    factories.invoice(company, net=Decimal(7), currency=factories.currency(company.account, "EUR"))
    totals = client_of(clerk).get(SEARCH).context["totals"]
    assert [(one.code, one.count, one.total) for one in totals] == [("GBP", 2, Decimal(70)), ("EUR", 1, Decimal(7))]


SORTED = ["number", "-number", "supplier", "-supplier", "company", "-currency", "department", "-department", "total"]


@pytest.mark.parametrize("few", [0, 5_000])
@pytest.mark.parametrize("sort", [*SORTED, "-due_date", "status", "export_state", "posted_at", "-posted_at"])
def test_pages_hold_every_row_once_in_order(
    company: Any, clerk: Any, sort: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("invoices.paging.FEW", few)
    departments = [factories.department(company.account), None]
    suppliers = [factories.supplier(company, name=f"Supplier {number % 4}") for number in range(7)]
    for index in range(60):
        place = {"supplier": suppliers[index % 7], "department": departments[index % 2]}
        factories.invoice(company, net=Decimal(index % 7), number=f"{index * 7 % 60:03}", **place)
    clerk.preferences = {"invoice_page_size": 25}
    clerk.save()
    client = client_of(clerk)
    pages = [client.get(SEARCH, {"sort": sort, "page": page}).context["table"].rows for page in (1, 2, 3)]
    seen = [invoice.pk for page in pages for invoice in page]
    assert seen == list(in_order(Invoice.objects.all(), sort).values_list("pk", flat=True))


def test_a_page_past_the_end_is_the_last_one(company: Any, clerk: Any) -> None:
    factories.invoice(company)
    assert client_of(clerk).get(SEARCH, {"page": "99"}).context["table"].page.number == 1
    assert client_of(clerk).get(SEARCH, {"page": "x", "sort": "nonsense"}).status_code == 200


@pytest.mark.parametrize(
    "url",
    [
        SEARCH,
        f"{SEARCH}?q=inv&sort=supplier&status=waiting",
        f"{SEARCH}?gl_code=costs&total_min=1",
        "/accounts-payable/",
        "/accounts-payable/waiting/",
        "/accounts-payable/waiting/?show=all",
    ],
)
def test_lists_cost_as_many_queries_for_twenty_rows_as_for_ten(company: Any, url: str) -> None:
    approver = factories.user(company.account, "Invoice Approver")
    client = client_of(approver)

    def cost() -> int:
        for _ in range(10):
            invoice = factories.invoice(company, approval_status=ApprovalStatus.WAITING)
            factories.document(invoice)
        client.get(url)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    assert cost() == cost()


@pytest.mark.parametrize("page", ["", "edit/"])
def test_a_page_of_one_invoice_costs_as_many_queries_for_twenty_lines_as_for_ten(
    company: Any, clerk: Any, page: str
) -> None:
    """With a dimension, a tax code and a document for each, among as many suppliers."""
    invoice = factories.invoice(company)
    dimension = factories.dimension(company.account, "project")
    client = client_of(clerk)

    def cost(start: int) -> int:
        for position in range(start, start + 10):
            factories.supplier(company)
            factories.document(invoice)
            line = InvoiceLine.objects.create(
                invoice=invoice,
                position=position + 2,
                gl_code=factories.gl_code(company),
                tax_code=factories.tax_code(company.account, f"T{position}"),
            )
            line.dimensions.create(dimension=dimension, value=factories.dimension_value(dimension, f"P{position}"))
        client.get(f"{invoice.get_absolute_url()}{page}")
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"{invoice.get_absolute_url()}{page}").status_code == 200
        return len(queries)

    assert cost(0) == cost(10)


def test_keeps_columns_and_page_size_per_person(company: Any, clerk: Any) -> None:
    factories.invoice(company)
    client = client_of(clerk)
    client.post(f"{SEARCH}columns/", {"columns": ["total", "description", "forged"], "page_size": "25"})
    table = client.get(SEARCH).context["table"]
    assert [column.key for column in table.columns] == ["number", "total", "description"]
    client.post(f"{SEARCH}columns/", {"reset": ""})
    assert "supplier" in [column.key for column in client.get(SEARCH).context["table"].columns]


def test_keeps_searches_under_a_name(company: Any, clerk: Any) -> None:
    client = client_of(clerk)
    client.post(f"{SEARCH}saved/", {"name": "Open", "query": "status=draft"})
    client.post(f"{SEARCH}saved/", {"name": "open", "query": "status=waiting"})
    assert [(one.name, one.query) for one in clerk.saved_searches.all()] == [("open", "status=waiting")]
    client.post(f"{SEARCH}saved/", {"name": "", "query": "x"})
    assert clerk.saved_searches.count() == 1


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_never_leads_elsewhere_after_an_action(clerk: Any, target: str) -> None:
    response = client_of(clerk).post(f"{SEARCH}columns/", {"next": target})
    assert response["Location"] == SEARCH


def test_authorises_in_bulk_what_may_be_and_says_what_may_not(company: Any) -> None:
    approver = factories.user(company.account, "Invoice Approver")
    waiting = [
        factories.invoice(company, approval_status=ApprovalStatus.WAITING, number=f"W{index}") for index in range(2)
    ]
    own = factories.invoice(company, approval_status=ApprovalStatus.WAITING, number="OWN", created_by=approver)
    theirs = factories.invoice(factories.company(), approval_status=ApprovalStatus.WAITING)
    chosen = [*(one.pk for one in waiting), own.pk, theirs.pk]
    page = client_of(approver).post(f"{SEARCH}bulk/", {"action": "authorize", "selected": chosen}, follow=True)
    assert "2 invoices were authorised: Invoice W1, Invoice W0." in page.text
    assert "Invoice OWN: You entered this invoice" in page.text
    states = set(Invoice.objects.filter(pk__in=[own.pk, theirs.pk]).values_list("approval_status", flat=True))
    assert states == {ApprovalStatus.WAITING}


def test_acts_on_all_that_the_filters_select(company: Any, clerk: Any) -> None:
    factories.invoice(company, number="A-1")
    factories.invoice(company, number="B-1")
    data = {"action": "submit", "scope": "all", "query": "number=A"}
    client_of(clerk).post(f"{SEARCH}bulk/", data)
    assert list(Invoice.objects.waiting().values_list("number", flat=True)) == ["A-1"]


def test_rejects_in_bulk_only_with_a_reason(company: Any) -> None:
    approver = factories.user(company.account, "Invoice Approver")
    invoice = factories.invoice(company, approval_status=ApprovalStatus.WAITING)
    data = {"action": "reject", "selected": [invoice.pk]}
    assert "Say why" in client_of(approver).post(f"{SEARCH}bulk/", data, follow=True).text
    client_of(approver).post(f"{SEARCH}bulk/", data | {"reason": "Twice"})
    invoice.refresh_from_db()
    assert invoice.approval_status == ApprovalStatus.REJECTED


def test_higher_apps_see_what_the_filters_select(company: Any, clerk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def provider(*, user: Any, queryset: Any, querystring: str) -> Fragment | None:
        seen.append((user, queryset.count(), querystring))
        return None

    monkeypatch.setattr(search_actions, "_providers", [provider])
    factories.invoice(company, number="A-1")
    factories.invoice(company, number="B-1")
    client_of(clerk).get(SEARCH, {"number": "A", "page": "1"})
    assert seen == [(clerk, 1, "number=A")]


def test_pages_follow_the_readers_spelling(company: Any) -> None:
    american = factories.owner(company.account, spelling=Spelling.US)
    factories.authorized_invoice(company)
    page = client_of(american).get(SEARCH).text
    assert "Authorized, Not Posted" in page
    assert "uthoris" not in page
    assert "uthoris" not in client_of(american).get(reverse("invoices:waiting")).text
    assert "uthoris" not in client_of(american).get(reverse("invoices:home")).text
    assert "uthoris" not in client_of(american).get(reverse("invoices:invoice_add")).text


@pytest.mark.parametrize("kind, label", [("supplier", "ALDER Alder & Finch"), ("gl_code", "6100 Office")])
def test_suggests_while_typing(company: Any, kind: str, label: str) -> None:
    """To everybody who may search, from their companies; archived ones too, since old invoices have them."""
    account = company.account
    make: Any = {"supplier": factories.supplier, "gl_code": factories.gl_code}[kind]
    code, name = label.split(maxsplit=1)
    other = factories.company(account)
    make(company, code, name=name, is_active=False)
    make(other, code, name=name)
    make(factories.company(), code, name=name)

    def suggested(user: Any, **asked: str) -> Any:
        return client_of(user).get(f"{SEARCH}suggest/{kind}/", asked)

    reporter = factories.user(account, "Reporter")
    assert [one["value"] for one in suggested(reporter, q=name[:3]).json()["results"]] == [label]
    [here] = suggested(reporter, q=code, company=str(company.pk)).json()["results"]
    assert here["hint"] == "archived"
    limited = factories.user(account)
    limited.companies.add(other)
    assert suggested(limited, q=code, company=str(company.pk)).json()["results"] == []
    assert suggested(factories.user(), q=code).json()["results"] == []
    assert suggested(factories.user(account, "System Admin"), q=code).status_code == 404
    assert suggested(reporter, q="no such", company="x").json()["results"] == []
    assert client_of(reporter).get(f"{SEARCH}suggest/colleague/").status_code == 404


def test_a_chosen_suggestion_finds_exactly_that_one(company: Any, clerk: Any) -> None:
    for code, name in [("A 1", "Alder"), ("B", "A 1 Alder Bros"), ("A 12", "Alder")]:
        factories.invoice(company, number=code, supplier=factories.supplier(company, code, name=name))
    for code, name in [("61", "Office"), ("612", "61 Office space")]:
        factories.invoice(company, number=code, gl_code=factories.gl_code(company, code, name=name))
    assert numbers(clerk, "supplier=A 1 Alder") == {"A 1"}
    assert numbers(clerk, "supplier=alder") == {"A 1", "B", "A 12"}
    assert numbers(clerk, "gl_code=61 Office") == {"61"}
    assert numbers(clerk, "gl_code=office") == {"61", "612"}


def test_says_which_filter_makes_no_sense(company: Any, clerk: Any) -> None:
    factories.invoice(company)
    page = client_of(clerk).get(SEARCH, {"total_min": "many"})
    results = page.text.partition('id="results"')[2]
    assert "There is a problem" in results
    assert "Total from" in results
    assert "No invoices yet" not in results


@pytest.mark.parametrize(
    "spelling, typed, shown", [(Spelling.UK, "1/2/30", "01/02/2030"), (Spelling.US, "2/1/2030", "02/01/2030")]
)
def test_reads_a_day_as_its_reader_writes_it_and_keeps_it_in_the_address_as_everybody_reads_it(
    company: Any, spelling: str, typed: str, shown: str
) -> None:
    client = client_of(factories.user(company.account, spelling=spelling))
    answer = client.get(SEARCH, {"q": "x", "date_after": typed, "due_before": "2030-03-04", "sort": "number"})
    assert answer["Location"] == f"{SEARCH}?q=x&date_after=2030-02-01&due_before=2030-03-04&sort=number"
    page = client.get(answer["Location"])
    assert f'value="{shown}"' in page.text
    assert f"Dated from: {shown}" in page.text


@pytest.mark.parametrize("typed", ["31/31/2030", "yesterday", "1/1/1900"])
def test_a_day_that_cannot_be_read_stays_as_it_was_typed(clerk: Any, typed: str) -> None:
    page = client_of(clerk).get(SEARCH, {"date_after": typed})
    assert page.status_code == 200
    assert "Enter a date" in page.text


def test_renames_a_saved_search(company: Any, clerk: Any) -> None:
    mine = clerk.saved_searches.create(name="Open", query="status=draft")
    clerk.saved_searches.create(name="Late", query="due_before=2030-01-01")
    url = reverse("invoices:saved_search_rename", args=[mine.pk])
    client = client_of(clerk)
    assert "already have a search called “late”" in client.post(url, {"name": "late"}, follow=True).text
    assert "up to 60" in client.post(url, {"name": "x" * 61}, follow=True).text
    assert "is called “OPEN” now" in client.post(url, {"name": "OPEN"}, follow=True).text
    assert client_of(factories.user(company.account)).post(url, {"name": "Theirs"}).status_code == 404
    assert client_of(factories.user()).post(url, {"name": "Theirs"}).status_code == 404
    assert set(clerk.saved_searches.values_list("name", flat=True)) == {"OPEN", "Late"}


def test_tells_of_filters_too_long_to_be_kept(clerk: Any) -> None:
    page = client_of(clerk).post(f"{SEARCH}saved/", {"name": "Long", "query": "q=" + "x" * 2000}, follow=True)
    assert "too long to be kept" in page.text
    assert not clerk.saved_searches.exists()


def test_acts_on_more_than_a_page_but_not_on_more_than_it_says(
    company: Any, clerk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that match, beyond the page; and none at all of more than the limit."""
    for _ in range(30):
        factories.invoice(company)
    clerk.preferences = {"invoice_page_size": 25}
    clerk.save()
    client, data = client_of(clerk), {"action": "submit", "scope": "all", "query": ""}
    monkeypatch.setattr("invoices.services.bulk.LIMIT", 29)
    assert "Nothing was done: that is more than 29 invoices" in client.post(f"{SEARCH}bulk/", data, follow=True).text
    assert not Invoice.objects.waiting().exists()
    monkeypatch.setattr("invoices.services.bulk.LIMIT", 30)
    assert "30 invoices were submitted" in client.post(f"{SEARCH}bulk/", data, follow=True).text
    assert Invoice.objects.waiting().count() == 30


@pytest.mark.parametrize(
    "query", ["q=toner", "supplier=alder", "gl_code=6100", "status=draft", "total_min=5", "sort=supplier"]
)
def test_costs_as_many_queries_for_a_big_result_as_for_a_small_one(
    company: Any, clerk: Any, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Big: more than is sorted whole, or told from few lines."""
    supplier, code = factories.supplier(company, "ALDER"), factories.gl_code(company, "6100")
    client = client_of(clerk)

    def cost(few: int) -> int:
        monkeypatch.setattr("invoices.paging.FEW", few)
        monkeypatch.setattr("invoices.filters.MANY_LINES", few)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"{SEARCH}?{query}&page=99").context["total_count"]
        return len(queries)

    for number in range(60):
        factories.invoice(company, supplier=supplier, gl_code=code, description="Toner", net=Decimal(number))
    client.get(SEARCH)
    assert cost(0) == cost(10_000)
