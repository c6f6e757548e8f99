"""The proxy of the containers: it alone is reached from outside, and it takes in whole requests."""

from __future__ import annotations

import re

import pytest

from tests.planergy import compose

CONFIGURATION = (compose.ROOT / "deploy" / "nginx.conf").read_text()
VALUES = {"POSTGRES_PASSWORD": "a", "SECRET_KEY": "b", "FIELD_ENCRYPTION_KEYS": "c"}


def test_only_the_proxy_and_the_sandbox_are_published() -> None:
    published = {name for name, service in compose.services().items() if "ports" in service}
    assert published == {"proxy", "sandbox"}


def test_the_portal_counts_it_and_it_says_who_asked() -> None:
    services = compose.services(VALUES)
    assert services["web"]["environment"]["TRUSTED_PROXY_COUNT"] == 1
    assert services["proxy"]["volumes"] == ["./deploy/nginx.conf:/etc/nginx/nginx.conf:ro"]
    assert "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;" in CONFIGURATION
    assert "proxy_set_header X-Forwarded-Proto $forwarded_proto;" in CONFIGURATION
    assert "proxy_pass http://web:8000;" in CONFIGURATION


def test_a_request_is_handed_on_when_it_is_here_as_a_whole() -> None:
    assert "proxy_request_buffering on;" in CONFIGURATION


@pytest.mark.parametrize(("name", "most"), [("client_header_timeout", 10), ("client_body_timeout", 20)])
def test_whoever_sends_nothing_is_left(name: str, most: int) -> None:
    found = re.search(rf"{name} (\d+)s;", CONFIGURATION)
    assert found
    assert int(found[1]) <= most


def test_an_empty_word_is_a_value_where_the_file_says_so() -> None:
    """`REQUIRE_SECOND_FACTOR=` means nobody; left out it means owners and support."""
    assert compose.services(VALUES)["web"]["environment"]["REQUIRE_SECOND_FACTOR"] == "owners,support"


@pytest.mark.parametrize("status", [413, 502, 503, 504])
def test_what_it_refuses_itself_is_told_in_words(status: int) -> None:
    """What happened, what was kept, what to do."""
    named = re.search(rf"error_page [\d ]*\b{status}\b[\d ]* (@\w+);", CONFIGURATION)
    assert named
    place = re.search(rf'location {named[1]} {{\s+return \d+ "\$page<h1>(.+?)</h1>(.+?)";', CONFIGURATION, re.DOTALL)
    assert place
    assert "saved" in place[2]
    assert "again" in place[2] or "Go back" in place[2]
