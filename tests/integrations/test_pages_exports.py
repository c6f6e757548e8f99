from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations import runner
from integrations.models import Connection, ExportItem, FailureKind, ItemStatus, Job, JobKind
from integrations.panel import field_id
from integrations.services import exports
from integrations.views import export_check
from invoices.models import ExportState, Invoice, PostingStatus
from organization.models import User
from tests import factories
from tests.integrations import exporting
from tests.integrations.exporting import deliver, exporting_connection, ready_invoice
from tests.integrations.importing import CREDENTIALS, company_of, run

pytestmark = pytest.mark.django_db
SEARCH = "/accounts-payable/invoices/"
EXPORT = "/control-panel/integrations/export/"


@pytest.fixture
def connection() -> Connection:
    return exporting_connection()


@pytest.fixture
def clerk(connection: Connection) -> User:
    return factories.user(connection.account)


@pytest.fixture
def page(client: Client, clerk: User) -> Client:
    client.force_login(clerk)
    return client


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def url(name: str, *args: Any) -> str:
    return reverse(f"integrations:{name}", args=args)


def failed_item(connection: Connection, invoice: Invoice, **fields: Any) -> ExportItem:
    job = fields.pop("job", None) or Job.objects.create(connection=connection, kind=JobKind.EXPORT)
    defaults = {
        "status": ItemStatus.FAILED,
        "job": job,
        "failure_kind": FailureKind.RECORD,
        "code": "period_closed",
        "message": "The period is closed.",
        "advice": "Open it in Sage Intacct.",
        "raw_message": "BL01001973",
        "next_attempt_at": None,
    }
    Invoice.objects.filter(pk=invoice.pk).update(export_state=ExportState.FAILED)
    return ExportItem.objects.create(
        connection=connection, invoice=invoice, company=invoice.company, **defaults | fields
    )


def test_invoice_search_exports_what_its_filters_select(page: Client, connection: Connection) -> None:
    shown = text(page.get(f"{SEARCH}?number=EXP&status=not_posted"))
    assert "Export To Sage Intacct" in shown
    assert f"{EXPORT}?number=EXP&amp;status=not_posted" in shown


def test_the_button_stands_within_what_the_filters_replace(page: Client, connection: Connection) -> None:
    shown = text(page.get(SEARCH))
    assert shown.index('id="results"') < shown.index("Export To Sage Intacct")


def test_asks_with_figures_before_it_exports(page: Client, connection: Connection) -> None:
    for _ in range(3):
        ready_invoice(connection)
    ready_invoice(connection, posting_status=PostingStatus.POSTED)
    factories.invoice(company_of(connection))
    shown = text(page.get(EXPORT))
    assert "3 invoices" in shown
    assert "Export 3 invoices" in shown
    assert "<dt>Left out</dt><dd>2" in shown
    assert not ExportItem.objects.exists()


def test_exports_exactly_what_the_filters_select(page: Client, connection: Connection) -> None:
    wanted = ready_invoice(connection, number="PICK-1")
    ready_invoice(connection, number="LEAVE-1")
    response = page.post(f"{EXPORT}?number=PICK", follow=True)
    assert [item.invoice_id for item in ExportItem.objects.all()] == [wanted.pk]
    assert "The export process has started" in text(response)
    assert response.redirect_chain[-1][0] == Job.objects.get().get_absolute_url()


def test_a_filter_that_makes_no_sense_exports_nothing(page: Client, connection: Connection) -> None:
    ready_invoice(connection)
    page.post(f"{EXPORT}?company=999999")
    assert not ExportItem.objects.exists()


def test_exports_only_what_the_person_may_administer(client: Client, connection: Connection) -> None:
    home, other = factories.department(connection.account), factories.department(connection.account)
    limited = factories.user(connection.account, visibility="all", administration="departments")
    limited.departments.add(home)
    mine = ready_invoice(connection, department=home)
    ready_invoice(connection, department=other)
    client.force_login(limited)
    assert "Export 1 invoice" in text(client.get(EXPORT))
    client.post(EXPORT)
    assert [item.invoice_id for item in ExportItem.objects.all()] == [mine.pk]


