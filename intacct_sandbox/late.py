"""The sandbox's clock, which a test may put forward, and the requests that execute long after their caller has gone."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable


class Clock:
    """Seconds that only go forward: the machine's, and those by which a test put it forward."""

    def __init__(self, on_forward: Callable[[float], None] = lambda seconds: None) -> None:
        self._on_forward = on_forward
        self._ahead = 0.0
        self._lock = threading.RLock()
        self._order = itertools.count()
        self._waiting: list[tuple[float, int, Callable[[], object]]] = []

    def now(self) -> float:
        return time.monotonic() + self._ahead

    def later(self, seconds: float, action: Callable[[], object]) -> None:
        """Done by `run_due`, when so many seconds have passed on this clock."""
        with self._lock:
            heapq.heappush(self._waiting, (self.now() + seconds, next(self._order), action))

    def run_due(self) -> None:
        with self._lock:
            while self._waiting and self._waiting[0][0] <= self.now():
                heapq.heappop(self._waiting)[2]()

    def forward(self, seconds: float) -> None:
        """What is due on the way is done in its order, each at its moment."""
        with self._lock:
            goal = self.now() + seconds
            while self._waiting and self._waiting[0][0] <= goal:
                self._go(self._waiting[0][0] - self.now())
                self.run_due()
            self._go(goal - self.now())

    def _go(self, seconds: float) -> None:
        if seconds > 0:
            self._ahead += seconds
            self._on_forward(seconds)
