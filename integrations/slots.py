"""What this app shows on the pages of the apps below."""

from __future__ import annotations


def fill() -> None:
    """Fill the slots of the lower apps; called once when Django starts."""
