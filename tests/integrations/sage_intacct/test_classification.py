from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.errors import (
    ConfigurationError,
    IntegrationError,
    RecordError,
    TemporaryError,
    UnknownOutcome,
)
from integrations.models import FailureKind
from integrations.sage_intacct.classification import Verdict, classify, classify_errors, integration_error
from integrations.sage_intacct.classification.catalogue import CATALOGUE, VAGUE
from integrations.sage_intacct.classification.entry import Entry
from integrations.sage_intacct.client import (
    AnswerLost,
    ApiError,
    AuthenticationError,
    ConnectionFailed,
    ControlError,
    IntacctError,
    InvalidRequest,
    MalformedResponse,
    Result,
    ResultError,
    Throttled,
)

from .found_answers import FOUND, UNKNOWN_TO_US, Found
from .known_answers import KNOWN, WORDED_HERE, Known

COULD_NOT = ApiError("BL01001973", description2="Could not create APBILL record! [Support ID: a%7Eb]")
CANNOT_CREATE = ApiError(
    "BL01001973",
    description2="Currently, we can&#039;t create the transaction",
    correction="Check the transaction for errors or inconsistencies, then try again.",
)
ROLLED_BACK = ApiError(
    "XL03000009", description2="The entire transaction in this operation has been rolled back due to an error."
)
UNKNOWN_ANSWER = ApiError("BL99000001", description2="The moon is in the wrong quarter.")
INVALID_VENDOR = ApiError("BL01001973", description2="Invalid Vendor 'V100' specified.")


def verdict_on(*errors: ApiError, level: str = "result") -> Verdict:
    return classify_errors(errors, level=level)


def result_error(errors: Sequence[ApiError], cause: ApiError | None = None, status: str = "failure") -> ResultError:
    return ResultError(Result(status, "create", "f1", errors=tuple(errors), cause=cause))


def test_knows_more_than_sixty_answers() -> None:
    assert len({entry.code for entry in CATALOGUE}) >= 60


def test_every_line_of_the_catalogue_has_an_example() -> None:
    assert {known.code for known in KNOWN} == {entry.code for entry in (*CATALOGUE, *VAGUE)}
    assert len(KNOWN) == len({known.code for known in KNOWN})


@pytest.mark.parametrize("known", KNOWN, ids=str)
def test_knows_the_answer(known: Known) -> None:
    verdict = verdict_on(known.error, level=known.level)
    assert (verdict.code, verdict.kind) == (known.code, known.kind)
    assert known.says in verdict.message
    assert known.where.lower() in verdict.advice.lower()


@pytest.mark.parametrize("known", KNOWN, ids=str)
def test_knows_the_answer_in_front_of_its_wrappers(known: Known) -> None:
    errors = (known.error, COULD_NOT, CANNOT_CREATE, ROLLED_BACK)
    assert verdict_on(*errors, level=known.level).code == known.code
    assert verdict_on(*reversed(errors), level=known.level).code == known.code


@pytest.mark.parametrize("known", KNOWN, ids=str)
def test_is_not_misled_by_what_only_resembles_the_answer(known: Known) -> None:
    assert verdict_on(known.near_error, level=known.level).code != known.code


@pytest.mark.parametrize("known", KNOWN, ids=str)
def test_leaves_no_gap_in_what_it_says(known: Known) -> None:
    """Neither where the text names everything, nor where only the number is known."""
    for error in (known.error, ApiError(known.errorno, description2="!")):
        verdict = verdict_on(error, level=known.level)
        for said in (verdict.message, verdict.advice):
            assert said
            assert not re.search(r"[{}\[\]]|  | [.,;:]|\.\.|,\.", said)


@pytest.mark.parametrize("known", KNOWN, ids=str)
def test_looks_do_not_matter(known: Known) -> None:
    def disguised(text: str) -> str:
        curly = text.replace("'", "&amp;#8217;").replace(" ", "\u00a0\n ")
        return curly.upper() if "&" not in curly else curly

    error = ApiError(known.errorno, *(disguised(text) for text in (known.description, known.text, known.correction)))
    assert verdict_on(error, level=known.level).code == known.code


