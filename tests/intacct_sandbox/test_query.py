from __future__ import annotations

import csv
import io

import pytest

from intacct_sandbox.schema import OBJECTS
from tests.intacct_sandbox.caller import BY_RECORDNO, Caller, query, where

ALL = "<pagesize>2000</pagesize>"


def vendors(caller: Caller, filter_: str, rest: str = "", **options: object) -> set[str]:
    body = query("VENDOR", "VENDORID", f"<filter>{filter_}</filter>{ALL}{rest}")
    reply = caller.call(body, **options)
    assert reply.statuses == ["success"], reply.response.text
    return {key or "" for (key,) in reply.records("VENDORID")}


def test_pages_carry_their_numbers_in_the_documented_order(shared_caller: Caller) -> None:
    body = query("GLACCOUNT", "ACCOUNTNO", f"{BY_RECORDNO}<pagesize>50</pagesize><offset>100</offset>")
    data = shared_caller.call(body).data
    assert list(data.attrib.items()) == [
        ("listtype", "GLACCOUNT"), ("totalcount", "127"), ("offset", "100"), ("count", "27"), ("numremaining", "0"),
    ]  # fmt: skip
    assert {child.tag for child in data} == {"GLACCOUNT"}


def test_the_page_size_is_a_hundred_unless_told(shared_caller: Caller) -> None:
    assert shared_caller.call(query("GLACCOUNT", "ACCOUNTNO")).data.get("count") == "100"


@pytest.mark.parametrize("size", ["0", "2001", "-1", "many"])
def test_refuses_a_page_size_out_of_bounds(shared_caller: Caller, size: str) -> None:
    reply = shared_caller.call(query("VENDOR", "VENDORID", f"<pagesize>{size}</pagesize>"))
    assert reply.errors()[0][0] == "DL02000001"


def test_no_rows_give_no_children(shared_caller: Caller) -> None:
    data = shared_caller.call(query("APBILL", "RECORDNO")).data
    assert (data.get("totalcount"), len(data)) == ("0", 0)


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        (where("equalto", "VENDORID", "V00007"), {"V00007"}),
        (where("equalto", "STATUS", "inactive"), {"V00043", "V00044", "V00045", "V00046"}),
        (where("equalto", "STATUS", "F"), set()),
        (where("in", "VENDORID", "V00001", "V00002", "NOPE"), {"V00001", "V00002"}),
        (where("equalto", "ONHOLD", "true"), {"V00040", "V00041", "V00042"}),
        (where("between", "VENDORID", "V00003", "V00005"), {"V00003", "V00004", "V00005"}),
        (where("lessthan", "RECORDNO", "103"), {"V00001", "V00002"}),
        (where("greaterthanorequalto", "RECORDNO", "299"), {"V00199", "V00200"}),
        (where("like", "NAME", "%Malley%"), {"V00026"}),
        (where("like", "NAME", "%malley%"), set()),
        (where("like", "VENDORID", "V0000_") + "", {f"V0000{n}" for n in range(1, 10)}),
        (where("equalto", "TERMNAME", ""), set()),
        ("<isnull><field>WHENMODIFIED</field></isnull>", {f"V000{n}" for n in range(49, 56)}),
        (
            "<and>" + where("in", "VENDORID", "V00001", "V00043") + "<or>" + where("equalto", "STATUS", "active")
            + where("equalto", "STATUS", "gone") + "</or></and>", {"V00001"},
        ),
        (
            "<and><greaterthan><field>RECORDNO</field><value>100</value></greaterthan>"
            "<lessthan><field>RECORDNO</field><value>103</value></lessthan></and>", {"V00001", "V00002"},
        ),
    ],
)  # fmt: skip
def test_every_operator_selects(shared_caller: Caller, filter_: str, expected: set[str]) -> None:
    assert vendors(shared_caller, filter_) == expected


def test_negations_are_the_rest(shared_caller: Caller) -> None:
    everything = vendors(shared_caller, "<isnotnull><field>VENDORID</field></isnotnull>")
    assert vendors(shared_caller, where("notequalto", "STATUS", "inactive")) == everything - {
        "V00043", "V00044", "V00045", "V00046",
    }  # fmt: skip
    assert vendors(shared_caller, where("notin", "VENDORID", "V00001")) == everything - {"V00001"}
    assert vendors(shared_caller, where("notlike", "VENDORID", "V000%")) == {
        key for key in everything if not key.startswith("V000")
    }


