from __future__ import annotations

from datetime import timedelta

import pytest

from tests.intacct_sandbox.caller import Caller, query

READ = query("VENDOR", "VENDORID", "<pagesize>1</pagesize>")
AUTH = "operation/errormessage"


def test_opens_a_session_at_the_endpoint_that_was_called(shared_caller: Caller) -> None:
    api = shared_caller.call("<getAPISession/>").data.find("api")
    assert api.findtext("endpoint") == shared_caller.running.url
    assert api.findtext("sessionid", "").endswith("..")
    assert api.findtext("locationid") == ""


def test_works_with_a_session_and_stays_in_its_entity(shared_caller: Caller) -> None:
    reply = shared_caller.call(READ, auth=shared_caller.session("200"))
    assert reply.statuses == ["success"]
    assert reply.root.findtext("operation/authentication/locationid") == "200"


def test_moves_between_entities_and_back_to_the_top(shared_caller: Caller) -> None:
    top = shared_caller.session()
    entity = shared_caller.call("<getAPISession><locationid>100</locationid></getAPISession>", auth=top).data
    assert entity.findtext("api/locationid") == "100"
    back = f"<sessionid>{entity.findtext('api/sessionid')}</sessionid>"
    again = shared_caller.call("<getAPISession><locationid/></getAPISession>", auth=back).data
    assert again.findtext("api/locationid") == ""


@pytest.mark.parametrize(
    "login",
    [
        {"password": "wrong"}, {"user": "nobody"}, {"company": "nowhere"}, {"user": "inactive_user"}, {"entity": "999"},
        {"entity": "110"}, {"user": "entity_user"}, {"user": "entity_user", "entity": "100"},
    ],
)  # fmt: skip
def test_refuses_a_wrong_sign_in(shared_caller: Caller, login: dict[str, str]) -> None:
    reply = shared_caller.call(READ, **login)
    assert reply.root.findtext("control/status") == "success"
    assert reply.root.findtext("operation/authentication/status") == "failure"
    assert reply.results == []
    ((number, text),) = reply.errors(AUTH)
    assert number == "XL03000006"
    assert text.startswith("Sign-in information is incorrect")


def test_lets_a_user_of_one_entity_into_it(shared_caller: Caller) -> None:
    assert shared_caller.call(READ, user="entity_user", entity="200").statuses == ["success"]


def test_refuses_a_sender_that_the_company_has_not_authorized(shared_caller: Caller) -> None:
    reply = shared_caller.call(READ, sender=("other_sender", "other_password"))
    error = reply.root.find(f"{AUTH}/error")
    assert error.findtext("description") == "Invalid Web Services Authorization"
    assert "'other_sender'" in error.findtext("description2", "")
    assert "'demo'" in error.findtext("description2", "")


def test_refuses_a_company_without_a_subscription(shared_caller: Caller) -> None:
    assert "Please subscribe to the XML Gateway" in shared_caller.call(READ, company="unsubscribed").errors(AUTH)[0][1]


def test_refuses_an_expired_demo_company_at_control_level(shared_caller: Caller) -> None:
    reply = shared_caller.call(READ, company="expired")
    assert reply.errors("errormessage") == [("PL04000055", "This company is a demo company and has expired.")]
    assert reply.root.findtext("control/senderid") == ""


def test_refuses_an_address_that_is_filtered(caller: Caller) -> None:
    caller.act("set_preference", name="allowed_ips", value="192.0.2.1")
    assert caller.call(READ).errors(AUTH) == [("XL03000006", "Sign-in information is incorrect")]


def test_refuses_an_unknown_session_with_empty_names(shared_caller: Caller) -> None:
    reply = shared_caller.call(READ, auth="<sessionid>ABCDEFGHIJKL..</sessionid>")
    assert reply.errors(AUTH) == [("XL03000006", "Invalid session ABCDEFGH....")]
    assert reply.root.findtext("operation/authentication/userid") == ""


def test_every_call_moves_the_expiry_on(caller: Caller) -> None:
    session = caller.session()
    company = caller.running.company
    for _ in range(3):
        company.shift += timedelta(hours=4)
        assert caller.call(READ, auth=session).statuses == ["success"]
    company.shift += timedelta(hours=7)
    assert caller.call(READ, auth=session).errors(AUTH)[0][1].startswith("Invalid session")


