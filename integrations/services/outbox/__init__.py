"""The outbox: claim, settle, release and rescue export items. Knows no accounting system and makes no call."""

from integrations.services.outbox.claiming import TO_LOOK_UP, claim_queued, claim_unknown, is_held, keep, mark_sent
from integrations.services.outbox.ending import (
    cancel,
    link,
    require_linkable,
    rescue_stuck,
    settle_by_hand,
    tell_of_unknown,
)
from integrations.services.outbox.settling import settle
from integrations.services.outbox.telling import warn_of_posted, write_states
from integrations.services.outbox.values import (
    CANCELLED,
    LOOKUP_WAITS,
    NO_FAILURE,
    SENT_ELSEWHERE,
    Claim,
    Failure,
    Settlement,
)

__all__ = [
    "CANCELLED",
    "LOOKUP_WAITS",
    "NO_FAILURE",
    "SENT_ELSEWHERE",
    "TO_LOOK_UP",
    "Claim",
    "Failure",
    "Settlement",
    "cancel",
    "claim_queued",
    "claim_unknown",
    "is_held",
    "keep",
    "link",
    "mark_sent",
    "require_linkable",
    "rescue_stuck",
    "settle",
    "settle_by_hand",
    "tell_of_unknown",
    "warn_of_posted",
    "write_states",
]
