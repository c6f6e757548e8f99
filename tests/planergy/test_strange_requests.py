"""Requests that say of themselves what no browser says: refused, in a page with all headers."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.test import Client

from planergy.wsgi import application

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"
# No text at all, no charset, half characters, and one that only few strings of bytes are in.
CHARSETS = ["hex", "zlib", "undefined", "idna", "punycode", "utf-7", "unicode_escape", "utf-16", "cp037", "rot13"]
PART = b'--x\r\nContent-Disposition: form-data; name="login"\r\n\r\n+2AA-\\ud800\\x00\r\n--x--\r\n'


def asked(content_type: str, path: str = LOGIN, body: bytes = b"login=x") -> tuple[str, dict[str, str]]:
    """As gunicorn asks: Django reads the header before it asks any middleware."""
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "QUERY_STRING": "q=a",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
    }
    told: list[Any] = []
    b"".join(application(environ, lambda *answer: told.extend(answer)))
    return told[0], dict(told[1])


@pytest.mark.parametrize(
    "content_type",
    [
        *(f"multipart/form-data; boundary=x; charset={charset}" for charset in CHARSETS),
        "text/plain; charset =hex",
        'text/plain; CHARSET="hex"',
        "text/plain; charset=utf-8; charset=hex",
        "text/plain; charset=utf-8x",
        "text/plain; a*=nowhere''x",
        "text/plain; a*=undefined''%41",
        "text/plain; a*=idna''%ff",
        "text/plain; a*0*=utf-8''%; charset=\xe9",
        "multipart/form-data; boundary*=utf-7''%2B2AA-",
    ],
)
@pytest.mark.parametrize("path", [LOGIN, "/accounts-payable/invoices/", "/health/"])
def test_another_charset_than_utf_8_is_refused_in_a_page_of_ours(content_type: str, path: str) -> None:
    status, headers = asked(content_type, path, PART)
    assert status == "400 Bad Request"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store, private"


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"', "utf-8 ; a=b"])
def test_utf_8_is_taken_however_it_is_written(charset: str) -> None:
    status, _ = asked(f"application/x-www-form-urlencoded; charset={charset}")
    assert status == "403 Forbidden"  # the form has no token


def test_what_comes_by_another_way_than_the_wrapper_is_refused_too(client: Client) -> None:
    assert client.post(LOGIN, PART, "multipart/form-data; boundary=x; charset=utf-16").status_code == 400
