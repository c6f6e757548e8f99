"""Takes the pictures of docs/ again: `python -m tests.e2e.pictures [folder]`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def main(folder: Path = ROOT / "docs" / "screenshots") -> int:
    """They are taken inside a test, which brings the database, the sandbox and the browser with it."""
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["PICTURES"] = str(folder.resolve())
    return pytest.main(["-q", "-p", "no:cacheprovider", str(ROOT / "tests" / "e2e" / "take_pictures.py")])


if __name__ == "__main__":
    raise SystemExit(main(*map(Path, sys.argv[1:])))
