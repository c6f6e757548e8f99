"""Claim → call → settle for one connection and company, until nothing is due."""

from __future__ import annotations

from functools import partial

from integrations.models import Connection
from integrations.sage_intacct.exporters.batch import Batch
from integrations.sage_intacct.exporters.looking import LookUp
from integrations.sage_intacct.exporters.sending import Sending
from integrations.services import outbox
from integrations.services.heartbeat import Heartbeat
from integrations.services.outbox import Claim
from organization.models import Company

ITEMS_PER_CLAIM = 100


def deliver(connection: Connection, company: Company) -> None:
    """What is unknown is looked up first. Ends when nothing is due, or the connection is paused or disabled."""
    while connection.is_ready:
        unknown = outbox.claim_unknown(connection, company, limit=ITEMS_PER_CLAIM)
        _work(unknown, LookUp)
        queued = outbox.claim_queued(connection, company, limit=ITEMS_PER_CLAIM)
        _work(queued, Sending)
        if not (unknown.items or queued.items):
            return
        connection.refresh_from_db()


def _work(claim: Claim, kind: type[Batch]) -> None:
    if claim.items:
        with Heartbeat(partial(outbox.keep, claim)):
            kind(claim).run()
