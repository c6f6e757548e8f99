"""A password may be guessed at only so often."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from tests import factories

pytestmark = pytest.mark.django_db
MANY = 30


@pytest.fixture(autouse=True)
def _fresh_counts() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def test_after_many_wrong_passwords_the_right_one_is_refused_too() -> None:
    user, client = factories.owner(), Client()
    for number in range(MANY):
        client.post(reverse("account_login"), {"login": user.email, "password": f"wrong-{number}"})

    client.post(reverse("account_login"), {"login": user.email, "password": "password-of-tests"})

    assert "_auth_user_id" not in client.session


def test_after_one_wrong_password_the_right_one_opens() -> None:
    user, client = factories.owner(), Client()
    for password in ("wrong", "password-of-tests"):
        client.post(reverse("account_login"), {"login": user.email, "password": password})

    assert client.session["_auth_user_id"] == str(user.pk)
