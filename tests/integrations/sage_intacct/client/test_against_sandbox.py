"""The client and the sandbox were written apart; here they meet over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
import requests

from intacct_sandbox.server import Running, serve
from integrations.sage_intacct.client import (
    AnswerLost,
    APAdjustment,
    APBill,
    APBillLine,
    Attachment,
    AuthenticationError,
    Client,
    ClientConfig,
    ConnectionFailed,
    ControlError,
    CreateBill,
    CreateLegacyBill,
    CreateSupdoc,
    CreateSupdocFolder,
    Credentials,
    DeleteSupdocFolder,
    Filter,
    GetAPISession,
    Inspect,
    IntacctError,
    ListSupdocs,
    Query,
    ReadByQuery,
    ResultError,
    Supdoc,
    TaxEntry,
    Throttled,
    Vendor,
    audit_history,
    filters,
    query_text,
    stored_supdocs,
)

CREATED, DUE = date(2026, 3, 10), date(2026, 4, 9)
CREDENTIALS = Credentials("demo", "xml_user", "xml_password", "demo_sender", "sender_password")
OBJECTS = [
    "VENDOR",
    "GLACCOUNT",
    "APTERM",
    "APACCOUNTLABEL",
    "TRXCURRENCIES",
    "EXCHANGERATETYPES",
    "DEPARTMENT",
    "LOCATION",
    "LOCATIONENTITY",
    "CLASS",
    "PROJECT",
    "TASK",
    "CUSTOMER",
    "ITEM",
    "EMPLOYEE",
    "REGION",
    "TAXDETAIL",
    "TAXSOLUTION",
    "USERINFO",
    "APBILL",
    "APBILLITEM",
    "APADJUSTMENT",
    "APADJUSTMENTITEM",
    "APPYMT",
    "APPYMTDETAIL",
    "AUDITHISTORY",
]


@pytest.fixture
def running() -> Iterator[Running]:
    with serve() as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def shared() -> Iterator[Client]:
    """For tests that only read."""
    with serve() as sandbox:
        client = _client(sandbox)
        client.create_bill(_bill("READ"))
        client.create_adjustment(_adjustment())
        yield client


@pytest.fixture
def client(running: Running) -> Client:
    return _client(running)


def _client(running: Running, credentials: Credentials = CREDENTIALS) -> Client:
    return Client(credentials, config=ClientConfig(endpoint=running.url, retries=2), sleep=lambda seconds: None)


def _bill(number: str, line: APBillLine | None = None, **header: Any) -> APBill:
    lines = (line or APBillLine("6000", Decimal("12.50"), "Paper", location_id="100"),)
    return APBill("V00001", number, CREATED, DUE, lines, **header)


def _adjustment(**header: Any) -> APAdjustment:
    line = APBillLine("6860", Decimal(-5), location_id="100", dimensions={"GLDIMREGION": "10001"})
    return APAdjustment("V00001", CREATED, (line,), **header)


def _break(running: Running, kind: str, function: str, **data: Any) -> None:
    fault = {"kind": kind, "match": {"function": function}, **data}
    assert requests.post(f"{running.base_url}/sandbox/faults", json={"faults": [fault]}, timeout=30).ok


def _count(client: Client, number: str) -> int:
    return client.query(Query("APBILL", ("RECORDNO",), filters.eq("RECORDID", number))).total_count


@pytest.mark.parametrize("name", OBJECTS)
def test_reads_every_object_in_every_way(shared: Client, name: str) -> None:
    described = [field["ID"] for field in shared.lookup_fields(name)]
    by_query = [
        record for page in shared.read_by_query_pages(ReadByQuery(name, page_size=50)) for record in page.records
    ]
    listed = [name for name in described if by_query and name in by_query[0]] or described[:2]
    key = "ID" if name == "AUDITHISTORY" else "RECORDNO"
    fields = tuple(field for field in listed if name != "AUDITHISTORY" or field not in ("RECORDNO", "MEGAENTITYID"))
    pages = list(shared.query_pages(Query(name, fields, page_size=60), key_field=key))
    found = [record for page in pages for record in page.records]
    assert len(found) == pages[0].total_count == len(by_query)
    assert all(set(record) == {*fields, key} for record in found)
    assert isinstance(shared.field_lengths(name), dict)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (filters.eq("VENDORID", "V00001"), 1),
        (filters.ne("VENDORID", "V00001"), 4),
        (filters.lt("VENDORID", "V00003"), 2),
        (filters.lte("VENDORID", "V00003"), 3),
        (filters.gt("VENDORID", "V00003"), 2),
        (filters.gte("VENDORID", "V00003"), 3),
        (filters.between("VENDORID", "V00002", "V00004"), 3),
        (filters.in_("VENDORID", ["V00001", "V00005"]), 2),
        (filters.not_in("VENDORID", ["V00001", "V00005"]), 3),
        (filters.like("VENDORID", "V0000_"), 5),
        (filters.not_like("VENDORID", "%1"), 4),
        (filters.is_null("VENDORID"), 0),
        (filters.is_not_null("WHENCREATED"), 5),
        (filters.gte("WHENCREATED", date(1990, 1, 1)), 5),
        (filters.gte("WHENMODIFIED", datetime.fromisoformat("1990-01-01T12:00:00")), 5),
        (filters.or_(filters.eq("VENDORID", "V00001"), filters.and_(filters.gt("VENDORID", "V00003"))), 3),
    ],
)
def test_both_sides_understand_every_operator(shared: Client, condition: Filter, expected: int) -> None:
    some = filters.in_("VENDORID", [f"V0000{number}" for number in range(1, 6)])
    assert shared.query(Query("VENDOR", ("VENDORID",), filters.and_(some, condition))).total_count == expected


def test_aggregates_orders_and_options(shared: Client) -> None:
    counted = shared.query(Query("VENDOR", ("STATUS",), aggregates=(("count", "RECORDNO"),), show_private=True)).records
    assert sum(int(row["COUNT.RECORDNO"]) for row in counted) == 200
    down = shared.query(Query("VENDOR", ("VENDORID",), order_by=(("VENDORID", "descending"),), page_size=3)).records
    assert [row["VENDORID"] for row in down] == sorted((row["VENDORID"] for row in down), reverse=True)
    asked = filters.eq("VENDORID", "v00001")
    assert shared.query(Query("VENDOR", ("VENDORID",), asked)).records == []
    assert len(shared.query(Query("VENDOR", ("VENDORID",), asked, case_insensitive=True)).records) == 1


def test_quotes_survive_the_older_query(client: Client) -> None:
    name = "O'Neil \\ <Söhne> & Co"
    client.create_vendor(Vendor("VX", name))
    (page,) = client.read_by_query_pages(ReadByQuery("VENDOR", f"NAME = {query_text(name)}", ("VENDORID", "NAME")))
    assert page.records == [{"VENDORID": "VX", "NAME": name}]


def test_moves_into_an_entity_and_back(shared: Client) -> None:
    assert shared.call(GetAPISession("100")).text("locationid") == "100"
    assert shared.for_entity("100").call(GetAPISession("")).text("locationid") == ""
    assert shared.for_entity("100").open_session().entity_id == "100"


def test_reads_how_the_company_is_set_up(shared: Client) -> None:
    assert [entity.currency for entity in shared.entities()] == ["GBP", "USD", "EUR"]
    assert shared.financial_setup().multi_base_currency
    assert {info.term for info in shared.dimensions() if info.object_name == "PROJECT"} == {"Job"}
    assert [info.object_name for info in shared.dimensions() if info.is_user_defined] == ["REGION"]
    assert shared.user_formatting("xml_user").offset.total_seconds() == -8 * 3600
    assert shared.company_info().title == "Northwind Group"
    assert shared.company_preferences("AP")["duplicate_bill_numbers"] == "vendor"
    assert "GBP" in shared.transaction_currencies()
    assert len(shared.call(Inspect()).elements("type")) > len(OBJECTS)
    assert {found.policy: found.rights for found in shared.user_permissions("limited_user")}["APBILL"] == ()
    assert {found.policy: found.rights for found in shared.user_permissions("xml_user")}["APBILL"]


def test_a_bill_is_made_read_changed_reversed_and_deleted(client: Client) -> None:
    made = client.create_bill(_bill("A1", doc_number="PO", description="it's <&>"))
    record = client.read("APBILL", (made.key or "",))
    assert (record.records[0]["DESCRIPTION"], record.records[0]["RECORD_URL"]) == ("it's <&>", made.record_url)
    assert [line["TRX_AMOUNT"] for line in record.lines("APBILLITEMS")] == ["12.5"]
    client.update_bill(made.key or "", {"DESCRIPTION": ""})
    assert client.read("APBILL", (made.key or "",)).records[0]["DESCRIPTION"] == ""
    assert client.reverse_bill(made.key or "", DUE, "Wrong").key not in (None, made.key)
    with pytest.raises(ResultError):
        client.recall_bill(made.key or "")
    other = client.create_bill(_bill("A2"))
    client.delete_bill(other.key or "")
    deleted = client.query(audit_history("APBILL", since=date(2020, 1, 1))).records
    assert [row["OBJECTKEY"] for row in deleted] == [f"{other.key}--REC"]


def test_the_legacy_functions_keep_the_order_that_the_grammar_wants(client: Client) -> None:
    line = APBillLine(
        "6860",
        Decimal("10"),
        "memo",
        location_id="100",
        dimensions={"DEPARTMENTID": "100", "GLDIMREGION": "10001", "CLASSID": "10", "CUSTOMERID": "C100"},
        tax_entries=(TaxEntry("UK Purchase Goods Standard Rate"),),
        billable=False,
    )
    every: dict[str, Any] = {
        "when_posted": CREATED, "currency": "EUR", "base_currency": "GBP", "exch_rate_date": CREATED,
        "tax_solution_id": "United Kingdom - VAT", "inclusive_tax": False, "custom_fields": {"F": "v"},
        "description": "d", "action": "Submit",
    }  # fmt: skip
    bill = _bill("L1", line, term_name="Net 30", doc_number="PO", on_hold=False, **every)
    made = client.call(CreateLegacyBill(bill, external_id="x", no_gl=False))
    assert client.read("APBILL", (made.key or "",)).lines("APBILLITEMS")[0]["GLDIMREGION"] == "10001"
    adjusted = client.create_adjustment(_adjustment(adjustment_no="CN-1", bill_no="L1", external_id="x", **every))
    assert client.read("APADJUSTMENT", (adjusted.key or "",)).records[0]["RECORDTYPE"] == "pa"


def test_a_vendor_is_made_changed_and_deleted(client: Client) -> None:
    made = client.create_vendor(Vendor("VX", "Made Up", status="active", term_name="Net 30", comments="c"))
    client.update_vendor("VX", {"STATUS": "inactive", "COMMENTS": ""})
    record = client.read_by_name("VENDOR", ("VX",)).records[0]
    assert (record["RECORDNO"], record["STATUS"], record["COMMENTS"]) == (made.key, "inactive", "")


def test_files_come_back_byte_for_byte(client: Client) -> None:
    client.ensure_supdoc_folder("F&'1")
    client.ensure_supdoc_folder("F&'1")
    client.call(CreateSupdocFolder("Empty", "d", "F&'1"))
    client.call(DeleteSupdocFolder("Empty"))
    files = (Attachment("a", "pdf", bytes(range(256))), Attachment("b c", "txt", b""))
    client.create_supdoc(Supdoc("S1", "n", "F&'1", "d", files))
    client.update_supdoc(Supdoc("S1", "n2", "F&'1", "d", (Attachment("z", "pdf", b"3"),)))
    stored = client.get_supdoc("S1")
    assert stored is not None
    assert (stored.name, stored.folder) == ("n2", "F&'1")
    assert stored.attachments == (*files, Attachment("z", "pdf", b"3"))
    listed = client.call(ListSupdocs(expressions=(("supdocid", "=", "S1"),), fields=("supdocid",)))
    assert [found.supdoc_id for found in stored_supdocs(listed)] == ["S1"]
    client.delete_supdoc("S1")
    assert client.get_supdoc("S1") is None


def test_one_request_carries_many_functions_with_an_outcome_each(client: Client) -> None:
    functions = [CreateSupdoc(Supdoc("S", "n", "Vendor Documents")), CreateBill(_bill("B")), CreateBill(_bill("B"))]
    assert [each.ok for each in client.execute(functions)] == [True, True, False]
    rolled_back = client.execute([CreateBill(_bill("T")), CreateBill(_bill("T"))], transaction=True)
    assert [each.cause.errorno if each.cause else "" for each in rolled_back] == ["BL03002185"] * 2
    assert _count(client, "T") == 0


def test_a_control_id_executes_once(client: Client) -> None:
    client.create_bill(_bill("U1"), control_id="u", unique_id=True)
    with pytest.raises(ResultError) as caught:
        client.create_bill(_bill("U2"), control_id="u", unique_id=True)
    assert caught.value.outcome_unknown
    assert _count(client, "U2") == 0


@pytest.mark.parametrize(
    ("fault", "kind", "bills"),
    [
        ({"kind": "drop_before"}, AnswerLost, 0),
        ({"kind": "drop_after"}, AnswerLost, 1),
        ({"kind": "timeout", "seconds": 0.1}, AnswerLost, 1),
        ({"kind": "html"}, AnswerLost, 0),
        ({"kind": "malformed"}, AnswerLost, 1),
        ({"kind": "truncate"}, AnswerLost, 1),
        ({"kind": "empty"}, AnswerLost, 1),
        ({"kind": "status", "status": 500}, AnswerLost, 0),
        ({"kind": "status", "status": 502}, AnswerLost, 0),
        ({"kind": "status", "status": 503}, AnswerLost, 0),
        ({"kind": "status", "status": 524}, AnswerLost, 1),
        ({"kind": "status", "status": 429}, Throttled, 0),
        ({"kind": "status", "status": 429, "retry_after": 7}, Throttled, 0),
        ({"kind": "status", "status": 403}, ConnectionFailed, 0),
        ({"kind": "status", "status": 400, "html": False}, ControlError, 0),
        ({"kind": "fail_function"}, ResultError, 0),
        ({"kind": "duplicate"}, ResultError, 1),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else None,
)
def test_every_fault_of_a_write_ends_in_the_right_error(
    client: Client, running: Running, fault: dict[str, Any], kind: type[IntacctError], bills: int
) -> None:
    _break(running, function="create", **fault)
    with pytest.raises(IntacctError) as caught:
        client.create_bill(_bill("F"))
    assert type(caught.value) is kind
    assert getattr(caught.value, "retry_after", None) == fault.get("retry_after")
    assert caught.value.outcome_unknown is (kind is AnswerLost)
    assert _count(client, "F") == bills


@pytest.mark.parametrize(
    "kind", ["drop_before", "drop_after", "html", "malformed", "truncate", "empty", "status", "expire_session"]
)
def test_a_read_survives_a_fault(client: Client, running: Running, kind: str) -> None:
    _break(running, kind, "query", times=1)
    assert client.query(Query("VENDOR", ("NAME",), page_size=1)).num_remaining > 0


def test_a_write_survives_the_end_of_its_session(client: Client, running: Running) -> None:
    client.open_session()
    _break(running, "expire_session", "create")
    assert client.create_bill(_bill("S")).ok
    assert _count(client, "S") == 1


@pytest.mark.parametrize(
    ("credentials", "kind"),
    [
        (replace(CREDENTIALS, user_password="wrong"), AuthenticationError),
        (replace(CREDENTIALS, sender_password="wrong"), ControlError),
        (Credentials("demo", "xml_user", "xml_password", "other_sender", "other_password"), AuthenticationError),
        (replace(CREDENTIALS, company_id="expired"), ControlError),
        (replace(CREDENTIALS, company_id="unsubscribed"), AuthenticationError),
    ],
    ids=["user", "sender", "unauthorized", "expired", "unsubscribed"],
)  # fmt: skip
def test_a_wrong_sign_in_is_told_apart(running: Running, credentials: Credentials, kind: type[IntacctError]) -> None:
    with pytest.raises(kind):
        _client(running, credentials).open_session()


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.query(Query("NOPE", ("NAME",))),
        lambda client: client.query(Query("VENDOR", ("NOPE",))),
        lambda client: client.read("VENDOR", ("1",), ("NOPE",)),
        lambda client: client.for_entity("200").create_bill(_bill("E")),
        lambda client: client.update_vendor("NOPE", {"NAME": "x"}),
    ],
)
def test_a_refusal_is_a_result_error_with_its_cause(shared: Client, ask: Callable[[Client], object]) -> None:
    with pytest.raises(ResultError) as caught:
        ask(shared)
    assert caught.value.first.text
    assert "[Support ID" not in caught.value.first.text
    assert not caught.value.outcome_unknown