def test_names_the_problems_of_many_by_cause(page: Client, connection: Connection) -> None:
    held = factories.supplier(company_of(connection), "V00090", is_active=False)
    for _ in range(2):
        ready_invoice(connection, supplier=held)
    ready_invoice(connection)
    other = factories.supplier(company_of(connection), "V00091", is_active=False)
    ready_invoice(connection, supplier=other)
    response = page.get(EXPORT)
    check = response.context["check"]
    assert [(cause.problem.cause, cause.count) for cause in check.causes] == [
        ("supplier_inactive V00090", 2),
        ("supplier_inactive V00091", 1),
    ]
    assert "3 of 4 would be refused" in text(response)


def test_every_selected_invoice_is_looked_at_a_part_per_request(
    page: Client, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_check, "PART", 2)
    monkeypatch.setattr(export_check, "BUDGET_SECONDS", 0.0)
    held = factories.supplier(company_of(connection), "V00090", is_active=False)
    good = exporting.vendor(company_of(connection))
    for number, supplier in enumerate((good, held, good, held, held)):
        ready_invoice(connection, number=f"PART-{number}", supplier=supplier)
    question = f"{EXPORT}?number=PART"
    response = page.get(question)
    token = response.context["check"].token
    seen = [(response.context["check"].checked, response.context["check"].held_back)]
    while not response.context["check"].is_done:
        assert f"check={token}" in response.text
        response = page.get(f"{question}&check={token}", headers={"HX-Request": "true"})
        seen.append((response.context["check"].checked, response.context["check"].held_back))
    assert seen == [(2, 1), (4, 2), (5, 3)]
    assert "<html" not in response.text
    assert "hx-get" not in response.text
    assert "3 of 5 would be refused" in text(response)


def test_the_look_goes_on_without_script_and_is_nobody_elses(
    client: Client, page: Client, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_check, "PART", 1)
    monkeypatch.setattr(export_check, "BUDGET_SECONDS", 0.0)
    for _ in range(2):
        ready_invoice(connection)
    token = page.get(EXPORT).context["check"].token
    shown = page.get(f"{EXPORT}?check={token}")
    assert shown.context["check"].checked == 2
    assert "Export 2 invoices" in text(shown)
    client.force_login(factories.user(connection.account))
    assert client.get(f"{EXPORT}?check={token}").context["check"].token != token
    assert client.get(f"{EXPORT}?check=../../1").context["check"].checked == 1


def test_queries_of_the_question_do_not_grow(
    page: Client, connection: Connection, django_assert_max_num_queries: Any
) -> None:
    for _ in range(10):
        ready_invoice(connection)
    page.get(EXPORT)
    with django_assert_max_num_queries(40):
        page.get(EXPORT)
    for _ in range(20):
        ready_invoice(connection)
    with django_assert_max_num_queries(40):
        page.get(EXPORT)


def test_nothing_to_export_is_said(page: Client, connection: Connection) -> None:
    ready_invoice(connection, posting_status=PostingStatus.POSTED)
    assert "The one invoice that the filters select cannot be exported now." in text(page.get(EXPORT))
    assert "The filters select no invoice." in text(page.get(f"{EXPORT}?number=NOTHING"))
    assert "There was nothing to export" in text(page.post(EXPORT, follow=True))


def test_view_invoice_offers_the_export_only_while_authorised_and_not_posted(
    page: Client, connection: Connection
) -> None:
    draft = factories.invoice(company_of(connection))
    ready = ready_invoice(connection)
    assert "Export Invoice" not in text(page.get(draft.get_absolute_url()))
    shown = text(page.get(ready.get_absolute_url()))
    assert "Export Invoice" in shown
    assert "Export to Sage Intacct" in shown


def test_who_only_looks_gets_no_button(client: Client, connection: Connection) -> None:
    client.force_login(factories.user(connection.account, "Reporter"))
    shown = text(client.get(ready_invoice(connection).get_absolute_url()))
    assert "Export Invoice" in shown
    assert "Export to Sage Intacct" not in shown
    assert "Export To Sage Intacct" not in text(client.get(SEARCH))


def test_an_invoice_goes_out_from_its_page(page: Client, connection: Connection, portal_sandbox: Any) -> None:
    invoice = ready_invoice(connection)
    shown = text(page.post(url("export_invoice", invoice.pk), follow=True))
    assert "It is waiting to be sent." in shown
    assert "every 2s" in shown
    deliver(connection)
    after = text(page.get(invoice.get_absolute_url()))
    item = ExportItem.objects.get()
    assert item.record_no
    assert "Authorised, Posted" in after
    assert f"record <strong>{item.record_no}</strong>" in after
    assert "Export to Sage Intacct" not in after


