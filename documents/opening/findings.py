"""What the child process tells: a finding, or the reason why a file is not taken."""

from __future__ import annotations

from dataclasses import dataclass

# What is remarkable about a document that is taken. Kept, and said beside the document.
JAVASCRIPT, LAUNCH, EMBEDDED, HAS_ATTACHMENTS = "javascript", "launch", "embedded", "attachments"
DAMAGED = "damaged"


@dataclass(frozen=True)
class Finding:
    """`kind` is a key of documents.kinds.KINDS; `contents` names the files inside; `pages` is 0 where none is drawn."""

    kind: str
    pages: int = 0
    marks: tuple[str, ...] = ()
    contents: tuple[str, ...] = ()


class Unacceptable(Exception):
    """The rest of a sentence that begins with the file's name: why it is not taken, and the way out.

    A dangerous one is not taken inside another file either.
    """

    def __init__(self, problem: str, *, is_dangerous: bool = False) -> None:
        super().__init__(problem)
        self.problem = problem
        self.is_dangerous = is_dangerous
