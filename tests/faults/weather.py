"""What the gateway does wrong, by name: armed once, and counted when it struck."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import requests

from intacct_sandbox.faults import OF_A_FUNCTION
from tests.integrations import exporting

ON_BILL = {"match": {"function": "create", "object": "APBILL"}}
ON_QUERY = {"match": {"function": "query"}}
RULE = {"errorno": "BL01001973", "description2": "Smart rule Storm was violated: no"}
# The requests that carry bills, of which it matters most that nobody guesses what became of them.
LOST: dict[str, dict[str, Any]] = {
    "executed late": {"kind": "late"} | ON_BILL,
    "answer lost": {"kind": "drop_after"} | ON_BILL,
    "request lost": {"kind": "drop_before"} | ON_BILL,
    "time-out": {"kind": "timeout", "seconds": 1.2} | ON_BILL,
    "time-out of the CDN": {"kind": "status", "status": 524} | ON_BILL,
    "answer cut off": {"kind": "truncate"} | ON_BILL,
    "bill visible late": {"kind": "eventual"} | ON_BILL,
}
OTHER: dict[str, dict[str, Any]] = {
    "answer malformed": {"kind": "malformed"} | ON_BILL,
    "answer empty": {"kind": "empty"} | ON_BILL,
    "page instead of an answer": {"kind": "html"} | ON_BILL,
    "status 500": {"kind": "status", "status": 500} | ON_BILL,
    "status 502": {"kind": "status", "status": 502} | ON_BILL,
    "status 503": {"kind": "status", "status": 503} | ON_BILL,
    "throttled": {"kind": "throttle", "limit": 0, "times": 1} | ON_BILL,
    "session expired": {"kind": "expire_session"} | ON_BILL,
    "bill refused": {"kind": "fail_function", "error": RULE} | ON_BILL,
    "attachment refused": {"kind": "fail_function", "match": {"function": "create_supdoc"}},
    "look-up lost": {"kind": "drop_after", "times": 5} | ON_QUERY,
    "look-up cut off": {"kind": "truncate"} | ON_QUERY,
}
# If the gateway executed a request twice and did not remember control ids, no client could mend that. If it refused
# the second as a whole, its answer would say that nothing was done: then control ids alone hold what is sent again.
TWICE: dict[str, dict[str, Any]] = {"executed twice": {"kind": "duplicate"} | ON_BILL}
FAULTS = LOST | OTHER | TWICE
FORGOTTEN = "control ids forgotten"
LONGEST_RUN = 900
# How long a bill may be out of sight: the looks outlast the first, and only control ids help against the second.
SHORT, LONG = 60, 7200


class Weather:
    def __init__(self, sandbox: Any, chance: random.Random) -> None:
        self._sandbox, self._random = sandbox, chance
        self._before: Counter[str] = Counter()
        self._armed: list[str] = []
        self._on_bills = 0
        self.reading = ""

    def begin(self, reading: str) -> None:
        """Nothing is armed, and repeated control ids are taken in this way from now on."""
        self.end()
        self.reading = reading
        self._before[FORGOTTEN] += reading == "forgotten"
        exporting.act(self._sandbox, action="set_preference", name="repeated_control_ids", value=reading)

    def end(self) -> list[str]:
        """The gateway is well again. Returns what was armed and never struck."""
        struck = self._struck()
        self._before += struck
        left = list((Counter(self._armed) - struck).elements())
        self._armed.clear()
        self._on_bills = 0
        exporting.mend_gateway(self._sandbox)
        return left

    def can(self, name: str) -> bool:
        return name not in TWICE or self.reading not in ("forgotten", "control")

    def arm(self, name: str, **changes: Any) -> None:
        """Each of those that strike a whole request with bills has one of its own."""
        fault = FAULTS[name] | changes
        if fault.get("match") == ON_BILL["match"] and fault["kind"] not in OF_A_FUNCTION:
            fault.setdefault("after_requests", self._on_bills)
            self._on_bills += 1
        if fault["kind"] == "late":
            fault.setdefault("seconds", self._random.randint(60, LONGEST_RUN))
        if fault["kind"] == "eventual":
            fault["seconds"] = SHORT if self.reading == "forgotten" else self._random.choice((SHORT, LONG))
        exporting.break_gateway(self._sandbox, fault, seed=self._random.randrange(1_000_000))
        self._armed.append(name)

    def struck(self) -> Counter[str]:
        return self._before + self._struck()

    def _struck(self) -> Counter[str]:
        faults = requests.get(f"{self._sandbox.base_url}/sandbox/faults", timeout=30).json()["faults"]
        struck: Counter[str] = Counter()
        for name, fault in zip(self._armed, faults, strict=True):
            struck[name] += fault["fired"]
        return struck