def test_the_section_is_polled_and_reloads_when_it_is_settled(page: Client, connection: Connection) -> None:
    invoice = ready_invoice(connection)
    exports.export_invoices(connection, [invoice], by=None)
    live = page.get(url("invoice_state", invoice.pk))
    assert "<html" not in live.content.decode()
    assert "HX-Refresh" not in live.headers
    ExportItem.objects.update(status=ItemStatus.FAILED, message="The period is closed.")
    assert page.get(url("invoice_state", invoice.pk)).headers["HX-Refresh"] == "true"


def test_pressing_twice_makes_one_item(page: Client, connection: Connection) -> None:
    invoice = ready_invoice(connection)
    page.post(url("export_invoice", invoice.pk))
    shown = text(page.post(url("export_invoice", invoice.pk), follow=True))
    assert ExportItem.objects.count() == 1
    assert "under way already" in shown


def test_problems_before_sending_link_to_their_field(page: Client, connection: Connection) -> None:
    held = factories.supplier(company_of(connection), "V00091", is_active=False)
    invoice = ready_invoice(connection, supplier=held)
    shown = text(page.get(invoice.get_absolute_url()))
    assert f"{reverse('invoices:invoice_edit', args=[invoice.pk])}#id_supplier" in shown


@pytest.mark.parametrize(
    ("field", "anchor"),
    [
        ("supplier", "id_supplier"),
        ("line-2-gl_code", "id_lines-1-gl_code"),
        ("line-1-dimension_7", "id_lines-0-dimension_7"),
    ],
)
def test_fields_have_the_ids_of_the_entry_form(field: str, anchor: str) -> None:
    assert field_id(field) == anchor


def test_a_failed_export_shows_reason_fix_and_try_again(page: Client, connection: Connection) -> None:
    invoice = ready_invoice(connection)
    failed_item(connection, invoice)
    shown = text(page.get(invoice.get_absolute_url()))
    for words in ("The period is closed.", "Open it in Sage Intacct.", "BL01001973", "Try again"):
        assert words in shown
    assert "Link to this bill" not in shown


def test_a_bill_that_stands_there_is_linked(page: Client, connection: Connection, portal_sandbox: Any) -> None:
    invoice = ready_invoice(connection)
    record_no = standing_bill(portal_sandbox, connection, invoice)
    page.post(url("export_invoice", invoice.pk))
    deliver(connection)
    shown = text(page.get(invoice.get_absolute_url()))
    assert "Link to this bill" in shown
    assert f'name="record_no" value="{record_no}"' in shown
    shown = text(page.post(url("link_bill", invoice.pk), {"record_no": record_no}, follow=True))
    assert "is being compared with this invoice" in shown
    assert f'hx-get="{url("invoice_state", invoice.pk)}"' in shown
    assert f'<noscript><p class="small"><a href="{invoice.get_absolute_url()}">Look again</a>' in shown
    assert "HX-Refresh" not in page.get(url("invoice_state", invoice.pk))
    (job,) = run(list(Job.objects.filter(kind=JobKind.LINK)))
    assert page.get(url("invoice_state", invoice.pk))["HX-Refresh"] == "true"
    assert "Linked to record" in text(page.get(job.get_absolute_url()))
    invoice.refresh_from_db()
    assert invoice.is_posted
    assert invoice.posted_reference == record_no
    assert len(exporting.bills(portal_sandbox)) == 1


def test_a_bill_that_is_another_is_not_linked(page: Client, connection: Connection, portal_sandbox: Any) -> None:
    invoice = ready_invoice(connection)
    failed_item(connection, invoice, code="bill_exists", raw_message="RECORDNO 999999")
    page.post(url("link_bill", invoice.pk), {"record_no": "999999"})
    run(list(Job.objects.filter(kind=JobKind.LINK)))
    shown = text(page.get(invoice.get_absolute_url()))
    assert "The invoice was not linked. Sage Intacct has no bill with the record number 999999." in shown
    invoice.refresh_from_db()
    assert not invoice.is_posted


def standing_bill(sandbox: Any, connection: Connection, invoice: Invoice) -> str:
    """A bill under the invoice's vendor and number that does not carry our mark; its record number."""
    exporting.export(connection, invoice)
    (bill,) = exporting.bills(sandbox)
    marks = {"DESCRIPTION": "typed in by hand", "SUPDOCID": ""}
    exporting.act(sandbox, action="edit_bill", recordno=bill["recordno"], fields=marks)
    Invoice.objects.filter(pk=invoice.pk).update(posting_status="not_posted", posted_reference="", export_state="none")
    ExportItem.objects.all().delete()
    return str(bill["recordno"])