def test_the_catalogue_says_where_to_mend_what_is_mended_in_sage_intacct() -> None:
    elsewhere = {"company_expired", "company_inactive", "smart_rule"}
    config = [entry for entry in CATALOGUE if entry.kind == FailureKind.CONFIG and entry.code not in elsewhere]
    assert [entry.code for entry in config if " > " not in entry.advice] == []


def test_codes_fit_their_column_and_are_of_one_kind() -> None:
    kinds: dict[str, set[FailureKind]] = {}
    for entry in (*CATALOGUE, *VAGUE):
        assert re.fullmatch(r"[a-z_]{1,60}", entry.code)
        assert entry.pattern or entry.suffices
        kinds.setdefault(entry.code, set()).add(entry.kind)
    assert all(len(found) == 1 for found in kinds.values())


# -- wording


@pytest.mark.parametrize(
    "text",
    [
        "The vendor 'V100' is invalid.",
        "Vendor 'V100' specified is not valid.",
        "The specified vendor 'V100' is not valid.",
        "Invalid Vendor 'V100' specified.",
        "Supplier ‘V100’ specified is not valid.",
        "Invalid Supplier &quot;V100&quot; specified.",
        "Line 3: The supplier V100 is invalid.",
    ],
)
def test_knows_an_invalid_vendor_in_every_wording(text: str) -> None:
    verdict = verdict_on(ApiError("BL01001973", description2=text))
    assert verdict.code == "vendor_invalid"
    assert verdict.values["value"] == "V100"


@pytest.mark.parametrize("label", ["Job", "Cost Code", "Grant", "Employee", "Kostenträger", "Property & Unit"])
def test_names_a_missing_dimension_as_the_company_calls_it(label: str) -> None:
    verdict = verdict_on(
        ApiError("", description2=f"This transaction is missing the {label} dimension for the Account 6000")
    )
    assert verdict.code == "dimension_missing"
    assert verdict.values == {"label": label, "account": "6000"}
    assert f"Enter the {label} on the lines with the GL code 6000" in verdict.advice


@pytest.mark.parametrize("label", ["Department", "'Cost Code'", "a Grant", "an “Item”"])
def test_knows_the_older_wording_of_a_missing_dimension(label: str) -> None:
    article = "" if label.startswith("a") else "a "
    verdict = verdict_on(ApiError("", description2=f"The account number '6000' requires {article}{label}."))
    assert verdict.code == "dimension_missing"
    assert verdict.values["label"] in {"Department", "Cost Code", "Grant", "Item"}


def test_knows_a_renamed_dimension_that_nobody_told_us_of() -> None:
    verdict = verdict_on(ApiError("BL01001973", description2="Invalid Matter 'M-1' specified."))
    assert verdict.code == "value_invalid"
    assert verdict.message == "The Matter M-1 is not valid in Sage Intacct."


def test_keeps_an_apostrophe_in_what_it_names() -> None:
    verdict = verdict_on(ApiError("", description2="Invalid Vendor 'O&#039;BRIEN' specified."))
    assert verdict.values["value"] == "O'BRIEN"


def test_reads_the_advice_too() -> None:
    error = ApiError(
        "BL01001973",
        description2="Currently, we can't create the transaction",
        correction="Enable foreign-currency transactions, and try again",
    )
    assert verdict_on(error).code == "currency_not_enabled"


def test_takes_the_number_behind_the_number() -> None:
    error = ApiError("BL01001973", description2="GLBatch was refused", additional={"errorid": "GL-1009"})
    assert verdict_on(error).code == "not_balanced"


@pytest.mark.parametrize("level", ["control", "authentication"])
def test_a_sentence_about_a_bill_means_nothing_at_sign_in(level: str) -> None:
    assert verdict_on(INVALID_VENDOR, level=level).code == "refused"


def test_a_sentence_about_sign_in_means_nothing_in_a_result() -> None:
    assert (
        verdict_on(ApiError("XL03000006", description2="Sign-in information is incorrect")).kind == FailureKind.RECORD
    )


