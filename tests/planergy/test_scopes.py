"""How far the three permissions reach, on every surface: pages, totals, files, documents, search boxes, exports."""

from __future__ import annotations

import io
import zipfile
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from integrations.models import Connection
from invoices.models import ApprovalStatus, Invoice
from organization.models import Company, Scope, User
from tests import factories

pytestmark = pytest.mark.django_db
SCOPES = [Scope.NONE, Scope.OWN, Scope.DEPARTMENTS, Scope.ALL]


class World:
    """Three invoices of one account, told apart by number and amount, and one of another account."""

    def __init__(self) -> None:
        self.company: Company = factories.company()
        self.account = self.company.account
        self.sales, self.finance = factories.department(self.account), factories.department(self.account)
        self.reader: User = factories.user(self.account, "Reporter")
        self.reader.departments.add(self.sales)
        self.colleague: User = factories.user(self.account)
        self.outsider: User = factories.owner()
        self.invoices = {
            "OWNED": self._invoice("OWNED", "1111.11", self.reader, self.finance),
            "SALES": self._invoice("SALES", "2222.22", self.colleague, self.sales),
            "OTHER": self._invoice("OTHER", "4444.44", self.colleague, self.finance),
        }
        foreign = factories.company(self.outsider.account)  # type: ignore[arg-type]
        self.foreign = factories.invoice(foreign, number="FOREIGN", net=Decimal("8888.88"))

    def _invoice(self, number: str, net: str, by: User, department: Any) -> Invoice:
        invoice = factories.invoice(
            self.company, number=number, net=Decimal(net), created_by=by, department=department, description="Findable"
        )
        factories.document(invoice, content=factories.PDF + f"% {number}\n".encode())  # no twin of the others
        return invoice

    def grant(self, kind: str, scope: Scope, **also: Scope) -> Client:
        """The reader may see everything and nothing else, but for this."""
        values = {"visibility": Scope.ALL, "administration": Scope.NONE, "authorization": Scope.NONE}
        values |= {kind: scope, **also}
        for name, value in values.items():
            setattr(self.reader, name, value)
        self.reader.save()
        client = Client()
        client.force_login(User.objects.get(pk=self.reader.pk))
        return client


@pytest.fixture
def world() -> World:
    return World()


REACHED = {
    Scope.NONE: set(),
    Scope.OWN: {"OWNED"},
    Scope.DEPARTMENTS: {"OWNED", "SALES"},
    Scope.ALL: {"OWNED", "SALES", "OTHER"},
}
EVERY = {"OWNED", "SALES", "OTHER", "FOREIGN"}


def named_in(text: str) -> set[str]:
    return {number for number in EVERY if number in text}


def text_of(answer: Any) -> str:
    content = b"".join(answer) if getattr(answer, "streaming", False) else answer.content
    if content.startswith(b"PK"):
        book = zipfile.ZipFile(io.BytesIO(content))
        return " ".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))
    return str(content.decode())


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("page", ["invoice_search", "invoice_export_csv", "invoice_export_xlsx"])
@pytest.mark.parametrize("query", ["", "?q=Findable"])
def test_lists_and_files_hold_what_is_visible(world: World, scope: Scope, page: str, query: str) -> None:
    answer = world.grant("visibility", scope).get(f"{reverse(f'invoices:{page}')}{query}")
    if scope == Scope.NONE:
        assert answer.status_code == 404
    else:
        assert named_in(text_of(answer)) == REACHED[scope]


@pytest.mark.parametrize(("scope", "total"), [("own", "1,111.11"), ("departments", "3,333.33"), ("all", "7,777.77")])
def test_totals_add_up_what_is_visible(world: World, scope: str, total: str) -> None:
    page = text_of(world.grant("visibility", Scope(scope)).get(reverse("invoices:invoice_search")))
    assert total in page
    home = text_of(world.grant("visibility", Scope(scope)).get(reverse("invoices:home")))
    others = {"1,111.11", "3,333.33", "7,777.77", "8,888.88"} - {total}
    assert not [other for other in others if other in home]


@pytest.mark.parametrize("scope", SCOPES)
def test_pages_and_documents_are_those_of_visible_invoices(world: World, scope: Scope) -> None:
    client = world.grant("visibility", scope)
    for number, invoice in {**world.invoices, "FOREIGN": world.foreign}.items():
        expected = 200 if number in REACHED[scope] else 404
        document = invoice.documents.first() or factories.document(invoice)
        urls = [invoice.get_absolute_url()]
        urls += [reverse(f"invoices:document_{kind}", args=[document.pk]) for kind in ("download", "preview")]
        assert [client.get(url).status_code for url in urls] == [expected] * 3, number