def test_problems_are_grouped_by_cause(page: Client, connection: Connection) -> None:
    for _ in range(3):
        failed_item(connection, ready_invoice(connection))
    failed_item(connection, ready_invoice(connection), code="vendor_unknown", message="The supplier is unknown there.")
    response = page.get(url("export_problems"))
    assert [(card.group.code, card.count) for card in response.context["cards"]] == [
        ("period_closed", 3),
        ("vendor_unknown", 1),
    ]
    assert "4 invoices could not be exported" in text(response)


def test_queries_of_the_problems_do_not_grow(
    page: Client, connection: Connection, django_assert_max_num_queries: Any
) -> None:
    for number in range(5):
        failed_item(connection, ready_invoice(connection), code=f"cause_{number}")
    page.get(url("export_problems"))
    with django_assert_max_num_queries(12):
        page.get(url("export_problems"))
    for number in range(5, 15):
        failed_item(connection, ready_invoice(connection), code=f"cause_{number}")
    with django_assert_max_num_queries(12):
        page.get(url("export_problems"))


def test_one_a_group_or_all_are_tried_again(page: Client, connection: Connection) -> None:
    one = failed_item(connection, ready_invoice(connection))
    two = failed_item(connection, ready_invoice(connection))
    three = failed_item(connection, ready_invoice(connection), code="vendor_unknown")

    def queued() -> set[int]:
        return set(ExportItem.objects.filter(status=ItemStatus.QUEUED).values_list("pk", flat=True))

    page.post(url("try_again"), {"item": one.pk})
    assert queued() == {one.pk}
    page.post(url("try_again"), {"code": "vendor_unknown"})
    assert queued() == {one.pk, three.pk}
    shown = text(page.post(url("try_again"), follow=True))
    assert queued() == {one.pk, two.pk, three.pk}
    assert "1 invoice is tried again." in shown


def test_trying_again_stays_within_one_run(page: Client, connection: Connection) -> None:
    here = failed_item(connection, ready_invoice(connection))
    elsewhere = failed_item(connection, ready_invoice(connection))
    page.post(url("try_again"), {"job": here.job_id})
    elsewhere.refresh_from_db()
    here.refresh_from_db()
    assert (here.status, elsewhere.status) == (ItemStatus.QUEUED, ItemStatus.FAILED)


def test_trying_again_leads_back_within_the_portal_only(page: Client, connection: Connection) -> None:
    assert page.post(url("try_again"), {"next": "https://evil.example/"}).headers["Location"] == url("export_problems")
    assert page.post(url("try_again"), {"next": SEARCH}).headers["Location"] == SEARCH
    assert page.post(url("try_again"), {"item": "1; drop"}).status_code == 404


def test_the_home_page_shows_problems_by_cause(page: Client, connection: Connection) -> None:
    invoice = ready_invoice(connection)
    failed_item(connection, invoice)
    shown = text(page.get("/accounts-payable/"))
    assert "The period is closed." in shown
    assert invoice.number in shown


def looked_up_item(connection: Connection, invoice: Invoice, **fields: Any) -> ExportItem:
    lost = {"code": "answer_lost", "message": "Sage Intacct did not answer properly.", "advice": "It is looked up."}
    due = {"next_attempt_at": timezone.now() + dt.timedelta(hours=2), "unknown_since": timezone.now()}
    state = {"status": ItemStatus.UNKNOWN, "failure_kind": FailureKind.UNKNOWN, "was_sent": True}
    item = failed_item(connection, invoice, **lost | due | state | fields)
    Invoice.objects.filter(pk=invoice.pk).update(export_state=ExportState.UNKNOWN)
    return item


def in_the_readers_zone(item: ExportItem, clerk: User) -> str:
    assert item.next_attempt_at is not None
    return f"{item.next_attempt_at.astimezone(ZoneInfo(clerk.time_zone)):%d/%m/%Y %H:%M}"


