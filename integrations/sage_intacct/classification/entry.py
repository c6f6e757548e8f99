"""One line of the catalogue: which answer it knows, and what it says about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from integrations.models.outbox import FailureKind

Refine = Callable[[str, dict[str, str]], dict[str, str]]

# A value that ends where a word ends, full stops of the sentence aside.
END = r"(?=[.,;:]?(?:\s|$))"
START = r"(?:^|(?<=[.:;] ))"
_NUMBERED = re.compile(r"_\d+$")
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
_NAME = re.compile(r"\{(\w+)\}")
# Values that name something which is mended once for all invoices. Numbers, dates and lines are an invoice's own.
SHARED = ("vendor", "account", "label", "value", "terms", "currency", "tax", "rule")


def value(name: str) -> str:
    """A quoted value, an id together with its name (`V1--Acme Ltd`), or one word."""
    return rf"(?P<{name}>[\"'].{{1,120}}?[\"']|[^\s\"']{{1,60}}--.{{1,120}}?|[^\s\"']{{1,80}}?)"


def phrase(name: str) -> str:
    """Any words, quoted or not, up to what follows."""
    return rf"(?P<{name}>.{{1,120}}?)"


@dataclass(frozen=True)
class Entry:
    """Knows an answer by its `pattern` (only under one of `errornos`, if there are any), or by one of the numbers in
    `suffices`, whatever the text. No `levels` means every level.

    In `message` and `advice`, `{name}` is what the pattern captured and `[...]` falls away where a name in it is
    missing. A captured `name_2` counts as `name`. `about`: the values that make two refusals one cause.
    """

    code: str
    kind: FailureKind
    message: str
    advice: str
    pattern: str = ""
    errornos: tuple[str, ...] = ()
    suffices: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    refine: Refine | None = None
    about: tuple[str, ...] = SHARED

    @cached_property
    def expression(self) -> re.Pattern[str]:
        return re.compile(self.pattern, re.IGNORECASE | re.MULTILINE)

    def match(self, text: str, numbers: frozenset[str], level: str) -> dict[str, str] | None:
        """What the answer names, or None when it is another answer."""
        if self.levels and level not in self.levels:
            return None
        found = self._search(text, numbers)
        if found is None and not numbers.intersection(self.suffices):
            return None
        captured = _captured(found) if found else {}
        return self.refine(text, captured) if self.refine else captured

    def _search(self, text: str, numbers: frozenset[str]) -> re.Match[str] | None:
        if not self.pattern or (self.errornos and not numbers.intersection(self.errornos)):
            return None
        return self.expression.search(text)


def _captured(found: re.Match[str]) -> dict[str, str]:
    pairs = ((_NUMBERED.sub("", name), text) for name, text in found.groupdict().items() if text)
    return {name: text.strip(" \"'") for name, text in pairs}


def render(template: str, values: Mapping[str, str]) -> str:
    kept = _OPTIONAL.sub(lambda part: part[1] if _is_known(part[1], values) else "", template)
    return _NAME.sub(lambda name: values.get(name[1], ""), kept)


def _is_known(part: str, values: Mapping[str, str]) -> bool:
    return all(values.get(name) for name in _NAME.findall(part))


def on_record(
    code: str,
    pattern: str,
    message: str,
    advice: str,
    *,
    errornos: tuple[str, ...] = (),
    suffices: tuple[str, ...] = (),
    refine: Refine | None = None,
    about: tuple[str, ...] = SHARED,
) -> Entry:
    """An entry about one invoice or supplier: only a function's own result says such things."""
    return Entry(
        code,
        FailureKind.RECORD,
        message,
        advice,
        pattern,
        errornos=errornos,
        suffices=suffices,
        levels=("result",),
        refine=refine,
        about=about,
    )
