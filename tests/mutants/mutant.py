"""One named fault: a text in a file, what stands there instead, and the tests that should notice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

STORM = ("tests/faults/test_storm.py",)


class NotApplicable(Exception):
    """The code has changed, so that the text to break does not stand exactly once in its file."""


@dataclass(frozen=True)
class Change:
    """`before` stands exactly once in `file`."""

    file: str
    before: str
    after: str


@dataclass(frozen=True)
class Mutant:
    """`tests` are what pytest is told to run, closest first; one of them must fail.

    `more` are further changes, where one alone is held by another net. Each of `also` must fail, too, run by itself.
    """

    name: str
    file: str
    before: str
    after: str
    tests: tuple[str, ...]
    more: tuple[Change, ...] = ()
    also: tuple[str, ...] = ()

    @property
    def changes(self) -> tuple[Change, ...]:
        return (Change(self.file, self.before, self.after), *self.more)

    @property
    def runs(self) -> Iterator[tuple[str, ...]]:
        """What pytest is run with, and must fail each time."""
        yield self.tests
        for test in self.also:
            yield (test,)

    def texts(self, tree: Path) -> dict[Path, str]:
        """The changed files as they shall be. Raises NotApplicable."""
        texts: dict[Path, str] = {}
        for change in self.changes:
            path = tree / change.file
            text = texts.get(path) or path.read_text()
            if (found := text.count(change.before)) != 1:
                raise NotApplicable(f"the text stands {found} times in {change.file}")
            texts[path] = text.replace(change.before, change.after)
        return texts
