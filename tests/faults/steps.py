"""Workers in threads that die, fall asleep or meet an odd answer at a step of an export.

Each strikes once, where there is work to do.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Event, Lock, current_thread
from typing import Any

import pytest

from integrations.models import Attempt
from integrations.sage_intacct.client import Client, Result
from integrations.services import export_jobs, outbox
from integrations.services.outbox import settling

# Seconds of a real clock: far longer than a round takes on a machine that is busy with other things.
SLEEPY = 900


def _is_refusal(claim: Any, settlements: Any) -> bool:
    return any(each.result == Attempt.Result.REFUSED for each in settlements)


def _is_bill(client: Any, functions: Any, **options: Any) -> bool:
    return any(function.name == "create" for function in functions)


def _always(*args: Any, **options: Any) -> bool:
    return True


# Of each step: the module or class, the function, and whether a call of it is worth falling asleep in front of.
STEPS: dict[str, tuple[Any, Callable[..., bool] | None]] = {
    "claim_queued": (outbox, None),
    "claim_unknown": (outbox, None),
    "mark_sent": (outbox, _always),
    "settle": (outbox, _is_refusal),
    "record_outcomes": (settling, None),
    "finish_settled": (export_jobs, None),
    "execute": (Client, _is_bill),
}


def _raise(result: Result) -> Result:
    raise RuntimeError("a bug behind the answer")


# What a worker may see of an answer to bills that it does not expect, or do wrong when it has it.
SPOILS: dict[str, Callable[[Result], Result]] = {
    "success without a key": lambda result: replace(result, key=None, records=[]),
    "failure with a key": lambda result: replace(result, status="failure"),
    "bug behind the answer": _raise,
}
KILLS = [f"killed {when} {name}" for name in STEPS for when in ("before", "after")]
SLEEPS = [f"asleep before {name}" for name, (_, is_worth_it) in STEPS.items() if is_worth_it]
ALL = [*KILLS, *SLEEPS, *SPOILS]


class Killed(BaseException):
    """A worker that is gone: nothing of it runs any more, no handler either."""


class Steps:
    """`arm` one of KILLS, SLEEPS or SPOILS, and the next worker that comes by is struck."""

    def __init__(self) -> None:
        self.struck: Counter[str] = Counter()
        self.armed: set[str] = set()
        self.asleep: set[str] = set()
        self._lock = Lock()
        self._wake = Event()

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for name, (owner, is_worth_it) in STEPS.items():
                patch.setattr(owner, name, self._watched(name, getattr(owner, name), is_worth_it))
            try:
                yield
            finally:
                self.wake()

    def arm(self, name: str) -> None:
        self.armed.add(name)

    def wake(self) -> None:
        """All who sleep go on with what they were about to do."""
        self._wake.set()
        self._wake = Event()
        self.asleep.clear()

    def _watched(
        self, name: str, function: Callable[..., Any], is_worth_it: Callable[..., bool] | None
    ) -> Callable[..., Any]:
        def watched(*args: Any, **kwargs: Any) -> Any:
            if is_worth_it and is_worth_it(*args, **kwargs) and self._strikes(f"asleep before {name}"):
                self._sleep()
            self._kill(f"killed before {name}", is_idle=name.startswith("finish") and not args[0])
            result = function(*args, **kwargs)
            self._kill(f"killed after {name}", is_idle=name.startswith("claim") and not result.items)
            return self._spoiled(result) if name == "execute" and _is_bill(*args, **kwargs) else result

        return watched

    def _spoiled(self, results: list[Result]) -> list[Result]:
        """The answer to the first bill that the gateway took, once."""
        taken = next((place for place, one in enumerate(results) if one.function == "create" and one.key), None)
        if taken is None or (name := next(filter(self._strikes, SPOILS), None)) is None:
            return results
        return [SPOILS[name](one) if place == taken else one for place, one in enumerate(results)]

    def _kill(self, name: str, *, is_idle: bool) -> None:
        if not is_idle and self._strikes(name):
            raise Killed

    def _strikes(self, name: str) -> bool:
        with self._lock:
            if name not in self.armed:
                return False
            self.armed.discard(name)
            self.struck[name] += 1
        return True

    def _sleep(self) -> None:
        wake = self._wake
        self.asleep.add(current_thread().name)
        assert wake.wait(SLEEPY), "nobody woke this worker"
