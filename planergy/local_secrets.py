"""Secrets for a machine where nobody configured any: made once, kept in the data folder, readable by its owner only."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path


def local_secret(path: Path, generate: Callable[[], str]) -> str:
    """Return the secret in `path`, generating it first if absent. Two processes starting at once agree on one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return _wait_for_content(path)
    with os.fdopen(descriptor, "w") as file:
        file.write(generate())
    return path.read_text()


def _wait_for_content(path: Path) -> str:
    while not (content := path.read_text()):
        continue
    return content
