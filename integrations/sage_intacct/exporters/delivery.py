"""Claim → call → settle for one connection and company. Whatever breaks in between, every item ends in a true state."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from integrations.errors import IntegrationError, RecordError
from integrations.models import Attempt, Connection, Exchange, ExportItem, FailureKind
from integrations.sage_intacct.classification import integration_error
from integrations.sage_intacct.client import (
    Client,
    CreateSupdoc,
    IntacctError,
    ResponseError,
    Result,
    ResultError,
    UpdateSupdoc,
    pack,
)
from integrations.sage_intacct.exporters import lookup
from integrations.sage_intacct.exporters.context import bill_context, link_of, whole_invoices
from integrations.sage_intacct.exporters.learning import learn_from
from integrations.sage_intacct.exporters.parcels import FOLDER, Parcel, attachments, make_parcel, supdoc
from integrations.sage_intacct.exporters.preflight import preflight
from integrations.sage_intacct.gateway import client_for
from integrations.services import connections, outbox
from integrations.services.heartbeat import Heartbeat
from integrations.services.outbox import Claim, Failure, Settlement
from invoices.models import Invoice
from organization.models import Company

log = logging.getLogger(__name__)
T = TypeVar("T")
Outcome = Attempt.Result

ITEMS_PER_CLAIM = 100
REQUEST_BYTES = 8_000_000
FUNCTIONS_PER_REQUEST = 100
# A look-up that could not be made is made again after this; one that nobody can make now, once a day.
BROKEN_WAIT = dt.timedelta(seconds=60)
ELSEWHERE_WAIT = dt.timedelta(days=1)
NUMBER_TAKEN = "BL03002185"
ALREADY_EXISTS = ("BL34000061", "PL05000104")


def deliver(connection: Connection, company: Company) -> None:
    """Until nothing is due, or the connection is paused or disabled meanwhile."""
    while connection.is_ready:
        unknown = outbox.claim_unknown(connection, company, limit=ITEMS_PER_CLAIM)
        _work(unknown, LookUp)
        queued = outbox.claim_queued(connection, company, limit=ITEMS_PER_CLAIM)
        _work(queued, Delivery)
        if not (unknown.items or queued.items):
            return
        connection.refresh_from_db()


def _work(claim: Claim, kind: type[Batch]) -> None:
    if claim.items:
        with Heartbeat(partial(outbox.keep, claim)):
            kind(claim).run()


class Batch:
    """One claim on its way. What is settled is no longer pending; what breaks the whole ends the pending rest."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.connection: Connection = claim.items[0].connection
        self.company: Company = claim.items[0].company
        self.pending = {item.pk: item for item in claim.items}
        self.sent: set[int] = set()
        self.exchange: Exchange | None = None

    def run(self) -> None:
        try:
            self.go()
        except IntegrationError as error:
            self._end_pending(Failure.from_error(error))
        except Exception as error:
            log.exception("An export was stopped by an internal error.")
            self._end_pending(_internal(error))

    def go(self) -> None:
        raise NotImplementedError

    def settle(self, settlements: Sequence[Settlement]) -> None:
        outbox.settle(self.claim, settlements)
        for settlement in settlements:
            self.pending.pop(settlement.item.pk, None)
        failures = [each.failure for each in settlements if each.failure]
        config = next((failure for failure in failures if failure.kind == FailureKind.CONFIG), None)
        if config is not None:
            connections.pause(self.connection, _error_of(config))

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
        self.link = link_of(self.connection, self.company)
        self.client: Client = client_for(
            self.connection, entity_id=self.link.entity_id, job=self.claim.items[0].job, on_saved=self._note
        )

    def _note(self, exchange: Exchange) -> None:
        self.exchange = exchange

    def whole_invoices(self) -> dict[int, Invoice]:
        return {invoice.pk: invoice for invoice in whole_invoices(item.invoice_id for item in self.claim.items)}

    def found(self, item: ExportItem, bill: lookup.StandingBill) -> Settlement:
        return Settlement(item, Outcome.FOUND, record_no=bill.record_no, record_url=bill.url, exchange=self.exchange)


class LookUp(Batch):
    """What perhaps was sent: found with our mark, somebody else's, or not there (yet)."""

    def go(self) -> None:
        elsewhere = [item for item in self.claim.items if item.sent_to not in ("", self.connection.remote_company)]
        self.settle(
            [Settlement(item, Outcome.UNKNOWN, _sent_elsewhere(item), wait=ELSEWHERE_WAIT) for item in elsewhere]
        )
        if not self.pending:
            return
        self.connect()
        invoices = self.whole_invoices()
        items = list(self.pending.values())
        standing = reading(lambda: lookup.find_bills(self.client, [invoices[item.invoice_id] for item in items]))
        self.settle([self._settlement(item, invoices[item.invoice_id], standing) for item in items])

    def _settlement(
        self, item: ExportItem, invoice: Invoice, standing: dict[lookup.Key, list[lookup.StandingBill]]
    ) -> Settlement:
        bills = standing.get(lookup.key_of(invoice), [])
        own = next((bill for bill in bills if bill.is_of(item, invoice)), None)
        if own is not None:
            return self.found(item, own)
        if bills and item.lookups_count + 1 >= len(outbox.LOOKUP_WAITS):
            failure = Failure.from_error(lookup.bill_exists(bills[0], invoice))
            return Settlement(item, Outcome.REFUSED, failure, exchange=self.exchange)
        return Settlement(item, Outcome.NOT_FOUND, NOT_THERE_YET, exchange=self.exchange)

    def _broken_result(self, item: ExportItem) -> Attempt.Result:
        """Nothing was learnt: it stays unknown."""
        return Outcome.UNKNOWN