def test_ignores_case_only_when_asked(shared_caller: Caller) -> None:
    found = vendors(
        shared_caller,
        where("equalto", "VENDORID", "v00001"),
        "<options><caseinsensitive>true</caseinsensitive></options>",
    )
    assert found == {"V00001"}


@pytest.mark.parametrize(
    "filter_",
    [
        where("equalto", "RECORDNO", "x"), where("greaterthan", "WHENMODIFIED", "soon"),
        where("between", "RECORDNO", "1"),
        where("sounds", "NAME", "x"), "<and>" + where("equalto", "NAME", "x") + "</and>",
 where("equalto", "WHENCREATED", "02/30/2026"), where("lessthan", "WHENMODIFIED", "2026-13-01"),
        where("in", "VENDORID", *["x"] * 1001), "<equalto><value>1</value></equalto>",
    ],
)  # fmt: skip
def test_refuses_a_filter_that_the_grammar_does_not_have(shared_caller: Caller, filter_: str) -> None:
    reply = shared_caller.call(query("VENDOR", "VENDORID", f"<filter>{filter_}</filter>"))
    assert reply.errors()[0][0] == "DL02000001"


def test_reads_changes_since_a_moment_in_the_users_zone(caller: Caller) -> None:
    now = caller.running.company.user_zone_stamp()
    caller.act("update_record", object="VENDOR", key="V00009", fields={"NAME": "Renamed Ltd"})
    assert vendors(caller, where("greaterthanorequalto", "WHENMODIFIED", now)) == {"V00009"}
    row = caller.running.company.record("VENDOR", "V00009")
    assert row is not None
    assert row["WHENMODIFIED"] >= now


def test_filters_by_a_date_without_a_time(shared_caller: Caller) -> None:
    by_day = vendors(shared_caller, where("lessthan", "WHENCREATED", "01/10/2024"))
    by_iso = vendors(shared_caller, where("lessthan", "WHENCREATED", "2024-01-10"))
    unpadded = vendors(shared_caller, where("lessthan", "WHENCREATED", "1/10/2024"))
    assert by_day == by_iso == unpadded
    assert "V00001" in by_day


def test_orders_by_several_fields(shared_caller: Caller) -> None:
    first = "<order><field>CURRENCY</field><descending/></order>"
    order = f"<orderby>{first}<order><field>RECORDNO</field><ascending/></order></orderby>"
    records = shared_caller.call(query("VENDOR", "CURRENCY RECORDNO", order + ALL)).records("CURRENCY", "RECORDNO")
    assert records == sorted(sorted(records, key=lambda r: int(r[1] or 0)), key=lambda r: r[0] or "", reverse=True)


def test_descending_by_record_number(shared_caller: Caller) -> None:
    order = "<orderby><order><field>RECORDNO</field><descending/></order></orderby>"
    bound = f"<filter>{where('lessthan', 'RECORDNO', '110')}</filter>"
    body = query("VENDOR", "RECORDNO", f"{bound}{order}<pagesize>3</pagesize><offset>1</offset>")
    assert shared_caller.call(body).records("RECORDNO") == [("108",), ("107",), ("106",)]


def test_ordered_pages_cover_everything_once(shared_caller: Caller) -> None:
    seen = []
    for offset in range(0, 160, 40):
        body = query("VENDOR", "RECORDNO", f"{BY_RECORDNO}<pagesize>40</pagesize><offset>{offset}</offset>")
        seen += shared_caller.call(body).records("RECORDNO")
    assert len(set(seen)) == len(seen) == 160


def test_unordered_pages_overlap_and_leave_gaps(shared_caller: Caller) -> None:
    seen = []
    for offset in range(0, 160, 20):
        seen += shared_caller.call(
            query("VENDOR", "RECORDNO", f"<pagesize>20</pagesize><offset>{offset}</offset>")
        ).records("RECORDNO")
    assert len(set(seen)) < len(seen)