def test_the_home_page_counts_problems_alike_in_figure_widget_and_list(page: Client, connection: Connection) -> None:
    """What is being looked up needs nobody, and counts all the same."""
    failed_item(connection, ready_invoice(connection))
    for status in (ItemStatus.UNKNOWN, ItemStatus.QUEUED, ItemStatus.FAILED):
        looked_up_item(connection, ready_invoice(connection), status=status)
    shown = page.get("/accounts-payable/")
    figure = next(one for one, _ in shown.context["tiles"] if one.label == "Export problems")
    assert (figure.count, figure.note) == (4, "1 failed, 3 being looked up")
    assert "2 invoices are being looked up in Sage Intacct" in text(shown)
    listed = page.get(url("export_problems"))
    assert listed.context["total"] + listed.context["looked_up"].count == figure.count
    assert "2 invoices could not be exported to Sage Intacct, and 2 are being looked up there." in text(listed)


def test_what_is_only_looked_up_is_no_alarm(page: Client, connection: Connection) -> None:
    def tone() -> str:
        tiles = page.get("/accounts-payable/").context["tiles"]
        return next(str(figure.tone) for figure, _ in tiles if figure.label == "Export problems")

    assert tone() == ""
    looked_up_item(connection, ready_invoice(connection))
    assert tone() == "warn"
    failed_item(connection, ready_invoice(connection))
    assert tone() == "error"


def test_a_list_of_nothing_but_look_ups_says_that_nobody_need_do_anything(page: Client, connection: Connection) -> None:
    invoice = ready_invoice(connection)
    looked_up_item(connection, invoice)
    for address in ("/accounts-payable/", url("export_problems")):
        shown = text(page.get(address))
        assert "1 invoice is being looked up in Sage Intacct" in shown
        assert invoice.number in shown
    assert "Try all again" not in shown


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (ExportState.QUEUED, "Export queued"),
        (ExportState.SENDING, "Being exported"),
        (ExportState.FAILED, "Export failed"),
        (ExportState.UNKNOWN, "Export being looked up"),
    ],
)
def test_a_state_beside_that_of_the_invoice_says_that_it_is_the_exports(
    page: Client, connection: Connection, state: ExportState, words: str
) -> None:
    invoice = ready_invoice(connection, export_state=state)
    for address in (SEARCH, invoice.get_absolute_url()):
        badges = re.findall(r'<span class="badge[^"]*">([^<]*)</span>', text(page.get(address)))
        assert badges[badges.index("Authorised, Not Posted") + 1] == words, address


def test_says_when_an_invoice_is_looked_for_again(page: Client, connection: Connection, clerk: User) -> None:
    User.objects.filter(pk=clerk.pk).update(time_zone="Asia/Tokyo")
    clerk.refresh_from_db()
    invoice = ready_invoice(connection)
    item = looked_up_item(connection, invoice)
    assert item.job is not None
    Job.objects.filter(pk=item.job.pk).update(requested_by=clerk, status="running")
    for address in (invoice.get_absolute_url(), item.job.get_absolute_url(), url("export_problems")):
        shown = text(page.get(address))
        assert "Looked for again" in shown, address
        assert in_the_readers_zone(item, clerk) in shown, address


def test_says_when_an_invoice_that_failed_unknown_is_looked_for_again(
    page: Client, connection: Connection, clerk: User
) -> None:
    invoice = ready_invoice(connection)
    item = looked_up_item(connection, invoice, status=ItemStatus.FAILED)
    for address in (invoice.get_absolute_url(), url("export_problems")):
        shown = text(page.get(address))
        assert "Looked for again" in shown, address
        assert in_the_readers_zone(item, clerk) in shown, address


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"claim": uuid.uuid4(), "claimed_at": timezone.now()}, "It is being looked for right now."),
        ({"status": ItemStatus.QUEUED, "attempts_count": 0}, "Sent again"),
        ({"status": ItemStatus.QUEUED, "was_sent": False, "attempts_count": 2}, "Sent again"),
    ],
    ids=["now", "not found there", "temporary"],
)
def test_says_what_comes_next(page: Client, connection: Connection, fields: dict[str, Any], words: str) -> None:
    invoice = ready_invoice(connection)
    looked_up_item(connection, invoice, **fields)
    assert words in text(page.get(invoice.get_absolute_url()))


