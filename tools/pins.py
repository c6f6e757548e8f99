"""The pinned requirements: requirements*.in say what and why, requirements*.txt every package with its hashes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
# In the order in which they are locked and installed: the second builds on the first.
NAMES = ("requirements", "requirements-dev")


@dataclass(frozen=True)
class Pin:
    """One line of a requirements file: `requirement` is name, extras, exact version and marker."""

    requirement: Requirement
    hashes: int
    is_direct: bool

    @property
    def name(self) -> str:
        return canonicalize_name(self.requirement.name)

    @property
    def shown(self) -> str:
        """Name, version and marker; extras are left out, for a locked file has none."""
        marker = f" ; {self.requirement.marker}" if self.requirement.marker else ""
        return f"{self.name}{self.requirement.specifier}{marker}"


def source(name: str, folder: Path | None = None) -> Path:
    return (folder or ROOT) / f"{name}.in"


def locked(name: str, folder: Path | None = None) -> Path:
    return (folder or ROOT) / f"{name}.txt"


def read(path: Path) -> list[Pin]:
    """The pins of one file. A locked one tells in a comment after each pin what asked for it."""
    pins = []
    for block in _blocks(path.read_text()):
        text, _, comment = block.partition("#")
        requirement, *hashes = text.split("--hash=")
        pins.append(Pin(Requirement(requirement.strip()), len(hashes), f"-r {path.stem}.in" in comment))
    return pins


def _blocks(text: str) -> list[str]:
    """Each pin with its continued lines and the indented comment that follows it."""
    joined = re.sub(r"(\\\n|\n(?=[ \t]+#))", " ", text)
    return [line for line in joined.splitlines() if line and not line.startswith(("#", "-", " "))]
