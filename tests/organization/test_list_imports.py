"""Files on their way into lists: one at a time, cancelled, and taken over from workers that were killed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ledger.models import Currency
from organization.models import Account, ListImport, User
from organization.reference import csv_import, list_imports
from organization.reference.resource import resource_called
from tests import factories
from tests.organization.bringing import bring, choose, step

pytestmark = pytest.mark.django_db
PAGE = "ledger:currency"
CONTENT = "code,name\n" + "".join(f"{a}{b}X,Name\n" for a in "ABC" for b in "ABC")
State = ListImport.State


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    pks: list[int] = []
    monkeypatch.setattr(list_imports, "wake", pks.append)
    monkeypatch.setattr(list_imports, "TOGETHER", 2)
    return pks


@pytest.fixture
def account() -> Account:
    return factories.account()


@pytest.fixture
def owner(account: Account, client: Client) -> User:
    person = factories.owner(account)
    client.force_login(person)
    return person


@pytest.fixture
def ready(owner: User, client: Client) -> ListImport:
    """Read, and about to be applied."""
    one: ListImport = bring(client, PAGE, CONTENT).context["one"]
    return one


class Killed(BaseException):
    """The worker's process ends here."""


def killed_at(monkeypatch: pytest.MonkeyPatch, nth: int) -> None:
    real, calls = list_imports._advance, iter(range(1, 100))

    def fail(*args: Any, **options: Any) -> Any:
        if next(calls) == nth:
            raise Killed
        return real(*args, **options)

    monkeypatch.setattr(list_imports, "_advance", fail)


@pytest.fixture
def later() -> dt.datetime:
    return timezone.now() + dt.timedelta(minutes=2)


@pytest.mark.parametrize("phase", ["reading", "applying"])
@pytest.mark.parametrize("nth", [1, 2, 4])
def test_a_killed_worker_is_followed_by_another(
    owner: User, client: Client, monkeypatch: pytest.MonkeyPatch, later: dt.datetime, phase: str, nth: int
) -> None:
    choose(client, PAGE, CONTENT)
    one = ListImport.objects.get()
    if phase == "applying":
        list_imports.run(one.pk)
        step(client, PAGE, one, "apply")
    with monkeypatch.context() as patch:
        killed_at(patch, nth)
        with pytest.raises(Killed):
            list_imports.run(one.pk)
    one.refresh_from_db()
    assert (one.state, one.done) == (phase, 2 * (nth - 1))
    list_imports.run(one.pk)  # the first worker may still live
    assert ListImport.objects.get().done == one.done
    list_imports.run(one.pk, now=later)
    one.refresh_from_db()
    assert (one.added, one.done, one.lines.count()) == (9, 9, 9)
    assert Currency.objects.count() == (9 if phase == "applying" else 0)


def test_what_was_silent_is_woken_and_what_keeps_failing_ends(
    ready: ListImport, client: Client, woken: list[int], monkeypatch: pytest.MonkeyPatch, later: dt.datetime
) -> None:
    step(client, PAGE, ready, "apply")
    monkeypatch.setattr(csv_import.Batch, "run", _killing)
    for round_ in range(list_imports.MAX_CLAIMS):
        woken.clear()
        list_imports.sweep(later + dt.timedelta(hours=round_))
        assert woken == [ready.pk]
        with pytest.raises(Killed):
            list_imports.run(ready.pk, now=later + dt.timedelta(hours=round_))
    list_imports.sweep(later + dt.timedelta(hours=5))
    ready.refresh_from_db()
    assert ready.state == State.FAILED
    assert (
        "stopped 3 times after 0 rows" in client.get(reverse(f"{PAGE}_import_state", args=[ready.pk])).content.decode()
    )
    assert not ready.parts.exists()


def _killing(*args: Any, **options: Any) -> Any:
    raise Killed


