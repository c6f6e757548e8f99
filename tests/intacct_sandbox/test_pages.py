from __future__ import annotations

import pytest
import requests
from lxml import html

from tests.intacct_sandbox.caller import Caller


def page(caller: Caller, path: str, status: int = 200) -> html.HtmlElement:
    answer = requests.get(caller.running.base_url + path, timeout=30)
    assert answer.status_code == status
    return html.fromstring(answer.text)


def text(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


@pytest.mark.parametrize(
    "path", ["/", "/c/demo", "/c/solo", "/c/demo/bills", "/c/demo/settings", "/requests", "/c/demo/attachments"]
)
def test_every_link_leads_somewhere(shared_caller: Caller, path: str) -> None:
    for link in page(shared_caller, path).xpath("//a/@href"):
        if not link.startswith("#"):
            assert requests.get(shared_caller.running.base_url + link, timeout=30).status_code == 200, link


def test_shows_a_bill_with_its_lines_and_documents(caller: Caller) -> None:
    caller.call(caller.supdoc("PL-1"))
    number = caller.make_bill(SUPDOCID="PL-1", DESCRIPTION="&lt;b&gt;bold&lt;/b&gt;")
    shown = page(caller, f"/c/demo/bills/{number}")
    assert shown.xpath("//h1")[0].text == "Bill INV-1"
    assert "<b>bold</b>" in text(shown)
    assert shown.xpath("//b") == []
    assert "6100 Office Supplies" in text(shown)
    (link,) = shown.xpath("//a[text()='scan.pdf']/@href")
    assert requests.get(caller.running.base_url + link, timeout=30).content == b"hello"
    assert "INV-1" in text(page(caller, "/"))


def submit(caller: Caller, path: str, button: str, **values: str) -> requests.Response:
    (form,) = [form for form in page(caller, path).forms if text(form.xpath(".//button")[0]) == button]
    fields = {**dict(form.form_values()), **values}
    return requests.post(caller.running.base_url + form.action, data=fields, timeout=30)


def test_an_accountant_works_by_forms(caller: Caller) -> None:
    number = caller.make_bill()
    assert "Done." in submit(caller, f"/c/demo/bills/{number}", "Pay", amount="30").text
    assert caller.state()["bills"][0]["state"] == "Partially Paid"
    assert "exceeds total amount due" in submit(caller, f"/c/demo/bills/{number}", "Pay", amount="900").text
    submit(caller, f"/c/demo/bills/{number}", "Void the last payment")
    submit(caller, f"/c/demo/bills/{number}", "Save", **{"field:DESCRIPTION": "Seen"})
    assert caller.state()["bills"][0]["description"] == "Seen"
    submit(caller, f"/c/demo/bills/{number}", "Delete this bill")
    assert caller.state()["bills"] == []
    submit(caller, "/c/demo/VENDOR/101", "Put on hold")
    submit(caller, "/c/demo/VENDOR/101", "Change", field="NAME", value="Renamed & Co")
    vendor = caller.running.company.record("VENDOR", "V00001")
    assert vendor is not None
    assert (vendor["ONHOLD"], vendor["NAME"]) == ("true", "Renamed & Co")
    submit(caller, "/c/demo/settings", "Close", before="2026-01-01", entity="100")
    assert "2026-01-01" in text(page(caller, "/c/demo"))


def test_breaks_and_mends_by_forms(caller: Caller) -> None:
    submit(caller, "/requests", "Break it", kind="status", status="503")
    assert caller.call("<getAPISession/>").response.status_code == 503
    submit(caller, "/requests", "Break it", kind="status", status="503", times="-1")
    submit(caller, "/requests", "Clear all faults")
    assert caller.call("<getAPISession/>").statuses == ["success"]
    assert "getAPISession" in text(page(caller, "/requests"))


def test_searches_records(shared_caller: Caller) -> None:
    assert "O'Malley & Daughters" in text(page(shared_caller, "/c/demo/VENDOR?q=malley"))
    assert "No record fits." in text(page(shared_caller, "/c/demo/VENDOR?q=zzzz"))


@pytest.mark.parametrize("path", ["/nothing", "/c/nowhere", "/c/demo/bills/9", "/c/demo/VENDOR/9", "/c/demo/STARSHIP"])
def test_says_when_there_is_nothing(shared_caller: Caller, path: str) -> None:
    assert "Not found" in text(page(shared_caller, path, 404))


def test_takes_no_form_from_another_site(caller: Caller) -> None:
    number = caller.make_bill()
    fields = {"action": "delete_bill", "company": "demo", "recordno": number, "back": "//evil.example/"}
    answer = requests.post(
        f"{caller.running.base_url}/sandbox/do", data=fields, headers={"Origin": "http://evil.example"}, timeout=30
    )
    assert "another site" in answer.text
    assert answer.url.startswith(caller.running.base_url)
    assert len(caller.state()["bills"]) == 1


def test_the_gateway_takes_no_get(shared_caller: Caller) -> None:
    assert requests.get(shared_caller.running.url, timeout=30).status_code == 405