def test_follows_relations_in_select_and_filter(caller: Caller) -> None:
    number = caller.make_bill()
    body = query(
        "APBILL", "RECORDNO VENDOR.NAME TERM.DUEDATE", f"<filter>{where('like', 'VENDOR.VENDORID', 'V0000%')}</filter>"
    )
    record = caller.call(body).data[0]
    vendor = caller.running.company.record("VENDOR", "V00001")
    assert vendor is not None
    assert (record.findtext("RECORDNO"), record.find("VENDOR.NAME").text) == (number, vendor["NAME"])


def test_aggregates(shared_caller: Caller) -> None:
    select = "<select><field>STATUS</field><count>RECORDNO</count></select>"
    records = shared_caller.call(f"<query><object>VENDOR</object>{select}</query>").data
    counted = {record.findtext("STATUS"): record.find("COUNT.RECORDNO").text for record in records}
    assert counted["inactive"] == "4"
    totals = "<select><sum>VALUE</sum><max>VALUE</max></select>"
    whole = shared_caller.call(f"<query><object>TAXDETAIL</object>{totals}</query>").data[0]
    assert (whole.findtext("VALUE"), whole.find("MAX.VALUE").text) == ("88.75", "20")


def test_json_and_csv_come_without_an_envelope(shared_caller: Caller) -> None:
    for form, content_type in (("json", "application/json"), ("csv", "text/csv")):
        options = f"<options><returnformat>{form}</returnformat></options>"
        answer = shared_caller.call(
            query("VENDOR", "VENDORID NAME", f"{options}<pagesize>3</pagesize>{BY_RECORDNO}")
        ).response
        assert answer.headers["Content-Type"].startswith(content_type)
        rows = answer.json() if form == "json" else list(csv.DictReader(io.StringIO(answer.text)))
        assert [row["VENDORID"] for row in rows] == ["V00001", "V00002", "V00003"]


def test_names_unknown_objects_and_fields(shared_caller: Caller) -> None:
    assert shared_caller.call(query("STARSHIP", "X")).errors() == [
        ("Query Failed", "Object definition STARSHIP not found")
    ]
    ((number, text),) = shared_caller.call(query("VENDOR", "VENDORID COLOR")).errors()
    assert (number, "COLOR" in text) == ("XL03000010", True)
    ((number, text),) = shared_caller.call(query("PROJECT", "PROJECTID CFDA PAYER")).errors()
    assert number == "XL03000006"
    assert text == "The following fields cannot be queried:\n\tPROJECT: [CFDA, PAYER]"


# -- entities


def test_the_top_level_sees_private_records_only_when_asked(shared_caller: Caller) -> None:
    shared = vendors(shared_caller, "<isnotnull><field>VENDORID</field></isnotnull>")
    private = "<options><showprivate>true</showprivate></options>"
    everything = vendors(shared_caller, "<isnotnull><field>VENDORID</field></isnotnull>", private)
    assert len(shared) == 166
    assert len(everything) == 200
    entity = vendors(shared_caller, "<isnotnull><field>VENDORID</field></isnotnull>", entity="200")
    assert entity - shared == {f"V000{n}" for n in range(75, 88)}


def test_a_vendor_made_in_an_entity_belongs_to_it(caller: Caller) -> None:
    made = caller.call("<create><VENDOR><VENDORID>MINE</VENDORID><NAME>Mine</NAME></VENDOR></create>", entity="100")
    assert made.data.findtext("vendor/VENDORID") == "MINE"
    owner = caller.call(
        "<readByName><object>VENDOR</object><keys>MINE</keys><fields>MEGAENTITYID,MEGAENTITYNAME</fields></readByName>"
    )
    assert owner.records("MEGAENTITYID", "MEGAENTITYNAME") == [("100", "Northwind Manufacturing Ltd")]
    assert vendors(caller, where("equalto", "VENDORID", "MINE")) == set()
    assert vendors(caller, where("equalto", "VENDORID", "MINE"), entity="200") == set()


