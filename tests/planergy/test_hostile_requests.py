"""Every address with every parameter that anything reads, set to what no program expects: refused, never an error."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.http.request import UnreadablePostError
from django.test import Client, RequestFactory

from planergy.unusable_text import UnusableTextMiddleware
from tests import factories
from tests.planergy.test_every_url import addresses, everything, world

__all__ = ["world"]

pytestmark = pytest.mark.django_db
READ_BY_CODE = re.compile(r"(?:GET|POST|cleaned_data|data)(?:\.get(?:list)?\(|\[)\"([a-z_-]+)\"")
READ_BY_LIBRARIES = {"item", "job", "page", "per_page", "sort", "requests-page", "requests-per_page", "requests-sort"}
IN_A_FORM = re.compile(r"<(?:input|select|textarea|button)\b[^>]*?\bname=\"([^\"]+)\"")
HUGE = "9" * 5000  # Python refuses to read it as a number
HOSTILE = [
    HUGE,
    "9" * 25,
    "-1",
    "0",
    "1e999999",
    "NaN",
    "-Infinity",
    "²",
    "٣",
    "\ud800",  # encoded as it stands, so that what arrives is no UTF-8
    "\ufffe\u202e\x01\x1b",
    "9999-12-31",
    "0001-01-01",
    "31/12/9999",
    "null",
    "[]",
    '{"$ne": null}',
    "__class__",
    "supplier__account__users__password",
    "-password",
    "../../etc/passwd",
    "%s%n{0}{{7*7}}",
    "'\"><x>;--",
    "//evil.example",
    "",
]
# As many as there are values try each of them in each field; these few try all of them in some field.
TURNS = int(os.environ.get("HOSTILE_TURNS", "2"))
NUL = ["\x00", "a\x00b"]


@cache
def names_in_code() -> list[str]:
    """Every name that some code looks for in a request; a new one is tried without being named here."""
    texts = [
        path.read_text()
        for folder in ("notices", "organization", "ledger", "suppliers", "invoices", "integrations", "planergy")
        for path in sorted((Path(settings.BASE_DIR) / folder).rglob("*.py"))
    ]
    return sorted({name for text in texts for name in READ_BY_CODE.findall(text)} | READ_BY_LIBRARIES)


def names_of(client: Client, url: str) -> list[str]:
    """Those, and the names of the fields on the page."""
    answer = client.get(url)
    page = "" if answer.streaming else answer.content.decode("utf-8", "replace")
    fields = {name for name in IN_A_FORM.findall(page) if name != "csrfmiddlewaretoken"}
    return sorted({*names_in_code(), *fields})


def quoted(text: str) -> bytes:
    return "".join(f"%{byte:02x}" for byte in text.encode("utf-8", "surrogatepass")).encode()


def forms(names: list[str], given: dict[str, Any], seed: int) -> Iterator[dict[str, str]]:
    """Another value in every field, `TURNS` times; then in every third field among proper ones."""
    for turn in range(TURNS):
        yield {name: HOSTILE[(place + seed + turn * 7) % len(HOSTILE)] for place, name in enumerate(names)}
    for turn in range(3):
        chosen = names[turn::3]
        yield given | {name: HOSTILE[(place * 5 + seed) % len(HOSTILE)] for place, name in enumerate(chosen)}


def send(client: Client, url: str, form: dict[str, str]) -> Iterator[tuple[str, Any]]:
    body = b"&".join(b"%s=%s" % (quoted(str(name)), quoted(str(value))) for name, value in form.items())
    kind = "application/x-www-form-urlencoded"
    yield "GET", client.generic("GET", url, QUERY_STRING=body.decode())
    yield "POST", client.generic("POST", url, body, kind)


def broken(client: Client, name: str, url: str, found: Iterator[dict[str, str]]) -> list[str]:
    client.raise_request_exception = False
    return [
        f"{method} {name} {answer.status_code} {getattr(answer, 'exc_info', None)}"
        for form in found
        for method, answer in send(client, url, form)
        if answer.status_code >= 500
    ]


def owner_of(world: dict[str, Any], client: Client) -> Client:
    client.force_login(world["owner"])
    return client


@pytest.mark.slow
def test_no_parameter_of_any_address_breaks_it(world: dict[str, Any], client: Client) -> None:
    owner_of(world, client)
    wrong = []
    for seed, (name, url) in enumerate(addresses(world).items()):
        wrong += broken(client, name, url, forms(names_of(client, url), everything(world), seed))
        client.force_login(world["owner"])
    assert not wrong, "\n".join(wrong[:60])


def test_nul_is_refused_with_a_page_wherever_it_stands(world: dict[str, Any], client: Client) -> None:
    """In the name or the value of a parameter, of whatever address."""
    owner_of(world, client)
    for number, (name, url) in enumerate(addresses(world).items()):
        form = {"q": NUL[0]} if number % 2 else {NUL[1]: "q"}
        assert {answer.status_code for _, answer in send(client, url, form)} == {400}, name
    page = client.post("/control-panel/integrations/export/try-again/", {"code": "\x00"}).content.decode()
    assert "holds a character that cannot be stored" in page
    assert "Profile" in page


@pytest.mark.parametrize("path", ["/%00", "/accounts/login/%00", "/accounts-payable/invoices/suggest/a%00b/"])
def test_nul_in_a_path_is_refused(path: str, client: Client) -> None:
    assert client.get(path).status_code == 400


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/password/reset/", "/admin/login/"])
def test_nul_at_the_sign_in_is_refused(path: str, client: Client) -> None:
    for form in ({"login": "a\x00@x.example", "password": "x"}, {"email": "a\x00"}, {"next": "\x00"}):
        assert client.post(path, form).status_code == 400
        assert client.get(path, form).status_code == 400


def test_nul_in_a_cookie_is_refused(client: Client) -> None:
    """As \\000 between quotation marks it passes every server before us."""
    cookie = {"cookie": 'sessionid="\\000aaaaaaaaaaaa"'}
    assert "\x00" in RequestFactory().get("/", headers=cookie).COOKIES["sessionid"]
    assert Client().get("/", headers=cookie).status_code == 400


BROKEN_FORMS = [
    b'--x\r\nContent-Disposition: form-data; name="\xff\xfe"\r\n\r\n\xc3\x28\r\n--x--\r\n',
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="\xed\xa0\x80.csv"\r\n\r\na\r\n--x--\r\n',
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="a\x00.csv"\r\n\r\na\r\n--x--\r\n',
    b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--\r\n",
    b"--x",
    b"",
]


@pytest.mark.parametrize("body", BROKEN_FORMS, ids=range(len(BROKEN_FORMS)))
def test_a_broken_multipart_form_is_no_error(body: bytes, client: Client) -> None:
    client.force_login(factories.owner())
    for path in ("/control-panel/suppliers/import/", "/accounts-payable/invoices/add/"):
        assert client.post(path, body, "multipart/form-data; boundary=x").status_code < 500


@pytest.mark.parametrize(
    "value", ["http://[", "\xff\xfe", "csrftoken=\xff; theme=null; messages=[]", "%00", "9" * 5000]
)
def test_no_header_breaks_a_page(value: str, client: Client) -> None:
    owner = factories.owner()
    for header in ("HX-Current-URL", "Referer", "HX-Target", "HX-Trigger", "Accept-Language", "Cookie"):
        client.force_login(owner)
        for more in ({}, {"HX-Request": "true"}):
            headers = {header: value} | more
            assert client.get("/accounts-payable/invoices/", headers=headers).status_code < 500, header
            assert client.post("/accounts-payable/invoices/columns/", headers=headers).status_code < 500, header


def test_who_went_away_while_sending_is_not_answered(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(request: object) -> None:
        raise UnreadablePostError

    request = RequestFactory().post("/", {"a": "b"})
    monkeypatch.setattr(type(request), "_load_post_and_files", gone)
    assert UnusableTextMiddleware(lambda _: HttpResponse()).process_view(request, None, (), {}) is None  # type: ignore[func-returns-value]


@pytest.mark.parametrize("rows", ["-1", "0", "1", "100000"])
def test_no_address_says_how_many_rows_a_page_has(rows: str, client: Client) -> None:
    """All of a list at once would hold a worker of the web server up; less than none was an error."""
    owner = factories.owner()
    for _ in range(51):
        factories.department(owner.account)  # type: ignore[arg-type]
    client.force_login(owner)
    answer = client.get(f"/control-panel/departments/?per_page={rows}")
    assert (answer.status_code, len(answer.context["table"].page.object_list)) == (200, 50)
