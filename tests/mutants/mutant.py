"""One named fault: a text in a file, what stands there instead, and the tests that should notice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class NotApplicable(Exception):
    """The code has changed, so that the text to break does not stand exactly once in its file."""


@dataclass(frozen=True)
class Mutant:
    """`before` stands exactly once in `file`; `tests` are what pytest is told to run, closest first."""

    name: str
    file: str
    before: str
    after: str
    tests: tuple[str, ...]

    def put_into(self, tree: Path) -> None:
        """Raises NotApplicable."""
        path = tree / self.file
        text = path.read_text()
        if (found := text.count(self.before)) != 1:
            raise NotApplicable(f"the text stands {found} times in {self.file}")
        path.write_text(text.replace(self.before, self.after))
