"""No secret, no data of a person and no file reaches what is kept of an exchange, however it was made."""

from __future__ import annotations

import base64
import html
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.sage_intacct.client import functions as every
from integrations.sage_intacct.client.config import ClientConfig
from integrations.sage_intacct.client.credentials import Credentials
from integrations.sage_intacct.client.envelope import Batch, write_request
from integrations.sage_intacct.client.errors import IntacctError
from integrations.sage_intacct.client.exchange import ExchangeRecord, mask_text
from integrations.sage_intacct.client.filters import and_, eq, in_
from integrations.sage_intacct.client.records import (
    Address,
    APAdjustment,
    APBill,
    APBillLine,
    Attachment,
    Contact,
    Supdoc,
    Vendor,
)
from integrations.sage_intacct.client.sessions import Session
from tests.integrations.sage_intacct.client.gateway import NOW, answer, error, errors, make_client, result
from tests.integrations.sage_intacct.client.test_client import Gateway, serving

DAY = date(2030, 1, 31)
WORDS = st.sampled_from(["Hill", "Mill", "Orchard", "Harbour"])
DIGITS = st.integers(10**7, 10**9 - 1).map(str)
PERSONAL = {
    "TAXID": DIGITS.map(lambda digits: f"GB{digits}"),
    "EMAIL1": st.tuples(WORDS, DIGITS).map(lambda pair: f"{pair[0]}.{pair[1]}@people.example"),
    "PHONE1": DIGITS.map(lambda digits: f"+44 20 {digits}"),
    "ADDRESS1": st.tuples(DIGITS, WORDS).map(lambda pair: f"{pair[0]} {pair[1]} Lane & Co"),
    "ACHACCOUNTNUMBER": DIGITS.map(lambda digits: f"77{digits}"),
    "ACHBANKROUTINGNUMBER": DIGITS.map(lambda digits: f"88{digits}"),
    "IBAN": st.just("DE89 3704 0044 0532 0130 00"),
    "COMMENTS": DIGITS.map(lambda digits: f"call {digits} <b>"),
}
SECRETS = {
    "password": DIGITS.map(lambda digits: f"pa&ss<{digits}"),
    "sessionid": DIGITS.map(lambda digits: f"s-{digits}.."),
}


@dataclass(frozen=True)
class Told:
    """What must not be kept: values by field, and a file."""

    values: dict[str, str]
    password: str
    session_id: str
    file: bytes

    def all(self) -> list[str]:
        texts = [*self.values.values(), self.password, self.session_id, base64.b64encode(self.file).decode()]
        return [spelling for text in texts for spelling in (text, html.escape(text), html.escape(text, quote=False))]


TOLD = st.builds(
    Told,
    values=st.fixed_dictionaries(PERSONAL),  # type: ignore[arg-type]
    password=SECRETS["password"],
    session_id=SECRETS["sessionid"],
    file=st.binary(min_size=20, max_size=40),
)


def vendor(told: Told) -> Vendor:
    get = told.values.__getitem__
    contact = Contact(
        "Ann", phone=get("PHONE1"), email=get("EMAIL1"), address=Address(get("ADDRESS1"), city=get("ADDRESS1"))
    )
    custom = {name: get(name) for name in told.values if name.startswith("ACH")} | {
        "IBAN": get("IBAN"),
        "UNKNOWN": {"THING": get("PHONE1")},
    }
    return Vendor("V1", "Amber", contact, tax_id=get("TAXID"), comments=get("COMMENTS"), custom_fields=custom)


def bill(told: Told) -> APBill:
    custom = {"MY_BANK": told.values["IBAN"]}
    line = APBillLine("6100", Decimal(1), custom_fields=custom)
    return APBill("V1", "INV-1", DAY, DAY, (line,), custom_fields=custom)


def supdoc(told: Told) -> Supdoc:
    return Supdoc("S1", "Invoice", "Planergy", attachments=(Attachment("scan", "pdf", told.file),))


