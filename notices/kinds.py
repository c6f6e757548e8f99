"""What is asked of a kind of notice at the moment when it leaves: whether it is needed still, and which link it holds.

A link that opens something (a password, an address) is worth as much as what it opens, so it is in no row: the text
holds `LINK` in its place, and whoever tells of it makes the link when the notice leaves. So are words that would not be
true any more by then.
"""

from __future__ import annotations

from collections.abc import Callable

from notices.models import Notice

LINK = "[[link]]"
# The link that belongs into it, "" where none does; None when nobody needs it any more.
LastLook = Callable[[Notice], str | None]
_looks: dict[str, LastLook] = {}


def last_look(*kinds: str) -> Callable[[LastLook], LastLook]:
    """Declares the function that is asked before a notice of these kinds leaves."""

    def register(look: LastLook) -> LastLook:
        _looks.update(dict.fromkeys(kinds, look))
        return look

    return register


def look_at(notice: Notice) -> str | None:
    look = _looks.get(notice.kind)
    return look(notice) if look else ""
