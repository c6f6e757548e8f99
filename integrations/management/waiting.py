"""How long a command waits for its run, and what its exit code says about how the run stands."""

from __future__ import annotations

import datetime as dt
import signal
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from time import monotonic, sleep
from types import FrameType

from django.core.management.base import CommandError
from django.db import OperationalError
from django.utils import timezone
from psycopg2.extensions import set_wait_callback
from psycopg2.extras import wait_select

from integrations.models import Connection
from integrations.services.connections import LOCKED_OUT, LOCKED_OUT_ADVICE, advice_of_pause
from integrations.services.heartbeat import GONE_AFTER

LOOK_AGAIN_AFTER = 0.5
# What was at an end already when it rang (a finalizer, say) may swallow it, so it rings again.
RING_AGAIN_AFTER = 5
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
    "Exit codes: 0 all is done; 1 something failed, or could not begin; 3 the connection is paused, so it waits or "
    "could not begin; 4 it waits for a look-up of what may have arrived; 5 it is tried again at a time that is "
    "printed; 6 it was still under way after --timeout: what it was at is broken off, and others take it over."
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


def why_held(connection: Connection) -> str:
    """Why nothing begins over a connection that is not ready, and what to do."""
    if connection.is_locked_out:
        return f"{LOCKED_OUT} {LOCKED_OUT_ADVICE}"
    if connection.is_paused:
        return f"The connection is paused. {connection.pause_reason} {advice_of_pause(connection)}"
    return "The connection is not synchronized." if connection.is_enabled else "The connection is disabled."


def taken_over_at(sign_of_life: dt.datetime | None) -> dt.datetime | None:
    """From when on others take over what somebody was at who gives no further sign of life."""
    return sign_of_life + GONE_AFTER if sign_of_life else None


def shown(at: dt.datetime) -> str:
    return timezone.localtime(at).isoformat(sep=" ", timespec="seconds")


def add_timeout(parser: ArgumentParser, default: int = PATIENCE) -> None:
    parser.add_argument(
        "--timeout", type=int, default=default, metavar="SECONDS", help=f"How long to wait. Default: {default}."
    )


class TimeIsUp(KeyboardInterrupt):
    """Breaks off whatever is being done or waited for here, exactly as Ctrl-C does."""


def wait_until(is_at_rest: Callable[[], bool], *, seconds: float) -> bool:
    """Look again and again. False where it was still under way after so many seconds.

    `is_at_rest` may work itself, and call a gateway that does not answer. What it is at when the time is up is left as
    a killed worker leaves it: others take it over.
    """
    give_up_at = monotonic() + max(seconds, 0)
    with time_limit(seconds):
        while not is_at_rest():
            if monotonic() >= give_up_at:
                return False
            sleep(LOOK_AGAIN_AFTER)
        return True
    return False


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Breaks off what is inside when the time is up, and goes on behind it; but leaves one look its second.

    The database's driver waits for a lock where no signal reaches it, so meanwhile it waits here instead; it takes
    a ring for Ctrl-C, and has the server cancel what it waits for.
    """
    is_up = False

    def ring(number: int, frame: FrameType | None) -> None:
        nonlocal is_up
        is_up = True
        raise TimeIsUp

    before = signal.signal(signal.SIGALRM, ring)
    set_wait_callback(wait_select)
    try:
        signal.setitimer(signal.ITIMER_REAL, max(seconds, 1), RING_AGAIN_AFTER)
        yield
    except (TimeIsUp, OperationalError):
        if not is_up:
            raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        set_wait_callback(None)