MAKERS: dict[str, Callable[[Told], every.Function]] = {
    "Create": lambda told: every.Create("CONTACT", {"MAILADDRESS": {"STATE": told.values["ADDRESS1"]}, **told.values}),
    "Update": lambda told: every.Update("VENDOR", {"VENDORID": "V1", "DISPLAYCONTACT": dict(told.values)}),
    "Delete": lambda told: every.Delete("VENDOR", ("1",)),
    "CreateBill": lambda told: every.CreateBill(bill(told)),
    "UpdateBill": lambda told: every.UpdateBill("1", {"PAYTO": {"TAXID": told.values["TAXID"]}}),
    "DeleteBill": lambda told: every.DeleteBill("1"),
    "CreateLegacyBill": lambda told: every.CreateLegacyBill(bill(told)),
    "CreateAPAdjustment": lambda told: every.CreateAPAdjustment(
        APAdjustment("V1", DAY, bill(told).lines, custom_fields={"IBAN": told.values["IBAN"]})
    ),
    "CreateVendor": lambda told: every.CreateVendor(vendor(told)),
    "UpdateVendor": lambda told: every.UpdateVendor("V1", dict(told.values)),
    "CreateSupdoc": lambda told: every.CreateSupdoc(supdoc(told)),
    "UpdateSupdoc": lambda told: every.UpdateSupdoc(supdoc(told)),
    "Query": lambda told: every.Query(
        "VENDOR",
        ("NAME", "TAXID"),
        filter=and_(eq("TAXID", told.values["TAXID"]), in_("DISPLAYCONTACT.EMAIL1", [told.values["EMAIL1"]])),
    ),
    "ReadByQuery": lambda told: every.ReadByQuery("VENDOR", f"TAXID = '{told.values['TAXID']}'"),
    "LegacyGetList": lambda told: every.LegacyGetList("vendor", expressions=(("taxid", "=", told.values["TAXID"]),)),
    "Read": lambda told: every.Read("VENDOR", ("1",)),
    "ReadByName": lambda told: every.ReadByName("VENDOR", ("V1",)),
    "ReadMore": lambda told: every.ReadMore("7030372031"),
    "Lookup": lambda told: every.Lookup("VENDOR"),
    "Inspect": lambda told: every.Inspect(),
    "LegacyGet": lambda told: every.LegacyGet("vendor", "V1"),
    "GetSupdoc": lambda told: every.GetSupdoc("S1"),
    "ListSupdocs": lambda told: every.ListSupdocs(),
    "DeleteSupdoc": lambda told: every.DeleteSupdoc("S1"),
    "CreateSupdocFolder": lambda told: every.CreateSupdocFolder("Planergy"),
    "DeleteSupdocFolder": lambda told: every.DeleteSupdocFolder("Planergy"),
    "GetSupdocFolder": lambda told: every.GetSupdocFolder("Planergy"),
    "ReverseBill": lambda told: every.ReverseBill("1", DAY),
    "RecallAPBill": lambda told: every.RecallAPBill("1"),
    "GetAPISession": lambda told: every.GetAPISession(),
    "ReadEntityDetails": lambda told: every.ReadEntityDetails(),
    "GetFinancialSetup": lambda told: every.GetFinancialSetup(),
    "GetDimensions": lambda told: every.GetDimensions(),
    "GetUserPermissions": lambda told: every.GetUserPermissions("xml_user"),
    "ReadUserFormatting": lambda told: every.ReadUserFormatting("xml_user"),
    "GetCompanyPrefs": lambda told: every.GetCompanyPrefs("AP"),
    "GetCompanyInfo": lambda told: every.GetCompanyInfo(),
    "GetTrxCurrencies": lambda told: every.GetTrxCurrencies(),
}


def credentials(told: Told) -> Credentials:
    return Credentials("acme", "xml_user", told.password, "sender", f"{told.password}!")


def test_every_function_of_the_client_is_tried() -> None:
    assert set(MAKERS) == {name for name in every.__all__ if isinstance(getattr(every, name), type)} - {"Function"}


