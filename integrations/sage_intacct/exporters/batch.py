"""One claim on its way. Whatever breaks, every item of it ends in a true state."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from django.db import InterfaceError, OperationalError

from integrations.errors import IntegrationError
from integrations.models import Attempt, Connection, Exchange, ExportItem, FailureKind
from integrations.sage_intacct.classification import integration_error
from integrations.sage_intacct.client import Client, IntacctError
from integrations.sage_intacct.exporters import line_fields, lookup
from integrations.sage_intacct.exporters.context import connected, find_link, whole_invoices
from integrations.sage_intacct.gateway import BY_ITSELF, NothingSent, client_for
from integrations.services import connections, outbox
from integrations.services.outbox import SENT_ELSEWHERE, Claim, Failure, Settlement
from organization.models import Company
from organization.tracebacks import message_of

log = logging.getLogger(__name__)
T = TypeVar("T")
Outcome = Attempt.Result

# A look-up that could not be made is made again after this; one that nobody can make now, once a day.
BROKEN_WAIT = dt.timedelta(seconds=60)
ELSEWHERE_WAIT = dt.timedelta(days=1)


class Batch:
    """What is settled is no longer pending; what breaks the whole ends the pending rest."""

    # The items whose bills the request that is about to leave makes; none while it only reads.
    leaving: Sequence[ExportItem] = ()

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.connection: Connection = claim.items[0].connection
        self.company: Company = claim.items[0].company
        self.pending = {item.pk: item for item in claim.items}
        self.sent: set[int] = set()
        self.exchange: Exchange | None = None

    def run(self) -> None:
        try:
            # Read once: to whatever is sent or looked up below, the company is this entity.
            self._link = find_link(self.connection, self.company)
            self._settle_elsewhere()
            if self.pending:
                self.go()
        except (OperationalError, InterfaceError):
            # The database went away, and with it whatever we might write: a sweep rescues what is claimed.
            raise
        except IntegrationError as error:
            self._end_pending(Failure.from_error(error))
        except Exception as error:
            log.exception("An export was stopped by an internal error.")
            self._end_pending(_internal(error))

    def go(self) -> None:
        raise NotImplementedError

    def before_call(self) -> None:
        """Raises NothingSent when the request must not leave any more: the gate may have kept us waiting for long."""
        if not connections.is_unchanged(self.connection):
            raise NothingSent(
                "The connection was changed while this was under way.", advice=BY_ITSELF, code="connection_changed"
            )

    def settle(self, settlements: Sequence[Settlement]) -> None:
        if not settlements:
            return
        outbox.settle(self.claim, settlements)
        for settlement in settlements:
            self.pending.pop(settlement.item.pk, None)
        failures = [each.failure for each in settlements if each.failure]
        config = next((failure for failure in failures if failure.kind == FailureKind.CONFIG), None)
        if config is not None:
            connections.pause(self.connection, error_of(config))
        for settlement in settlements:
            if settlement.result in (Outcome.POSTED, Outcome.FOUND):
                self._read_back(settlement)

    def _read_back(self, settlement: Settlement) -> None:
        """After what became of it was written down: a bill that stands must not be touched by what goes wrong here."""
        item = settlement.item
        self.leaving = ()
        line_fields.read_back(self.connection, self.client, item, self.invoices[item.invoice_id], settlement.record_no)

    def _settle_elsewhere(self) -> None:
        """What perhaps went to another company there, or to another entity of it, can neither be looked up here, nor
        be sent here meanwhile.
        """
        here = self.connection.remote_company
        elsewhere = [
            Settlement(item, Outcome.UNKNOWN, _sent_elsewhere(item, here), wait=ELSEWHERE_WAIT)
            for item in self.claim.items
            if not item.may_be_in(here, self._link.entity_id if self._link else item.sent_entity)
        ]
        self.settle(elsewhere)

    def _end_pending(self, failure: Failure) -> None:
        """A request that perhaps left is unknown, whatever the error says."""
        self.settle(
            [
                Settlement(item, self._broken_result(item), failure, exchange=self.exchange, wait=BROKEN_WAIT)
                for item in list(self.pending.values())
            ]
        )

    def _broken_result(self, item: ExportItem) -> Attempt.Result:
        return Outcome.UNKNOWN if item.pk in self.sent else Outcome.NOT_SENT

    def connect(self) -> None:
        self.link = connected(self._link, self.company)
        self.client: Client = client_for(
            self.connection,
            entity_id=self.link.entity_id,
            job=self.claim.items[0].job,
            on_saved=self._note,
            before_call=self.before_call,
        )

    def _note(self, exchange: Exchange) -> None:
        self.exchange = exchange

    def load_invoices(self) -> None:
        self.invoices = {one.pk: one for one in whole_invoices(item.invoice_id for item in self.claim.items)}

    def find_standing(self) -> lookup.Standing:
        """One query for all that is pending."""
        pairs = [(item, self.invoices[item.invoice_id]) for item in self.pending.values()]
        return reading(lambda: lookup.find_bills(self.client, pairs))

    def found(self, item: ExportItem, bill: lookup.StandingBill) -> Settlement:
        return Settlement(
            item,
            Outcome.FOUND,
            record_no=bill.record_no,
            record_url=bill.url,
            note=lookup.difference(bill, self.invoices[item.invoice_id]),
            exchange=self.exchange,
        )


def reading(call: Callable[[], T]) -> T:
    """A call that makes no bill: whatever became of it, it may simply be made again. Raises IntegrationError."""
    try:
        return call()
    except IntacctError as error:
        raise error_of(repeatable(Failure.from_error(integration_error(error)))) from error


def repeatable(failure: Failure) -> Failure:
    """What is unknown about a call that makes no bill does not matter."""
    return replace(failure, kind=FailureKind.TEMPORARY) if failure.kind == FailureKind.UNKNOWN else failure


def error_of(failure: Failure) -> IntegrationError:
    error = IntegrationError(failure.message, advice=failure.advice, code=failure.code, raw=failure.raw)
    error.kind = failure.kind  # type: ignore[misc]
    return error


def _internal(error: Exception) -> Failure:
    return Failure(
        FailureKind.INTERNAL,
        "internal",
        "The export was stopped by an error in Planergy.",
        "Planergy's support team can see the details. Try again; if it happens again, write to them.",
        f"{type(error).__qualname__}: {message_of(error)}",
    )


def _sent_elsewhere(item: ExportItem, here: str) -> Failure:
    if item.sent_to.casefold() == here.casefold():
        return Failure(
            FailureKind.UNKNOWN,
            SENT_ELSEWHERE,
            f"This invoice was sent to the Sage Intacct entity {item.sent_entity or 'at the top level'}, and no answer "
            "came back before the company was connected with another one.",
            f"Connect the company with {item.sent_entity or 'the top level'} again, or ask Planergy's support team.",
        )
    return Failure(
        FailureKind.UNKNOWN,
        SENT_ELSEWHERE,
        f"This invoice was sent to the Sage Intacct company {item.sent_to}, and no answer came back before the "
        "integration was set up for another one.",
        f"Set the integration up for {item.sent_to} again, or ask Planergy's support team.",
    )
