from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from integrations.sage_intacct.client import (
    ApiError,
    AuthenticationError,
    ControlError,
    IntacctError,
    MalformedResponse,
    Page,
    ResultError,
)
from integrations.sage_intacct.client.judging import Answer, judge, match_results
from integrations.sage_intacct.client.parsing import AnswerParser

from .gateway import (
    AUTHENTICATED,
    CONTROL_FAILURE,
    answer,
    control,
    created,
    error,
    errors,
    query_result,
    refused_login,
    result,
)

ROLLED_BACK = error("XL03000009", "The entire transaction in this operation has been rolled back due to an error.")


def read(body: str | bytes, *, chunk: int = 7, date: datetime | None = None) -> Answer:
    parser, data = AnswerParser(), body.encode() if isinstance(body, str) else body
    for start in range(0, len(data), chunk):
        parser.feed(data[start : start + chunk])
    return judge(parser.close(), parser, date)


def test_finds_the_key_of_a_generic_function_in_its_data() -> None:
    found = read(answer(created("41"))).results[0]
    assert found.ok
    assert found.key == "41"
    assert found.record_url == "https://www.intacct.com/ia/acct/ur.phtml?.r=41"


def test_finds_the_key_of_a_legacy_function_beside_its_data() -> None:
    assert read(answer(result("<key>35</key>", function="create_supdoc"))).results[0].key == "35"


@pytest.mark.parametrize("status", ["success", "failure", "aborted"])
@pytest.mark.parametrize(
    "missing", ["<function>create</function>", "<controlid>f1</controlid>"], ids=["function", "control id"]
)
@pytest.mark.parametrize("instead", ["", "empty"])
def test_a_result_that_does_not_say_what_it_is_of_leaves_the_outcome_unknown(
    status: str, missing: str, instead: str
) -> None:
    """A refusal among them: it could be of another function, while ours made its bill."""
    tag = missing[1 : missing.index(">")]
    whole = answer(result("<key>35</key>" if status == "success" else "", status=status))
    assert whole.count(missing) == 1
    with pytest.raises(MalformedResponse) as refused:
        read(whole.replace(missing, f"<{tag}/>" if instead else ""))
    assert refused.value.outcome_unknown


def test_a_deletion_has_no_key() -> None:
    assert read(answer(result(function="delete"))).results[0].key is None


@pytest.mark.parametrize("chunk", [1, 7, 100_000])
def test_reads_a_page_of_records_however_it_arrives(chunk: int) -> None:
    rows = [f"<RECORDNO>{number}</RECORDNO><NAME>Caf&#233; {number}</NAME><TERMNAME/>" for number in range(1, 4)]
    page = Page.from_result(read(answer(query_result(rows, remaining=5)), chunk=chunk).results[0])
    assert page.records == [{"RECORDNO": str(n), "NAME": f"Café {n}", "TERMNAME": ""} for n in range(1, 4)]
    assert (page.total_count, page.num_remaining, page.offset) == (8, 5, 0)


def test_keeps_no_tree_of_the_records_that_it_has_read() -> None:
    parser = AnswerParser()
    for chunk in answer(query_result(["<A>1</A><B>2</B>"] * 2_000)).encode().splitlines(keepends=True):
        parser.feed(chunk)
    root = parser.close()
    assert len(judge(root, parser, None).results[0].records) == 2_000
    assert sum(1 for _ in root.iter("VENDOR")) == 0


def _best(action: Callable[[], object]) -> float:
    def once() -> float:
        started = time.perf_counter()
        action()
        return time.perf_counter() - started

    return min(once() for _ in range(7))


def test_a_large_page_costs_little_more_than_lxml_itself() -> None:
    row = "".join(f"<F{number}>value {number}</F{number}>" for number in range(25))
    body = answer(query_result([row] * 2000)).encode()

    def with_lxml() -> list[dict[str, str]]:
        data = etree.fromstring(body).find("operation/result/data")
        return [{str(field.tag): field.text or "" for field in record} for record in data]  # type: ignore[union-attr]

    assert read(body, chunk=65_536).results[0].records == with_lxml()
    assert _best(lambda: read(body, chunk=65_536)) < 2 * _best(with_lxml)