def test_names_no_time_while_the_connection_is_paused(page: Client, connection: Connection, clerk: User) -> None:
    invoice = ready_invoice(connection)
    item = looked_up_item(connection, invoice)
    paused = {"paused_at": timezone.now(), "pause_reason": "The password was refused."}
    Connection.objects.filter(pk=connection.pk).update(**paused)
    assert item.job is not None
    for address in (invoice.get_absolute_url(), url("export_problems")):
        shown = text(page.get(address))
        assert "Looked for again when the connection is resumed." in shown, address
        assert in_the_readers_zone(item, clerk) not in shown, address


def test_a_paused_connection_is_announced_in_the_module(page: Client, connection: Connection) -> None:
    Connection.objects.filter(pk=connection.pk).update(
        paused_at=timezone.now(), pause_reason="The password was refused."
    )
    shown = text(page.get(SEARCH))
    assert "The connection to Sage Intacct is paused" in shown
    assert "The password was refused." in shown


def test_an_export_run_lists_its_invoices_with_links(page: Client, connection: Connection, clerk: User) -> None:
    done, stuck = ready_invoice(connection), ready_invoice(connection)
    job = Job.objects.create(connection=connection, kind=JobKind.EXPORT, requested_by=clerk, status="partial", total=2)
    failed_item(connection, done, job=job)
    ExportItem.objects.create(connection=connection, invoice=stuck, company=stuck.company, job=job)
    job.outcomes.create(kind="failed", record_key=done.number, local_id=done.pk, message="The period is closed.")
    shown = text(page.get(job.get_absolute_url()))
    assert f'href="{done.get_absolute_url()}"' in shown
    assert f'href="{stuck.get_absolute_url()}"' in shown
    assert "On the way" in shown
    assert "Try all again" in shown


def test_without_an_integration_no_page_mentions_it(client: Client) -> None:
    company = factories.company()
    client.force_login(factories.owner(company.account))
    invoice = factories.authorized_invoice(company)
    pages = (SEARCH, "/accounts-payable/", invoice.get_absolute_url(), "/control-panel/suppliers/")
    for path in (*pages, "/control-panel/general-ledgers/"):
        assert "Sage Intacct" not in text(client.get(path)), path


def test_a_big_cause_leaves_room_for_the_others(page: Client, connection: Connection) -> None:
    for _ in range(12):
        failed_item(connection, ready_invoice(connection))
    alone = failed_item(connection, ready_invoice(connection), code="vendor_unknown")
    cards = page.get(url("export_problems")).context["cards"]
    assert [(len(card.items), card.left_out) for card in cards] == [(8, 4), (1, 0)]
    assert cards[1].items == [alone]


def test_after_disable_and_a_new_setup_nothing_is_sent_twice(
    client: Client, connection: Connection, portal_sandbox: Any
) -> None:
    owner = factories.owner(connection.account)
    client.force_login(owner)
    invoice = ready_invoice(connection)
    client.post(EXPORT)
    deliver(connection)
    client.post(url("disable", "sage_intacct"), follow=True)
    assert "Sage Intacct" not in text(client.get(SEARCH))
    client.post(url("setup", "sage_intacct"))
    client.post("/control-panel/sage-intacct-settings/", CREDENTIALS)
    client.post(url("synchronize", "sage_intacct"))
    runner.run_job(connection.jobs.filter(kind=JobKind.SYNCHRONIZE).latest("pk").pk)
    client.post(EXPORT)
    connection.refresh_from_db()
    deliver(connection)
    invoice.refresh_from_db()
    assert connection.is_ready
    assert invoice.is_posted
    assert len(exporting.bills(portal_sandbox)) == 1


def test_a_queued_invoice_says_what_it_waits_for(page: Client, connection: Connection) -> None:
    invoice = ready_invoice(connection)
    exports.export_invoices(connection, [invoice], by=None)
    Connection.objects.filter(pk=connection.pk).update(
        paused_at=timezone.now(), pause_reason="The password was refused."
    )
    shown = text(page.get(invoice.get_absolute_url()))
    assert "It waits: the connection is paused." in shown
    assert shown.count("The password was refused.") == 1, "which the banner says"
    Connection.objects.filter(pk=connection.pk).update(paused_at=None, synchronized_at=None)
    assert "It waits until Sage Intacct is synchronized." in text(page.get(invoice.get_absolute_url()))


def test_credit_notes_are_counted_apart_and_not_exported(page: Client, connection: Connection) -> None:
    ready_invoice(connection)
    note = ready_invoice(connection, kind="credit_note")
    shown = text(page.get(EXPORT))
    assert "Export 1 invoice<" in shown
    assert "<dt>Credit notes</dt><dd>1 " in shown
    assert "Left out" not in shown
    page.post(EXPORT)
    assert note.pk not in ExportItem.objects.values_list("invoice", flat=True)