@pytest.mark.parametrize("name", MAKERS)
@settings(max_examples=5, deadline=None)
@given(told=TOLD)
def test_a_request_is_kept_without_them(name: str, told: Told) -> None:
    session = Session(told.session_id, "https://p1.intacct.com/x", None, NOW)
    request = write_request(
        Batch((MAKERS[name](told),), ("c1",)),
        request_id="r1",
        credentials=credentials(told),
        config=ClientConfig(),
        session=None if name == "GetAPISession" else session,
        entity_id=None,
    )
    assert not [value for value in told.all() if value in request.masked_xml]
    assert told.values["TAXID"] not in repr(request)


# How a value may stand in an answer.
SPELLINGS: list[Callable[[str], str]] = [
    html.escape,
    lambda value: html.escape(html.escape(value)),
    lambda value: f"<![CDATA[{value}]]>",
    lambda value: "".join(f"&#{ord(letter)};" for letter in value),
    lambda value: "".join(f"&#x{ord(letter):x};" for letter in value),
    lambda value: f"{html.escape(value[:4])}<!-- split -->{html.escape(value[4:])}",
    lambda value: f"<![CDATA[{value[:3]}]]>{html.escape(value[3:])}",
    lambda value: f"{html.escape(value[:5])}<?split?>{html.escape(value[5:])}",
]
PLACES: list[Callable[[str, str], str]] = [
    lambda name, text: f"<{name}>{text}</{name}>",
    lambda name, text: f"<DISPLAYCONTACT.{name}>{text}</DISPLAYCONTACT.{name}>",
    lambda name, text: f"<DISPLAYCONTACT><{name} kind='x'>\n{text}\n</{name}></DISPLAYCONTACT>",
    lambda name, text: f"<MAILADDRESS><STATE>{text}</STATE><NAME>{text}</NAME></MAILADDRESS>",
    lambda name, text: f"<MAILADDRESS.STATE>{text}</MAILADDRESS.STATE>",
    lambda name, text: f"<{name.lower()} xmlns='x'><part>{text}</part>{text}</{name.lower()}>",
    lambda name, text: f"<NAME>Amber</NAME>{text}<VENDORID>V1</VENDORID>",
    lambda name, text: (
        f"<customfield><customfieldname>{name}</customfieldname><customfieldvalue>{text}"
        "</customfieldvalue></customfield>"
    ),
    lambda name, text: f"<filter><equalto><field>{name}</field><value>{text}</value></equalto></filter>",
    lambda name, text: f"<X_SOMETHING_OF_THEIR_OWN>{text}</X_SOMETHING_OF_THEIR_OWN>",
]
BREAKS: list[Callable[[str], str]] = [
    lambda xml: xml,
    lambda xml: xml.replace("</VENDOR", "<VENDOR").replace("</data", "<data"),
    lambda xml: xml.replace("</TAXID>", "").replace("</EMAIL1>", "</EMAIL2>"),
    lambda xml: xml.replace("</MAILADDRESS>", ""),
    lambda xml: xml.replace("<response>", "", 1),
    lambda xml: xml + xml,
]


@st.composite
def hostile_answers(draw: Any) -> tuple[Told, str]:
    told = draw(TOLD)
    parts = []
    secrets = {"sessionid": told.session_id, "password": told.password}
    for name, value in (told.values | secrets).items():
        parts.append(draw(st.sampled_from(PLACES))(name, draw(st.sampled_from(SPELLINGS))(value)))
        parts.append(f"<VENDOR {name}=\"{html.escape(value)}\" id='{html.escape(value)}'/>")
    parts.append(f"<attachment><attachmentdata>{base64.b64encode(told.file).decode()}</attachmentdata></attachment>")
    body = answer(result(f"<data><VENDOR>{''.join(draw(st.permutations(parts)))}</VENDOR></data>"))
    return told, draw(st.sampled_from(BREAKS))(body)


