"""The tone of a status badge, by the words of the status in UK spelling. One table for every page."""

from __future__ import annotations

_TONES = {
    # invoices
    "draft": "neutral",
    "waiting for authorisation": "warn",
    "rejected": "error",
    "authorised, not posted": "info",
    "authorised, posted": "success",
    "authorised": "success",
    "not posted": "neutral",
    "posted": "success",
    # export
    "not exported": "neutral",
    "queued": "info",
    "sending": "info",
    "exported": "success",
    "unknown": "warn",
    "export queued": "info",
    "being exported": "info",
    "export failed": "error",
    "export being looked up": "warn",
    # runs and their records
    "running": "info",
    "in progress": "info",
    "finished": "success",
    "succeeded": "success",
    "completed": "success",
    "completed with warnings": "warn",
    "completed with errors": "warn",
    "completed with problems": "warn",
    "waiting to start": "info",
    "waiting to be tried again": "warn",
    "stopped by an internal error": "error",
    "imported with a warning": "warn",
    "not known yet": "warn",
    "being looked up": "warn",
    "note": "info",
    "connected": "success",
    "failed": "error",
    "cancelled": "neutral",
    "left out": "neutral",
    "not imported": "error",
    "cannot be read any more": "error",
    "created": "success",
    "updated": "info",
    "unchanged": "neutral",
    "warning": "warn",
    "error": "error",
    "deactivated": "neutral",
    "would be created": "success",
    "would be updated": "info",
    "would be deactivated": "neutral",
    "would fail": "error",
    "with a warning": "warn",
    # connections and reference data
    "enabled": "success",
    "disabled": "neutral",
    "credentials saved": "success",
    "no credentials": "warn",
    "synchronized": "success",
    "not synchronized": "warn",
    "paused": "warn",
    "active": "success",
    "inactive": "neutral",
    "archived": "neutral",
    "overdue": "error",
    "due": "warn",
    "waiting": "warn",
    "invited": "info",
}
_LIVE = {
    *(
        "queued",
        "sending",
        "running",
        "in progress",
        "waiting to start",
        "waiting to be tried again",
        "being looked up",
    ),
    *("export queued", "being exported", "export being looked up"),
}


def tone_of(status: str) -> str:
    """One of neutral, success, warn, error, info."""
    return _TONES.get(status.lower(), "neutral")


def is_live(status: str) -> bool:
    """Whether the status will change by itself, so that the badge moves."""
    return status.lower() in _LIVE
