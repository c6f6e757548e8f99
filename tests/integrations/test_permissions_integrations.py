"""Every address of the integrations, for an owner, a colleague, an outsider, and nobody."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from integrations.models import (
    Connection,
    Exchange,
    ExportItem,
    ItemStatus,
    Job,
    JobKind,
    JobStatus,
    Outcome,
    OutcomeKind,
)
from integrations.services import connections
from integrations.urls import urlpatterns
from organization.models import User
from tests import factories
from tests.integrations.exporting import exporting_connection, ready_invoice
from tests.integrations.importing import company_of

pytestmark = pytest.mark.django_db


@dataclass
class World:
    connection: Connection
    owner: User
    clerk: User
    reporter: User
    outsider: User
    urls: dict[str, str]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr("integrations.runner.wake", lambda *args, **kwargs: None)
    connection = exporting_connection()
    owner = factories.owner(connection.account)
    invoice = ready_invoice(connection)
    job = Job.objects.create(
        connection=connection, kind=JobKind.IMPORT, data_set="terms", status=JobStatus.SUCCEEDED, requested_by=owner
    )
    ExportItem.objects.create(
        connection=connection, invoice=invoice, company=company_of(connection), status=ItemStatus.FAILED, code="x"
    )
    exchange = Exchange.objects.create(connection=connection, job=job, endpoint="https://gateway.example")
    return World(
        connection,
        owner,
        factories.user(connection.account),
        factories.user(connection.account, "Reporter"),
        exporting_outsider(),
        _urls(job, exchange, invoice.pk),
    )


def exporting_outsider() -> User:
    """The owner of another account, which is connected too."""
    return factories.owner(exporting_connection(entity="200").account)


def _urls(job: Job, exchange: Exchange, invoice_pk: int) -> dict[str, str]:
    arguments: dict[str, list[object]] = {
        "integration_list": [],
        "sage_intacct_settings": [],
        "job_detail": [job.pk],
        "job_cancel": [job.pk],
        "batch_detail": [job.batch],
        "batch_cancel": [job.batch],
        "preview_apply": [job.pk],
        "preview_drop": [job.pk],
        "exchange": [job.pk, exchange.pk],
        "export_search": [],
        "export_problems": [],
        "try_again": [],
        "export_invoice": [invoice_pk],
        "invoice_state": [invoice_pk],
        "correct_posting_date": [invoice_pk],
        "link_bill": [invoice_pk],
        "setup": ["sage_intacct"],
        "disable": ["sage_intacct"],
        "synchronize": ["sage_intacct"],
        "import_all": ["sage_intacct"],
        "import_list": ["sage_intacct", "suppliers"],
        "import_problems": ["sage_intacct"],
        "problems_put_aside": ["sage_intacct"],
        "problems_take_up": ["sage_intacct"],
        "choose_data_sets": ["sage_intacct"],
        "resume": ["sage_intacct"],
        "history": ["sage_intacct"],
        "field_map": ["sage_intacct"],
        "ask_support": [],
        "choose_entity": ["sage_intacct", company_of(job.connection).pk],
    }
    return {name: reverse(f"integrations:{name}", args=args) for name, args in arguments.items()}


OWNERS_ONLY = {
    "integration_list": "get",
    "sage_intacct_settings": "get",
    "job_detail": "get",
    "job_cancel": "post",
    "batch_detail": "get",
    "batch_cancel": "post",
    "preview_apply": "post",
    "preview_drop": "post",
    "exchange": "get",
    "setup": "post",
    "synchronize": "post",
    "import_all": "post",
    "import_list": "post",
    "import_problems": "get",
    "problems_put_aside": "post",
    "problems_take_up": "post",
    "choose_data_sets": "post",
    "resume": "post",
    "disable": "get",
    "history": "get",
    "field_map": "get",
    "choose_entity": "get",
}
# What was stays readable.
WHILE_DISABLED = ("integration_list", "setup", "history", "job_detail", "batch_detail", "exchange", "field_map")
# These whoever keeps the reference data may open, too.
OF_REFERENCE_DATA = ("import_list", "import_problems", "problems_put_aside", "problems_take_up")
EXPORTERS = {
    "export_search": "get",
    "export_problems": "get",
    "try_again": "post",
    "export_invoice": "post",
    "correct_posting_date": "post",
    "invoice_state": "get",
}
OF_ONE_ACCOUNT = (
    "job_detail",
    "job_cancel",
    "batch_detail",
    "batch_cancel",
    "preview_apply",
    "preview_drop",
    "exchange",
    "export_invoice",
    "correct_posting_date",
    "invoice_state",
)


def status(user: User | None, url: str, method: str, data: dict[str, str] | None = None) -> int:
    client = Client()
    if user:
        client.force_login(user)
    return getattr(client, method)(url, data or {}).status_code


def test_every_address_is_tried_here(world: World) -> None:
    assert {pattern.name for pattern in urlpatterns if isinstance(pattern, URLPattern)} == set(world.urls)
    assert set(OWNERS_ONLY) | set(EXPORTERS) | {"link_bill", "ask_support"} == set(world.urls)


def test_owners_open_everything(world: World) -> None:
    found = {name: status(world.owner, world.urls[name], method) for name, method in (OWNERS_ONLY | EXPORTERS).items()}
    assert {name: code for name, code in found.items() if code not in (200, 302)} == {}


@pytest.mark.parametrize("role", ["Accounts Payable", "Invoice Approver", "Reporter", "System Admin"])
def test_for_colleagues_integrations_do_not_exist(world: World, role: str) -> None:
    colleague = factories.user(world.connection.account, role)
    opened = OF_REFERENCE_DATA if role == "System Admin" else ()
    closed = {name: method for name, method in OWNERS_ONLY.items() if name not in opened}
    found = {name: status(colleague, world.urls[name], method) for name, method in closed.items()}
    assert set(found.values()) == {404}, found


def test_who_keeps_reference_data_imports_one_list(world: World) -> None:
    admin = factories.user(world.connection.account, "System Admin")
    assert status(admin, world.urls["import_list"], "post") == 302
    job = Job.objects.filter(requested_by=admin).get()
    assert job.data_set == "suppliers"
    assert status(admin, job.get_absolute_url(), "get") == 200


def test_an_owner_who_is_none_any_more_applies_no_preview_of_their_own(world: World) -> None:
    preview = {"kind": JobKind.PREVIEW, "status": JobStatus.SUCCEEDED, "data_set": "terms", "created": 3}
    made = Job.objects.create(connection=world.connection, requested_by=world.owner, **preview)
    factories.owner(world.connection.account)
    User.objects.filter(pk=world.owner.pk).update(role=world.reporter.role)
    for name in ("preview_apply", "preview_drop"):
        assert status(world.owner, reverse(f"integrations:{name}", args=[made.pk]), "post") == 404
    assert Job.objects.get(data_set="terms", kind=JobKind.PREVIEW).options == {}
    assert world.connection.jobs.filter(kind=JobKind.IMPORT).count() == 1


def own_export(world: World, by: User) -> Job:
    """One that this person started, with an invoice that another department's is now."""
    job = Job.objects.create(
        connection=world.connection, kind=JobKind.EXPORT, status=JobStatus.FAILED, requested_by=by, failed=1, total=1
    )
    invoice = ExportItem.objects.get(connection=world.connection).invoice
    Outcome.objects.create(
        job=job, kind=OutcomeKind.FAILED, record_key=invoice.number, record_name="NAMED", local_id=invoice.pk
    )
    return job


