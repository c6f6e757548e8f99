"""Every claim of the sandbox's README is a test, here or elsewhere; a line that no test stands behind fails."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

import intacct_sandbox
from intacct_sandbox.actions import ACTIONS
from intacct_sandbox.company import Company
from intacct_sandbox.faults import KINDS
from intacct_sandbox.functions import FUNCTIONS
from intacct_sandbox.seed import make_companies
from tests.intacct_sandbox.caller import Caller, query

HOME = Path(intacct_sandbox.__file__).parent
README = (HOME / "README.md").read_text()
# Words of the README, each in one line of it, and the test that fails when they are not true.
CLAIMS = (
    ("over real HTTP, with a page to look at", "test_pages.py::test_shows_a_bill_with_its_lines_and_documents"),
    ("needs Python 3.11 and `lxml`", "test_readme.py::test_needs_nothing_but_lxml"),
    ("is the same for the same seed", "test_actions.py::test_the_same_seed_gives_the_same_company"),
    ("`--port 0` takes a free port", "test_command_line.py::test_says_where_it_listens_and_ends_when_told"),
    ("SIGTERM or SIGINT ends it", "test_command_line.py::test_says_where_it_listens_and_ends_when_told"),
    ("`--vendors N`, `--gl-accounts N`", "test_readme.py::test_options_set_the_size"),
    ("`--latency-ms N` waits", "test_readme.py::test_waits_before_every_answer"),
    ("In a test:", "test_readme.py::test_the_example_runs"),
    ("| sender | `demo_sender`", "test_readme.py::test_every_sign_in_is_as_written"),
    ("| company `demo`", "test_readme.py::test_companies_and_entities_are_as_written"),
    ("| company `solo`", "test_readme.py::test_companies_and_entities_are_as_written"),
    ("| companies `unsubscribed`, `expired`", "test_readme.py::test_every_sign_in_is_as_written"),
    ("| user `xml_user`", "test_readme.py::test_every_sign_in_is_as_written"),
    ("| `limited_user`, `entity_user`", "test_readme.py::test_every_sign_in_is_as_written"),
    ("`V00020` behave well", "test_actions.py::test_the_documented_vendors_behave_well"),
    ("| V00021 to V00025", "test_readme.py::test_vendors_with_trouble_in_their_names"),
    ("| V00026 to V00032", "test_readme.py::test_vendors_with_trouble_in_their_names"),
    ("| V00033, V00036, V00030; V00034", "test_readme.py::test_vendors_with_other_trouble"),
    ("| V00035, V00038; V00034, V00037", "test_readme.py::test_vendors_with_other_trouble"),
    ("| V00040 to V00042; V00043", "test_readme.py::test_vendors_with_other_trouble"),
    ("| V00047, V00048; V00049", "test_readme.py::test_vendors_with_other_trouble"),
    ("| V00060 to V00074", "test_readme.py::test_vendors_with_other_trouble"),
    ("- **Accounts**: 127.", "test_readme.py::test_accounts_that_need_nothing_but_a_location"),
    ("`6300` IT & Software", "test_readme.py::test_accounts_that_need_nothing_but_a_location"),
    ("| 6810, 6830", "test_readme.py::test_accounts_that_need_more"),
    ("| 5050 | project and department |", "test_readme.py::test_accounts_that_need_more"),
    ("| 6820 | a location of entity 100", "test_bills.py::test_refuses_with_the_documented_chain"),
    ("| 1010, 1020", "test_readme.py::test_accounts_that_no_bill_takes"),
    ("| 6990, 7300", "test_readme.py::test_accounts_that_no_bill_takes"),
    ("- **Terms** Net 30", "test_readme.py::test_terms_currencies_taxes_and_the_rest"),
    ("- **Taxes**:", "test_readme.py::test_terms_currencies_taxes_and_the_rest"),
    ("- **Dimensions**:", "test_readme.py::test_terms_currencies_taxes_and_the_rest"),
    ("the user-defined `REGION`", "test_readme.py::test_terms_currencies_taxes_and_the_rest"),
    ("- One attachment folder", "test_readme.py::test_terms_currencies_taxes_and_the_rest"),
    ("getAPISession, query (every operator", "test_readme.py::test_the_functions_are_those_that_are_listed"),
    ("every operator, order, options", "test_query.py::test_every_operator_selects"),
    ("readEntityDetails, getFinancialSetup", "test_readme.py::test_the_functions_are_those_that_are_listed"),
    ("each in its exact element order", "test_protocol.py::test_refuses_a_legacy_function_out_of_order"),
    ("- create_supdoc, update_supdoc", "test_readme.py::test_the_functions_are_those_that_are_listed"),
    ("- create_bill, update_bill", "test_readme.py::test_the_functions_are_those_that_are_listed"),
    ("- create_paymentrequest", "test_readme.py::test_the_functions_are_those_that_are_listed"),
    ("- create_aradjustment", "test_readme.py::test_the_functions_are_those_that_are_listed"),
    ("update_cctransaction, get_araging", "test_readme.py::test_the_functions_are_those_that_are_listed"),
    ("Several functions in a request", "test_protocol.py::test_answers_each_function_by_itself_in_order"),
    ("`transaction`, `uniqueid`", "test_protocol.py::test_rolls_back_a_transaction_as_a_whole"),
    ("`includewhitespace`", "test_protocol.py::test_leaves_out_white_space_when_asked"),
    ("`showadditionalerrorinfo`", "test_protocol.py::test_adds_error_information_when_asked"),
    ("a payment selects its bills", "test_payments.py::test_a_payment_selects_its_bills_and_is_posted_after_approval"),
    ("AR adjustments but for their sign", "test_other_modules.py::test_refuses_an_ar_adjustment_that_cannot_be"),
    ("deposits but for their bank and payments", "test_other_modules.py::test_a_deposit_is_of_payments_that_are_there"),
    ("Nothing posts to a ledger", "test_readme.py::test_nothing_posts_to_a_ledger"),
    ("returns pages that overlap", "test_query.py::test_unordered_pages_overlap_and_leave_gaps"),
    ("readByQuery keeps none", "test_query.py::test_read_by_query_keeps_no_order"),
    ("serve every session", "test_query.py::test_a_result_id_is_read_on_with_from_any_session_of_its_user"),
    ("it takes no ISO times", "test_query.py::test_an_iso_time_in_a_condition_cannot_be_processed"),
    (
        "no elements that it does not know",
        "test_query.py::test_an_element_that_a_reading_function_lacks_is_a_schema_error",
    ),
    ("`lookup` lists nothing that", "test_query.py::test_lookup_lists_nothing_that_query_refuses"),
    ("two operators at its top", "test_query.py::test_takes_two_operators_at_the_top_of_a_filter_as_and"),
    ("only with `showprivate`", "test_query.py::test_the_top_level_sees_private_records_only_when_asked"),
    ("readByQuery codes (`'T'`)", "test_query.py::test_read_by_query_takes_codes_and_query_takes_words"),
    ("`uniqueid` is **true** when", "test_readme.py::test_uniqueid_is_true_when_it_is_left_out"),
    ("sessions expire a while after", "test_sessions.py::test_every_call_moves_the_expiry_on"),
    ("WHENMODIFIED is in the zone", "test_query.py::test_reads_changes_since_a_moment_in_the_users_zone"),
    ("**Rules of bills**", "test_bills.py::test_every_rule_has_a_case"),
    ("the wrappers of the gateway follow", "test_bills.py::test_refuses_with_the_documented_chain"),
    ("Where no source says", "test_readme.py::test_every_choice_has_a_test"),
    ("| a control id again with `uniqueid`", "test_protocol.py::test_refuses_a_completed_control_id"),
    ("failed calls do not use the id up", "test_protocol.py::test_lets_a_failed_control_id_be_used_again"),
    (
        "the whole request is refused",
        "test_protocol.py::test_may_refuse_the_whole_request_for_one_completed_control_id",
    ),
    ("failed calls use the id up", "test_protocol.py::test_may_use_a_control_id_up_by_failing"),
    ("nothing is remembered", "test_protocol.py::test_may_forget_control_ids"),
    ("| a bill number again", "test_bills.py::test_refuses_a_number_that_the_vendor_has_already"),
    ("| TERMNAME without WHENDUE", "test_bills.py::test_computes_the_due_date_from_terms"),
    (
        "left out; preference `unknown_fields`",
        "test_unknown_fields.py::test_leaves_unknown_fields_out_unless_told_otherwise",
    ),
    ("`refused` (XL03000010)", "test_unknown_fields.py::test_refuses_unknown_fields_where_the_company_does"),
    ("| a line that `update_bill`", "test_legacy_functions.py::test_a_part_of_a_line_is_updated_and_the_rest_stays"),
    ("| more than two decimals", "test_bills.py::test_refuses_with_the_documented_chain"),
    ("| IP filter, inactive user", "test_sessions.py::test_refuses_an_address_that_is_filtered"),
    ("gets XL03000003 at control level", "test_protocol.py::test_answers_what_is_no_request_with_a_parse_error"),
    ("an encoding nobody uses", "test_hostile.py::test_refuses_an_encoding_that_nobody_uses"),
    (
        "for that function alone, undone",
        "test_hostile.py::test_answers_its_own_bugs_as_the_gateway_does_and_undoes_them",
    ),
    (
        "A request with a `policyid`",
        "test_protocol.py::test_answers_a_request_under_a_transport_policy_with_an_acknowledgement_only",
    ),
    ("(40 characters at most)", "test_protocol.py::test_refuses_a_transport_policy_that_is_none"),
    (
        "answered with an acknowledgement only",
        "test_protocol.py::test_answers_a_request_under_a_transport_policy_with_an_acknowledgement_only",
    ),
    ("| `GET /` |", "test_pages.py::test_shows_a_bill_with_its_lines_and_documents"),
    ("| `GET /sandbox/state.json` |", "test_actions.py::test_counts_what_was_served"),
    ("| `POST /sandbox/act` |", "test_actions.py::test_creates_and_deletes_records"),
    ("| `POST /sandbox/faults`", "test_faults.py::test_counts_times_and_can_be_cleared"),
    ("| `POST /sandbox/reset` |", "test_actions.py::test_reset_starts_afresh"),
    ("| `GET /sandbox/attachments", "test_supdocs.py::test_keeps_files_byte_for_byte"),
    ("| `GET /sandbox/writes.json` |", "test_late.py::test_every_write_that_arrived_is_on_record"),
    ("| `POST /sandbox/clock` |", "test_late.py::test_a_late_request_executes_when_the_clock_has_come_to_it"),
    ("**Actions**:", "test_readme.py::test_the_actions_are_those_that_are_listed"),
    ("null clears", "test_actions.py::test_clears_a_field_with_null"),
    ("`void_payment` (recordno or payment)", "test_readme.py::test_the_actions_are_those_that_are_listed"),
    ("Preferences: `unknown_fields`", "test_readme.py::test_the_preferences_are_those_that_are_listed"),
    (
        "fields that this company does not have",
        "test_unknown_fields.py::test_a_company_may_lack_a_field_that_others_have",
    ),
    ("that it names but does not keep", "test_unknown_fields.py::test_a_company_may_drop_what_it_says_that_it_has"),
    ("**Faults**:", "test_faults.py::test_refuses_a_script_that_it_does_not_understand"),
    ("`times` -1 is for ever", "test_faults.py::test_counts_times_and_can_be_cleared"),
    ("| `drop_before`, `drop_after` |", "test_faults.py::test_drops_the_connection_before_anything_is_executed"),
    ("| `delay` |", "test_faults.py::test_delays"),
    ("| `timeout` |", "test_faults.py::test_times_out"),
    ("| `status` |", "test_faults.py::test_answers_a_status_with_html"),
    ("| `html`, `malformed`", "test_faults.py::test_spoils_the_body"),
    ("| `expire_session` |", "test_faults.py::test_expires_the_session_in_the_middle"),
    ("| `throttle` |", "test_faults.py::test_throttles_above_a_limit"),
    ("| `fail_function` |", "test_faults.py::test_fails_one_function_of_many"),
    ("| `late` |", "test_late.py::test_a_late_request_executes_when_the_clock_has_come_to_it"),
    ("| `eventual` |", "test_faults.py::test_shows_a_fresh_record_late"),
    ("| `duplicate` |", "test_faults.py::test_delivers_a_request_twice"),
    (
        "A page of 2,000 vendors",
        "test_scale.py::test_serves_a_page_for_little_more_than_lxml_takes_to_read_it",
    ),
    ("A process with a million vendors", "test_scale.py::test_holds_a_million_vendors_in_little_memory"),
    ("A new object is one", "test_readme.py::test_every_room_is_there"),
    ("which refuse a rule without one", "test_bills.py::test_every_rule_has_a_case"),
)
# Sentences that go on in the next line, and rows that test_every_room_is_there looks at as a whole.
TOLD_WITH_THE_NEXT_LINE = ("A stand-in for", "**How deep it goes.**")
ROOMS = README[README.index("## Rooms") :]


def prose() -> list[str]:
    """The lines that claim something: no headings, code, heads of tables."""
    text = re.sub(r"(?ms)^```.*?^```$|^    .*?$", "", README)
    lines = [line.strip() for line in text.splitlines()]
    heads = {lines[place - 1] for place, line in enumerate(lines) if re.match(r"\|-", line)}
    return [line for line in lines if line and not line.startswith(("#", "|-")) and line not in heads]


@pytest.mark.parametrize("line", prose(), ids=lambda line: line[:40])
def test_every_line_is_a_tested_claim(line: str) -> None:
    if line.startswith("| ") and line in ROOMS:
        return  # test_every_room_is_there
    assert line.startswith(TOLD_WITH_THE_NEXT_LINE) or any(words in line for words, _ in CLAIMS)


@pytest.mark.parametrize(("words", "test"), CLAIMS, ids=[words[:40] for words, _ in CLAIMS])
def test_every_claim_stands_there_and_has_its_test(words: str, test: str) -> None:
    assert words in README
    module, name = test.split("::")
    assert f"\ndef {name}(" in (Path(__file__).parent / module).read_text()


def test_every_choice_has_a_test() -> None:
    table = README[README.index("| Question |") : README.index("What it cannot read")]
    for row in table.splitlines()[2:]:
        assert not row or any(words in row for words, _ in CLAIMS)


# -- what it needs, and how it starts


def test_needs_nothing_but_lxml() -> None:
    text = "\n".join(path.read_text() for path in HOME.rglob("*.py"))
    imported = {name.split(".")[0] for name in re.findall(r"(?m)^\s*(?:from|import) ([\w.]+)", text)}
    assert imported - set(sys.stdlib_module_names) == {"lxml", "intacct_sandbox"}


def test_options_set_the_size() -> None:
    company = make_companies("small", 1500, 700, 1)["demo"]
    assert (company.table("VENDOR").live, company.table("GLACCOUNT").live) == (1500, 700)
    large = make_companies("large", 0, 0, 1)["demo"]
    assert (large.table("VENDOR").live, large.table("GLACCOUNT").live) == (100_000, 5_000)


def test_waits_before_every_answer(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    sandbox = caller.running.sandbox
    monkeypatch.setattr(sandbox.stopping, "wait", waited.append)
    sandbox.options = type(sandbox.options)(latency_ms=250)
    caller.call("<getAPISession/>")
    assert waited == [0.25]


def test_the_example_runs(caller: Caller) -> None:
    running = caller.running
    assert running.url.startswith(running.base_url)
    assert running.company.title == "Northwind Group"


# -- sign-ins


def test_every_sign_in_is_as_written(caller: Caller) -> None:
    read = query("VENDOR", "VENDORID", "<pagesize>1</pagesize>")
    assert caller.call(read).statuses == ["success"]
    assert caller.call(read, user="limited_user").statuses == ["failure"]
    assert caller.call(read, user="entity_user", entity="200").statuses == ["success"]
    level = "operation/errormessage"
    assert caller.call(read, user="entity_user").errors(level)
    assert caller.call(read, user="inactive_user").errors(level)
    assert caller.call(read, sender=("other_sender", "other_password")).errors(level)
    assert caller.call(read, company="unsubscribed").errors(level)
    assert caller.call(read, company="expired").errors("errormessage")[0][0] == "PL04000055"
    assert caller.call(read, company="solo").statuses == ["success"]
    body = "<readUserFormatting><userId>xml_user</userId></readUserFormatting>"
    assert caller.call(body).root.findtext(".//gmtoffset") == "-08:00"


@pytest.fixture(scope="module")
def companies() -> dict[str, Company]:
    return make_companies("small", 0, 0, 1)


@pytest.fixture(scope="module")
def demo(companies: dict[str, Company]) -> Company:
    return companies["demo"]


def test_companies_and_entities_are_as_written(companies: dict[str, Company]) -> None:
    demo, solo = companies["demo"], companies["solo"]
    named = {entity["LOCATIONID"]: (entity["NAME"], entity["CURRENCY"]) for entity in demo.entities()}
    line = next(line for line in README.splitlines() if line.startswith("| company `demo`"))
    written = {key: (name, code) for key, name, code in re.findall(r"`(\d+)` ([^(]+) \((\w{3})\)", line)}
    assert named == written
    assert (demo.title, solo.title, solo.entities(), solo.base_currency) == (
        "Northwind Group",
        "Solo Trading Ltd",
        [],
        "GBP",
    )


# -- records


def vendor(company: Company, number: int) -> dict[str, str]:
    found = company.record("VENDOR", f"V{number:05}")
    assert found is not None
    return found


def test_vendors_with_trouble_in_their_names(demo: Company) -> None:
    names = [vendor(demo, number)["NAME"] for number in range(21, 33)]
    assert ["\u200b" in names[0], {"<", ">"} < set(names[1])] == [True, True]
    assert [mark in name for mark, name in zip("\ue001\x85\ufffd", names[2:5], strict=True)] == [True] * 3
    every = "".join(names[5:])
    assert {"'", '"', "&", "é"} < set(every)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in every)
    assert any(ord(letter) > 0xFFFF for letter in every)
    assert 99 in [len(name) for name in names[5:]]


def test_vendors_with_other_trouble(demo: Company) -> None:
    def values(field: str, *numbers: int) -> list[str]:
        return [vendor(demo, number)[field] for number in numbers]

    assert values("CURRENCY", 33, 36, 30, 34, 35) == ["CHF", "CAD", "SEK", "NOK", "XBT"]
    enabled = {row["CODE"] for row in rows(demo, "TRXCURRENCIES")}
    assert {"NOK", "XBT"}.isdisjoint(enabled)
    assert values("TERMNAME", 35, 38, 34, 37, 39) == ["Quarterly 4th"] * 2 + ["Net 75"] * 2 + [""]
    assert demo.record("APTERM", "Net 75") is None
    assert set(values("ONHOLD", 40, 41, 42)) == {"true"}
    assert set(values("STATUS", 43, 44, 45, 46)) == {"inactive"}
    assert set(values("ONETIME", 47, 48)) == {"true"}
    assert set(values("WHENMODIFIED", *range(49, 56))) == {""}
    for entity, numbers in (("100", range(60, 75)), ("200", range(75, 88)), ("300", range(88, 94))):
        assert set(values("MEGAENTITYID", *numbers)) == {entity}
    assert demo.table("VENDOR").live == 200


def rows(company: Company, name: str) -> list[dict[str, str]]:
    table = company.table(name)
    return [table.as_dict(row) for row in table.head if row is not None]


def test_accounts_that_need_nothing_but_a_location(demo: Company) -> None:
    assert demo.table("GLACCOUNT").live == 127
    paragraph = README[README.index("- **Accounts**") : README.index("| Account | Needs |")]
    usable = re.findall(r"`(\d{4})`", paragraph)
    assert len(usable) == 20
    for number in usable:
        account = demo.record("GLACCOUNT", number) or {}
        assert account["STATUS"] == "active"
        assert not account["RESTRICTED"]
        assert number not in demo.bank_accounts
        assert [name for name in account if name.startswith("REQUIRE") and account[name] == "true"] in (
            [],
            ["REQUIRELOC"],
        )
    for number, title in re.findall(r"`(\d{4})` ([A-Z][^,.]+)", paragraph):
        assert (demo.record("GLACCOUNT", number) or {})["TITLE"] == title.strip()


NEEDS = {
    "department": "REQUIREDEPT", "location": "REQUIRELOC", "project": "REQUIREPROJECT", "class": "REQUIRECLASS",
    "region": "REQUIREGLDIMREGION", "customer": "REQUIRECUSTOMER", "employee": "REQUIREEMPLOYEE", "item": "REQUIREITEM",
}  # fmt: skip


def test_accounts_that_need_more(demo: Company) -> None:
    row = next(line for line in README.splitlines() if line.strip().startswith("| 6810, 6830"))
    numbers, needs = (part.split(", ") for part in row.strip(" |").split(" | "))
    for number, need in zip(numbers, needs, strict=True):
        assert (demo.record("GLACCOUNT", number) or {})[NEEDS[need]] == "true"
    both = demo.record("GLACCOUNT", "5050") or {}
    assert both["REQUIREPROJECT"] == both["REQUIREDEPT"] == "true"


def test_accounts_that_no_bill_takes(demo: Company) -> None:
    assert set(demo.bank_accounts) == {"1010", "1020", "1030", "1040", "2030"}
    inactive = {account["ACCOUNTNO"] for account in rows(demo, "GLACCOUNT") if account["STATUS"] != "active"}
    assert inactive == {"6990", "7300", "4200", "1230"}


def test_terms_currencies_taxes_and_the_rest(companies: dict[str, Company]) -> None:
    demo, solo = companies["demo"], companies["solo"]
    line = next(line for line in README.splitlines() if line.startswith("- **Terms**"))
    terms, currencies = re.match(r"- \*\*Terms\*\* (.*); .*\*\*Currencies\*\* (.*)\.", line).groups()  # type: ignore[union-attr]
    assert [row["NAME"] for row in rows(demo, "APTERM") if row["STATUS"] == "active"] == terms.split(", ")
    assert [row["NAME"] for row in rows(demo, "APTERM") if row["STATUS"] != "active"] == ["Net 90 (old)"]
    assert [row["CODE"] for row in rows(demo, "TRXCURRENCIES")] == currencies.split()
    solutions = [entity["TAXSOLUTIONID"] for entity in demo.entities()]
    assert solutions == ["United Kingdom - VAT", "US Sales Tax - SYS", ""]
    assert solo.preferences["tax_solution"] == "United Kingdom - VAT"
    assert (demo.record("DEPARTMENT", "500") or {})["STATUS"] == "inactive"
    assert (demo.record("LOCATION", "130") or {})["STATUS"] == "inactive"
    assert any(row["PARENTID"] for row in rows(demo, "DEPARTMENT"))
    assert demo.label("PROJECT") == "Job"
    assert any(row["MEGAENTITYID"] for row in rows(demo, "PROJECT"))
    for name in ("CLASS", "TASK", "CUSTOMER", "ITEM", "EMPLOYEE"):
        assert rows(demo, name)
    assert rows(demo, "REGION")[0]["id"] == "10001"
    assert list(demo.cabinet.folders) == ["Vendor Documents"]
    assert demo.closed_before == {}


# -- what it speaks


def test_the_functions_are_those_that_are_listed() -> None:
    part = README[README.index("## What it speaks") : README.index("Several functions in a request")]
    listed = set(
        re.findall(
            r"\b[a-z]+[A-Z]\w*|\b[a-z]+_[a-z_]+\b|\b(?:query|read|lookup|inspect|create|update|delete|get)\b", part
        )
    )
    assert listed - {"company_info"} == set(FUNCTIONS)


def test_nothing_posts_to_a_ledger(caller: Caller) -> None:
    caller.act("pay_bill", recordno=caller.make_bill())
    assert caller.call(query("GLDETAIL", "RECORDNO")).records("RECORDNO") == []


def test_uniqueid_is_true_when_it_is_left_out(caller: Caller) -> None:
    body = caller.envelope(caller.bill(), controlids=("once",)).replace("<uniqueid>false</uniqueid>", "")
    assert [caller.send(body).statuses for _ in range(2)] == [["success"], ["failure"]]


# -- control


def test_the_actions_are_those_that_are_listed() -> None:
    part = README[README.index("**Actions**") : README.index("Preferences: ")]
    assert set(re.findall(r"`([a-z]+_[a-z]+)`", part)) == set(ACTIONS)


def test_the_preferences_are_those_that_are_listed() -> None:
    line = next(line for line in README.splitlines() if line.startswith("Preferences: "))
    own, of_the_company = line.split("of the company itself")
    text = "\n".join(path.read_text() for path in HOME.rglob("*.py"))
    asked = re.findall(r"""(?:preference|preferences\.get|_names)\(\s*"(\w+)\"""", text)
    assert set(re.findall(r"`([a-z_]+)`", own)) == set(asked) - {"tax_solution"}
    cases = re.findall(r'case "(\w+)":', (HOME / "actions.py").read_text())
    assert set(re.findall(r"`([a-z_]+)`", of_the_company)) == set(cases)


def test_the_faults_are_those_that_are_listed() -> None:
    table = README[README.index("| Kind |") : README.index("## Speed and size")]
    first = [row.split("|")[1] for row in table.splitlines()[2:] if row.startswith("|")]
    assert set(re.findall(r"`(\w+)`", " ".join(first))) == KINDS


def test_every_room_is_there() -> None:
    named = {
        room for row in ROOMS.splitlines() if row.startswith("|") for room in re.findall(r"`([\w/]+(?:\.py)?)`", row)
    }
    present = {path.name for path in HOME.glob("*.py") if not path.name.startswith("__")}
    folders = {f"{path.name}/" for path in HOME.iterdir() if (path / "__init__.py").exists()}
    assert present | folders == named
    assert "def define(" in (HOME / "schema" / "common.py").read_text()


def test_one_account_is_restricted_to_the_locations_of_one_entity(demo: Company) -> None:
    (restricted,) = [row for row in rows(demo, "GLACCOUNT") if row["RESTRICTED"]]
    locations = restricted["RESTRICTED"].split("#~#")
    assert (restricted["ACCOUNTNO"], {demo.entity_of_location(each) for each in locations}) == ("6820", {"100"})