def test_the_same_number_means_other_things_at_other_levels() -> None:
    field = ApiError("XL03000006", description2="The following fields cannot be queried: [PROJECT: [CFDA] ]")
    assert verdict_on(field).kind == FailureKind.INTERNAL
    assert verdict_on(field, level="authentication").kind == FailureKind.CONFIG


def test_the_words_of_a_smart_rule_are_the_customers_own() -> None:
    text = "Smart rule GUARD was violated: Periods are closed for vendor V1. Activate the vendor V1, then try again."
    verdict = verdict_on(ApiError("BL01001973", description2=text))
    assert verdict.code == "smart_rule"
    assert verdict.values["rule"] == "GUARD"


# -- periods


def test_a_closed_period_says_when() -> None:
    text = (
        "Periods are closed. Your transaction date (01/15/2030) is within a period that's been closed. "
        "Central: 02/01/2030 - 12/31/2030; West: 03/01/2030 to 12/31/2030"
    )
    verdict = verdict_on(ApiError("BL01001973", description2=text))
    assert (verdict.closed_date, verdict.open_from) == (date(2030, 1, 15), date(2030, 3, 1))
    assert "1 March 2030 or later" in verdict.advice


@pytest.mark.parametrize(
    ("text", "closed", "opened"),
    [
        ("Periods are closed.", None, None),
        ("Your transaction date (1/5/2030) is within a period that&#039;s been closed.", date(2030, 1, 5), None),
        ("Date must be on or after 2030-02-01", None, date(2030, 2, 1)),
        ("Periods are closed. Open from 13/45/2030", None, None),
    ],
)
def test_a_period_without_dates_is_a_closed_period_too(text: str, closed: date | None, opened: date | None) -> None:
    verdict = verdict_on(ApiError("BL01001973", description2=text))
    assert verdict.code in {"period_closed", "date_before_open_period"}
    assert (verdict.closed_date, verdict.open_from) == (closed, opened)


def test_no_other_verdict_has_dates() -> None:
    verdict = verdict_on(INVALID_VENDOR)
    assert (verdict.closed_date, verdict.open_from) == (None, None)


# -- which error counts


def test_the_first_specific_error_is_the_cause() -> None:
    inactive = ApiError("BL01001973", description2="Activate the vendor V1, then try again.")
    assert verdict_on(INVALID_VENDOR, inactive).code == "vendor_invalid"
    assert verdict_on(COULD_NOT, inactive, INVALID_VENDOR).code == "vendor_inactive"


def test_an_unknown_cause_is_not_replaced_by_what_follows_it() -> None:
    verdict = verdict_on(UNKNOWN_ANSWER, INVALID_VENDOR)
    assert (verdict.code, verdict.kind) == ("refused", FailureKind.RECORD)
    assert "moon" in verdict.message


def test_a_vague_answer_gives_way_to_any_other() -> None:
    vague = ApiError("DL02000001", "Error", "There was an error processing the request.")
    assert verdict_on(vague, INVALID_VENDOR).code == "vendor_invalid"
    assert "moon" in verdict_on(vague, UNKNOWN_ANSWER).message
    assert verdict_on(vague, COULD_NOT).code == "processing_failed"


def test_what_may_have_been_executed_is_looked_up_whatever_else_is_said() -> None:
    repeat = ApiError("", description2="A successful transaction has already been recorded with the control id f1.")
    verdict = verdict_on(INVALID_VENDOR, repeat)
    assert (verdict.kind, verdict.values["control_id"]) == (FailureKind.UNKNOWN, "f1")


@pytest.mark.parametrize("wrapper", [COULD_NOT, CANNOT_CREATE, ApiError("BL01001973")])
def test_wrappers_and_a_roll_back_alone_are_tried_again(wrapper: ApiError) -> None:
    verdict = verdict_on(wrapper, ROLLED_BACK)
    assert (verdict.code, verdict.kind) == ("rolled_back", FailureKind.TEMPORARY)


@pytest.mark.parametrize("errors", [(COULD_NOT, CANNOT_CREATE), (ApiError("BL01001973"),), ()])
def test_wrappers_alone_refuse_the_record(errors: tuple[ApiError, ...]) -> None:
    verdict = verdict_on(*errors)
    assert (verdict.code, verdict.kind) == ("refused", FailureKind.RECORD)