def test_what_a_person_started_is_closed_to_them_with_the_permission(world: World) -> None:
    """Whoever was an Account Owner reads no imported rows, stops no import and attaches none to a question."""
    job = Job.objects.get(connection=world.connection, kind=JobKind.IMPORT)
    export = own_export(world, world.owner)
    factories.owner(world.connection.account)
    User.objects.filter(pk=world.owner.pk).update(role=world.reporter.role)
    for started in (job, export):
        assert status(world.owner, started.get_absolute_url(), "get") == 404
        assert status(world.owner, reverse("integrations:job_cancel", args=[started.pk]), "post") == 404
        assert status(world.owner, reverse("integrations:batch_detail", args=[started.batch]), "get") == 404
    client = Client()
    client.force_login(world.owner)
    assert job.title not in client.get(f"{world.urls['ask_support']}?run={job.pk}").text


def test_a_run_of_ones_own_tells_of_invoices_that_one_still_sees(world: World) -> None:
    job, client = own_export(world, world.clerk), Client()
    client.force_login(world.clerk)
    assert "NAMED" in client.get(job.get_absolute_url()).text
    other = factories.company(world.connection.account)
    world.clerk.companies.add(other)
    page = client.get(job.get_absolute_url())
    assert (page.status_code, "NAMED" in page.text) == (200, False)
    assert f"{job.get_absolute_url()}?kind=failed" not in page.text
    client.force_login(world.owner)
    assert "NAMED" in client.get(job.get_absolute_url()).text