def test_reads_several_pages_of_one_answer() -> None:
    body = answer(
        query_result(["<A>1</A>"], control_id="a"),
        query_result([], control_id="b"),
        query_result(["<A>2</A>", "<A>3</A>"], control_id="c", name="CLASS"),
    )
    assert [[row["A"] for row in found.records] for found in read(body).results] == [["1"], [], ["2", "3"]]


def test_undoes_a_double_escaping_once() -> None:
    rows = ["<A>O&amp;#039;Hara &amp;amp; Sons</A><B>O&#039;Hara</B><C>Q&amp;A; R&amp;copy</C><D>&amp;amp;lt;</D>"]
    assert read(answer(query_result(rows))).results[0].records == [
        {"A": "O'Hara & Sons", "B": "O'Hara", "C": "Q&A; R&copy", "D": "&lt;"}
    ]


def test_gives_nested_fields_dotted_names_and_keeps_owned_lines() -> None:
    body = answer(
        result(
            '<data listtype="APBILL" count="1"><APBILL><RECORDNO>1</RECORDNO><PAYTO><TAXGROUP><NAME>x</NAME></TAXGROUP>'
            "</PAYTO><APBILLITEMS><apbillitem><LINE_NO>1</LINE_NO></apbillitem><apbillitem><LINE_NO>2</LINE_NO>"
            "</apbillitem></APBILLITEMS></APBILL></data>",
            function="read",
        )
    )
    found = read(body).results[0]
    assert found.records[0]["PAYTO.TAXGROUP.NAME"] == "x"
    assert [line["LINE_NO"] for line in found.lines("APBILLITEMS")] == ["1", "2"]
    assert found.lines("NOTHING") == []


def test_reads_the_totals_of_a_legacy_list() -> None:
    body = answer(
        result(
            '<listtype start="0" end="1" total="12">supdoc</listtype><data><supdoc><recordno>1</recordno></supdoc>'
            "<supdoc><recordno>2</recordno></supdoc></data>",
            function="get_list",
        )
    )
    page = Page.from_result(read(body).results[0])
    assert (len(page.records), page.total_count, page.num_remaining) == (2, 12, 10)


def test_reads_an_old_empty_page() -> None:
    empty = result('<data count="0" totalcount="0" numremaining="0"/>', function="query")
    assert Page.from_result(read(answer(empty)).results[0]).records == []


@pytest.mark.parametrize("content", ["", '<data listtype="V" count="1"><V><A>1</A></V></data>'])
def test_a_page_that_does_not_say_what_follows_is_malformed(content: str) -> None:
    found = read(answer(result(content, function="query"))).results[0]
    with pytest.raises(MalformedResponse):
        Page.from_result(found)


def test_one_failed_function_stays_among_the_others() -> None:
    refused = result(
        '<data listtype="objects" count="0"/>' + errors(error("BL03002185", "exists"), error("BL01001973", "wrapper")),
        control_id="b",
        status="failure",
    )
    found = read(answer(created("1", control_id="a"), refused, created("3", control_id="c"))).results
    assert [each.ok for each in found] == [True, False, True]
    assert found[1].cause == ApiError("BL03002185", description2="exists")
    with pytest.raises(ResultError) as caught:
        found[1].raise_for_status()
    assert caught.value.result is found[1]
    assert caught.value.level == "result"


@pytest.mark.parametrize("status", ["failure", "aborted", "partial", "SUCCESS"])
def test_only_the_word_success_is_a_success(status: str) -> None:
    assert not read(answer(result(status=status))).results[0].ok


def test_keeps_what_a_failed_function_did_before_it_failed() -> None:
    partial = result(
        '<data listtype="objects" count="1"><class><RECORDNO>7</RECORDNO></class></data>' + errors(error("E", "no")),
        status="failure",
    )
    found = read(answer(partial)).results[0]
    assert found.records == [{"RECORDNO": "7"}]
    assert found.key == "7"


