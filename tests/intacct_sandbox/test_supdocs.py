from __future__ import annotations

import base64
import hashlib

import pytest
import requests

from tests.intacct_sandbox.caller import Caller


def listed(caller: Caller, field: str, value: str, name: str = "supdoc") -> str:
    expression = f"<expression><field>{field}</field><operator>=</operator><value>{value}</value></expression>"
    return f'<get_list object="{name}"><filter>{expression}</filter></get_list>'


def test_keeps_files_byte_for_byte(caller: Caller) -> None:
    data = bytes(range(256)) * 50
    reply = caller.call(caller.supdoc("PL-1", "scan", base64.b64encode(data).decode()))
    assert reply.results[0].findtext("key") == "35"
    (supdoc,) = caller.state()["supdocs"]
    assert supdoc["attachments"] == [
        {"name": "scan.pdf", "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    ]
    answer = requests.get(f"{caller.running.base_url}/sandbox/attachments/PL-1/scan.pdf", timeout=30)
    assert answer.content == data
    assert "attachment" in answer.headers["Content-Disposition"]


def test_lists_with_a_filter_and_in_pages(caller: Caller) -> None:
    caller.call(caller.supdoc("A"), caller.supdoc("B"), caller.supdoc("C"))
    reply = caller.call(listed(caller, "supdocid", "B"))
    assert reply.results[0].find("listtype").attrib == {"start": "0", "end": "0", "total": "1"}
    record = reply.data.find("supdoc")
    assert (record.findtext("recordno"), record.findtext("folder")) == ("36", "Vendor Documents")
    assert base64.b64decode(record.findtext("attachments/attachment/attachmentdata", "")) == b"hello"
    page = caller.call(
        '<get_list object="supdoc" maxitems="2" start="1"><fields><field>supdocid</field></fields></get_list>'
    )
    assert [[child.tag for child in item] for item in page.data] == [["supdocid"], ["supdocid"]]
    assert page.data.findtext("supdoc/supdocid") == "B"


def test_get_answers_success_without_data_for_what_is_not_there(caller: Caller) -> None:
    for name in ("supdoc", "supdocfolder"):
        reply = caller.call(f'<get object="{name}" key="NOPE"/>')
        assert reply.statuses == ["success"]
        assert reply.results[0].find("listtype").get("total") == "0"
        assert reply.results[0].findall("data/*") == []
    assert reply.results[0].find("data") is None


def test_update_adds_files_and_replaces_none(caller: Caller) -> None:
    caller.call(caller.supdoc())
    more = caller.supdoc(name="second").replace("create_supdoc", "update_supdoc")
    assert caller.call(more).statuses == ["success"]
    assert [file["name"] for file in caller.state()["supdocs"][0]["attachments"]] == ["scan.pdf", "second.pdf"]
    assert caller.call(more).errors()[0][0] == "BL34000061"


@pytest.mark.parametrize(
    ("change", "number", "text"),
    [
        ({"key": "D" * 21}, "BL03000018", "Attachment ID is too long"),
        ({"folder": "Nowhere"}, "BL01001973", "Attachment folder 'Nowhere' is not valid"),
        ({"folder": ""}, "BL01001973", "Required field Attachment folder is missing"),
        ({"data": "not base64!"}, "BL03000018", "Illegal format for attachment data"),
        ({"key": ""}, "BL01001973", "Required field Attachment ID is missing"),
        ({"name": ""}, "BL01001973", "Required field Attachment name is missing"),
    ],
)
def test_refuses_what_cannot_be_kept(caller: Caller, change: dict[str, str], number: str, text: str) -> None:
    ((first, said), *_) = caller.call(caller.supdoc(**change)).errors()
    assert (first, text in said) == (number, True)
    assert caller.state()["supdocs"] == []


def test_refuses_an_id_twice(caller: Caller) -> None:
    reply = caller.call(caller.supdoc(), caller.supdoc())
    assert reply.statuses == ["success", "failure"]
    assert reply.errors()[0] == ("BL34000061", "Another Attachment with the given value(s) D1 already exists")


def test_numbers_attachments_when_the_company_does(caller: Caller) -> None:
    caller.act("set_preference", name="attachment_numbering", value="true")
    caller.call(caller.supdoc(key=""))
    assert caller.call(listed(caller, "recordno", "35")).data.findtext("supdoc/supdocid") == "Att-35"


def test_deletes_only_what_no_bill_uses(caller: Caller) -> None:
    caller.call(caller.supdoc("A"), caller.supdoc("B"), caller.bill(SUPDOCID="A"))
    assert "is used by a transaction" in caller.call('<delete_supdoc key="A"/>').errors()[0][1]
    deleted = caller.call('<delete_supdoc key="B"/>')
    assert [child.tag for child in deleted.results[0]] == ["status", "function", "controlid"]
    assert [supdoc["supdocid"] for supdoc in caller.state()["supdocs"]] == ["A"]


def test_folders_live_and_die(caller: Caller) -> None:
    names = "<supdocfoldername>F</supdocfoldername><supdocfolderdescription>d</supdocfolderdescription>"
    make = f"<create_supdocfolder>{names}</create_supdocfolder>"
    assert caller.call(make, make).statuses == ["success", "failure"]
    assert caller.call(listed(caller, "name", "F", "supdocfolder")).data.findtext("supdocfolder/description") == "d"
    caller.call(caller.supdoc(folder="F"))
    assert "not empty" in caller.call('<delete_supdocfolder key="F"/>').errors()[0][1]
    caller.call('<delete_supdoc key="D1"/>')
    deleted = caller.call('<delete_supdocfolder key="F"/>')
    assert [child.tag for child in deleted.results[0]] == ["status", "function", "controlid"]
    assert caller.state()["folders"]["demo"] == ["Vendor Documents"]


def test_permission_to_attach_can_be_denied(caller: Caller) -> None:
    caller.act("set_permission", object="SUPDOC", operation="create", allowed=False)
    assert caller.call(caller.supdoc()).errors()[0][0] == "PL04000005"
