"""Every address of our own apps, from the URL configuration itself: a new page is walked without being named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.db.models import Model
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from integrations.models import Exchange

OURS = ("organization", "ledger", "suppliers", "invoices", "integrations")


def patterns(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every address of our own apps with its name."""
    for each in resolver.url_patterns:
        if isinstance(each, URLResolver):
            yield from patterns(each, each.namespace or namespace)
        elif namespace in OURS:
            yield f"{namespace}:{each.name}", each


def address(name: str, pattern: URLPattern, rows: Mapping[str, Model | None], other: Model) -> str:
    """The address with rows of this account; `other` where no row's name fits. Fails on unknown parameters."""
    short = name.partition(":")[2]
    longest = max((key for key in rows if short.startswith(key)), key=len, default="")
    record = rows.get(longest, other)
    assert record is not None, f"There is no {longest}."
    exchange = Exchange.objects.filter(job_id=record.pk).first() if longest == "exchange" else None
    known = {"system_key": "sage_intacct", "list_name": "suppliers", "kind": "supplier"}
    known |= {"token": "none", "step": "cancel", "exchange_pk": exchange.pk if exchange else 1}
    if (job := rows.get("job")) is not None:
        known["batch"] = str(job.batch)  # type: ignore[attr-defined]
    values = {key: known.get(key, record.pk) for key in pattern.pattern.converters if key not in pattern.default_args}
    try:
        return reverse(name, kwargs=values)
    except NoReverseMatch as error:
        raise AssertionError(f"Teach this the parameters of {name}.") from error


def addresses(rows: Mapping[str, Model | None], other: Model) -> dict[str, str]:
    """Address by name, with rows of one account: `rows` by how a name begins, `other` for the rest."""
    return {name: address(name, pattern, rows, other) for name, pattern in patterns(get_resolver())}
