"""The outbox's clock, set forward by hand: hours of waiting in a moment, and no wait cut short."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db.models import Min

from integrations.models import Connection, ExportItem
from integrations.services import exports, heartbeat
from integrations.services.outbox import claiming, ending, settling
from tests.integrations import exporting


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = dt.timedelta()
        self._real = heartbeat.database_now
        for module in (claiming, ending, settling, exports):
            monkeypatch.setattr(module, "database_now", self.now)

    def now(self) -> dt.datetime:
        return self._real() + self.ahead

    def go_to(self, moment: dt.datetime) -> None:
        self.ahead += max(moment - self.now(), dt.timedelta())

    def work_until(self, connection: Connection, moment: dt.datetime) -> None:
        """Whatever falls due until then is done, each when it falls due."""
        while (due := self._next_due(connection)) is not None and due <= moment:
            self.go_to(due)
            exports.sweep_exports(self.now())
            exporting.deliver(connection)
        self.go_to(moment)
        exports.sweep_exports(moment)

    def _next_due(self, connection: Connection) -> dt.datetime | None:
        due: dt.datetime | None = ExportItem.objects.filter(connection=connection).aggregate(
            due=Min("next_attempt_at")
        )["due"]
        return due
