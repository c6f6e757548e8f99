from __future__ import annotations

import base64
from datetime import date, datetime
from decimal import Decimal

import pytest
from lxml import etree

from integrations.sage_intacct import client
from integrations.sage_intacct.client import (
    Address,
    APAdjustment,
    APBill,
    APBillLine,
    Attachment,
    Contact,
    Create,
    CreateAPAdjustment,
    CreateBill,
    CreateLegacyBill,
    CreateSupdoc,
    CreateSupdocFolder,
    CreateVendor,
    Delete,
    DeleteBill,
    DeleteSupdoc,
    DeleteSupdocFolder,
    Function,
    GetAPISession,
    GetCompanyInfo,
    GetCompanyPrefs,
    GetDimensions,
    GetFinancialSetup,
    GetSupdoc,
    GetSupdocFolder,
    GetTrxCurrencies,
    GetUserPermissions,
    Inspect,
    InvalidRequest,
    ListSupdocs,
    Lookup,
    Query,
    Read,
    ReadByName,
    ReadByQuery,
    ReadEntityDetails,
    ReadMore,
    ReadUserFormatting,
    RecallAPBill,
    ReverseBill,
    Supdoc,
    TaxEntry,
    Update,
    UpdateBill,
    UpdateSupdoc,
    UpdateVendor,
    Vendor,
    audit_history,
    query_text,
)
from integrations.sage_intacct.client.filters import (
    Filter,
    and_,
    between,
    eq,
    gt,
    gte,
    in_,
    is_not_null,
    is_null,
    like,
    lt,
    lte,
    ne,
    not_in,
    not_like,
    or_,
)

FILE = Attachment("scan", "pdf", b"%PDF-1.7")
FILE_XML = (
    "<attachments><attachment><attachmentname>scan</attachmentname><attachmenttype>pdf</attachmenttype>"
    f"<attachmentdata>{base64.b64encode(FILE.data).decode()}</attachmentdata></attachment></attachments>"
)
ORDER = "<orderby><order><field>RECORDNO</field><ascending/></order></orderby>"


def bill(**changes: object) -> APBill:
    line = APBillLine("6000", Decimal("12.50"), "Paper & ink", "L1", {"DEPARTMENTID": "10", "GLDIMGRANT": "7"})
    values = {
        "vendor_id": "V1",
        "record_id": "INV-77",
        "when_created": date(2030, 1, 15),
        "when_due": date(2030, 2, 14),
        "lines": (line,),
        **changes,
    }
    return APBill(**values)  # type: ignore[arg-type]


