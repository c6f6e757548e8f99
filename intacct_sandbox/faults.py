"""Faults by script: what breaks, for which requests, how often."""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from intacct_sandbox.errors import Error, Refused
from intacct_sandbox.gateway import Call, Request

KINDS = frozenset(
    {
        "drop_before",
        "drop_after",
        "delay",
        "late",
        "timeout",
        "status",
        "html",
        "truncate",
        "malformed",
        "empty",
        "expire_session",
        "throttle",
        "fail_function",
        "eventual",
        "duplicate",
    }
)
OF_A_FUNCTION = frozenset({"fail_function", "eventual"})
NUMBERS: dict[str, Callable[[Any], float]] = {"seconds": float, "status": int, "limit": int}
MATCHES = frozenset({"function", "object", "controlid"})


class BadFault(ValueError):
    """A fault script that cannot be understood."""


@dataclass
class Fault:
    kind: str
    match: dict[str, str] = field(default_factory=dict)
    times: int = 1
    probability: float = 1.0
    after_requests: int = 0
    params: dict[str, Any] = field(default_factory=dict)
    fired: int = 0
    _seen: int = 0

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Fault:
        """Raises BadFault."""
        rest = dict(data)
        kind, match = str(rest.pop("kind", "")), rest.pop("match", None) or {}
        if kind not in KINDS:
            raise BadFault(f"Unknown kind of fault '{kind}'. Known: {', '.join(sorted(KINDS))}.")
        if not isinstance(match, dict) or set(match) - MATCHES:
            raise BadFault("match takes function, object and controlid.")
        try:
            re.compile(str(match.get("controlid", "")))
            rest |= {name: number(rest[name]) for name, number in NUMBERS.items() if name in rest}
            after = 0 if kind == "eventual" else int(rest.pop("after_requests", 0))
            return cls(
                kind,
                {name: str(value) for name, value in match.items()},
                int(rest.pop("times", -1 if kind == "throttle" else 1)),
                float(rest.pop("probability", 1.0)),
                after,
                rest,
            )
        except (TypeError, ValueError, OverflowError, re.error) as error:
            raise BadFault(f"The fault cannot be understood: {error}") from error

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "match": self.match,
            "times": self.times,
            "probability": self.probability,
            "after_requests": self.after_requests,
            "fired": self.fired,
            **self.params,
        }

    @property
    def is_of_a_function(self) -> bool:
        """Whether it strikes single functions; a delay does when it is `inside`: after the control id was taken."""
        return self.kind in OF_A_FUNCTION or (self.kind == "delay" and self.flag("inside", False))

    def fits(self, call: Call) -> bool:
        function, name = self.match.get("function"), self.match.get("object", "").upper()
        if function and call.name != function:
            return False
        if name and name not in {wanted.upper() for wanted in call.objects}:
            return False
        return re.search(self.match.get("controlid", ""), call.controlid) is not None

    def seconds(self, default: float) -> float:
        return float(self.params.get("seconds", default))

    def flag(self, name: str, default: bool) -> bool:
        return bool(self.params.get(name, default))


class Faults:
    """The scripted faults in force. Thread-safe; the same seed and order of requests give the same faults."""

    def __init__(self, seed: int = 1) -> None:
        self._faults: list[Fault] = []
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    def add(self, items: Iterable[dict[str, Any]], seed: int | None = None) -> None:
        faults = [Fault.from_json(item) for item in items]
        with self._lock:
            self._faults += faults
            if seed is not None:
                self._random.seed(seed)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def in_force(self) -> list[Fault]:
        with self._lock:
            return list(self._faults)

    def to_json(self) -> list[dict[str, Any]]:
        return [fault.to_json() for fault in self.in_force()]

    def for_request(self, request: Request) -> list[Fault]:
        """The faults that strike this request as a whole; each counts as used."""
        calls = list(request.calls)
        return self._strike(lambda fault: not fault.is_of_a_function and any(map(fault.fits, calls)))

    def for_call(self, call: Call) -> list[Fault]:
        return self._strike(lambda fault: fault.is_of_a_function and fault.fits(call))

    def _strike(self, fits: Callable[[Fault], bool]) -> list[Fault]:
        with self._lock:
            return [fault for fault in self._faults if fits(fault) and self._fires(fault)]

    def _fires(self, fault: Fault) -> bool:
        fault._seen += 1
        if fault._seen <= fault.after_requests or fault.times == 0:
            return False
        if fault.probability < 1 and self._random.random() >= fault.probability:
            return False
        fault.fired += 1
        fault.times -= fault.times > 0
        return True


def refusal_of(fault: Fault) -> Refused:
    """What a function that is made to fail answers."""
    given = fault.params.get("error") or {}
    error = Error(
        str(given.get("errorno", "BL01001973")),
        str(given.get("description2", "Currently, we can't create the transaction")),
        str(given.get("correction", "")),
        str(given.get("description", "")),
    )
    return Refused(error)
