"""What becomes a link on our pages, of all that an answer may claim to be a record's address."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from intacct_sandbox import company
from intacct_sandbox.company import finish_row
from integrations.models import Connection, ExportItem
from integrations.sage_intacct.record_links import record_link
from invoices.models import Invoice
from tests import factories
from tests.integrations import exporting

VENDOR = "https://api.intacct.com/ia/xml/xmlgw.phtml"
SANDBOX = "http://127.0.0.1:8900/ia/xml/xmlgw.phtml"
GENUINE = "https://www.intacct.com/ia/acct/ur.phtml?.r=6Qh%2FyWB-x_1"
HOSTILE = [
    "javascript:alert(1)",
    " javascript:alert(1)",
    "java\nscript:alert(1)",
    "JAVASCRIPT://www.intacct.com/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "http://www.intacct.com/ia",
    "//evil.example/",
    "https://evil.example/",
    "https://www.intacct.com.evil.example/",
    "https://evilintacct.com/",
    "https://evil.example\\.intacct.com/",
    "https://www.intacct.com@evil.example/",
    'https://www.intacct.com/"><script>',
    "https://www.intacct.com/ a",
    "/accounts-payable/",
    "https://sandbox.example/ia/acct/ur.phtml?.r=1",
    "http://127.0.0.1/ia",
    "http://127.0.0.1:8901/ia",
    "http://127.0.0.1:8900@evil.example/",
    "http://localhost:8900/ia",
    "",
]


def test_the_vendors_own_addresses_are_links(settings: Any) -> None:
    settings.SAGE_INTACCT_ENDPOINT = VENDOR
    assert record_link(GENUINE) == GENUINE
    assert record_link("http://127.0.0.1:8900/ia/acct/ur.phtml?.r=demo.apbill1001") == ""


def test_a_portal_on_a_sandbox_of_this_machine_links_to_it_too(settings: Any) -> None:
    settings.SAGE_INTACCT_ENDPOINT = SANDBOX
    for address in (GENUINE, "http://127.0.0.1:8900/ia/acct/ur.phtml?.r=demo.apbill1001"):
        assert record_link(address) == address


@pytest.mark.parametrize("endpoint", ["http://gateway.example:8900/x", "https://127.0.0.1:8900/x"])
def test_no_other_gateway_is_linked_to_without_https(settings: Any, endpoint: str) -> None:
    settings.SAGE_INTACCT_ENDPOINT = endpoint
    assert record_link(endpoint.replace("https", "http")) == ""


@pytest.mark.django_db
def test_the_link_of_a_posted_bill_opens_the_bill_in_the_sandbox(portal_sandbox: Any, client: Any) -> None:
    connection: Connection = exporting.exporting_connection()
    invoice = exporting.ready_invoice(connection)
    exporting.export(connection, invoice)
    invoice.refresh_from_db()
    assert invoice.posted_url.startswith(portal_sandbox.base_url)
    client.force_login(factories.owner(connection.account))
    assert f'href="{invoice.posted_url}"' in client.get(invoice.get_absolute_url()).content.decode()
    opened = requests.get(invoice.posted_url, timeout=30)
    assert opened.status_code == 200
    assert opened.url == f"{portal_sandbox.base_url}/c/demo/bills/{invoice.posted_reference}"
    assert invoice.number in opened.text


@pytest.mark.parametrize("address", HOSTILE)
@pytest.mark.parametrize("endpoint", [VENDOR, SANDBOX])
def test_nothing_else_is(settings: Any, endpoint: str, address: str) -> None:
    settings.SAGE_INTACCT_ENDPOINT = endpoint
    assert record_link(address) == ""


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["javascript:alert(1)", "https://evil.example/"])
def test_a_hostile_address_of_a_bill_reaches_no_row_and_no_page(
    portal_sandbox: Any, client: Any, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """The gateway names it when the bill is made, and again when the bill is looked up after a lost answer."""
    connection: Connection = exporting.exporting_connection()
    links = f"{portal_sandbox.base_url}/"
    monkeypatch.setattr(
        company, "finish_row", lambda row: finish_row([address if links in str(value) else value for value in row])
    )
    invoices = [exporting.ready_invoice(connection) for _ in range(2)]
    exporting.export(connection, invoices[0])
    exporting.break_gateway(portal_sandbox, {"kind": "drop_after", "match": {"function": "create"}})
    exporting.export(connection, invoices[1])
    exporting.let_time_pass(connection)
    assert set(ExportItem.objects.values_list("status", "record_url")) == {("posted", "")}
    assert set(Invoice.objects.values_list("posted_url", flat=True)) == {""}
    client.force_login(factories.owner(connection.account))
    for invoice in invoices:
        assert address not in client.get(invoice.get_absolute_url()).content.decode()