def test_an_object_that_is_not_found_is_no_companion_although_it_has_the_number() -> None:
    assert verdict_on(ApiError("XL03000009", description2="Object definition GRANT not found")).code == "object_unknown"


def test_a_function_that_was_only_rolled_back_says_why_its_sibling_failed() -> None:
    assert classify(result_error([ROLLED_BACK], cause=INVALID_VENDOR, status="aborted")).code == "vendor_invalid"


def test_keeps_the_support_id() -> None:
    assert verdict_on(UNKNOWN_ANSWER, COULD_NOT).support_id == "a~b"


# -- safe defaults


@pytest.mark.parametrize("error_class", [ControlError, AuthenticationError])
def test_an_unknown_refusal_before_any_function_is_the_connections(error_class: type[ControlError]) -> None:
    verdict = classify(error_class([UNKNOWN_ANSWER]))
    assert (verdict.kind, verdict.code) == (FailureKind.CONFIG, "refused")
    assert verdict.message == "Sage Intacct refused it: The moon is in the wrong quarter."


def test_an_unknown_refusal_of_a_function_is_the_records() -> None:
    assert classify(result_error([UNKNOWN_ANSWER])).kind == FailureKind.RECORD


def test_an_unknown_refusal_passes_on_what_sage_intacct_advises() -> None:
    error = ApiError("BL99000001", description2="The moon is wrong.", correction="Wait for [Support ID: x] the sun.")
    assert verdict_on(error).advice == "Sage Intacct advises: Wait for the sun."


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (ConnectionFailed("refused"), FailureKind.TEMPORARY, "unreachable"),
        (Throttled("slow down", status_code=429), FailureKind.TEMPORARY, "throttled"),
        (AnswerLost("time-out"), FailureKind.UNKNOWN, "answer_lost"),
        (MalformedResponse("not XML"), FailureKind.UNKNOWN, "answer_lost"),
        (InvalidRequest("a control character"), FailureKind.INTERNAL, "internal"),
        (IntacctError("what?"), FailureKind.INTERNAL, "internal"),
    ],
)
def test_a_broken_call_is_judged_by_where_it_broke(error: IntacctError, kind: FailureKind, code: str) -> None:
    verdict = classify(error)
    assert (verdict.kind, verdict.code) == (kind, code)


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (
            AuthenticationError([ApiError("XL03000006", description2="Sign-in information is incorrect")]),
            ConfigurationError,
        ),
        (result_error([INVALID_VENDOR]), RecordError),
        (Throttled("slow down"), TemporaryError),
        (AnswerLost("time-out"), UnknownOutcome),
        (InvalidRequest("bad"), IntegrationError),
    ],
)
def test_services_raise_the_class_of_the_kind(error: IntacctError, raised: type[IntegrationError]) -> None:
    found = integration_error(error)
    verdict = classify(error)
    assert type(found) is raised
    assert (found.user_message, found.advice) == (verdict.message, verdict.advice)
    assert found.code == f"{verdict.code} {verdict.subject}".strip()
    assert found.raw == str(error)


@given(
    errorno=st.sampled_from(["", "BL01001973", "XL03000006", "XL03000009", "PL04000005", "Query Failed"]),
    texts=st.tuples(*[st.text(max_size=200)] * 3),
    level=st.sampled_from(["control", "authentication", "result"]),
)
def test_never_raises(errorno: str, texts: tuple[str, str, str], level: str) -> None:
    verdict = classify_errors([ApiError(errorno, *texts)], level=level)
    assert verdict.kind in FailureKind
    assert verdict.message
    assert verdict.advice


@pytest.mark.parametrize(
    "piece", ["the vendor ", "'", "account 1 ", "Periods are closed 01/01/2030 ", "a--", "invalid x "]
)
def test_a_giant_text_costs_little(piece: str) -> None:
    """Only so much of it is read."""
    verdict = verdict_on(ApiError("BL01001973", description2=piece * 100_000))
    assert len(verdict.message) < 1000