def test_view_invoice_says_what_to_do_with_a_credit_note(page: Client, connection: Connection) -> None:
    note = ready_invoice(connection, kind="credit_note")
    shown = text(page.get(note.get_absolute_url()))
    assert "Credit notes are not exported to Sage Intacct yet: enter this one there as an AP adjustment" in shown
    assert "Export to Sage Intacct" not in shown
    assert "There is nothing to export" in text(page.post(url("export_invoice", note.pk), follow=True))
    assert not ExportItem.objects.exists()


def test_a_credit_note_is_no_export_problem(page: Client, connection: Connection) -> None:
    failed_item(connection, ready_invoice(connection, kind="credit_note"))
    tiles = {figure.label: figure.count for figure, _ in page.get("/accounts-payable/").context["tiles"]}
    assert (tiles["Export problems"], tiles["Authorised, to be posted"]) == (0, 0)
    assert page.get(url("export_problems")).context["total"] == 0
    page.post(url("try_again"))
    assert ExportItem.objects.get().status == ItemStatus.FAILED


@pytest.mark.parametrize(
    ("grants", "exported"),
    [
        ({"visibility": "all", "administration": "all"}, {"OWN", "HOME", "OTHER"}),
        ({"visibility": "all", "administration": "departments"}, {"OWN", "HOME"}),
        ({"visibility": "all", "administration": "own"}, {"OWN"}),
        ({"visibility": "departments", "administration": "all"}, {"OWN", "HOME"}),
        ({"visibility": "own", "administration": "all"}, {"OWN"}),
        ({"visibility": "all", "administration": "none"}, None),
        ({"visibility": "none", "administration": "all"}, set()),
    ],
)
def test_exports_what_is_seen_and_administered_and_nothing_else(
    client: Client, connection: Connection, grants: dict[str, str], exported: set[str] | None
) -> None:
    home, other = factories.department(connection.account), factories.department(connection.account)
    person = factories.user(connection.account, **grants)
    person.departments.add(home)
    ready_invoice(connection, number="OWN", created_by=person)
    ready_invoice(connection, number="HOME", department=home)
    elsewhere = ready_invoice(connection, number="OTHER", department=other)
    stranger = exporting_connection()
    ready_invoice(stranger, number="STRANGE")
    client.force_login(person)
    question = client.get(EXPORT)
    answer = client.post(EXPORT)
    if exported is None:
        assert (question.status_code, answer.status_code) == (404, 404)
    else:
        assert question.context["count"] == len(exported)
        assert question.context["check"].checked == len(exported)
    assert set(ExportItem.objects.values_list("invoice__number", flat=True)) == (exported or set())
    if exported is None or "OTHER" not in exported:
        assert client.post(url("export_invoice", elsewhere.pk)).status_code == 404


def test_a_person_of_one_company_exports_that_companys_only(client: Client, connection: Connection) -> None:
    other = factories.company(connection.account)
    person = factories.user(connection.account)
    person.companies.add(company_of(connection))
    mine = ready_invoice(connection)
    ready_invoice(connection, company=other, supplier=factories.supplier(other), gl_code=factories.gl_code(other))
    client.force_login(person)
    client.post(EXPORT)
    assert [item.invoice_id for item in ExportItem.objects.all()] == [mine.pk]


def test_trying_again_takes_only_what_one_administers(client: Client, connection: Connection) -> None:
    person = factories.user(connection.account, visibility="all", administration="own")
    mine = failed_item(connection, ready_invoice(connection, created_by=person))
    other = failed_item(connection, ready_invoice(connection))
    client.force_login(person)
    assert "1 invoice is tried again." in text(client.post(url("try_again"), {"code": "period_closed"}, follow=True))
    assert "nothing to try again" in text(client.post(url("try_again"), {"item": other.pk}, follow=True))
    assert set(ExportItem.objects.filter(status=ItemStatus.QUEUED)) == {mine}


