"""What people read, walked from its sources: no word that a native reader stumbles over, and one spelling of each."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.core import mail
from django.test import Client
from django.urls import reverse

from organization.models import User

ROOT = Path(settings.BASE_DIR)
ROOMS = ("organization", "notices", "ledger", "suppliers", "documents", "invoices", "integrations", "planergy")
# Each with what is said instead.
REFUSED = {
    r"\b(?:un)?mend(?:s|ed|ing|able)?\b": "fix, correct",
    r"\be ?mails?\b": "e-mail",
}
_TAGS = re.compile(r"{#.*?#}|{%\s*comment\b.*?{%\s*endcomment\s*%}|{[%{].*?[%}]}", re.DOTALL)
_ATTRIBUTES = re.compile(
    r"\b(?:alt|aria-label|placeholder|title|label|text|content|data-\w*(?:message|words))=\"([^\"]*)\""
)
_STATEMENT = re.compile(r"\b(?:SELECT|INSERT|UPDATE|DELETE|WITH) \w+")


def faults(text: str) -> list[str]:
    return [f"{found[0]} ({better})" for word, better in REFUSED.items() for found in re.finditer(word, text, re.I)]


def words_of_template(source: str) -> Iterator[str]:
    """What stands between the marks, in the attributes that are read out, and in the sentences given to tags."""
    bare = re.sub(r"{#.*?#}|{%\s*comment\b.*?{%\s*endcomment\s*%}", " ", source, flags=re.DOTALL)
    for tag in re.findall(r"{[%{].*?[%}]}", bare, re.DOTALL):
        yield from (said for said in re.findall(r"\"([^\"]*)\"", tag) if " " in said)
    bare = _TAGS.sub(" ", bare)
    yield from _ATTRIBUTES.findall(bare)
    yield unescape(re.sub(r"<[^>]*>", " ", bare, flags=re.DOTALL))


def sentences_of_module(source: str) -> Iterator[str]:
    """Strings that are words and not names: with a blank, or one that begins with a capital. No docstring, no SQL."""
    tree = ast.parse(source)
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
            text = node.value
            if (" " in text.strip() or text[:1].isupper()) and not _STATEMENT.search(text) and "(?" not in text:
                yield text


def test_templates_are_written_in_these_words() -> None:
    found = {}
    for path in sorted((ROOT / "templates").rglob("*")):
        if path.suffix in (".html", ".txt"):
            found[str(path.relative_to(ROOT))] = [
                one for text in words_of_template(path.read_text()) for one in faults(text)
            ]
    assert len(found) > 100
    assert {name: each for name, each in found.items() if each} == {}


def test_sentences_in_code_are_written_in_these_words() -> None:
    """Messages, advice of the catalogue, labels, subjects of mails, what commands print."""
    found, seen = {}, 0
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "migrations" in path.parts:
                continue
            said = list(sentences_of_module(path.read_text()))
            seen += len(said)
            found[str(path.relative_to(ROOT))] = [one for text in said for one in faults(text)]
    assert seen > 2000
    assert {name: each for name, each in found.items() if each} == {}


def test_scripts_say_these_words() -> None:
    for path in sorted((ROOT / "planergy/static/planergy").glob("*.js")):
        said = re.findall(r"[\"'`]([^\"'`\n]* [^\"'`\n]*)[\"'`]", path.read_text())
        assert [one for text in said for one in faults(text)] == [], path.name


def test_labels_of_fields_are_these_words() -> None:
    ours = [model for room in ROOMS if apps.is_installed(room) for model in apps.get_app_config(room).get_models()]
    assert len(ours) > 20
    labels = {
        f"{model.__name__}.{field.name}": faults(f"{field.verbose_name} {field.help_text}")
        for model in ours
        for field in model._meta.get_fields()
        if hasattr(field, "verbose_name") and hasattr(field, "help_text") and not field.name.startswith("new_email")
    }
    assert {name: each for name, each in labels.items() if each} == {}


@pytest.mark.django_db
def test_pages_that_others_wrote_say_these_words(client: Client) -> None:
    """Signing in is allauth's, and the admin Django's."""
    for name in ("account_login", "account_reset_password", "account_reset_password_done"):
        page = client.get(reverse(name)).content.decode()
        assert [one for text in words_of_template(page) for one in faults(text)] == [], name
    assert mail.outbox == []


@pytest.mark.django_db
def test_the_admin_has_one_name_for_whom_it_looks_after(client: Client) -> None:
    support = User.objects.create_user("support@tests.example", "password-of-tests", is_staff=True, is_superuser=True)
    client.force_login(support)
    index = client.get(reverse("admin:index")).content.decode()
    assert "Account Owners" in index
    assert not re.search(r">\s*Users?\s*<", index)
    opts = admin.site._registry[User].opts
    assert (opts.verbose_name, opts.verbose_name_plural) == ("Account Owner", "Account Owners")
    for name in ("organization_user_changelist", "organization_user_add"):
        page = client.get(reverse(f"admin:{name}")).content.decode()
        shown = " ".join(words_of_template(page))
        assert "Account Owner" in shown
        assert not re.search(r"\busers?\b", shown.partition("Account Owner")[2], re.I), name
        assert faults(shown) == []