CASES: list[tuple[Function, str]] = [
    (GetAPISession(), "<getAPISession/>"),
    (GetAPISession("E1"), "<getAPISession><locationid>E1</locationid></getAPISession>"),
    (GetAPISession(""), "<getAPISession><locationid></locationid></getAPISession>"),
    (
        Query("VENDOR", ("RECORDNO", "NAME")),
        f"<query><object>VENDOR</object><select><field>RECORDNO</field><field>NAME</field></select>{ORDER}"
        "<pagesize>2000</pagesize><offset>0</offset></query>",
    ),
    (
        Query(
            "APBILL",
            ("VENDORID",),
            filter=and_(eq("STATE", "Paid"), or_(is_null("WHENPAID"), gt("TOTALDUE", Decimal("0.10")))),
            order_by=(("VENDORID", "descending"),),
            page_size=10,
            offset=20,
            show_private=True,
            case_insensitive=True,
            docparid="Invoice",
            aggregates=(("sum", "TOTALDUE"), ("count", "RECORDNO")),
        ),
        "<query><object>APBILL</object><select><field>VENDORID</field><sum>TOTALDUE</sum><count>RECORDNO</count></select>"
        "<filter><and><equalto><field>STATE</field><value>Paid</value></equalto><or><isnull><field>WHENPAID</field>"
        "</isnull><greaterthan><field>TOTALDUE</field><value>0.10</value></greaterthan></or></and></filter>"
        "<orderby><order><field>VENDORID</field><descending/></order></orderby>"
        "<options><caseinsensitive>true</caseinsensitive><showprivate>true</showprivate></options>"
        "<pagesize>10</pagesize><offset>20</offset><docparid>Invoice</docparid></query>",
    ),
    (
        Query("APBILL", (), aggregates=(("max", "WHENMODIFIED"),)),
        "<query><object>APBILL</object><select><max>WHENMODIFIED</max></select><pagesize>2000</pagesize>"
        "<offset>0</offset></query>",
    ),
    (
        ReadByQuery("VENDOR", "NAME = " + query_text("O'Hara"), ("RECORDNO", "NAME"), 50, "Def"),
        r"<readByQuery><object>VENDOR</object><fields>RECORDNO,NAME</fields><query>NAME = 'O\'Hara'</query>"
        "<pagesize>50</pagesize><returnFormat>xml</returnFormat><docparid>Def</docparid></readByQuery>",
    ),
    (
        ReadByQuery("VENDOR"),
        "<readByQuery><object>VENDOR</object><fields>*</fields><query></query><pagesize>1000</pagesize>"
        "<returnFormat>xml</returnFormat></readByQuery>",
    ),
    (ReadMore("abc..4"), "<readMore><resultId>abc..4</resultId></readMore>"),
    (
        Read("APBILL", ("1", "2"), ("RECORDNO", "STATE")),
        "<read><object>APBILL</object><keys>1,2</keys><fields>RECORDNO,STATE</fields>"
        "<returnFormat>xml</returnFormat></read>",
    ),
    (
        ReadByName("VENDOR", ("V1",)),
        "<readByName><object>VENDOR</object><keys>V1</keys><fields>*</fields>"
        "<returnFormat>xml</returnFormat></readByName>",
    ),
    (Lookup("VENDOR"), "<lookup><object>VENDOR</object></lookup>"),
    (Inspect("VENDOR"), '<inspect detail="1"><object>VENDOR</object></inspect>'),
    (Inspect(), "<inspect><object>*</object></inspect>"),
    (ReadEntityDetails(), "<readEntityDetails/>"),
    (GetFinancialSetup(), "<getFinancialSetup/>"),
    (GetDimensions(), "<getDimensions/>"),
    (GetUserPermissions("u"), "<getUserPermissions><userId>u</userId></getUserPermissions>"),
    (ReadUserFormatting("u"), "<readUserFormatting><userId>u</userId></readUserFormatting>"),
    (GetCompanyPrefs("AP"), '<get_companyprefs application="AP"/>'),
    (GetCompanyInfo(), '<get_list object="company_info" start="0" maxitems="1000"/>'),
    (GetTrxCurrencies(), '<get_list object="trxcurrencies" start="0" maxitems="1000"/>'),
    (
        Create("CLASS", {"CLASSID": "C1", "NAME": None, "EMPTY": "", "SUB": {"A": True, "B": [{"X": 1}, {"X": 2}]}}),
        "<create><CLASS><CLASSID>C1</CLASSID><EMPTY></EMPTY>"
        "<SUB><A>true</A><B><X>1</X></B><B><X>2</X></B></SUB></CLASS></create>",
    ),
    (
        Update("CLASS", {"RECORDNO": 5, "WHEN": date(2030, 1, 2)}),
        "<update><CLASS><RECORDNO>5</RECORDNO><WHEN>01/02/2030</WHEN></CLASS></update>",
    ),
    (Delete("APBILL", ("1", "2")), "<delete><object>APBILL</object><keys>1,2</keys></delete>"),
    (
        CreateBill(bill()),
        "<create><APBILL><VENDORID>V1</VENDORID><WHENCREATED>01/15/2030</WHENCREATED><WHENDUE>02/14/2030</WHENDUE>"
        "<RECORDID>INV-77</RECORDID><ACTION>Submit</ACTION><APBILLITEMS><APBILLITEM><ACCOUNTNO>6000</ACCOUNTNO>"
        "<TRX_AMOUNT>12.50</TRX_AMOUNT><ENTRYDESCRIPTION>Paper &amp; ink</ENTRYDESCRIPTION><LOCATIONID>L1</LOCATIONID>"
        "<DEPARTMENTID>10</DEPARTMENTID><GLDIMGRANT>7</GLDIMGRANT></APBILLITEM></APBILLITEMS></APBILL></create>",
    ),
    (
        CreateBill(
            bill(
                when_posted=date(2030, 1, 31),
                term_name="Net 30",
                doc_number="PO-9",
                description="Stationery",
                currency="EUR",
                base_currency="GBP",
                exch_rate_date=date(2030, 1, 15),
                exch_rate_type_id="Custom",
                supdoc_id="PLN-1",
                action="Draft",
                tax_solution_id="United Kingdom - VAT",
                inclusive_tax=False,
                custom_fields={"PORTAL_LINK": "x"},
                lines=(
                    APBillLine("6000", Decimal("10"), tax_entries=(TaxEntry("UK Std", Decimal("2.00")), TaxEntry("B"))),
                ),
            )
        ),
        "<create><APBILL><VENDORID>V1</VENDORID><WHENCREATED>01/15/2030</WHENCREATED><WHENDUE>02/14/2030</WHENDUE>"
        "<WHENPOSTED>01/31/2030</WHENPOSTED><RECORDID>INV-77</RECORDID><DOCNUMBER>PO-9</DOCNUMBER>"
        "<DESCRIPTION>Stationery</DESCRIPTION><TERMNAME>Net 30</TERMNAME><SUPDOCID>PLN-1</SUPDOCID>"
        "<CURRENCY>EUR</CURRENCY><BASECURR>GBP</BASECURR><EXCH_RATE_DATE>01/15/2030</EXCH_RATE_DATE>"
        "<EXCH_RATE_TYPE_ID>Custom</EXCH_RATE_TYPE_ID><INCLUSIVETAX>false</INCLUSIVETAX>"
        "<TAXSOLUTIONID>United Kingdom - VAT</TAXSOLUTIONID><ACTION>Draft</ACTION><PORTAL_LINK>x</PORTAL_LINK>"
        "<APBILLITEMS><APBILLITEM><ACCOUNTNO>6000</ACCOUNTNO><TRX_AMOUNT>10</TRX_AMOUNT><TAXENTRIES>"
        "<TAXENTRY><DETAILID>UK Std</DETAILID><TRX_TAX>2.00</TRX_TAX></TAXENTRY>"
        "<TAXENTRY><DETAILID>B</DETAILID></TAXENTRY></TAXENTRIES></APBILLITEM></APBILLITEMS></APBILL></create>",
    ),
    (
        UpdateBill("41", {"SUPDOCID": "S"}),
        "<update><APBILL><RECORDNO>41</RECORDNO><SUPDOCID>S</SUPDOCID></APBILL></update>",
    ),
    (DeleteBill("41"), "<delete><object>APBILL</object><keys>41</keys></delete>"),
    (
        ReverseBill("41", date(2030, 3, 4), "Wrong"),
        '<reverse_bill key="41"><datereversed><year>2030</year><month>03</month><day>04</day></datereversed>'
        "<description>Wrong</description></reverse_bill>",
    ),
    (RecallAPBill("41"), "<recallApBill><recordno>41</recordno></recallApBill>"),
    (
        CreateAPAdjustment(
            APAdjustment(
                vendor_id="V1",
                when_created=date(2030, 1, 15),
                when_posted=date(2030, 1, 16),
                batch_key="3",
                adjustment_no="CN-1",
                action="Submit",
                bill_no="INV-77",
                description="Return",
                external_id="x",
                base_currency="GBP",
                currency="EUR",
                exch_rate_date=date(2030, 1, 15),
                exch_rate_type_id="Custom",
                no_gl=False,
                custom_fields={"F": "v"},
                inclusive_tax=False,
                tax_solution_id="T",
                lines=(
                    APBillLine(
                        "6000",
                        Decimal("-10.00"),
                        "memo",
                        "L1",
                        {"TASKID": "T1", "PROJECTID": "P1", "GLDIMGRANT": "7", "DEPARTMENTID": "10", "CLASSID": "C"},
                        (TaxEntry("D", Decimal("-2")),),
                        offset_account_no="2000",
                        allocation_id="A",
                        total_trx_amount=Decimal("-12"),
                    ),
                ),
            )
        ),
        "<create_apadjustment><vendorid>V1</vendorid>"
        "<datecreated><year>2030</year><month>01</month><day>15</day></datecreated>"
        "<dateposted><year>2030</year><month>01</month><day>16</day></dateposted><batchkey>3</batchkey>"
        "<adjustmentno>CN-1</adjustmentno><action>Submit</action><billno>INV-77</billno>"
        "<description>Return</description><externalid>x</externalid><basecurr>GBP</basecurr><currency>EUR</currency>"
        "<exchratedate><year>2030</year><month>01</month><day>15</day></exchratedate>"
        "<exchratetype>Custom</exchratetype><nogl>false</nogl><customfields><customfield>"
        "<customfieldname>F</customfieldname><customfieldvalue>v</customfieldvalue></customfield></customfields>"
        "<inclusivetax>false</inclusivetax><taxsolutionid>T</taxsolutionid><apadjustmentitems><lineitem>"
        "<glaccountno>6000</glaccountno><offsetglaccountno>2000</offsetglaccountno><amount>-10.00</amount>"
        "<allocationid>A</allocationid><memo>memo</memo><locationid>L1</locationid><departmentid>10</departmentid>"
        "<customfields><customfield><customfieldname>GLDIMGRANT</customfieldname>"
        "<customfieldvalue>7</customfieldvalue></customfield></customfields><projectid>P1</projectid>"
        "<taskid>T1</taskid><classid>C</classid><totaltrxamount>-12</totaltrxamount><taxentries><taxentry>"
        "<detailid>D</detailid><trx_tax>-2</trx_tax></taxentry></taxentries></lineitem></apadjustmentitems>"
        "</create_apadjustment>",
    ),
    (
        CreateLegacyBill(
            APBill(
                vendor_id="V1",
                record_id="INV-77",
                when_created=date(2030, 1, 15),
                when_posted=date(2030, 1, 16),
                when_due=date(2030, 2, 14),
                term_name="Net 30",
                action="Draft",
                doc_number="PO-1",
                on_hold=False,
                description="Paper",
                pay_to_contact="Pay",
                return_to_contact="Back",
                base_currency="GBP",
                currency="EUR",
                exchange_rate=Decimal("1.1"),
                supdoc_id="PLN-77",
                inclusive_tax=True,
                tax_solution_id="T",
                custom_fields={"F": "v"},
                lines=(
                    APBillLine(
                        None,
                        Decimal("10"),
                        location_id="L1",
                        dimensions={"ITEMID": "I", "PROJECTID": "P1"},
                        tax_entries=(TaxEntry("D"),),
                        account_label="Paper",
                        total_trx_amount=Decimal("12"),
                        billable=True,
                    ),
                ),
            ),
            batch_key="3",
            external_id="x",
            no_gl=True,
        ),
        "<create_bill><vendorid>V1</vendorid>"
        "<datecreated><year>2030</year><month>01</month><day>15</day></datecreated>"
        "<dateposted><year>2030</year><month>01</month><day>16</day></dateposted>"
        "<datedue><year>2030</year><month>02</month><day>14</day></datedue><termname>Net 30</termname>"
        "<action>Draft</action><batchkey>3</batchkey><billno>INV-77</billno><ponumber>PO-1</ponumber>"
        "<onhold>false</onhold><description>Paper</description><externalid>x</externalid>"
        "<payto><contactname>Pay</contactname></payto><returnto><contactname>Back</contactname></returnto>"
        "<basecurr>GBP</basecurr><currency>EUR</currency><exchrate>1.1</exchrate><nogl>true</nogl>"
        "<supdocid>PLN-77</supdocid><inclusivetax>true</inclusivetax><taxsolutionid>T</taxsolutionid>"
        "<customfields><customfield><customfieldname>F</customfieldname><customfieldvalue>v</customfieldvalue>"
        "</customfield></customfields><billitems><lineitem><accountlabel>Paper</accountlabel><amount>10</amount>"
        "<locationid>L1</locationid><projectid>P1</projectid><itemid>I</itemid><billable>true</billable>"
        "<totaltrxamount>12</totaltrxamount><taxentries><taxentry><detailid>D</detailid></taxentry></taxentries>"
        "</lineitem></billitems></create_bill>",
    ),
    (
        CreateVendor(
            Vendor(
                "V9",
                "Nine Ltd",
                Contact("Nine", email="a@nine.example", address=Address(city="Leeds", country_code="GB")),
                status="active",
                term_name="Net 30",
                currency="GBP",
            )
        ),
        "<create><VENDOR><VENDORID>V9</VENDORID><NAME>Nine Ltd</NAME><DISPLAYCONTACT><PRINTAS>Nine</PRINTAS>"
        "<EMAIL1>a@nine.example</EMAIL1><MAILADDRESS><CITY>Leeds</CITY><COUNTRYCODE>GB</COUNTRYCODE></MAILADDRESS>"
        "</DISPLAYCONTACT><STATUS>active</STATUS><CURRENCY>GBP</CURRENCY><TERMNAME>Net 30</TERMNAME></VENDOR></create>",
    ),
    (
        UpdateVendor("V9", {"NAME": "New"}),
        "<update><VENDOR><VENDORID>V9</VENDORID><NAME>New</NAME></VENDOR></update>",
    ),
    (
        CreateSupdoc(Supdoc("PLN-1", "Invoice 77", "Planergy", "From the portal", (FILE,))),
        "<create_supdoc><supdocid>PLN-1</supdocid><supdocname>Invoice 77</supdocname>"
        "<supdocfoldername>Planergy</supdocfoldername><supdocdescription>From the portal</supdocdescription>"
        f"{FILE_XML}</create_supdoc>",
    ),
    (
        UpdateSupdoc(Supdoc("", "n", "f", attachments=(FILE,))),
        "<update_supdoc><supdocid></supdocid><supdocname>n</supdocname><supdocfoldername>f</supdocfoldername>"
        f"{FILE_XML}</update_supdoc>",
    ),
    (GetSupdoc("PLN-1"), '<get object="supdoc" key="PLN-1"/>'),
    (
        ListSupdocs(max_items=5, expressions=(("recordno", "=", "35"),), fields=("supdocid",)),
        '<get_list object="supdoc" start="0" maxitems="5"><filter><expression><field>recordno</field>'
        "<operator>=</operator><value>35</value></expression></filter><fields><field>supdocid</field></fields></get_list>",
    ),
    (DeleteSupdoc("PLN-1"), '<delete_supdoc key="PLN-1"/>'),
    (
        CreateSupdocFolder("Planergy", "Files", "Root"),
        "<create_supdocfolder><supdocfoldername>Planergy</supdocfoldername><supdocfolderdescription>Files"
        "</supdocfolderdescription><supdocparentfoldername>Root</supdocparentfoldername></create_supdocfolder>",
    ),
    (GetSupdocFolder("Planergy"), '<get object="supdocfolder" key="Planergy"/>'),
    (DeleteSupdocFolder("Planergy"), '<delete_supdocfolder key="Planergy"/>'),
    (
        audit_history("APBILL", since=date(2030, 1, 2)),
        "<query><object>AUDITHISTORY</object><select><field>ID</field><field>OBJECTTYPE</field><field>OBJECTKEY</field>"
        "<field>ACCESSMODE</field><field>ACCESSTIME</field><field>USERID</field><field>SOURCE</field></select><filter>"
        "<and><equalto><field>OBJECTTYPE</field><value>apbill</value></equalto><equalto><field>ACCESSMODE</field>"
        "<value>D</value></equalto><greaterthanorequalto><field>ACCESSTIME</field><value>01/02/2030</value>"
        "</greaterthanorequalto></and></filter><orderby><order><field>ID</field><ascending/></order></orderby>"
        "<pagesize>2000</pagesize><offset>0</offset></query>",
    ),
]