@pytest.mark.parametrize("scope", SCOPES)
def test_comments_reach_what_is_visible_to_those_who_work_on_invoices(world: World, scope: Scope) -> None:
    looks = world.grant("visibility", scope)
    urls = {
        number: reverse("invoices:comment", args=[invoice.pk])
        for number, invoice in {**world.invoices, "FOREIGN": world.foreign}.items()
    }
    assert {looks.post(url, {"text": "?"}).status_code for url in urls.values()} == {404}
    works = world.grant("visibility", scope, administration=Scope.ALL)
    for number, url in urls.items():
        expected = 302 if number in REACHED[scope] else 404
        assert works.post(url, {"text": "?"}).status_code == expected, number


@pytest.mark.parametrize("scope", SCOPES)
def test_editing_and_submitting_reach_what_is_administered(world: World, scope: Scope) -> None:
    client = world.grant("administration", scope)
    for number, invoice in world.invoices.items():
        page = client.get(reverse("invoices:invoice_edit", args=[invoice.pk]))
        assert page.status_code == (200 if number in REACHED[scope] else 404), number
        client.post(reverse("invoices:invoice_submit", args=[invoice.pk]))
        invoice.refresh_from_db()
        assert (invoice.approval_status == ApprovalStatus.WAITING) == (number in REACHED[scope]), number


@pytest.mark.parametrize("scope", SCOPES)
def test_search_boxes_open_to_those_who_enter_and_name_their_own_company(world: World, scope: Scope) -> None:
    client = world.grant("administration", scope)
    query = {"company": world.company.pk, "q": "", "supplier": world.invoices["OTHER"].supplier_id, "number": "OTHER"}
    for kind in ("supplier", "gl_code", "tax_code"):
        answer = client.get(reverse("invoices:pick", args=[kind]), query)
        assert answer.status_code == (404 if scope == Scope.NONE else 200)
        assert world.foreign.supplier.code not in answer.content.decode()  # type: ignore[union-attr]
    foreign = client.get(reverse("invoices:pick", args=["supplier"]), {"company": world.foreign.company_id})
    assert foreign.status_code == 404


@pytest.mark.parametrize("scope", SCOPES)
def test_exports_take_what_is_administered(world: World, scope: Scope) -> None:
    Connection.objects.create(account=world.account, system="sage_intacct", is_enabled=True)
    Invoice.objects.filter(pk__in=[each.pk for each in world.invoices.values()]).update(
        approval_status=ApprovalStatus.AUTHORIZED
    )
    client = world.grant("administration", scope)
    for number, invoice in world.invoices.items():
        answer = client.post(reverse("integrations:export_invoice", args=[invoice.pk]))
        assert (answer.status_code == 404) == (number not in REACHED[scope]), number
        assert "Export to Sage Intacct" not in client.get(invoice.get_absolute_url()).content.decode() or (
            number in REACHED[scope]
        )


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("way", ["single", "bulk"])
def test_decisions_reach_what_may_be_authorised_but_never_ones_own(world: World, scope: Scope, way: str) -> None:
    ids = [invoice.pk for invoice in world.invoices.values()]
    Invoice.objects.filter(pk__in=ids).update(approval_status=ApprovalStatus.WAITING)
    client = world.grant("authorization", scope)
    if way == "bulk":
        client.post(reverse("invoices:invoice_bulk"), {"action": "authorize", "selected": ids})
    else:
        for pk in ids:
            client.post(reverse("invoices:invoice_authorize", args=[pk]))
    done = Invoice.objects.filter(pk__in=ids, approval_status=ApprovalStatus.AUTHORIZED)
    assert set(done.values_list("number", flat=True)) == REACHED[scope] - {"OWNED"}


def test_an_amount_limit_stops_above_it(world: World) -> None:
    ids = [invoice.pk for invoice in world.invoices.values()]
    Invoice.objects.filter(pk__in=ids).update(approval_status=ApprovalStatus.WAITING)
    world.reader.authorization_limit = Decimal("2222.22")
    client = world.grant("authorization", Scope.ALL)
    client.post(reverse("invoices:invoice_bulk"), {"action": "authorize", "selected": ids})
    done = Invoice.objects.filter(pk__in=ids, approval_status=ApprovalStatus.AUTHORIZED)
    assert set(done.values_list("number", flat=True)) == {"SALES"}


def test_who_is_limited_to_a_company_sees_nothing_of_others(world: World) -> None:
    second = factories.company(world.account)
    hidden = factories.invoice(second, number="SECOND", created_by=world.reader)
    world.reader.companies.add(world.company)
    client = world.grant("visibility", Scope.ALL)
    assert "SECOND" not in text_of(client.get(reverse("invoices:invoice_search")))
    assert client.get(hidden.get_absolute_url()).status_code == 404
    assert second.name not in text_of(client.get(reverse("suppliers:supplier_list")))
    assert hidden.supplier.name not in text_of(client.get(reverse("suppliers:supplier_export")))  # type: ignore[union-attr]