def test_who_administers_invoices_exports(world: World) -> None:
    found = {name: status(world.clerk, world.urls[name], method) for name, method in EXPORTERS.items()}
    assert {name: code for name, code in found.items() if code not in (200, 302)} == {}


def test_who_only_looks_exports_nothing(world: World) -> None:
    found = {name: status(world.reporter, world.urls[name], method) for name, method in EXPORTERS.items()}
    assert found == dict.fromkeys(EXPORTERS, 404) | {"invoice_state": 200}
    assert status(world.reporter, world.urls["link_bill"], "post", {"record_no": "1"}) == 404
    assert ExportItem.objects.get(connection=world.connection).status == ItemStatus.FAILED


def test_outsiders_never_reach_another_accounts_rows(world: World) -> None:
    methods = OWNERS_ONLY | EXPORTERS
    found = {name: status(world.outsider, world.urls[name], methods[name]) for name in OF_ONE_ACCOUNT}
    assert set(found.values()) == {404}, found
    assert status(world.outsider, world.urls["link_bill"], "post", {"record_no": "1"}) == 404


def test_outsiders_never_act_on_another_accounts_connection(world: World) -> None:
    for name in ("disable", "resume", "synchronize", "import_all", "try_again", "export_search"):
        status(world.outsider, world.urls[name], "post")
    world.connection.refresh_from_db()
    assert world.connection.is_enabled
    assert not world.connection.jobs.exclude(data_set="terms").exists()
    assert ExportItem.objects.get(connection=world.connection).status == ItemStatus.FAILED


def test_strangers_sign_in_first(world: World) -> None:
    for name, method in (OWNERS_ONLY | EXPORTERS).items():
        assert status(None, world.urls[name], method) == 302, name


def test_the_link_of_an_email_opens_details_after_sign_in(world: World) -> None:
    client = Client()
    asked = client.get(world.urls["job_detail"])
    assert world.urls["job_detail"] in asked.headers["Location"]
    data = {"login": world.owner.email, "password": "password-of-tests"}
    assert client.post(asked.headers["Location"], data).headers["Location"] == world.urls["job_detail"]


def test_while_disabled_there_are_only_setup_and_the_history(world: World) -> None:
    connections.disable(world.connection, by=world.owner)
    closed = {name: method for name, method in (OWNERS_ONLY | EXPORTERS).items() if name not in WHILE_DISABLED}
    found = {name: status(world.owner, world.urls[name], method) for name, method in closed.items()}
    assert set(found.values()) == {404}, found
    for name in ("integration_list", "history", "job_detail", "exchange"):
        assert status(world.owner, world.urls[name], "get") == 200, name
        assert status(world.clerk, world.urls[name], "get") == 404, name


def test_support_staff_without_an_account_see_no_page_of_it(world: World) -> None:
    support = User.objects.create_user("staff@tests.example", "password-of-tests", is_staff=True)
    for name, method in (OWNERS_ONLY | EXPORTERS).items():
        assert status(support, world.urls[name], method) == 404, name


@pytest.mark.parametrize(
    "name", ["setup", "synchronize", "import_all", "import_list", "resume", "try_again", "export_invoice"]
)
def test_looking_changes_nothing(world: World, name: str) -> None:
    assert status(world.owner, world.urls[name], "get") == 405
