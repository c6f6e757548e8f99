"""What is sent instead of a passkey's answer, by whomever, is a wrong answer and no error."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from allauth.mfa.webauthn.internal.auth import STATE_SESSION_KEY
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from tests import factories
from tests.organization.signing_in import give_second_factor, sign_in

pytestmark = pytest.mark.django_db


def _packed(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _answer(**changes: Any) -> dict[str, Any]:
    """Of a browser, as far as its form goes."""
    data = _packed('{"type":"webauthn.get","challenge":"AAAA","origin":"http://localhost"}')
    response = {"clientDataJSON": data, "authenticatorData": "A" * 52, "signature": "AAAA", "userHandle": "MQ"}
    return {"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": response} | changes


ANSWERS = [
    "[" * 20_000,
    '{"a":' * 20_000,
    "9" * 5_000,
    '"\\ud800"',
    "[]",
    "1",
    "null",
    "{}",
    json.dumps(_answer(clientExtensionResults=[])),
    json.dumps(_answer(clientExtensionResults="a")),
    json.dumps(_answer(clientExtensionResults={"a": "\0"})),
    json.dumps(_answer(response=[])),
    json.dumps(_answer(response=_answer()["response"] | {"clientDataJSON": _packed("[" * 5_000)})),
    json.dumps(_answer(response=_answer()["response"] | {"clientDataJSON": _packed("[]")})),
    json.dumps(_answer(response=_answer()["response"] | {"userHandle": []})),
    json.dumps(_answer()),
]


@pytest.mark.parametrize("answer", ANSWERS, ids=range(len(ANSWERS)))
def test_whatever_is_sent_instead_of_a_passkeys_answer_is_a_wrong_one(answer: str) -> None:
    """By strangers, at the second step, and by who is signed in."""
    cache.clear()  # of a stranger no more than a few are taken
    owner = factories.owner()
    give_second_factor(owner)
    stranger, half_in, known = Client(), sign_in(owner), Client()
    known.force_login(owner)
    tried = [
        (stranger, "mfa_login_webauthn", 302),
        (half_in, "mfa_authenticate", 200),
        (known, "mfa_reauthenticate_webauthn", 302),
        (known, "mfa_add_webauthn", 200),
    ]
    for client, name, code in tried:
        client.raise_request_exception = False
        session = client.session
        session[STATE_SESSION_KEY] = {"challenge": "AAAA", "user_verification": "required"}
        session.save()
        assert client.post(reverse(name), {"credential": answer}).status_code == code, name
    assert stranger.get("/").status_code == half_in.get("/").status_code == 302