def test_root_records_cannot_be_changed_from_an_entity(caller: Caller) -> None:
    change = "<update><VENDOR><VENDORID>V00001</VENDORID><NAME>X</NAME></VENDOR></update>"
    assert "root-level vendor" in caller.call(change, entity="100").errors()[0][1]
    private = "<update><VENDOR><VENDORID>V00060</VENDORID><NAME>X</NAME></VENDOR></update>"
    assert caller.call(private, entity="100").statuses == ["success"]
    assert caller.call(private).statuses == ["failure"]


# -- readByQuery


def by_query(text: str, size: int = 100, fields: str = "VENDORID", name: str = "VENDOR") -> str:
    head = f"<object>{name}</object><fields>{fields}</fields>"
    return f"<readByQuery>{head}<query>{text}</query><pagesize>{size}</pagesize></readByQuery>"


def test_read_by_query_takes_codes_and_query_takes_words(shared_caller: Caller) -> None:
    data = shared_caller.call(by_query("STATUS = 'F'", fields="VENDORID,STATUS")).data
    assert [(child.tag, child.findtext("STATUS")) for child in data] == [("vendor", "inactive")] * 4
    assert len(shared_caller.call(by_query("STATUS = 'inactive'")).data) == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("VENDORID = 'V00003'", ["V00003"]),
        ("NAME like '%O\\'Malley%'", ["V00026"]),
        ("VENDORID in ('V00001','V00002') AND NOT VENDORID = 'V00002'", ["V00001"]),
        ("VENDORID &lt;= 'V00002'", ["V00001", "V00002"]),
        ("(VENDORID = 'V00001' OR VENDORID = 'V00002') and STATUS = 'T'", ["V00001", "V00002"]),
        ("WHENMODIFIED IS NULL and VENDORID &lt; 'V00051'", ["V00049", "V00050"]),
        ("VENDORID not in ('V00100') AND VENDORID like 'V0010_' and VENDORID &lt; 'V00102'", ["V00101"]),
    ],
)
def test_sql_like_text_selects(shared_caller: Caller, text: str, expected: list[str]) -> None:
    records = shared_caller.call(by_query(text)).records("VENDORID")
    assert sorted(key or "" for (key,) in records) == expected


def test_takes_two_operators_at_the_top_of_a_filter_as_and(shared_caller: Caller) -> None:
    both = where("greaterthan", "VENDORID", "V00001") + where("lessthan", "VENDORID", "V00004")
    found = shared_caller.call(query("VENDOR", "VENDORID", f"<filter>{both}</filter>{BY_RECORDNO}"))
    assert found.records("VENDORID") == [("V00002",), ("V00003",)]


# -- readByQuery is less tame than query


def test_read_by_query_keeps_no_order(shared_caller: Caller) -> None:
    numbers = [
        int(key or 0) for (key,) in shared_caller.call(by_query("", fields="RECORDNO", size=50)).records("RECORDNO")
    ]
    assert numbers not in (sorted(numbers), sorted(numbers, reverse=True))


@pytest.mark.parametrize(
    "child", ["<orderby><order><field>RECORDNO</field></order></orderby>", "<offset>1</offset>", "<color>red</color>"]
)
def test_an_element_that_a_reading_function_lacks_is_a_schema_error(shared_caller: Caller, child: str) -> None:
    body = by_query("").replace("</readByQuery>", f"{child}</readByQuery>")
    assert shared_caller.call(body).errors("errormessage")[0][0] == "XL03000003"
    for body in (
        query("VENDOR", "NAME", "<color>red</color>"),
        "<lookup><object>VENDOR</object><fields>*</fields></lookup>",
    ):
        assert shared_caller.call(body).errors("errormessage")[0][0] == "XL03000003"


@pytest.mark.parametrize("time", ["2026-03-01T10:00:00", "2026-03-01 10:00:00", "2026-03-01T10:00:00Z"])
def test_an_iso_time_in_a_condition_cannot_be_processed(shared_caller: Caller, time: str) -> None:
    assert shared_caller.call(by_query(f"WHENMODIFIED &gt; '{time}'")).errors()[0] == (
        "DL02000001",
        "There was an error processing the request.",
    )
    assert shared_caller.call(by_query("WHENMODIFIED &gt; '03/01/2026 10:00:00'")).statuses == ["success"]


