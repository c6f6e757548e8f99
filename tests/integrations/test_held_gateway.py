"""Nothing in a web request waits for Sage Intacct: the test holds the gateway, and every page answers all the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import pytest
import requests
from django.test import Client
from django.urls import reverse

from integrations.models import ExportItem, ItemStatus, Job, JobKind
from integrations.sage_intacct import gateway
from invoices.models import ExportState, Invoice
from organization.models import User
from tests import addresses, factories
from tests.integrations import exporting
from tests.integrations.importing import company_of
from tests.integrations.portal_process import portal, worker

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 60  # seconds; only so that a request that waits for the gateway fails instead of hanging


@dataclass(frozen=True)
class HeldGateway:
    """Takes requests, and answers none before it is let go."""

    url: str
    arrived: Event
    let_go: Event


@pytest.fixture
def held(portal_sandbox: Any) -> Iterator[HeldGateway]:
    arrived, let_go = Event(), Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            arrived.set()
            let_go.wait()
            answer = requests.post(portal_sandbox.url, body, headers={"Content-Type": "application/xml"}, timeout=60)
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers["Content-Type"])
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield HeldGateway(f"http://127.0.0.1:{server.server_port}/ia/xml/xmlgw.phtml", arrived, let_go)
    finally:
        let_go.set()
        server.shutdown()
        server.server_close()


class Desk:
    """One account with a connection, invoices in every state that has a button, and its owner's browser."""

    def __init__(self, address: str, entity: str) -> None:
        self.connection = exporting.exporting_connection(entity=entity)
        self.company = company_of(self.connection, entity)
        self.owner: User = factories.owner(self.connection.account)
        self.failed = [self._failed(number) for number in range(3)]
        self.address = address
        self.http = requests.Session()
        signed_in = Client()
        signed_in.force_login(self.owner)
        self.http.cookies.set("sessionid", signed_in.cookies["sessionid"].value)
        self.get(reverse("integrations:integration_list"))

    def _failed(self, number: int) -> Invoice:
        invoice = exporting.ready_invoice(self.connection, company=self.company)
        job = Job.objects.create(connection=self.connection, kind=JobKind.EXPORT, requested_by=self.owner)
        ExportItem.objects.create(
            connection=self.connection,
            invoice=invoice,
            company=self.company,
            job=job,
            status=ItemStatus.FAILED,
            code="bill_exists",
            message="A bill of this number stands there already.",
            raw_message=f"RECORDNO {number + 1}",
            next_attempt_at=None,
        )
        Invoice.objects.filter(pk=invoice.pk).update(export_state=ExportState.FAILED)
        return invoice

    def get(self, path: str) -> requests.Response:
        return self.http.get(self.address + path, timeout=PATIENCE, allow_redirects=False)

    def press(self, name: str, *args: Any, query: str = "", **data: Any) -> requests.Response:
        headers = {"X-CSRFToken": self.http.cookies["csrftoken"], "Referer": self.address}
        url = self.address + reverse(f"integrations:{name}", args=args) + query
        return self.http.post(url, data, headers=headers, timeout=PATIENCE, allow_redirects=False)

    def presses(self) -> list[Callable[[], requests.Response]]:
        """Everything on a page that has to do with Sage Intacct."""
        system = "sage_intacct"
        waiting = exporting.ready_invoice(self.connection, company=self.company)
        found = exporting.ready_invoice(self.connection, company=self.company)
        search = f"?q={found.number}"
        return [
            *(
                lambda invoice=invoice, number=number: self.press("link_bill", invoice.pk, record_no=str(number + 1))
                for number, invoice in enumerate(self.failed[:2])
            ),
            lambda: self.press("link_bill", self.failed[0].pk, record_no="1"),
            lambda: self.press("synchronize", system),
            lambda: self.press("import_all", system),
            lambda: self.press("import_list", system, "suppliers"),
            lambda: self.press("resume", system),
            lambda: self.press("export_invoice", waiting.pk),
            lambda: self.press("export_search", query=search),
            lambda: self.press("try_again", item=str(ExportItem.objects.get(invoice=self.failed[2]).pk)),
        ]

    def pages(self) -> dict[str, str]:
        job = Job.objects.filter(connection=self.connection).latest("pk")
        rows = {
            "company": self.company,
            "department": factories.department(self.connection.account),
            "role": self.owner.role,
            "user": self.owner,
            "glcode": factories.gl_code(self.company),
            "currency": self.failed[0].currency,
            "terms": factories.terms(self.connection.account, "Net 7"),
            "taxcode": factories.tax_code(self.connection.account),
            "dimension": (dimension := factories.dimension(self.connection.account)),
            "dimensionvalue": factories.dimension_value(dimension),
            "supplier": self.failed[0].supplier,
            "document": factories.document(self.failed[0]),
            "saved_search": self.failed[0],
            "approval_rule": self.failed[0],
            "job": job,
            "preview": job,
            "exchange": job,
        }
        return addresses.addresses(rows, self.failed[0])


@contextmanager
def two_desks(endpoint: str) -> Iterator[list[Desk]]:
    gateway.redis_client().flushdb()
    with portal(endpoint) as address, worker(endpoint):
        yield [Desk(address, "100"), Desk(address, "200")]


@pytest.mark.slow
def test_every_page_answers_while_the_gateway_is_held(held: HeldGateway) -> None:
    with two_desks(held.url) as desks:
        presses = [press for desk in desks for press in desk.presses()]
        assert len(presses) == 20
        with ThreadPoolExecutor(len(presses)) as people:
            answers = list(people.map(lambda press: press(), presses))
        assert {answer.status_code for answer in answers} == {302}
        assert held.arrived.wait(PATIENCE), "no worker has asked the gateway for anything"
        for desk in desks:
            for name, path in desk.pages().items():
                assert desk.get(path).status_code in (200, 302, 404, 405), name
            shown = desk.get(desk.failed[0].get_absolute_url()).text
            assert "is being compared with this invoice" in shown
        assert requests.get(f"{desks[0].address}/health/", timeout=PATIENCE).json() == {"status": "ok"}
        kinds = Job.objects.unfinished().values_list("connection", "kind").distinct()
        assert {kind for _, kind in kinds} == {JobKind.LINK, JobKind.SYNCHRONIZE, JobKind.IMPORT, JobKind.EXPORT}
        assert Job.objects.filter(kind=JobKind.LINK).count() == 4
        assert not held.let_go.is_set()
        held.let_go.set()
        _wait_until(lambda: not Job.objects.unfinished().filter(kind=JobKind.LINK).exists())
        assert "The invoice was not linked." in desks[0].get(desks[0].failed[0].get_absolute_url()).text


def _wait_until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.1)