def test_never_shows_the_roll_back_notice_as_the_cause() -> None:
    first = result(errors(ROLLED_BACK), control_id="a", status="aborted")
    second = result(errors(error("BL03002128", "Enter a Bill number"), ROLLED_BACK), control_id="b", status="failure")
    found = read(answer(first, second)).results
    assert [each.cause.errorno for each in found if each.cause] == ["BL03002128", "BL03002128"]
    assert ResultError(found[0]).first.errorno == "BL03002128"


def test_shows_the_roll_back_notice_when_there_is_nothing_else() -> None:
    assert ResultError(read(answer(result(errors(ROLLED_BACK), status="aborted"))).results[0]).first.is_companion


def test_a_companions_number_with_a_text_of_its_own_is_a_cause() -> None:
    assert not ApiError("XL03000009", description2="Object definition X not found").is_companion


def test_cleans_error_texts() -> None:
    found = read(
        answer(
            result(
                errors(
                    error(
                        "BL01001973",
                        "The vendor &amp;#039;V 1&amp;#039; is invalid. [Support ID: abc%7EXy.1]",
                        correction="Mend it.",
                    )
                ),
                status="failure",
            )
        )
    ).results[0]
    assert found.errors[0].text == "The vendor 'V 1' is invalid."
    assert found.errors[0].support_id == "abc~Xy.1"
    assert ResultError(found).support_id == "abc~Xy.1"
    assert str(ResultError(found)) == "BL01001973: The vendor 'V 1' is invalid."


def test_reads_additional_information() -> None:
    more = (
        "<additionalinfo><errorid>GL-0493</errorid><category>Duplication Prevention</category>"
        '<target domain="d" object="glaccount"/></additionalinfo>'
    )
    found = read(answer(result(errors(f"<error><errorno>E</errorno>{more}</error>"), status="failure"))).results[0]
    assert found.errors[0].additional is not None
    assert found.errors[0].additional["errorid"] == "GL-0493"
    assert found.errors[0].additional["target.object"] == "glaccount"


def test_a_refusal_without_reason_still_says_something() -> None:
    assert "without saying why" in str(ResultError(read(answer(result(status="failure"))).results[0]))


@pytest.mark.parametrize(
    "body",
    [
        CONTROL_FAILURE,
        f"<response><control><status>failure</status></control>{errors(error('GW-0011', 'Invalid'))}</response>",
        f"<response>{errors(error('XL03000003', 'XML Parse schema error'))}</response>",
        f"<response>{control()}{errors(error('X', 'no'))}</response>",
        f"<response>{control()}<operation>{AUTHENTICATED}{errors(error('X', 'no'))}</operation></response>",
    ],
)
def test_judges_control(body: str) -> None:
    with pytest.raises(ControlError) as caught:
        read(body)
    assert caught.value.first.text
    assert not caught.value.outcome_unknown


def test_judges_authentication() -> None:
    with pytest.raises(AuthenticationError, match="Sign-in information is incorrect"):
        read(refused_login("Sign-in information is incorrect"))


@pytest.mark.parametrize(
    "body",
    [
        "",
        "   ",
        "<html><body>Bad gateway</body></html>",
        "<!DOCTYPE html><html></html>",
        "<response/>",
        f"<response>{control()}</response>",
        f"<response>{control()}<operation/></response>",
        answer()[:-20],
        answer("<result><function>create</function></result>"),
        answer('<result><status>success</status><function>query</function><data totalcount="many"/></result>'),
        answer().replace("2030-01-01T10:00:00+00:00", "yesterday"),
        "<response>&undefined;</response>",
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><response>&a;</response>',
    ],
)
def test_what_is_no_answer_is_malformed(body: str) -> None:
    with pytest.raises(MalformedResponse) as caught:
        read(body)
    assert caught.value.outcome_unknown


@pytest.mark.parametrize("around", ["{}<trailer/>", "noise {}", "\ufeff{}", "\n\n{}"])
def test_reads_an_answer_that_is_not_single_rooted(around: str) -> None:
    body = answer(created("41"))
    if "noise" in around:
        body = body.partition("?>")[2]
    assert read(around.format(body)).results[0].key == "41"