def canonical(xml: str | etree._Element) -> str:
    root = etree.fromstring(xml) if isinstance(xml, str) else xml
    return str(etree.tostring(root, method="c14n").decode())


@pytest.mark.parametrize(("function", "expected"), CASES, ids=lambda case: getattr(case, "label", ""))
def test_writes_the_documented_request(function: Function, expected: str) -> None:
    wrapped = f'<function controlid="f1">{expected}</function>'
    assert canonical(function.to_element("f1")) == canonical(wrapped)


def test_every_function_is_compared_with_its_documented_shape() -> None:
    named = {getattr(client, name) for name in client.__all__}
    functions = {each for each in named if isinstance(each, type) and issubclass(each, Function)}
    assert functions - {type(case) for case, _ in CASES} == {Function, client.LegacyGet, client.LegacyGetList}


@pytest.mark.parametrize(
    "extra", [{"batch_title": "t"}, {"payment_priority": "high"}, {"recommended_payment_date": date(2030, 1, 1)}]
)
def test_says_what_the_frozen_function_cannot_carry(extra: dict[str, object]) -> None:
    bill = APBill("V1", "1", date(2030, 1, 1), None, (APBillLine("6000", Decimal(1)),), **extra)  # type: ignore[arg-type]
    with pytest.raises(InvalidRequest):
        CreateLegacyBill(bill)


