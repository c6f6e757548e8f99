"""Tax rates, limits and exchange rates: every box and every CSV import reads numbers as invoices' amounts are read."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.test import Client
from django.urls import reverse

from invoices.rules import approval_rules
from ledger import resources as ledger
from ledger.models import ExchangeRate, TaxCode
from organization import resources as organization
from organization.amount_fields import AmountField
from organization.models import Role
from tests import factories
from tests.organization.test_csv import apply, refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Any:
    signed_in = Client()
    owner = factories.owner(factories.account())
    signed_in.force_login(owner)
    signed_in.owner = owner  # type: ignore[attr-defined]
    return signed_in


@pytest.mark.parametrize(
    "typed, rate", [("19,0", "19"), ("19,00", "19"), ("19 %", "19"), ("8.875", "8.875"), ("8,875", "8.875"), ("7", "7")]
)
def test_a_tax_rate_is_read_as_people_write_it(client: Any, typed: str, rate: str) -> None:
    client.post(reverse("ledger:taxcode_add"), {"code": "T", "rate": typed})
    assert TaxCode.objects.get().rate == Decimal(rate)


@pytest.mark.parametrize("typed, sentence", [("1900", "less than or equal to 100"), ("19.12345", "at most 4 decimals")])
def test_a_tax_rate_that_makes_no_sense_is_refused(client: Any, typed: str, sentence: str) -> None:
    page = client.post(reverse("ledger:taxcode_add"), {"code": "T", "rate": typed})
    assert sentence in page.content.decode()


@pytest.mark.parametrize(
    "typed", ["1,000.00", "1.000,00", "1 000", "1'000.00", "GBP 1,000.00", "£1,000", "1\N{NARROW NO-BREAK SPACE}000,00"]
)
def test_a_limit_is_read_as_people_write_it(client: Any, typed: str) -> None:
    page = save_role(client, typed)
    assert page.status_code == 302
    assert Role.objects.get(name="Limited").authorization_limit == 1000


def test_a_limit_that_can_mean_two_things_or_says_another_currency_is_refused(client: Any) -> None:
    assert "at most 2 decimals" in save_role(client, "1.000").content.decode()
    assert "The limit says USD, but its currency is GBP." in save_role(client, "USD 1000").content.decode()


def save_role(client: Any, limit: str) -> Any:
    data = {
        "name": "Limited",
        "visibility": "all",
        "administration": "none",
        "authorization": "all",
        "authorization_limit": limit,
        "authorization_limit_currency": "GBP",
        "reference_data": "none",
    }
    return client.post(reverse("organization:role_add"), data)


def test_files_are_read_as_boxes_are(client: Any) -> None:
    lines = "Company;Code;Rate\n;A;19,00\n;B;7,00 %\n;C;8,875\n;D;190,5\n"
    report = apply(client, "ledger:taxcode", lines)
    assert {one.code: one.rate for one in TaxCode.objects.all()} == {
        "A": Decimal(19),
        "B": Decimal(7),
        "C": Decimal("8.875"),
    }
    assert "less than or equal to 100" in refused(report)[5]


def test_an_exchange_rate_that_can_be_read_in_two_ways_is_asked_about(client: Any) -> None:
    factories.currency(client.owner.account, "USD")
    client.post(reverse("ledger:exchangerate_add"), {"date": "2030-01-01", "currency": "USD", "rate": "0,79125"})
    assert ExchangeRate.objects.get().rate == Decimal("0.79125")
    page = client.post(reverse("ledger:exchangerate_add"), {"date": "2030-01-02", "currency": "USD", "rate": "16,123"})
    assert "can be read as 16123 or as 16.123. Write 16123 or 16.1230." in page.content.decode()


def test_no_form_of_the_control_panel_has_a_number_box_of_its_own(client: Any) -> None:
    every = [*organization.ALL, *ledger.ALL, approval_rules]
    boxes = [field for one in every for field in one.form(user=client.owner).fields.values()]
    numbers = [field for field in boxes if isinstance(field, forms.DecimalField)]
    assert len(numbers) >= 6
    assert all(isinstance(field, AmountField) for field in numbers)
