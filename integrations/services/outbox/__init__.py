"""The outbox: claim, settle, release and rescue export items. Knows no accounting system and makes no call.

Locks are taken in the order invoice, export item, job, so that editing, authorising and delivering never deadlock.
"""

from integrations.services.outbox.claiming import Heartbeat, claim_queued, claim_unknown, mark_sent
from integrations.services.outbox.ending import cancel, link, rescue_stuck
from integrations.services.outbox.settling import settle
from integrations.services.outbox.values import LOOKUP_WAITS, NO_FAILURE, Claim, Failure, Settlement

__all__ = [
    "LOOKUP_WAITS",
    "NO_FAILURE",
    "Claim",
    "Failure",
    "Heartbeat",
    "Settlement",
    "cancel",
    "claim_queued",
    "claim_unknown",
    "link",
    "mark_sent",
    "rescue_stuck",
    "settle",
]
