"""Nothing that comes out of Redis is able to run code here."""

from __future__ import annotations

import pickle

import pytest
from django.conf import settings
from django.core.cache import cache

from integrations.services.preflight import Problem, Severity
from integrations.views.export_check import ExportCheck, Foretold


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("raise AssertionError('a pickle was opened')",))


def test_a_pickle_in_the_cache_is_not_opened() -> None:
    cache._cache.get_client(write=True).set(cache.make_key("bomb"), pickle.dumps(Bomb()))  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match=r"utf-?8|JSON|Expecting"):
        cache.get("bomb")
    cache.delete("bomb")


def test_what_is_not_json_is_not_kept() -> None:
    with pytest.raises(TypeError):
        cache.set("thing", object())


def test_redis_counts_with_kept_numbers() -> None:
    cache.set("count", 1)
    cache.incr("count")
    assert cache.get("count") == 2
    cache.delete("count")


def test_workers_take_json_only() -> None:
    assert settings.CELERY_ACCEPT_CONTENT == ["json"]
    assert settings.SESSION_SERIALIZER.endswith("JSONSerializer")


@pytest.mark.django_db
def test_a_look_before_an_export_is_the_same_after_it_was_kept() -> None:
    from integrations.views.export_check import kept_check
    from tests import factories

    user = factories.user()
    problem = Problem("code", "Message", "Advice", severity=Severity.ERROR, subject="S1")
    check = ExportCheck.begin(3)
    check.by_cause["cause"] = Foretold(problem, 2, [("INV-1", "/accounts-payable/1/")])
    check.keep_for(user)
    assert kept_check(user, check.token) == check
