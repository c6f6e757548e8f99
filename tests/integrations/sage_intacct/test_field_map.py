"""How data is mapped: the page names every field that the mappers read and write, in both directions, and no other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from integrations.field_map import Direction, Section
from integrations.models import Connection, Job, JobKind
from integrations.sage_intacct import data_sets
from integrations.sage_intacct.client import CreateBill, CreateSupdoc
from integrations.sage_intacct.exporters.context import bill_context, link_of, whole_invoices
from integrations.sage_intacct.field_map import LEFT_OUT, field_map
from integrations.sage_intacct.field_words import HERE, THERE
from integrations.sage_intacct.importers.catalogue import sources_of
from integrations.sage_intacct.importers.surroundings import Surroundings
from integrations.sage_intacct.mappers import attachments, bills, ledger, suppliers
from integrations.sage_intacct.mappers.attachments import File, attachment_from_file, supdoc_from_files
from integrations.sage_intacct.mappers.bills import bill_from_invoice
from integrations.sage_intacct.mappers.dimensions import STANDARD, dimension_value_from_record, user_defined
from integrations.sage_intacct.mappers.fields import Incoming, Outgoing
from integrations.sage_intacct.mappers.results import Mapped
from integrations.services import connections
from organization.models import User
from tests import factories
from tests.integrations.exporting import exporting_connection, ready_invoice
from tests.integrations.importing import company_of

pytestmark = pytest.mark.django_db
PAGE = "/control-panel/integrations/sage_intacct/mapping/"

# -- in: what a mapper reads and writes is what it declares

LOOKUPS = suppliers.SupplierLookups({"GBP": 1, "USD": 2}, {"net 30": 3, "net 60": 4}, {"6100": 5, "6200": 6})
ADDRESS = [f"DISPLAYCONTACT.MAILADDRESS.{name}" for name in ("ADDRESS1", "ADDRESS2", "CITY", "STATE", "ZIP", "COUNTRY")]
VENDOR = {
    "VENDORID": "V1",
    "NAME": "Alder Ltd",
    "STATUS": "active",
    "ONHOLD": "false",
    "CURRENCY": "GBP",
    "TERMNAME": "Net 30",
    "TAXID": "GB1",
    "APACCOUNT": "6100",
    "DISPLAYCONTACT.FIRSTNAME": "Ann",
    "DISPLAYCONTACT.LASTNAME": "Lee",
    "DISPLAYCONTACT.PRINTAS": "Alder",
    "DISPLAYCONTACT.EMAIL1": "a@alder.example",
    "DISPLAYCONTACT.PHONE1": "1",
    **{name: name for name in ADDRESS},
}
OTHERS = {"CURRENCY": "USD", "TERMNAME": "Net 60", "APACCOUNT": "6200", "DISPLAYCONTACT.EMAIL1": "b@alder.example"}
ACCOUNT = {
    "ACCOUNTNO": "6100",
    "TITLE": "Office",
    "ACCOUNTTYPE": "incomestatement",
    "STATUS": "active",
} | dict.fromkeys(ledger.REQUIRED_BY_FLAG, "false")
TERM = {"NAME": "Net 30", "DESCRIPTION": "x", "STATUS": "active", "DUEDATE": "30", "DUEFROM": "from invoice/bill date"}
TAX = {"DETAILID": "VAT", "DESCRIPTION": "x", "TAXTYPE": "Purchase", "VALUE": "20", "REVERSECHARGE": "false"} | {
    "STATUS": "active",
    "TAXSOLUTIONID": "UK",
    "MEGAENTITYID": "100",
}
COMPANIES, SCOPES = {"100": 5, "200": 6}, {"P1": 8, "P2": 9}
# What a field becomes when it changes, where "another" would be refused.
CHANGED = (
    OTHERS
    | {
        "STATUS": "inactive",
        "ONHOLD": "true",
        "REVERSECHARGE": "true",
        "TAXTYPE": "Sale",
        "VALUE": "5",
        "DUEDATE": "9",
        "DUEFROM": "of next month from invoice/bill date",
        "ACCOUNTTYPE": "balancesheet",
        "MEGAENTITYID": "200",
        "PROJECT.MEGAENTITYID": "200",
        "ENTITY": "200",
        "PROJECTID": "P2",
        "CODE": "USD",
        "ACCOUNTNO": "1010",
    }
    | dict.fromkeys(ledger.REQUIRED_BY_FLAG, "true")
)


def _tax(detail: Mapping[str, str]) -> dict[str, object]:
    mapped = ledger.tax_code_from_detail(detail, COMPANIES)
    return mapped.values | mapped.attributes | {"purchase": ledger.is_purchase_tax(detail)}


def _columns(mapper: Callable[[Any], Mapped], record: Mapping[str, str]) -> dict[str, object]:
    mapped = mapper(record)
    return {**mapped.values, **mapped.attributes}


def _dimension(key: str) -> tuple[str, tuple[Incoming, ...], dict[str, str], Callable[[Any], dict[str, object]]]:
    dimension = STANDARD.get(key) or user_defined(key)
    record = {name: f"x{number}" for number, name in enumerate(dimension.fields)}
    record |= {dimension.owner_field: "100", "STATUS": "active"}
    record |= {dimension.scope_field: "P1"} if dimension.scope_field else {}
    mapper = partial(dimension_value_from_record, dimension=dimension, companies=COMPANIES, scopes=SCOPES)
    return key, dimension.pairs, {name: record[name] for name in dimension.fields}, partial(_columns, mapper)


def _vendor(vendor: Any) -> Mapped:
    return suppliers.supplier_from_vendor(vendor, LOOKUPS)


def _account(account: Any) -> Mapped:
    return ledger.gl_code_from_account(account, {"1010": "Main bank"})


CURRENCY = {"CODE": "GBP", "NAME": "Pound", "STATUS": "active"}
INCOMING = [
    ("suppliers", suppliers.VENDOR, VENDOR, partial(_columns, _vendor)),
    ("gl_codes", ledger.ACCOUNT, ACCOUNT, partial(_columns, _account)),
    ("terms", ledger.TERM, TERM, partial(_columns, ledger.terms_from_term)),
    ("currencies", ledger.CURRENCY, CURRENCY, partial(_columns, ledger.currency_from_transaction_currency)),
    ("tax_codes", ledger.TAX, TAX, _tax),
    *(_dimension(key) for key in (*STANDARD, "region")),
]


class Noting(dict[str, str]):
    """Remembers which keys were asked for."""

    def __init__(self, record: Mapping[str, str]) -> None:
        super().__init__(record)
        self.read: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.read.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> str:
        self.read.add(key)
        return super().__getitem__(key)


@pytest.mark.parametrize(("name", "pairs", "record", "columns"), INCOMING, ids=lambda value: str(value)[:12])
def test_an_import_reads_and_writes_what_it_declares(
    name: str, pairs: Iterable[Incoming], record: dict[str, str], columns: Callable[[Any], dict[str, object]]
) -> None:
    for variant in (record, {**record, "CONTACT.PRINTAS": "", "DISPLAYCONTACT.FIRSTNAME": "", "NAME": "n"}):
        noting = Noting({key: value for key, value in variant.items() if key in record})
        # What is always so (no company, active) is made of no field.
        written = {column for column, value in columns(noting).items() if value not in (None, True)}
        declared = {field for pair in pairs for field in pair.fields}
        assert noting.read & set(record) <= declared
        assert written <= {pair.column for pair in pairs}
    before = columns(record)
    assert set(before) | {"parent"} >= {pair.column for pair in pairs}
    for field in {field for pair in pairs for field in pair.fields}:
        after = columns(record | {field: CHANGED.get(field, "another")})
        changed = {column for column in {*before, *after} if before.get(column) != after.get(column)}
        assert changed <= {pair.column for pair in pairs if field in pair.fields}, field
        is_fallback = field in ("CONTACT.FIRSTNAME", "CONTACT.LASTNAME", "DISPLAYCONTACT.PRINTAS")
        assert changed or is_fallback, field


@pytest.mark.parametrize("data_set", [each.key for each in data_sets.ALL if each.key != "user_defined"])
def test_what_is_asked_for_and_written_stands_on_the_page(connection: Connection, data_set: str) -> None:
    company = company_of(connection) if data_set in ("gl_codes", "suppliers") else None
    job = Job(connection=connection, company=company, kind=JobKind.IMPORT, data_set=data_set)
    (source,) = sources_of(job, Surroundings.of(connection))
    section = next(each for each in field_map(connection) if each.subject == source.object_name)
    asked = set(source.fields) - {source.record_field}
    assert asked == {field.technical for row in section.rows for field in row.sources}
    shown = {row.target.name for row in section.rows}
    assert {column.label for column in source.target.columns} <= shown
    assert {column.label for column in source.target.key} - shown <= {"Belongs to", "Company"}


# -- out: what a row reads is what it declares, and what is written stands on the page


class Watching:
    """Stands for an invoice, a line, a file or their context, and remembers what was asked of it."""

    def __init__(self, of: Any, name: str, read: set[str]) -> None:
        object.__setattr__(self, "_of", (of, name, read))

    def __getattr__(self, attribute: str) -> Any:
        of, name, read = object.__getattribute__(self, "_of")
        read.add(f"{name}.{'location' if attribute == 'dimensions' else attribute}")
        return getattr(of, attribute)


@pytest.fixture
def connection() -> Connection:
    return exporting_connection()


@pytest.fixture
def whole(connection: Connection) -> Any:
    """An invoice that has everything that a bill can carry; its lines go all three ways of tax, the last one bare."""
    company = company_of(connection)
    account = connection.account
    detail, with_code = factories.tax_code(account, "VAT20"), factories.tax_code(account, "DUTY")
    with_code.gl_code = factories.gl_code(company, "1300")
    with_code.save()
    connection.external_records.create(object_type="TAXDETAIL", external_key="UK 20%", local_id=detail.pk)
    made = ready_invoice(
        connection,
        description="Paper",
        po_number="PO-1",
        posting_date=dt.date(2030, 1, 31),
        terms=factories.terms(account),
        currency=factories.currency(account, "USD"),
    )
    first = made.lines.get()
    first.description = "Paper"
    first.tax, first.tax_code = Decimal("20.00"), detail
    first.save()
    entered = {"gl_code": first.gl_code, "quantity": 1, "unit_price": 10, "net": 10, "tax": 2, "description": "Tea"}
    second = made.lines.create(position=2, tax_code=with_code, **entered)
    made.lines.create(position=3, **entered | {"description": ""})
    for key in (*STANDARD, "gldimregion"):
        dimension = factories.dimension(account, key, is_user_defined=key not in STANDARD)
        value = factories.dimension_value(dimension)
        for line in (first, second):
            line.dimensions.create(dimension=dimension, value=value)
    type(made).objects.filter(pk=made.pk).update(tax=made.tax + 24, net=made.net + 20, total=made.total + 44)
    return whole_invoices([made.pk]).get()


def section(connection: Connection, key: str) -> Section:
    return next(each for each in field_map(connection) if each.key == key)


def technical(connection: Connection, *keys: str) -> set[str]:
    return {row.target.technical for key in keys for row in section(connection, key).rows}


def test_every_field_of_a_bill_that_is_sent_stands_on_the_page(connection: Connection, whole: Any) -> None:
    context = bill_context(connection, link_of(connection, whole.company))
    xml = CreateBill(bill_from_invoice(whole, context, attachment_id="PL-1")).body()
    bill = next(xml.iter("APBILL"))
    lines = list(bill.iter("APBILLITEM"))
    assert {str(each.tag) for each in bill} - {"APBILLITEMS"} == technical(connection, "bill")
    assert {str(each.tag) for line in lines for each in line} - {"TAXENTRIES"} == technical(connection, "bill-line")
    assert technical(connection, "tax-line") == technical(connection, "bill-line")
    assert {str(each.tag) for each in next(bill.iter("TAXENTRY"))} == technical(connection, "tax-entry")
    assert len(lines) == 4


def test_every_field_of_the_attachments_stands_on_the_page(connection: Connection, whole: Any) -> None:
    file = attachment_from_file(File("scan", "pdf", b"%PDF"))
    body = CreateSupdoc(supdoc_from_files("PL-1", whole, [file])).body()
    written = {str(each.tag) for each in body.iter()} - {"create_supdoc", "attachments", "attachment"}
    assert written == technical(connection, "documents")


def outgoing(whole: Any, connection: Connection) -> list[tuple[Outgoing[Any, Any], tuple[Any, str], Any]]:
    context = bill_context(connection, link_of(connection, whole.company))
    lines = list(whole.lines.all())
    bare = whole_invoices([whole.pk]).get()
    bare.due_date = bare.posting_date = bare.terms = None
    bare.po_number = bare.description = ""
    rows: list[Any] = [(each, (one, "invoice"), context) for each in bills.HEADER for one in (whole, bare)]
    tables = (bills.LINE, bills.TAX_LINE, bills.TAX_ENTRY)
    rows += [(each, (line, "line"), context) for table in tables for each in table for line in lines]
    rows += [(each, (whole, "invoice"), "PL-1") for each in attachments.SUPDOC]
    return rows + [(each, (File("scan", "pdf", b""), "file"), None) for each in attachments.FILE]


def test_what_is_sent_is_made_of_what_the_row_names(connection: Connection, whole: Any) -> None:
    touched: dict[int, set[str]] = {}
    rows = outgoing(whole, connection)
    for each, (source, name), context in rows:
        read = touched.setdefault(id(each), set())
        each.value(
            Watching(source, name, read), context if isinstance(context, str) else Watching(context, "context", read)
        )
    for each, _, _ in rows:
        assert touched[id(each)] <= {*each.reads, *each.decided_by}, each.attribute
        assert set(each.reads) <= touched[id(each)], each.attribute


def test_every_name_has_words(connection: Connection, whole: Any) -> None:
    for each in field_map(connection):
        for row in each.rows:
            names = [*row.sources, row.target]
            assert all(field.name and field.name != field.technical for field in names), (each.key, row)
    declared = {name for each, _, _ in outgoing(whole, connection) for name in each.reads}
    assert declared <= set(HERE)
    used = {
        field.technical for each in field_map(connection) for row in each.rows for field in (*row.sources, row.target)
    }
    assert set(THERE) <= used


# -- the page


@pytest.fixture
def page(client: Client, connection: Connection) -> Client:
    client.force_login(factories.owner(connection.account))
    return client


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_the_page_shows_both_directions(page: Client) -> None:
    shown = text(page.get(PAGE))
    assert shown.index("What comes in from Sage Intacct") < shown.index("What goes out to Sage Intacct")
    for words in ("Invoice number", "RECORDID", "Vendor ID", "TERMNAME", "always “Planergy”", "GLDIM…"):
        assert words in shown


def test_it_is_reached_from_the_settings_and_from_integrations(page: Client) -> None:
    for address in ("/control-panel/sage-intacct-settings/", "/control-panel/integrations/"):
        assert f'href="{PAGE}"' in text(page.get(address))


def test_it_says_the_companys_own_names_and_what_is_left_out(page: Client, connection: Connection) -> None:
    factories.dimension(connection.account, "project", name="Job")
    factories.dimension(connection.account, "gldimregion", name="Region", is_user_defined=True)
    connections.choose_data_sets(connection, left_out=["terms"], by=factories.owner(connection.account))
    connection.refresh_from_db()
    sections = {each.key: each for each in field_map(connection)}
    assert sections["dimension-project"].title == "Job"
    assert sections["dimension-gldimregion"].subject == "REGION"
    assert sections["terms"].state == LEFT_OUT
    assert "GLDIMREGION" in technical(connection, "bill-line")
    assert LEFT_OUT in text(page.get(PAGE))


def test_it_can_be_read_before_the_set_up_and_while_disabled(client: Client) -> None:
    client.force_login(factories.owner())
    assert "Invoice number" in text(client.get(PAGE))


def test_colleagues_and_strangers_do_not_reach_it(client: Client, connection: Connection) -> None:
    client.force_login(factories.user(connection.account))
    assert client.get(PAGE).status_code == 404


def test_dimensions_of_another_account_are_not_on_it(page: Client) -> None:
    factories.dimension(factories.account(), "gldimsecret", name="Theirs", is_user_defined=True)
    assert "Theirs" not in text(page.get(PAGE))


def test_support_reads_it_with_a_reason(client: Client, connection: Connection) -> None:
    address = reverse("admin:connection_field_map", args=[connection.pk])
    client.force_login(factories.owner(connection.account))
    assert client.get(address).status_code in (302, 403, 404)
    client.force_login(User.objects.create_user("support@tests.example", "password-of-tests", is_staff=True))
    asked = client.get(address)
    assert "reason" in asked.headers["Location"]
    client.post(asked.headers["Location"], {"reason": "Ticket 4711, asked by the customer"})
    assert "RECORDID" in text(client.get(address))
    assert f'href="{address}"' in text(
        client.get(reverse("admin:integrations_connection_change", args=[connection.pk]))
    )


def test_the_directions_are_whole(connection: Connection) -> None:
    sections = field_map(connection)
    assert {each.key for each in data_sets.ALL} - {each.key.removeprefix("dimension-") for each in sections} == {
        "user_defined"
    }
    assert {each.direction for each in sections} == {Direction.IN, Direction.OUT}