def test_an_impossible_day_in_a_condition_is_refused(shared_caller: Caller) -> None:
    assert shared_caller.call(by_query("WHENMODIFIED &gt; '02/30/2026'")).errors()[0][0] == "DL02000001"


@pytest.mark.parametrize(
    "text", ["VENDORID =", "= 'x'", "VENDORID = 'x", "(VENDORID = 'x'", "VENDORID likes 'x'", "a b c", "rownum = 1"]
)
def test_refuses_sql_that_cannot_be_read(shared_caller: Caller, text: str) -> None:
    assert shared_caller.call(by_query(text)).errors()[0][0] in {"DL02000001", "XL03000010"}


def test_read_more_continues_a_snapshot(caller: Caller) -> None:
    session = caller.session()
    first = caller.call(by_query("STATUS = 'T'", size=60), auth=session).data
    assert list(first.attrib) == ["listtype", "count", "totalcount", "numremaining", "resultId"]
    caller.act("update_record", object="VENDOR", key="V00150", fields={"STATUS": "inactive"})
    seen, data = len(first), first
    while data.get("numremaining") != "0":
        data = caller.call(f"<readMore><resultId>{data.get('resultId')}</resultId></readMore>", auth=session).data
        seen += len(data)
    assert data.get("resultId") == ""
    assert str(seen) == first.get("totalcount")


def test_read_more_by_object_and_with_an_old_id(caller: Caller) -> None:
    session = caller.session()
    caller.call(by_query("", size=10), auth=session)
    assert len(caller.call("<readMore><object>VENDOR</object></readMore>", auth=session).data) == 10
    assert caller.call("<readMore><resultId>gone</resultId></readMore>", auth=session).errors()[0][0] == "DL02000001"


def test_rownum_limits_how_many_come(shared_caller: Caller) -> None:
    for text, count in (("STATUS = 'T' and rownum &lt; 3", 2), ("rownum &lt;= 1", 1)):
        data = shared_caller.call(by_query(text)).data
        assert (len(data), data.get("totalcount")) == (count, str(count))


def test_a_result_id_is_read_on_with_from_any_session_of_its_user(caller: Caller) -> None:
    """As a client does that signs in with every request."""
    seen: list[str | None] = []
    data = caller.call(by_query("", size=60)).data
    while True:
        seen += [record.findtext("VENDORID") for record in data]
        more = f"<readMore><resultId>{data.get('resultId')}</resultId></readMore>"
        if data.get("numremaining") == "0":
            break
        assert caller.call(more, user="entity_user", entity="200").errors()[0][0] == "DL02000001"
        data = caller.call(more).data
    assert len(seen) == len(set(seen)) == 166


def test_page_size_of_read_by_query_ends_at_two_thousand(shared_caller: Caller) -> None:
    assert shared_caller.call(by_query("", size=2000)).statuses == ["success"]
    assert shared_caller.call(by_query("", size=2001)).statuses == ["failure"]


# -- read, readByName, lookup, inspect


def test_read_gives_owned_lines_in_lower_case(caller: Caller) -> None:
    number = caller.make_bill()
    record = caller.call(f"<read><object>APBILL</object><keys>{number}</keys><fields>*</fields></read>").data.find(
        "APBILL"
    )
    assert record.findtext("APBILLITEMS/apbillitem/ACCOUNTNO") == "6100"
    assert record.findtext("RECORDID") == "INV-1"
    assert record.find("ACTION") is None


def test_read_by_its_own_key(shared_caller: Caller) -> None:
    body = "<read><object>TAXDETAIL</object><keys>MA State Tax</keys><fields>VALUE</fields></read>"
    assert shared_caller.call(body).records("VALUE") == [("6.25",)]


def test_refuses_a_bad_fields_list(shared_caller: Caller) -> None:
    reply = shared_caller.call("<read><object>VENDOR</object><keys>101</keys><fields>x</fields></read>")
    assert reply.errors()[0][0] == "Invalid fields list x"