def test_knows_which_functions_write() -> None:
    writes = {case.name for case, _ in CASES if case.is_write}
    assert writes == {
        "create", "update", "delete", "reverse_bill", "recallApBill", "create_bill", "create_apadjustment",
        "create_supdoc", "update_supdoc", "delete_supdoc", "create_supdocfolder", "delete_supdocfolder",
    }  # fmt: skip


FIELD_VALUE = "<field>F</field><value>a</value>"


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (eq("F", "a"), f"<equalto>{FIELD_VALUE}</equalto>"),
        (ne("F", "a"), f"<notequalto>{FIELD_VALUE}</notequalto>"),
        (lt("F", "a"), f"<lessthan>{FIELD_VALUE}</lessthan>"),
        (lte("F", "a"), f"<lessthanorequalto>{FIELD_VALUE}</lessthanorequalto>"),
        (gt("F", "a"), f"<greaterthan>{FIELD_VALUE}</greaterthan>"),
        (gte("F", "a"), f"<greaterthanorequalto>{FIELD_VALUE}</greaterthanorequalto>"),
        (between("F", "a", "b"), f"<between>{FIELD_VALUE}<value>b</value></between>"),
        (in_("F", ["a", "b"]), f"<in>{FIELD_VALUE}<value>b</value></in>"),
        (not_in("F", ["a"]), f"<notin>{FIELD_VALUE}</notin>"),
        (like("F", "a%"), "<like><field>F</field><value>a%</value></like>"),
        (not_like("F", "a%"), "<notlike><field>F</field><value>a%</value></notlike>"),
        (is_null("F"), "<isnull><field>F</field></isnull>"),
        (is_not_null("F"), "<isnotnull><field>F</field></isnotnull>"),
        (and_(is_null("F"), None), "<isnull><field>F</field></isnull>"),
        (gt("F", datetime(2030, 1, 2, 3, 4, 5)),  # noqa: DTZ001
         "<greaterthan><field>F</field><value>01/02/2030 03:04:05</value></greaterthan>"),
    ],
)  # fmt: skip
def test_writes_filters(made: Filter, expected: str) -> None:
    assert canonical(made.to_element()) == canonical(expected)


