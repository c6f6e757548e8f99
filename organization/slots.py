"""Slots: declared places in a lower app's pages that higher apps fill, so that no arrow points upwards.

The lower app declares `invoice_panels = Slot("invoices.invoice_panels")`, and its template says
`{% slot "invoices.invoice_panels" invoice=invoice %}`. A higher app calls `invoice_panels.add(provider)` from its
`AppConfig.ready`. A provider takes `user` and the slot's own keyword arguments and returns a `Fragment`, or None.

What a lower app's rules ask (`posting_rules = Question()`) is answered the same way, by values instead of fragments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar


@dataclass(frozen=True)
class Fragment:
    """A template and its context, rendered where the slot stands. `order` sorts fragments of one slot."""

    template: str
    context: dict[str, Any] = field(default_factory=dict)
    order: int = 100


Provider = Callable[..., Fragment | None]
Answer = TypeVar("Answer")

_slots: dict[str, Slot] = {}


class Slot:
    """One declared place. Its name, `app.place`, is how templates find it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._providers: list[Provider] = []
        _slots[name] = self

    def add(self, provider: Provider) -> Provider:
        if provider not in self._providers:
            self._providers.append(provider)
        return provider

    def fragments(self, **context: Any) -> Iterator[Fragment]:
        """The fragments that have something to show for this context, in order."""
        found = (provider(**context) for provider in self._providers)
        yield from sorted((fragment for fragment in found if fragment is not None), key=lambda fragment: fragment.order)


class Question(Generic[Answer]):
    """What a lower app's rules ask of whoever stands above it. A provider takes keywords and returns its answers."""

    def __init__(self) -> None:
        self._providers: list[Callable[..., Iterable[Answer]]] = []

    def add(self, provider: Callable[..., Iterable[Answer]]) -> None:
        if provider not in self._providers:
            self._providers.append(provider)

    def ask(self, **context: Any) -> Iterator[Answer]:
        for provider in self._providers:
            yield from provider(**context)


def get_slot(name: str) -> Slot:
    return _slots[name]
