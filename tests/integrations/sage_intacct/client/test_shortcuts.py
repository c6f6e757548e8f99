from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

import pytest
import responses
from requests import PreparedRequest

from integrations.sage_intacct.client import (
    APAdjustment,
    APBillLine,
    Attachment,
    Client,
    CompanyInfo,
    DimensionInfo,
    Entity,
    FinancialSetup,
    MalformedResponse,
    ResultError,
    StoredSupdoc,
    Supdoc,
    UserFormatting,
    UserPermission,
    Vendor,
)

from .gateway import (
    ENDPOINT,
    SESSION_ENDPOINT,
    answer,
    control_ids,
    error,
    errors,
    function_names,
    make_client,
    result,
    session_result,
)

REFUSED = errors(error("E", "no"))


T = TypeVar("T")


def use(action: Callable[[Client], T], *contents: str) -> tuple[T, list[str]]:
    """What the action returns when these are the gateway's results in turn, and the functions that it called."""
    waiting, called = list(contents), []

    def reply(request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        assert isinstance(request.body, bytes)
        name, control_id = function_names(request.body)[0], control_ids(request.body)[0]
        if name == "getAPISession":
            return 200, {}, answer(session_result(control_id))
        called.append(name)
        content = waiting.pop(0)
        status = "failure" if "<errormessage>" in content else "success"
        return 200, {}, answer(result(content, function=name, control_id=control_id, status=status))

    with responses.RequestsMock() as mock:
        mock.add_callback(responses.POST, ENDPOINT, callback=reply)
        mock.add_callback(responses.POST, SESSION_ENDPOINT, callback=reply)
        return action(make_client()), called


ADJUSTMENT = APAdjustment("V1", date(2030, 1, 1), (APBillLine("6000", Decimal(-1)),))


@pytest.mark.parametrize(
    ("action", "name"),
    [
        (lambda client: client.update_bill("41", {"SUPDOCID": "S"}), "update"),
        (lambda client: client.delete_bill("41"), "delete"),
        (lambda client: client.reverse_bill("41", date(2030, 1, 1), "Wrong"), "reverse_bill"),
        (lambda client: client.recall_bill("41"), "recallApBill"),
        (lambda client: client.create_adjustment(ADJUSTMENT), "create_apadjustment"),
        (lambda client: client.create_vendor(Vendor("V", "N")), "create"),
        (lambda client: client.update_vendor("V", {"NAME": "M"}), "update"),
        (lambda client: client.create_supdoc(Supdoc("S", "n", "f")), "create_supdoc"),
        (lambda client: client.update_supdoc(Supdoc("S", "n", "f")), "update_supdoc"),
        (lambda client: client.delete_supdoc("S"), "delete_supdoc"),
        (lambda client: client.read("APBILL", ("1",)), "read"),
        (lambda client: client.read_by_name("VENDOR", ("V",)), "readByName"),
        (lambda client: client.user_permissions("u"), "getUserPermissions"),
    ],
)
def test_calls_the_function_of_its_name(action: Callable[[Client], object], name: str) -> None:
    _, called = use(action, "<key>35</key>")
    assert called == [name]


def test_reads_entities() -> None:
    data = (
        '<data listtype="All" count="2"><entity><id>E1</id><name>North</name><recordno>3</recordno>'
        "<currency>GBP</currency></entity><entity><id>E2</id><name>South</name></entity></data>"
    )
    found, _ = use(lambda client: client.entities(), data)
    assert found == [Entity("E1", "North", "3", "GBP"), Entity("E2", "South", "", "")]


def test_a_single_entity_company_has_no_entities() -> None:
    assert use(lambda client: client.entities(), '<data listtype="All" count="0"/>')[0] == []


def test_reads_the_financial_setup() -> None:
    data = (
        "<data><financialSetup><baseCurrency/><multiBaseCurrency>true</multiBaseCurrency>"
        "<multiCurrency>true</multiCurrency><multiEntityShared>false</multiEntityShared></financialSetup></data>"
    )
    assert use(lambda client: client.financial_setup(), data)[0] == FinancialSetup("", True, True, False)


def test_an_answer_that_is_no_boolean_is_malformed() -> None:
    with pytest.raises(MalformedResponse):
        use(lambda client: client.financial_setup(), "<data><multiCurrency>maybe</multiCurrency></data>")


def test_reads_the_users_permissions() -> None:
    policy = "<policy><policyName>{}</policyName><rights>{}</rights></policy>"
    application = "<appSubscription><applicationName>{}</applicationName><policies>{}</policies></appSubscription>"
    payables = application.format("Accounts Payable", policy.format("Bills", "List|View|Add") + policy.format("X", ""))
    data = f"<data><permissions>{payables}{application.format('Purchasing &amp;amp; more', '')}</permissions></data>"
    found, _ = use(lambda client: client.user_permissions("u"), data)
    assert found == [
        UserPermission("Accounts Payable", "Bills", ("List", "View", "Add")),
        UserPermission("Accounts Payable", "X", ()),
    ]


def test_reads_dimensions() -> None:
    data = (
        "<data><dimensions><dimension><objectName>PROJECT</objectName><objectLabel>Project</objectLabel>"
        "<termLabel>Job</termLabel><userDefinedDimension>false</userDefinedDimension><enabledInGL>true</enabledInGL>"
        "</dimension></dimensions></data>"
    )
    found, _ = use(lambda client: client.dimensions(), data)
    assert found == [DimensionInfo("PROJECT", "Project", "Job", False, True)]


def test_reads_the_users_zone() -> None:
    data = (
        "<data><userformatting><recordno>1</recordno><locale>en_US</locale><dateformat>/mdY</dateformat>"
        "<gmtoffset>-8</gmtoffset><clock>24</clock></userformatting></data>"
    )
    found, _ = use(lambda client: client.user_formatting("u"), data)
    assert found == UserFormatting("en_US", "/mdY", "24", timedelta(hours=-8))


def test_a_zone_that_cannot_be_read_is_malformed() -> None:
    with pytest.raises(MalformedResponse, match="zone"):
        use(lambda client: client.user_formatting("u"), "<data><u><gmtoffset>Mars</gmtoffset></u></data>")


def test_reads_the_company() -> None:
    data = "<data><company_info><title>Acme &amp;amp; Co</title><name>acme</name></company_info></data>"
    found, _ = use(lambda client: client.company_info(), data)
    assert found == CompanyInfo("Acme & Co", "acme")


def test_reads_preferences_and_currencies() -> None:
    preference = (
        "<companypref><application>AP</application><preference>P</preference><prefvalue>v</prefvalue></companypref>"
    )
    assert use(lambda client: client.company_preferences("AP"), f"<data>{preference}</data>")[0] == {"P": "v"}
    codes = "".join(f"<trxcurrency><code>{code}</code></trxcurrency>" for code in ("GBP", "EUR"))
    assert use(lambda client: client.transaction_currencies(), f"<data>{codes}</data>")[0] == ["GBP", "EUR"]


def test_reads_field_definitions() -> None:
    lookup = (
        '<data><Type Name="VENDOR" DocumentType=""><Fields><Field><ID>NAME</ID><DATATYPE>TEXT</DATATYPE></Field>'
        "</Fields></Type></data>"
    )
    found, _ = use(lambda client: client.lookup_fields("VENDOR"), lookup)
    assert found == [{"ID": "NAME", "DATATYPE": "TEXT"}]
    inspect = (
        '<data listtype="All" count="1"><Type><Fields><Field><Name>NAME</Name><maxLength>100</maxLength></Field>'
        "<Field><Name>X</Name><maxLength/></Field></Fields></Type></data>"
    )
    assert use(lambda client: client.field_lengths("VENDOR"), inspect)[0] == {"NAME": 100}


def test_reads_an_attachment_record_with_its_files() -> None:
    data = (
        '<listtype start="0" end="0" total="1">supdoc</listtype><data><supdoc><recordno>35</recordno>'
        "<supdocid>S</supdocid><supdocname>n</supdocname><folder>f</folder><description/>"
        "<creationdate>01/02/2030</creationdate><attachments><attachment><attachmentname>a</attachmentname>"
        f"<attachmenttype>pdf</attachmenttype><attachmentdata>{base64.b64encode(b'abc').decode()}</attachmentdata>"
        "</attachment></attachments></supdoc></data>"
    )
    found, _ = use(lambda client: client.get_supdoc("S"), data)
    assert found == StoredSupdoc("35", "S", "n", "f", "", date(2030, 1, 2), (Attachment("a", "pdf", b"abc"),))


def test_a_missing_attachment_record_is_none() -> None:
    assert use(lambda client: client.get_supdoc("S"), "<data/>")[0] is None


def test_an_unreadable_attachment_record_is_malformed() -> None:
    data = "<data><supdoc><supdocid>S</supdocid><creationdate>soon</creationdate></supdoc></data>"
    with pytest.raises(MalformedResponse):
        use(lambda client: client.get_supdoc("S"), data)


FOLDER = "<data><supdocfolder><name>Planergy</name></supdocfolder></data>"


@pytest.mark.parametrize(
    ("contents", "expected"),
    [
        ([FOLDER], ["get"]),
        (["<data/>", "<key>1</key>"], ["get", "create_supdocfolder"]),
        ([REFUSED, "<key>1</key>"], ["get", "create_supdocfolder"]),
        (["<data/>", REFUSED, FOLDER], ["get", "create_supdocfolder", "get"]),
    ],
)
def test_makes_a_folder_only_where_it_is_missing(contents: list[str], expected: list[str]) -> None:
    _, called = use(lambda client: client.ensure_supdoc_folder("Planergy"), *contents)
    assert called == expected


def test_says_so_when_the_folder_cannot_be_made() -> None:
    with pytest.raises(ResultError):
        use(lambda client: client.ensure_supdoc_folder("Planergy"), REFUSED, REFUSED, REFUSED)