class Delivery(Batch):
    """What waits to be sent: checked here, looked for there, packed, sent, settled function by function."""

    def go(self) -> None:
        self.invoices = self.whole_invoices()
        self._refuse_unsound()
        if not self.pending:
            return
        self.connect()
        self.context = bill_context(self.connection, self.link)
        self._settle_standing()
        if any(self.invoices[item.invoice_id].documents.all() for item in self.pending.values()):
            reading(lambda: self.client.ensure_supdoc_folder(FOLDER))
        for parcels in pack(self._parcels(), REQUEST_BYTES, FUNCTIONS_PER_REQUEST):
            self._send(parcels)

    def _refuse_unsound(self) -> None:
        """Without a call. What was perhaps sent before has passed this already and must come to its end."""
        fresh = [item for item in self.claim.items if not item.was_sent]
        problems = preflight(self.connection, [self.invoices[item.invoice_id] for item in fresh])
        refused = []
        for item in fresh:
            errors = [problem for problem in problems.get(item.invoice_id, []) if problem.is_error]
            if errors:
                message = " ".join(problem.message for problem in errors)
                failure = Failure(FailureKind.RECORD, errors[0].cause, message, errors[0].advice)
                refused.append(Settlement(item, Outcome.NOT_SENT, failure))
        self.settle(refused)

    def _settle_standing(self) -> None:
        """One query for all of them, so that what stands there is never sent once more."""
        items = list(self.pending.values())
        invoices = [self.invoices[item.invoice_id] for item in items]
        standing = reading(lambda: lookup.find_bills(self.client, invoices))
        settlements = []
        for item, invoice in zip(items, invoices, strict=True):
            bills = standing.get(lookup.key_of(invoice), [])
            if bills:
                settlements.append(self._settle_found(item, invoice, bills))
        self.settle(settlements)

    def _settle_found(self, item: ExportItem, invoice: Invoice, bills: list[lookup.StandingBill]) -> Settlement:
        own = next((bill for bill in bills if bill.is_of(item, invoice)), None)
        if own is not None and (own.agrees_with(invoice) or item.was_sent):
            return self.found(item, own)
        error = lookup.bill_differs(own, invoice) if own else lookup.bill_exists(bills[0], invoice)
        return Settlement(item, Outcome.NOT_SENT, Failure.from_error(error), exchange=self.exchange)

    def _parcels(self) -> Iterator[Parcel]:
        """Made while requests are packed, so that the files of one request at a time are in memory."""
        for item in list(self.pending.values()):
            try:
                yield make_parcel(item, self.invoices[item.invoice_id], self.context)
            except RecordError as error:
                self.settle([Settlement(item, Outcome.NOT_SENT, Failure.from_error(error))])

    def _send(self, parcels: Sequence[Parcel]) -> None:
        """One request. That it may arrive is committed before the call."""
        for parcel in parcels:
            parcel.item.attachment_id, parcel.item.sent_fingerprint = parcel.attachment_id, parcel.fingerprint
        held = outbox.mark_sent([parcel.item for parcel in parcels], sent_to=self.connection.remote_company)
        for parcel in parcels:
            if parcel.item not in held:
                self.pending.pop(parcel.item.pk)  # another worker has taken it over
        parcels = [parcel for parcel in parcels if parcel.item in held and self._put_large_files(parcel)]
        if parcels:
            self._send_marked(parcels)

    def _send_marked(self, parcels: Sequence[Parcel]) -> None:
        functions = [function for parcel in parcels for function in parcel]
        control_ids = [control_id for parcel in parcels for control_id in parcel.control_ids]
        self.sent |= {parcel.item.pk for parcel in parcels}
        try:
            results = self.client.execute(functions, control_ids=control_ids, unique_id=True)
        except IntegrationError:
            # The gate stayed closed, so nothing left.
            self.sent -= {parcel.item.pk for parcel in parcels}
            raise
        except IntacctError as error:
            result, failure = _of_a_broken_request(error), Failure.from_error(integration_error(error))
            self.settle([Settlement(parcel.item, result, failure, exchange=self.exchange) for parcel in parcels])
            return
        answers = iter(results)
        self.settle([self._settlement(parcel, [next(answers) for _ in parcel]) for parcel in parcels])

    def _settlement(self, parcel: Parcel, results: Sequence[Result]) -> Settlement:
        bill = results[-1]
        if bill.ok and bill.key:
            return Settlement(
                parcel.item,
                Outcome.POSTED,
                record_no=bill.key,
                record_url=bill.record_url or "",
                exchange=self.exchange,
            )
        error = ResultError(_cause(parcel, results))
        failure = Failure.from_error(integration_error(error))
        learn_from(self.link, error)
        is_unknown = bill.ok or bill.outcome_unknown or (parcel.item.was_sent and _is_number_taken(bill))
        result = Outcome.UNKNOWN if is_unknown else Outcome.REFUSED
        return Settlement(parcel.item, result, failure, exchange=self.exchange)

    def _put_large_files(self, parcel: Parcel) -> bool:
        """File by file, leaving out those that an earlier try left there. Whether the bill may follow."""
        if not parcel.is_large:
            return True
        try:
            stored = self.client.get_supdoc(parcel.attachment_id)
            present = None if stored is None else {file.name for file in stored.attachments}
        except ResultError:
            present = None  # some companies answer a missing record with a failure; if it was another, creating fails
        except IntacctError as error:
            return self._give_up_files(parcel, error)
        try:
            for file in attachments(list(parcel.invoice.documents.all())):
                if present is not None and file.name in present:
                    continue
                record = supdoc(parcel.attachment_id, parcel.invoice, [file])
                self.client.call(CreateSupdoc(record) if present is None else UpdateSupdoc(record))
                present = (present or set()) | {file.name}
        except IntacctError as error:
            return self._give_up_files(parcel, error)
        except RecordError as error:
            self.settle([Settlement(parcel.item, Outcome.NOT_SENT, Failure.from_error(error))])
            return False
        return True

    def _give_up_files(self, parcel: Parcel, error: IntacctError) -> bool:
        """The bill was surely not sent, so nothing is unknown but the file, which the next try looks for."""
        failure = Failure.from_error(integration_error(error))
        if failure.kind == FailureKind.UNKNOWN:
            failure = Failure(FailureKind.TEMPORARY, failure.code, failure.message, failure.advice, failure.raw)
        self.settle([Settlement(parcel.item, Outcome.NOT_SENT, failure, exchange=self.exchange)])
        return False


