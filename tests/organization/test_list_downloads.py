"""Lists as files: what two readers that know nothing of each other find in them is what was in the list."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from ledger.models import ExchangeRate, TaxCode
from organization.models import Company, CsvStyle, ListImport, User
from organization.reference import list_imports
from organization.reference.csv_files import FORMULA_STARTS, bare_cell, joined, parts_of, safe_cell
from organization.reference.resource import resource_called
from suppliers.models import Supplier
from tests import factories
from tests.organization.bringing import apply

RISKY = [
    "=HYPERLINK(1)", "+44 20 7946 0000", "-1", "-x", "@cmd", "'=quoted", "''=twice", "'plain", "＝full-width",
    'say "yes"', "a;b,c", "–dash", "0012", "1.50",
]  # fmt: skip
LISTS = [
    "company", "department", "role", "user", "glcode", "currency", "exchangerate", "terms", "taxcode", "dimension",
    "dimensionvalue", "supplier", "approval_rule",
]  # fmt: skip


@pytest.fixture
def owner(db: None, client: Client) -> User:
    person = factories.owner(factories.account(), first_name="=Nia", last_name="O’Neil")
    client.force_login(person)
    return person


@pytest.fixture
def company(owner: User) -> Company:
    """An account with something in every list."""
    company = factories.company(owner.account, name="Example; Sons")
    account = company.account
    factories.currency(account, "GBP")
    factories.exchange_rate(account, "USD", "1.12500000")
    factories.terms(account, "2/10 net 30")
    factories.tax_code(account, "DE19", rate=Decimal("19.5"), description="-reduced")
    factories.department(account, code="=D", name="Büro")
    value = factories.dimension_value(factories.dimension(account, "project"), "P-1")
    factories.dimension_value(value.dimension, "P-2", parent=value)
    gl_code = factories.gl_code(company, "0012", required_dimensions=["project"])
    for number, name in enumerate(RISKY):
        factories.supplier(company, f"V{number:02}", name=name, default_gl_code=gl_code, address="a\nb")
    return company


def downloaded(client: Client, name: str, ending: str = "") -> bytes:
    resource = resource_called(name)
    return b"".join(client.get(reverse(resource.url_name(f"export{ending}"))).streaming_content)  # type: ignore[attr-defined]


def said(value: Any) -> str:
    """What any reader makes of a cell, as one text."""
    if isinstance(value, dt.datetime | dt.date):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return f"{Decimal(str(value)).normalize():f}"
    return "" if value is None else str(value).replace("\r\n", "\n")


def expected(name: str, by: User) -> list[list[str]]:
    resource = resource_called(name)
    rows = resource.filter({}, queryset=resource.rows(by), user=by).qs
    return [resource.columns, *[[said(resource.cell(row, column)) for column in resource.columns] for row in rows]]


@pytest.mark.usefixtures("company")
@pytest.mark.parametrize("name", LISTS)
def test_two_readers_find_in_a_workbook_what_is_in_the_list(client: Client, owner: User, name: str) -> None:
    content = downloaded(client, name, "_xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(content), read_only=True).worksheets[0]
    first = [[said(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
    second = [[said(cell) for cell in row] for row in workbook.get_sheet_by_index(0).to_python()]
    assert first == second == expected(name, owner)


@pytest.mark.usefixtures("company")
@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("style", CsvStyle.values)
def test_a_csv_says_what_is_in_the_list_in_the_readers_own_way(
    client: Client, owner: User, name: str, style: str
) -> None:
    User.objects.filter(pk=owner.pk).update(csv_style=style)
    text = downloaded(client, name).decode("utf-8-sig")
    has_commas = style == CsvStyle.SEMICOLONS
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=";" if has_commas else ","))
    assert not [cell for row in rows for cell in row if cell[:1] in ("=", "@", "＝", "\t", "\r")]
    numbers = {"rate", "authorization_limit", "minimum_total", "maximum_total"}
    found = [
        [
            said(Decimal(cell.replace(",", ".") if has_commas else cell))
            if column in numbers and cell
            else bare_cell(cell)
            for column, cell in zip(rows[0], row, strict=True)
        ]
        for row in rows[1:]
    ]
    assert found == expected(name, owner)[1:]


@pytest.mark.usefixtures("company")
@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("style", CsvStyle.values)
def test_a_downloaded_list_brought_again_changes_nothing(
    client: Client, owner: User, monkeypatch: pytest.MonkeyPatch, name: str, style: str
) -> None:
    monkeypatch.setattr(list_imports, "wake", lambda pk: None)
    User.objects.filter(pk=owner.pk).update(csv_style=style)
    resource = resource_called(name)
    one = apply(client, f"{resource.app}:{name}", downloaded(client, name))
    assert [(line.label, line.outcome, line.refusals) for line in one.lines.exclude(outcome="left")] == []
    assert one.left == one.total == len(expected(name, owner)) - 1


@pytest.mark.usefixtures("company")
def test_what_a_downloaded_list_holds_can_be_added_elsewhere(
    client: Client, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_imports, "wake", lambda pk: None)
    content, rates = downloaded(client, "supplier"), downloaded(client, "exchangerate")
    before = list(Supplier.objects.order_by("code").values_list("name", flat=True))
    Supplier.objects.all().delete()
    ExchangeRate.objects.all().delete()
    assert apply(client, "suppliers:supplier", content).added == len(RISKY)
    assert apply(client, "ledger:exchangerate", rates).added == 1
    assert list(Supplier.objects.order_by("code").values_list("name", flat=True)) == before
    assert ExchangeRate.objects.get().rate == Decimal("1.125")
    assert TaxCode.objects.get().rate == Decimal("19.5")
    assert not ListImport.objects.exclude(state=ListImport.State.DONE).exists()


@given(st.text(st.sampled_from("'=+-@\t\r\n＝x1. "), max_size=6) | st.text(max_size=8))
def test_no_text_begins_a_formula_and_each_comes_back(text: str) -> None:
    cell = safe_cell(text)
    assert bare_cell(cell) == text
    assert not cell.startswith(FORMULA_STARTS) or cell[1:].replace(".", "", 1).isdigit()


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zs", "Zl", "Zp")), min_size=1)))
def test_several_values_of_one_cell_come_back(values: list[str]) -> None:
    assert parts_of(joined(values)) == values
