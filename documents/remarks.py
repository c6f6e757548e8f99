"""What is said beside a document that is not quite what it seems."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from documents.opening.findings import DAMAGED, EMBEDDED, HAS_ATTACHMENTS, JAVASCRIPT, LAUNCH

MOST_NAMES = 10
LONGEST_NAME = 80
_WITHOUT_NAMES = {
    JAVASCRIPT: "This PDF holds JavaScript. It does not run here; be careful when you open the download.",
    LAUNCH: "This PDF wants to start a program or open a file. It cannot here; be careful when you open the download.",
    DAMAGED: "This picture is damaged or cut off: what is shown may not be all of it. Ask for it again.",
}


def names_told(contents: Iterable[str]) -> list[str]:
    """Few and short enough to be kept beside a document."""
    names = [name[:LONGEST_NAME] for name in contents]
    told = names[:MOST_NAMES]
    return [*told, f"{len(names) - MOST_NAMES} more"] if len(names) > MOST_NAMES else told


def remarks(marks: Iterable[str], contents: Iterable[str]) -> Iterator[str]:
    names = ", ".join(contents)
    for mark in marks:
        if mark == EMBEDDED:
            yield f"Other files are inside this PDF: {names}." if names else "Other files are inside this PDF."
        elif mark == HAS_ATTACHMENTS:
            yield f"Attached to this e-mail: {names}."
        else:
            yield _WITHOUT_NAMES[mark]