def test_lookup_and_inspect_describe_fields(shared_caller: Caller) -> None:
    looked = shared_caller.call("<lookup><object>APBILL</object></lookup>").root
    kinds = {item.findtext("ID"): item.findtext("DATATYPE") for item in looked.iter("Field")}
    assert (kinds["WHENCREATED"], kinds["TOTALDUE"], kinds["STATE"]) == ("DATE", "CURRENCY", "ENUM")
    assert "VENDOR" in {item.findtext("OBJECTNAME") for item in looked.iter("Relationship")}
    inspected = shared_caller.call('<inspect detail="1"><object>APBILL</object></inspect>').root
    lengths = {item.findtext("Name"): item.findtext("maxLength") for item in inspected.iter("Field")}
    assert lengths["RECORDID"] == "30"
    everything = shared_caller.call("<inspect><object>*</object></inspect>").root
    assert "APBILL" in {item.get("typename") for item in everything.iter("type")}


def test_lookup_lists_nothing_that_query_refuses(shared_caller: Caller) -> None:
    for name in OBJECTS:
        if name in {"PROJECT", "ARINVOICE"}:  # of which the opposite is documented
            continue
        looked = shared_caller.call(f"<lookup><object>{name}</object></lookup>").root
        fields = " ".join(item.findtext("ID") or "" for item in looked.iter("Field"))
        assert shared_caller.call(query(name, fields, "<pagesize>1</pagesize>")).statuses == ["success"], name
    assert {"ACTION", "PAYTOCONTACTNAME"}.isdisjoint(_looked_up(shared_caller, "APBILL"))
    assert "RESTRICTED" not in _looked_up(shared_caller, "GLACCOUNT")
    assert "CFDA" in _looked_up(shared_caller, "PROJECT")


def _looked_up(caller: Caller, name: str) -> set[str | None]:
    looked = caller.call(f"<lookup><object>{name}</object></lookup>").root
    return {item.findtext("ID") for item in looked.iter("Field")}


@pytest.mark.parametrize("field", ["PAYTOCONTACTNAME", "RETURNTOCONTACTNAME", "ACTION"])
def test_some_fields_of_a_bill_cannot_be_queried(shared_caller: Caller, field: str) -> None:
    assert shared_caller.call(query("APBILL", f"RECORDNO {field}")).errors()[0][0] == "XL03000006"


def test_the_contacts_of_a_bill_are_read_all_the_same(caller: Caller) -> None:
    number = caller.make_bill()
    read = caller.call(f"<read><object>APBILL</object><keys>{number}</keys><fields>*</fields></read>")
    assert read.data.findtext("APBILL/PAYTOCONTACTNAME")
    assert caller.call(by_query("", fields="*", name="APBILL")).data.findtext("apbill/RETURNTOCONTACTNAME")


def test_inspect_names_its_object(shared_caller: Caller) -> None:
    for body in ("<inspect><object>APBILL</object></inspect>", '<inspect detail="1"><object>APBILL</object></inspect>'):
        found = shared_caller.call(body).root
        assert [found.findtext(f".//{name}") for name in ("SingularName", "PluralName", "Description")] == [
            "AP bill",
            "AP bills",
            "",
        ]
    lengths = {item.findtext("Name"): item.findtext("maxLength") for item in found.iter("Field")}
    assert lengths["RECORDNO"] == "8"


def test_user_defined_dimensions_have_lower_case_fields(shared_caller: Caller) -> None:
    assert shared_caller.call(query("REGION", "id name")).records("id", "name")[-1] == ("10001", "North")


def test_audit_history_swaps_the_vocabularies(caller: Caller) -> None:
    caller.act("delete_record", object="VENDOR", key="V00199")
    letters = query(
        "AUDITHISTORY",
        "OBJECTTYPE OBJECTKEY ACCESSMODE SOURCE",
        f"<filter>{where('equalto', 'ACCESSMODE', 'D')}</filter>",
    )
    words = by_query("ACCESSMODE = 'Delete'", fields="OBJECTKEY", name="AUDITHISTORY")
    assert caller.call(letters).records("OBJECTTYPE", "OBJECTKEY", "SOURCE") == [("vendor", "V00199", "ui")]
    assert caller.call(words).records("OBJECTKEY") == [("V00199",)]