# -- the address that Sage Intacct sees

IP_REFUSED = ApiError("XL03000006", description2="IP address is not allowed by the company's IP address filters.")
SIGN_IN_REFUSED = ApiError("XL03000006", description2="Sign-in information is incorrect")


@pytest.mark.parametrize("error", [IP_REFUSED, SIGN_IN_REFUSED], ids=["refused", "perhaps refused"])
def test_names_the_addresses_that_an_ip_filter_must_allow(error: ApiError, settings: Any) -> None:
    settings.SAGE_INTACCT_EGRESS_IPS = ["203.0.113.7"]
    assert "the IP address 203.0.113.7 " in verdict_on(error, level="authentication").advice
    settings.SAGE_INTACCT_EGRESS_IPS = ["203.0.113.7", "2001:db8::7", "203.0.113.9"]
    advice = verdict_on(error, level="authentication").advice
    assert "the IP addresses 203.0.113.7, 2001:db8::7 and 203.0.113.9 " in advice


@pytest.mark.parametrize("error", [IP_REFUSED, SIGN_IN_REFUSED], ids=["refused", "perhaps refused"])
def test_says_whom_to_ask_for_an_address_that_is_not_known(error: ApiError, settings: Any) -> None:
    settings.SUPPORT_EMAIL = "help@portal.example"
    advice = verdict_on(error, level="authentication").advice
    assert "the IP address of Planergy, which help@portal.example can tell you" in advice


def test_believes_the_address_that_sage_intacct_names(settings: Any) -> None:
    settings.SAGE_INTACCT_EGRESS_IPS = ["203.0.113.7"]
    error = ApiError("XL03000006", description2="IP address 198.51.100.4 is not allowed")
    verdict = verdict_on(error, level="authentication")
    assert "198.51.100.4" in verdict.message
    assert "the IP address 198.51.100.4 to the list" in verdict.advice
    assert "203.0.113.7" not in verdict.advice


@pytest.mark.parametrize("entry", [*CATALOGUE, *VAGUE], ids=lambda entry: entry.code)
def test_nobody_says_we(entry: Entry) -> None:
    assert not re.search(r"\b(?:we|our|us)\b", f"{entry.message} {entry.advice}", re.IGNORECASE)


# -- menu paths


def test_every_menu_path_of_sage_intacct_comes_from_the_one_list_of_places() -> None:
    """Written out anywhere else, it would sooner or later be written otherwise."""
    files = [*Path("integrations").rglob("*.py"), *Path("templates/integrations").rglob("*.*")]
    path = re.compile(r"(?:Company|Company Info|Accounts \w+|General Ledger|Taxes) (?:>|&gt;) [A-Z]")
    found = {
        f"{file}: {line.strip()}"
        for file in files
        if file.name != "places.py" and "admin" not in file.parts
        for line in file.read_text().splitlines()
        if path.search(line) or "›" in line
    }
    assert found == set()


# -- companies without entities


def test_what_a_company_without_entities_may_be_told_does_not_speak_of_its_entities() -> None:
    """Only answers that Sage Intacct gives where there are entities may take them for granted."""
    only_with_entities = {
        "session_not_opened",  # says "where it is one of several"
        *("entity_refused", "record_of_other_entity", "vendor_of_top_level", "base_currencies_mixed"),
        *("base_currency_wrong", "credits_across_entities", "not_balanced", "location_missing"),
        *("location_of_other_entity", "entity_only"),
    }
    speaking = {entry.code for entry in CATALOGUE if re.search(r"\bentit", f"{entry.message} {entry.advice}")}
    assert speaking <= only_with_entities


# -- what others have published


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: f"{known.code} {known.source}")
def test_every_known_answer_has_its_source(known: Known) -> None:
    published = [found for found in FOUND if found.code == known.code]
    assert known.source == (published[0].source if published else WORDED_HERE)


def test_of_every_second_answer_about_a_bill_a_published_text_is_known() -> None:
    about_bills = [known for known in KNOWN if known.kind == FailureKind.RECORD]
    published = [known for known in about_bills if known.source != WORDED_HERE]
    assert len(published) * 2 >= len(about_bills)