def test_cancelled_while_it_is_applied_it_ends_behind_the_batch(
    ready: ListImport, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    step(client, PAGE, ready, "apply")
    real, calls = list_imports._take, iter(range(1, 100))

    def cancelling(*args: Any) -> None:
        if next(calls) == 2:
            step(client, PAGE, ready, "cancel")
        real(*args)

    monkeypatch.setattr(list_imports, "_take", cancelling)
    list_imports.run(ready.pk)
    ready.refresh_from_db()
    assert (ready.state, ready.done, ready.added) == (State.CANCELLED, 2, 2)
    assert Currency.objects.count() == ready.lines.count() == 2
    page = client.get(reverse(f"{PAGE}_import_state", args=[ready.pk])).content.decode()
    assert "What had been applied until then stays" in page


def test_one_at_a_time_into_a_list_of_an_account(owner: User, client: Client) -> None:
    choose(client, PAGE, CONTENT)
    answer = choose(client, PAGE, CONTENT, name="second.csv")
    assert answer.status_code == 422
    assert f"“rows.csv” of {owner} is on its way into this list" in answer.content.decode()
    assert choose(client, "ledger:terms", "name\nNet 30\n").status_code == 302
    elsewhere = Client()
    elsewhere.force_login(factories.owner())
    assert choose(elsewhere, PAGE, CONTENT).status_code == 302


def test_two_that_wait_for_a_decision_are_applied_one_after_the_other(ready: ListImport, client: Client) -> None:
    second = bring(client, PAGE, CONTENT).context["one"]
    step(client, PAGE, ready, "apply")
    answer = client.post(reverse(f"{PAGE}_import_go", args=[second.pk, "apply"]), follow=True)
    assert "is on its way into this list" in answer.content.decode()
    list_imports.run(ready.pk)
    step(client, PAGE, second, "apply")
    list_imports.run(second.pk)
    second.refresh_from_db()
    assert (second.state, second.left) == (State.DONE, 9)


def test_whoever_may_no_longer_change_the_list_applies_nothing(ready: ListImport, client: Client, owner: User) -> None:
    step(client, PAGE, ready, "apply")
    User.objects.filter(pk=owner.pk).update(role=factories.role(ready.account, "Reporter"))
    list_imports.run(ready.pk)
    ready.refresh_from_db()
    assert (ready.state, Currency.objects.count()) == (State.FAILED, 0)
    assert "may no longer change this list" in ready.message


def test_what_nobody_decides_on_is_forgotten(ready: ListImport) -> None:
    list_imports.sweep(timezone.now() + dt.timedelta(days=2))
    ready.refresh_from_db()
    assert (ready.state, ready.parts.count()) == (State.CANCELLED, 0)
    list_imports.sweep(timezone.now() + dt.timedelta(days=40))
    assert not ListImport.objects.exists()


def test_the_page_follows_it_with_script_and_without(owner: User, client: Client) -> None:
    choose(client, PAGE, CONTENT)
    one = ListImport.objects.get()
    url = reverse(f"{PAGE}_import_state", args=[one.pk])
    page = client.get(url).content.decode()
    assert f'hx-get="{url}" hx-trigger="every 2s"' in page
    assert "Look again" in page
    part = client.get(url, headers={"HX-Request": "true", "HX-Target": "import-state"})
    assert "<html" not in part.content.decode()
    assert "HX-Refresh" not in part
    list_imports.run(one.pk)
    part = client.get(url, headers={"HX-Request": "true", "HX-Target": "import-state"})
    assert part["HX-Refresh"] == "true"


def test_a_row_that_was_added_meanwhile_is_told_apart(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look for existing rows and the writing of the batch."""
    one = list_imports.begin(
        lambda: iter([b"code,name\nGBP,New\nUSD,Dollar\n"]),
        name="a.csv",
        resource=resource_called("currency"),
        by=owner,
    )
    list_imports.run(one.pk)
    list_imports.apply(one)
    real = csv_import.Batch._write

    def late(batch: csv_import.Batch) -> None:
        Currency.objects.bulk_create(
            [Currency(account=owner.account, code="GBP", name="Theirs")], ignore_conflicts=True
        )
        real(batch)

    monkeypatch.setattr(csv_import.Batch, "_write", late)
    list_imports.run(one.pk)
    one.refresh_from_db()
    assert (one.state, one.done) == (State.DONE, 2)
    assert set(Currency.objects.values_list("code", "name")) == {("GBP", "New"), ("USD", "Dollar")}
