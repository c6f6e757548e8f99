"""The outbox: claim, settle, release and rescue export items. Knows no accounting system and makes no call."""

from integrations.services.outbox.claiming import claim_queued, claim_unknown, keep, mark_sent
from integrations.services.outbox.ending import cancel, link, rescue_stuck
from integrations.services.outbox.settling import settle
from integrations.services.outbox.values import LOOKUP_WAITS, NO_FAILURE, Claim, Failure, Settlement

__all__ = [
    "LOOKUP_WAITS",
    "NO_FAILURE",
    "Claim",
    "Failure",
    "Settlement",
    "cancel",
    "claim_queued",
    "claim_unknown",
    "keep",
    "link",
    "mark_sent",
    "rescue_stuck",
    "settle",
]