def reading(call: Callable[[], T]) -> T:
    """A call that makes no bill: whatever became of it, it may simply be made again. Raises IntegrationError."""
    try:
        return call()
    except IntacctError as error:
        translated = integration_error(error)
        if translated.kind != FailureKind.UNKNOWN:
            raise translated from error
        failure = Failure.from_error(translated)
        raise _error_of(
            Failure(FailureKind.TEMPORARY, failure.code, failure.message, failure.advice, failure.raw)
        ) from error


def _error_of(failure: Failure) -> IntegrationError:
    error = IntegrationError(failure.message, advice=failure.advice, code=failure.code, raw=failure.raw)
    error.kind = failure.kind  # type: ignore[misc]
    return error


def _of_a_broken_request(error: IntacctError) -> Attempt.Result:
    if error.outcome_unknown:
        return Outcome.UNKNOWN
    return Outcome.REFUSED if isinstance(error, ResponseError) else Outcome.NOT_SENT


def _cause(parcel: Parcel, results: Sequence[Result]) -> Result:
    """A bill without its attachment record is refused because the record was."""
    for function, result in zip(parcel, results, strict=True):
        if isinstance(function, CreateSupdoc) and not result.ok and not _is_there_already(result):
            return result
    return results[-1]


def _is_there_already(result: Result) -> bool:
    """An attachment record of our id is ours and complete, for its id follows from what is in it."""
    return result.outcome_unknown or any(
        error.errorno in ALREADY_EXISTS or "already exists" in error.text for error in result.errors
    )


def _is_number_taken(result: Result) -> bool:
    return any(error.errorno == NUMBER_TAKEN for error in result.errors)


def _internal(error: Exception) -> Failure:
    return Failure(
        FailureKind.INTERNAL,
        "internal",
        "The export was stopped by an error in Planergy.",
        "Our support team can see the details. Try again; if it happens again, contact support.",
        repr(error),
    )


def _sent_elsewhere(item: ExportItem) -> Failure:
    return Failure(
        FailureKind.UNKNOWN,
        "sent_elsewhere",
        f"This invoice was sent to the Sage Intacct company {item.sent_to}, and no answer came back before the "
        "integration was set up for another one.",
        f"Set the integration up for {item.sent_to} again, or ask our support team.",
    )


NOT_THERE_YET = Failure(
    FailureKind.UNKNOWN,
    "not_there_yet",
    "No answer came back when this invoice was sent, and its bill is not in Sage Intacct so far.",
    "It is looked for some more times before it is sent again; you need not do anything.",
)