def test_describes_the_company(shared_caller: Caller) -> None:
    replies = shared_caller.call(
        "<readEntityDetails/>", "<getFinancialSetup/>", "<readUserFormatting/>", '<get_list object="company_info"/>',
        "<getDimensions/>", "<getUserPermissions><userId>xml_user</userId></getUserPermissions>",
        '<get_companyprefs application="AP"/>',
    )  # fmt: skip
    assert replies.statuses == ["success"] * 7
    root = replies.root
    entities = [
        (entity.findtext("id"), entity.findtext("name"), entity.findtext("currency")) for entity in root.iter("entity")
    ]
    assert entities == [
        ("100", "Northwind Manufacturing Ltd", "GBP"), ("200", "Harbor Retail Inc", "USD"),
        ("300", "Lakeside Services GmbH", "EUR"),
    ]  # fmt: skip
    assert root.findtext(".//financialSetup/multiBaseCurrency") == "true"
    assert root.findtext(".//financialSetup/baseCurrency") == ""
    assert root.findtext(".//userformatting/gmtoffset") == "-08:00"
    assert root.findtext(".//company_info/title") == "Northwind Group"
    labels = {item.findtext("objectName"): item.findtext("termLabel") for item in root.iter("dimension")}
    assert labels["PROJECT"] == "Job"
    assert labels["REGION"] == "Region"


def test_a_single_entity_company_has_no_entities(shared_caller: Caller) -> None:
    root = shared_caller.call("<readEntityDetails/>", "<getFinancialSetup/>", company="solo").root
    assert root.findall(".//entity") == []
    assert root.findtext(".//financialSetup/baseCurrency") == "GBP"
    lookup = shared_caller.call("<lookup><object>LOCATIONENTITY</object></lookup>", company="solo")
    assert lookup.errors() == [("Query Failed", "Object definition LOCATIONENTITY not found")]


def test_says_that_a_login_is_unknown(shared_caller: Caller) -> None:
    reply = shared_caller.call("<readUserFormatting><userId>ghost</userId></readUserFormatting>")
    assert reply.errors() == [("BL03000025", "Login ID ghost does not exist.")]


@pytest.mark.parametrize(
    ("function", "operation"),
    [
        (READ, "QUERY"),
        ("<readByQuery><object>VENDOR</object><fields>*</fields><query/></readByQuery>", "READ_BY_QUERY"),
        ("<read><object>VENDOR</object><keys>1</keys></read>", "READ"),
        ("<create><VENDOR><NAME>N</NAME></VENDOR></create>", "CREATE"),
        ("<update><VENDOR><VENDORID>V00001</VENDORID></VENDOR></update>", "UPDATE"),
        ("<delete><object>VENDOR</object><keys>101</keys></delete>", "DELETE"),
    ],
)
def test_a_user_without_permissions_signs_in_and_can_do_nothing(
    shared_caller: Caller, function: str, operation: str
) -> None:
    text = f"You do not have permission for API operation {operation} on objects of type vendor"
    assert shared_caller.call(function, user="limited_user").errors() == [("PL04000005", text)]


def test_lookup_needs_no_permission(shared_caller: Caller) -> None:
    assert shared_caller.call("<lookup><object>VENDOR</object></lookup>", user="limited_user").statuses == ["success"]


def test_denies_audit_history_without_a_number(shared_caller: Caller) -> None:
    reply = shared_caller.call(query("AUDITHISTORY", "ID"), user="limited_user")
    ((number, text),) = reply.errors()
    assert number == ""
    assert "do not have permission to view audit history" in text


def test_permissions_are_set_per_object_and_operation(caller: Caller) -> None:
    caller.act("set_permission", object="APBILL", operation="create", allowed=False)
    assert caller.call(caller.bill()).errors()[0][0] == "PL04000005"
    assert caller.call(query("APBILL", "RECORDNO")).statuses == ["success"]
    caller.act("set_permission", object="APBILL", operation="create", allowed=True)
    assert caller.call(caller.bill()).statuses == ["success"]