def test_what_is_asked_for_while_paused_waits_and_says_so(client: Client, connection: Connection) -> None:
    owner = factories.owner(connection.account)
    client.force_login(owner)
    Connection.objects.filter(pk=connection.pk).update(paused_at=timezone.now(), pause_reason="The password expired.")
    ready_invoice(connection)
    shown = text(client.post(EXPORT, follow=True))
    assert "They are sent as soon as the connection is fixed" in shown
    assert "The connection to Sage Intacct is paused" in shown
    assert f'action="{url("resume", "sage_intacct")}"' in shown
    failed_item(connection, ready_invoice(connection))
    assert "1 invoice is in the queue; the connection is paused." in text(client.post(url("try_again"), follow=True))


def test_the_paused_banner_offers_resume_to_account_owners_only(page: Client, connection: Connection) -> None:
    Connection.objects.filter(pk=connection.pk).update(paused_at=timezone.now(), pause_reason="The password expired.")
    shown = text(page.get(SEARCH))
    assert "An Account Owner can fix it." in shown
    assert "Resume" not in shown
    assert page.post(url("resume", "sage_intacct")).status_code == 404


def test_differing_reasons_of_one_cause_are_said_by_each_invoice(page: Client, connection: Connection) -> None:
    for length in (31, 33):
        message = f"The number has {length} characters."
        failed_item(
            connection,
            ready_invoice(connection, number="9" * length),
            code="number_too_long",
            message=message,
            advice="Shorten the number.",
        )
    shown = text(page.get(url("export_problems")))
    assert "2 invoices could not be exported" in shown
    for length in (31, 33):
        assert shown.count(f"The number has {length} characters.") == 1
    home = text(page.get("/accounts-payable/"))
    assert "Shorten the number." in home
    assert "The number has" not in home


def test_a_number_in_use_there_can_be_changed(page: Client, connection: Connection, portal_sandbox: Any) -> None:
    invoice = ready_invoice(connection)
    standing_bill(portal_sandbox, connection, invoice)
    Invoice.objects.filter(pk=invoice.pk).update(total="90.00", net="90.00")
    invoice.lines.update(net="90.00", unit_price="90.00")
    page.post(url("export_invoice", invoice.pk))
    deliver(connection)
    shown = text(page.get(invoice.get_absolute_url()))
    assert "Planergy did not make it" in shown
    assert "for GBP 100.00, dated 15 January 2030" in shown
    assert "Link to this bill" not in shown
    edit = reverse("invoices:invoice_edit", args=[invoice.pk])
    assert f'href="{edit}#id_number"' in shown


def test_what_preflight_found_is_said_once(page: Client, connection: Connection) -> None:
    held = factories.supplier(company_of(connection), "V00090", is_on_hold=True)
    invoice = ready_invoice(connection, supplier=held)
    exporting.export(connection, invoice)
    shown = text(page.get(invoice.get_absolute_url()))
    assert "It was not sent, for this has to be fixed first" in shown
    panel = shown[shown.index('id="export-panel"') : shown.index('id="header-title"')]
    assert panel.count("is on hold. <span") == 1
    held.is_on_hold = False
    held.save()
    after = text(page.get(invoice.get_absolute_url()))
    assert "What stood in the way is gone. Ready to be sent." in after
    assert after.index("What was refused before") < after.index("is on hold")
    assert "It was not sent" not in after


def test_a_run_of_many_causes_and_invoices_shows_the_first_of_them(
    page: Client, connection: Connection, clerk: User
) -> None:
    job = Job.objects.create(connection=connection, kind=JobKind.EXPORT, requested_by=clerk, status="partial", total=14)
    for number in range(12):
        failed_item(connection, ready_invoice(connection), job=job, code=f"cause_{number}")
    shown = text(page.get(job.get_absolute_url()))
    assert "See 2 more causes under Export problems" in shown
    running = exports.export_invoices(connection, [ready_invoice(connection) for _ in range(52)], by=clerk)
    assert "and 2 more" in text(page.get(running.get_absolute_url()))


def test_our_words_are_spelled_as_the_reader_does_and_names_are_left_alone(
    client: Client, connection: Connection
) -> None:
    held = factories.supplier(company_of(connection), name="Colour Organisation", is_on_hold=True)
    invoice = ready_invoice(connection, supplier=held)
    exporting.export(connection, invoice)
    client.force_login(factories.owner(connection.account, spelling="en-us"))
    for address in (invoice.get_absolute_url(), url("export_problems"), "/accounts-payable/", EXPORT):
        shown = text(client.get(address))
        assert "Colour Organisation is on hold" in shown
        assert "Authorised" not in shown
    assert "These stay Authorized, Not Posted" in text(client.get(EXPORT))
