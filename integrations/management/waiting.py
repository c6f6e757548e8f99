"""How long a command waits for its run, and what its exit code says about how the run stands."""

from __future__ import annotations

import datetime as dt
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from time import monotonic, sleep

from django.core.management.base import CommandError
from django.utils import timezone

LOOK_AGAIN_AFTER = 0.5
# A call may run for a quarter of an hour there.
PATIENCE = 20 * 60


class Exit(IntEnum):
    """2 is the command line's own, for arguments that it does not know."""

    FAILED = 1
    PAUSED = 3
    LOOK_UP = 4
    LATER = 5
    TIMED_OUT = 6


EXIT_CODES = (
    "Exit codes: 0 all is done; 1 something failed, or could not begin; 3 it waits, for the connection is paused; "
    "4 it waits for a look-up of what may have arrived; 5 it is tried again at a time that is printed; "
    "6 it was still under way after --timeout."
)


@dataclass(frozen=True)
class Standing:
    """How a run stands when nobody waits for it any longer: a sentence, and until when it waits, if that is known."""

    code: Exit
    message: str
    until: dt.datetime | None = None

    @property
    def sentence(self) -> str:
        return f"{self.message} Next at {shown(self.until)}." if self.until else self.message

    def as_error(self) -> CommandError:
        return CommandError(self.sentence, returncode=int(self.code))


def shown(at: dt.datetime) -> str:
    return timezone.localtime(at).isoformat(sep=" ", timespec="seconds")


def add_timeout(parser: ArgumentParser, default: int = PATIENCE) -> None:
    parser.add_argument(
        "--timeout", type=int, default=default, metavar="SECONDS", help=f"How long to wait. Default: {default}."
    )


def wait_until(is_at_rest: Callable[[], bool], *, seconds: int) -> bool:
    """Look again and again. False where it was still under way after so many seconds."""
    give_up_at = monotonic() + max(seconds, 0)
    while not is_at_rest():
        if monotonic() >= give_up_at:
            return False
        sleep(LOOK_AGAIN_AFTER)
    return True