def test_reads_a_text_larger_than_the_usual_limit() -> None:
    body = answer(result(f"<data><supdoc><attachmentdata>{'A' * 11_000_000}</attachmentdata></supdoc></data>"))
    assert len(read(body, chunk=65_536).results[0].records[0]["attachmentdata"]) == 11_000_000


def test_survives_a_deep_answer() -> None:
    deep = answer(result(f"<data>{'<a>' * 1_500}{'</a>' * 1_500}</data>", function="read"))
    assert read(deep, chunk=65_536).results[0].ok


def test_takes_the_gateways_clock_from_the_earlier_of_stamp_and_header_when_they_agree() -> None:
    stamp = datetime(2030, 1, 1, 10, tzinfo=UTC)
    assert read(answer()).gateway_time == stamp
    assert read(answer(), date=stamp + timedelta(seconds=2)).gateway_time == stamp
    assert read(answer(), date=stamp + timedelta(hours=3)).gateway_time == stamp + timedelta(hours=3)


def test_tells_how_long_the_session_lives() -> None:
    assert read(answer()).expires_in == timedelta(hours=12)


def matched(*results: str, ids: tuple[str, ...], transaction: bool = False) -> list[str]:
    found = match_results(read(answer(*results)).results, ids, transaction=transaction)
    return [f"{each.control_id}:{each.status}" for each in found]


def test_gives_results_in_the_order_of_the_functions() -> None:
    both = (created(control_id="b"), created(control_id="a"))
    assert matched(*both, ids=("a", "b")) == ["a:success", "b:success"]


@pytest.mark.parametrize(
    "results",
    [
        (created(control_id="a"),),
        (created(control_id="a"), created(control_id="a")),
        (created(control_id="a"), created(control_id="z")),
        (created(control_id="a"), created(control_id="b"), created(control_id="b")),
    ],
)
def test_a_missing_or_doubled_result_leaves_the_outcome_unknown(results: tuple[str, ...]) -> None:
    with pytest.raises(MalformedResponse) as caught:
        matched(*results, ids=("a", "b"))
    assert caught.value.outcome_unknown


def test_fills_what_a_rolled_back_transaction_does_not_list() -> None:
    failed = result(errors(error("E", "no")), control_id="a", status="failure")
    assert matched(failed, ids=("a", "b"), transaction=True) == ["a:failure", "b:aborted"]


@pytest.mark.parametrize(
    "text",
    [
        "A successful transaction has already been recorded with the control id f1",
        "There is a concurrent request in process for this control id",
    ],
)
def test_a_repeated_control_id_leaves_the_outcome_unknown_at_every_level(text: str) -> None:
    found = read(answer(result(errors(error("E", text)), status="failure"))).results[0]
    assert found.outcome_unknown
    assert ResultError(found).outcome_unknown
    assert ControlError([ApiError("E", description2=text)]).outcome_unknown


fragments = st.sampled_from(
    [
        "<response>", "</response>", "<control>", "</control>", "<status>success</status>", "<operation>",
        "</operation>", "<authentication>", "</authentication>", "<result>", "</result>", "<data totalcount='x'>",
        "<data>", "</data>", "<function>query</function>", "<A>1</A>", "&amp;#039;", "&#0;", "<errormessage>",
        "</errormessage>", "<!-- c -->", "<?pi?>", "<![CDATA[x]]>", "<!DOCTYPE a>", "\x00", "é",
        '<?xml version="1.0"?>', "<error/>",
    ]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=400), st.lists(fragments, max_size=25).map(lambda parts: "".join(parts).encode())))
def test_no_answer_raises_anything_but_an_intacct_error(body: bytes) -> None:
    with suppress(IntacctError):
        read(body, chunk=50)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 900), st.integers(0, 60), st.binary(max_size=5))
def test_no_damage_to_a_good_answer_raises_anything_but_an_intacct_error(start: int, cut: int, put: bytes) -> None:
    good = answer(query_result(["<A>1</A><B><C>2</C></B>"]), created()).encode()
    with suppress(IntacctError):
        read(good[:start] + put + good[start + cut :], chunk=64)