@settings(max_examples=150, deadline=None)
@given(hostile_answers())
def test_an_answer_is_kept_without_them(made: tuple[Told, str]) -> None:
    told, body = made
    kept = html.unescape(html.unescape(mask_text(body)))
    assert not [value for value in told.all() if value in kept]


@settings(max_examples=60, deadline=None)
@given(hostile_answers(), st.floats(0, 1))
def test_an_answer_that_was_cut_off_anywhere_is_kept_without_them(made: tuple[Told, str], share: float) -> None:
    told, body = made
    kept = html.unescape(html.unescape(mask_text(body[: int(len(body) * share)])))
    pieces = [value[: len(value) // 2 + 4] for value in told.all()]
    assert not [piece for piece in pieces if piece in kept]


@settings(max_examples=20, deadline=None)
@given(told=TOLD, spelling=st.sampled_from(SPELLINGS))
def test_an_error_that_quotes_them_says_nothing_anywhere(told: Told, spelling: Callable[[str], str]) -> None:
    """Neither in the exchange nor in the exception, whose words go into the history, into mails and into logs."""
    seen: list[ExchangeRecord] = []
    quoted = " and ".join(map(spelling, told.values.values()))
    refused = result(errors(error("BL01001973", f"Not {quoted}.", quoted, quoted)), control_id="c1", status="failure")
    with serving(Gateway(answer(refused))), pytest.raises(IntacctError) as caught:
        make_client(on_exchange=seen.append).call(every.CreateVendor(vendor(told)), control_id="c1")
    said = html.unescape(f"{seen!r} {caught.value!r} {caught.value} {vars(caught.value)}")
    assert not [value for value in told.all() if value in said]
    assert "BL01001973" in said


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_an_address_of_a_person_is_hidden_in_whatever_field(spelling: Callable[[str], str]) -> None:
    kept = mask_text(
        f"<VENDOR><VENDORID>{spelling('ann.hill@people.example')}</VENDORID><STATE>Posted</STATE></VENDOR>"
    )
    assert "people.example" not in html.unescape(html.unescape(kept))
    assert "<STATE>Posted</STATE>" in kept


def test_what_support_lives_on_stays() -> None:
    body = answer(
        result(
            "<data><APBILL><RECORDNO>41</RECORDNO><VENDORID>V1</VENDORID><VENDORNAME>Amber &amp; Sons</VENDORNAME>"
            "<STATE>Posted</STATE><TRX_TOTALENTERED>12.50</TRX_TOTALENTERED><WHENCREATED>01/31/2030</WHENCREATED>"
            "<GLDIMGRANT>G1</GLDIMGRANT><DESCRIPTION>Paper 20300131 no 004412345678</DESCRIPTION></APBILL></data>"
        ),
        result(errors(error("PL04000055", "Bill INV-1 of V1 exists already [Support ID: Y7xyWEB041o8%7EXQ]"))),
    )
    assert mask_text(body) == body.partition("?>")[2].replace("no 004412345678", "no ***")


@pytest.mark.parametrize(
    "text",
    [
        "Rate limit exceeded",
        "<html><head><title>502 Bad Gateway</title></head><body><h1>502</h1><p>Try again.</p></body></html>",
    ],
)
def test_what_a_proxy_says_stays(text: str) -> None:
    assert mask_text(text) == text


LONG = {
    "a word with an @ at its end": f"<description2>{'a' * 300_000}@</description2>",
    "a word with an @ far behind": f"<description2>{'a' * 300_000} @</description2>",
    "a file that never begins": '<attachmentdata a="' * 50_000,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_no_answer_holds_its_worker_up(text: str) -> None:
    """A page of a proxy with a picture in it is such a word. It took minutes, and takes a moment."""
    code = "import sys; from integrations.sage_intacct.client.exchange import mask_text; mask_text(sys.stdin.read())"
    subprocess.run([sys.executable, "-c", code], input=text, text=True, timeout=60, check=True)