def test_more_than_forty_published_answers_are_listed_with_their_source() -> None:
    assert len({found.text for found in FOUND}) == len(FOUND) >= 60
    assert all(re.fullmatch(r"https://[\w.-]+/\S+", found.source) for found in FOUND)


@pytest.mark.parametrize("found", FOUND, ids=str)
def test_knows_what_others_have_published(found: Found) -> None:
    verdict = verdict_on(found.error, COULD_NOT, CANNOT_CREATE, level=found.level)
    assert verdict.code == found.code
    assert {name: verdict.values.get(name) for name in found.values} == dict(found.values)
    if found.code == UNKNOWN_TO_US:
        assert found.text.rstrip(" .") in verdict.message


@pytest.mark.parametrize("found", FOUND, ids=str)
def test_is_not_misled_by_what_only_resembles_a_published_answer(found: Found) -> None:
    assert verdict_on(found.near_error, level=found.level).code != found.code


@pytest.mark.parametrize("found", [found for found in FOUND if found.code != UNKNOWN_TO_US], ids=str)
def test_what_people_are_told_is_not_copied(found: Found) -> None:
    verdict = verdict_on(found.error, level=found.level)
    words = re.findall(r"\w+", found.text.lower())
    told = " ".join(re.findall(r"\w+", f"{verdict.message} {verdict.advice}".lower()))
    if verdict.code != "smart_rule":  # whose words are the customer's own, and quoted
        assert not any(" ".join(words[start : start + 7]) in told for start in range(len(words) - 6))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("X '300': '300' specified is not valid. X is restricted by GL account.", {"label": "X", "value": "300"}),
        (
            "Location '300': '300' specified is not valid. Location is restricted by GL account '6820'.",
            {"label": "Location", "value": "300", "account": "6820"},
        ),
        (
            "The specified GL account '6820' : '6820' is not valid. GL account is restricted by Location '300'.",
            {"label": "Location", "value": "300", "account": "6820"},
        ),
        ("The specified GL account '6820' : '6820' is not valid. GL account is restricted by", {"account": "6820"}),
        (
            "GL account '6820': '300' specified is not valid. GL account is restricted",
            {"account": "6820", "value": "300"},
        ),
    ],
)
def test_names_both_sides_of_a_restriction(text: str, values: dict[str, str]) -> None:
    verdict = verdict_on(ApiError("BL01001973", description2=text))
    assert verdict.code == "account_restricted"
    assert {name: verdict.values.get(name) for name in ("label", "value", "account")} == {
        "label": None,
        "value": None,
        "account": None,
    } | values
    assert "mport" not in verdict.advice


@pytest.mark.parametrize(
    "text", ["", "There was an error processing the request.", "The query 'a b c' cannot be read.", "Error"]
)
def test_a_processing_error_that_names_nothing_passes(text: str) -> None:
    verdict = verdict_on(ApiError("DL02000001", "Error", text))
    assert (verdict.code, verdict.kind) == ("processing_failed", FailureKind.TEMPORARY)


@pytest.mark.parametrize(
    "text",
    [
        "There was an error processing the request. Field(s) ABC not found on object VENDOR",
        "'02/30/2026' is not a date for field WHENCREATED.",
        "There was an error processing the request. Invalid date 2026-13-45 in WHENDUE",
    ],
)
def test_a_processing_error_that_names_a_field_a_date_or_an_object_is_the_records(text: str) -> None:
    verdict = verdict_on(ApiError("DL02000001", "Error", text))
    assert (verdict.code, verdict.kind) == ("processing_refused", FailureKind.RECORD)


@pytest.mark.parametrize("number", ["", " 'V100-001'", " “V100-001”", " "])
def test_the_wrapper_may_carry_the_number_of_the_transaction(number: str) -> None:
    wrapper = ApiError("BL01001973", description2=f"Currently, we can't create the transaction{number}.")
    assert verdict_on(wrapper, INVALID_VENDOR).code == "vendor_invalid"
    assert (verdict_on(wrapper, ROLLED_BACK).code, verdict_on(wrapper).code) == ("rolled_back", "refused")
