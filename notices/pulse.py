"""The sign of life of clock, Redis and worker together: without it nothing is sent and nothing starts by itself."""

from __future__ import annotations

import datetime as dt

from notices.models import Pulse

CLOCK = "clock"


def beat(now: dt.datetime) -> None:
    Pulse.objects.update_or_create(name=CLOCK, defaults={"at": now})


def last_beat() -> dt.datetime | None:
    """None where nobody has ever known."""
    return Pulse.objects.filter(name=CLOCK).values_list("at", flat=True).first()