@pytest.mark.parametrize("count", [0, 1001])
def test_refuses_a_list_filter_outside_the_limits(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 1000"):
        in_("F", [str(number) for number in range(count)])


def test_refuses_a_junction_of_nothing() -> None:
    with pytest.raises(ValueError, match="at least one"):
        or_(None)


@pytest.mark.parametrize("fields", [{"NAME": "a\x0bb"}, {"not a name": "x"}])
def test_refuses_what_xml_cannot_carry(fields: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        Create("VENDOR", fields).to_element("f1")
    assert not caught.value.outcome_unknown


@pytest.mark.parametrize("make", [lambda: Query("V", ()), lambda: Query("V", ("A",), page_size=2001),
                                  lambda: ReadByQuery("V", page_size=1001)])  # fmt: skip
def test_refuses_a_query_outside_the_limits(make: object) -> None:
    with pytest.raises(ValueError):
        make()  # type: ignore[operator]


def test_estimates_at_least_the_size_of_a_file_request() -> None:
    function = CreateSupdoc(
        Supdoc("PLN-1", "Invoice", "Planergy", "é" * 100, (Attachment("ä" * 50, "pdf", b"x" * 9999),))
    )
    assert len(etree.tostring(function.to_element("f" * 64))) <= function.estimated_bytes() < 20_000
