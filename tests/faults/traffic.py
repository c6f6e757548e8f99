"""What must hold for the bills that were *sent*, whatever stands there, by the sandbox's own record of them.

A request that was not surely refused may run for 15 minutes. The same bill may follow it no sooner, under whatever
control id; it makes one bill at most; and every one of them asks the gateway to remember its control id.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import requests

LONGEST_RUN = 15 * 60
BILL = re.compile("planergy-([0-9a-f-]{36})-([0-9]+)-bill")
Write = dict[str, Any]


def bills_sent(sandbox: Any) -> dict[str, list[Write]]:
    """By export item, in the order in which they arrived; each with its `round`."""
    sent: dict[str, list[Write]] = defaultdict(list)
    for write in _writes(sandbox):
        if write["object"] == "APBILL":
            named = BILL.fullmatch(write["controlid"])
            assert named, f"A bill was sent under the control id {write['controlid']}"
            sent[named[1]].append(write | {"round": int(named[2])})
    return sent


def _writes(sandbox: Any) -> list[Write]:
    answer = requests.get(f"{sandbox.base_url}/sandbox/writes.json", timeout=30)
    writes: list[Write] = answer.json()["writes"]
    return writes


def _ours(sandbox: Any) -> list[Write]:
    """Bills and their documents; the folder is looked for by its name, and may be made again."""
    return [write for write in _writes(sandbox) if write["controlid"].startswith("planergy-")]


def assert_sent_with_care(sandbox: Any) -> None:
    for write in _ours(sandbox):
        assert write["uniqueid"], f"{write['controlid']} was sent without uniqueid"
    for uid, writes in bills_sent(sandbox).items():
        assert sum(write["executed"] for write in writes) <= 1, f"{uid} became a bill more than once: {writes}"
        for position, write in enumerate(writes):
            for earlier in writes[:position]:
                _assert_may_follow(uid, earlier, write)


def _assert_may_follow(uid: str, earlier: Write, write: Write) -> None:
    is_refused = earlier["answered"] and not earlier["executed"]
    if is_refused:
        return
    gap = write["at"] - earlier["at"]
    assert gap >= LONGEST_RUN, f"{uid} was sent {gap:.0f} s after a request that may still run: {earlier}, {write}"
