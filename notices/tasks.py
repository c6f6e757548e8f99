"""Celery's way in: send what is due, and forget what ended long ago."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone


@shared_task
def send_due() -> None:
    """Woken after a commit."""
    from notices import sending

    sending.send_due()


@shared_task
def sweep() -> None:
    """By the clock: losing every message in Redis loses nothing. That it comes by is the sign that somebody works."""
    from notices import pulse, sending

    pulse.beat(timezone.now())
    sending.send_due()


@shared_task
def remove_old() -> None:
    from notices import sending

    sending.remove_old(timezone.now())
