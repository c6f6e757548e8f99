"""What may fail without undoing anything: mail, and files that nothing needs any longer."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec

from django.db import transaction

P = ParamSpec("P")


def after_commit(action: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """Call `action` once the transaction stands. A failure is logged, and the caller goes on.

    Django writes the name of a robust callback into its log line, which a `partial` does not have: given one, it
    raises instead of logging.
    """

    def call() -> None:
        action(*args, **kwargs)

    transaction.on_commit(call, robust=True)
