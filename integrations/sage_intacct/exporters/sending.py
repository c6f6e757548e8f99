"""Sending what waits: checked here, looked for there, packed, sent, settled function by function."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from integrations.errors import IntegrationError, RecordError
from integrations.models import Attempt, ExportItem, FailureKind
from integrations.sage_intacct.classification import integration_error
from integrations.sage_intacct.client import (
    ControlError,
    CreateSupdoc,
    IntacctError,
    ResponseError,
    Result,
    ResultError,
    pack,
)
from integrations.sage_intacct.exporters import line_fields, lookup
from integrations.sage_intacct.exporters.batch import Batch, Outcome, reading
from integrations.sage_intacct.exporters.context import bill_context
from integrations.sage_intacct.exporters.files import is_there_already, put_files
from integrations.sage_intacct.exporters.learning import learn_from
from integrations.sage_intacct.exporters.parcels import Parcel, make_parcel
from integrations.sage_intacct.exporters.preflight import preflight
from integrations.sage_intacct.gateway import NothingSent
from integrations.sage_intacct.mappers.attachments import FOLDER
from integrations.sage_intacct.record_links import record_link
from integrations.services import outbox
from integrations.services.outbox import Failure, Settlement

REQUEST_BYTES = 8_000_000
FUNCTIONS_PER_REQUEST = 100
# The code of an answer that only says that the request was not processed.
SAYS_NOTHING = "processing_failed"
ASK_SAGE = "It was tried twice. Look the invoice over, then try again; if it keeps failing, give Sage's support the ID."
NUMBER_TAKEN = "BL03002185"
# Kinds of a refusal of a whole request that may have been caused by one function of many.
OF_ONE = (FailureKind.UNKNOWN, FailureKind.RECORD, FailureKind.INTERNAL)


class Sending(Batch):
    def go(self) -> None:
        self.load_invoices()
        self._refuse_unsound()
        if not self.pending:
            return
        self.connect()
        self.context = bill_context(self.connection, self.link)
        line_fields.read_back_unread(self.connection, self.client, self.company.pk)
        self._look_fields_up()
        self._settle_standing()
        if any(self.invoices[item.invoice_id].documents.all() for item in self.pending.values()):
            reading(lambda: self.client.ensure_supdoc_folder(FOLDER))
        self._send_probes()
        self._pack_and_send(list(self.pending.values()))

    def _pack_and_send(self, items: Sequence[ExportItem]) -> None:
        for parcels in pack(self._parcels(items), REQUEST_BYTES, FUNCTIONS_PER_REQUEST):
            self._send(parcels)

    def _look_fields_up(self) -> None:
        """Invoices with a field that a bill's line does not have here are refused, before anything of them is sent."""
        fresh = [self.invoices[item.invoice_id] for item in self.pending.values() if not item.was_sent]
        names = line_fields.to_look_up(self.connection, fresh)
        if not names:
            return
        try:
            reading(lambda: line_fields.look_up(self.connection, self.client, names))
        except IntegrationError as error:
            self._put_off(names, Failure.from_error(error))
        self._refuse_unsound()

    def _put_off(self, names: Collection[str], failure: Failure) -> None:
        """What carries one of these fields waits until it is known whether it can be sent."""
        waiting = [
            item
            for item in self.pending.values()
            if not item.was_sent
            and any(each.field in names for each in line_fields.carried_by(self.invoices[item.invoice_id]))
        ]
        self.settle([Settlement(item, Outcome.NOT_SENT, failure, exchange=self.exchange) for item in waiting])

    def _send_probes(self) -> None:
        """The first invoice with a field that no bill has proved yet goes by itself, and is read back at once."""
        tried: set[str] = set()
        for item in list(self.pending.values()):
            invoice = self.invoices[item.invoice_id]
            names = {each.field for each in line_fields.unproved(self.connection, invoice)} - tried
            if names and item.pk in self.pending:
                tried |= names
                self._pack_and_send([item])
                self._refuse_unsound()

    def before_call(self) -> None:
        """The machine may have slept: what others took over must not leave."""
        super().before_call()
        if self.leaving and not outbox.is_held(self.claim, self.leaving):
            raise NothingSent("Another worker has taken these invoices over.", code="taken_over")

    def _refuse_unsound(self) -> None:
        """Without a call. What was perhaps sent before has passed this already and must come to its end."""
        fresh = [item for item in self.pending.values() if not item.was_sent]
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
        """What stands there is never sent once more."""
        standing = self.find_standing()
        settlements = [self._settle_found(item, standing) for item in self.pending.values()]
        self.settle([settlement for settlement in settlements if settlement is not None])

    def _settle_found(self, item: ExportItem, standing: lookup.Standing) -> Settlement | None:
        invoice = self.invoices[item.invoice_id]
        own, other = standing.own(item, invoice), standing.other(invoice)
        if own is not None and (item.was_sent or own.is_as(invoice)):
            return self.found(item, own)
        if own is not None:
            error = lookup.bill_differs(own, invoice)
        elif other is not None:
            error = lookup.bill_exists(other, invoice)
        else:
            return None
        return Settlement(item, Outcome.NOT_SENT, Failure.from_error(error), exchange=self.exchange)

    def _parcels(self, items: Sequence[ExportItem]) -> Iterator[Parcel]:
        """Made while requests are packed, so that the files of one request at a time are in memory."""
        for item in items:
            try:
                yield make_parcel(item, self.invoices[item.invoice_id], self.context)
            except RecordError as error:
                self.settle([Settlement(item, Outcome.NOT_SENT, Failure.from_error(error))])

    def _send(self, parcels: Sequence[Parcel]) -> None:
        """One request. That it may arrive is committed before the call."""
        for parcel in parcels:
            parcel.item.attachment_id, parcel.item.sent_fingerprint = parcel.attachment_id, parcel.fingerprint
        there = {"sent_to": self.connection.remote_company, "sent_entity": self.link.entity_id}
        held = outbox.mark_sent([parcel.item for parcel in parcels], **there)
        for parcel in parcels:
            if parcel.item not in held:
                self.pending.pop(parcel.item.pk)  # another worker has taken it over
        parcels = [parcel for parcel in parcels if parcel.item in held and self._put_large_files(parcel)]
        if parcels:
            self._send_marked(parcels)

    def _put_large_files(self, parcel: Parcel) -> bool:
        """Whether the bill may follow. When not, it surely was not sent; the next try goes on with the files."""
        self.leaving = [parcel.item]
        failure = put_files(self.client, parcel) if parcel.is_large else None
        if failure is not None:
            self.settle([Settlement(parcel.item, Outcome.NOT_SENT, failure, exchange=self.exchange)])
        return failure is None

    def _send_marked(self, parcels: Sequence[Parcel]) -> None:
        self.leaving = [parcel.item for parcel in parcels]
        ids = {item.pk for item in self.leaving}
        self.sent |= ids
        try:
            results = self._execute(parcels)
        except IntegrationError:
            # Ours, not the gateway's: a slot, a sign-in or the claim was refused before the request left.
            self.sent -= ids
            raise
        except IntacctError as error:
            failure = Failure.from_error(integration_error(error))
            if len(parcels) > 1 and isinstance(error, ControlError) and failure.kind in OF_ONE:
                # Nothing was executed, perhaps because of one of them: each goes by itself.
                self.sent -= ids
                for parcel in parcels:
                    self._send_marked([parcel])
                return
            result = _of_a_broken_request(error, failure)
            self.settle([Settlement(parcel.item, result, failure, exchange=self.exchange) for parcel in parcels])
            return
        self._settle_results(parcels, results)

    def _execute(self, parcels: Sequence[Parcel]) -> list[Result]:
        functions = [function for parcel in parcels for function in parcel]
        control_ids = [control_id for parcel in parcels for control_id in parcel.control_ids]
        try:
            return self.client.execute(functions, control_ids=control_ids, unique_id=True)
        except ControlError as error:
            if len(parcels) > 1 or not error.outcome_unknown:
                raise
            return [self._execute_alone(parcels[0], place) for place in range(len(functions))]

    def _execute_alone(self, parcel: Parcel, place: int) -> Result:
        """A repeated control id may be refused for the whole request; so each function, and its own answer."""
        function, control_id = parcel.functions[place], parcel.control_ids[place]
        try:
            return self.client.execute([function], control_ids=[control_id], unique_id=True)[0]
        except ControlError as error:
            if not error.outcome_unknown:
                raise
            return Result("failure", function.name, control_id, errors=error.errors, cause=error.first)

    def _settle_results(self, parcels: Sequence[Parcel], results: Sequence[Result]) -> None:
        answers = iter(results)
        by_parcel = [(parcel, [next(answers) for _ in parcel]) for parcel in parcels]
        self.settle([self._settlement(parcel, own) for parcel, own in by_parcel])
        # Afterwards, so that nothing that goes wrong with it can touch what was answered.
        for parcel, own in by_parcel:
            if not own[-1].ok:
                learn_from(self.link, ResultError(_cause(parcel, own)), parcel.invoice)

    def _settlement(self, parcel: Parcel, results: Sequence[Result]) -> Settlement:
        bill = results[-1]
        if bill.ok and bill.key:
            return Settlement(
                parcel.item,
                Outcome.POSTED,
                record_no=bill.key,
                record_url=record_link(bill.record_url or ""),
                exchange=self.exchange,
            )
        failure = _patient_once(
            parcel.item, Failure.from_error(integration_error(ResultError(_cause(parcel, results))))
        )
        result = Outcome.UNKNOWN if _is_unknown(parcel, bill, failure) else Outcome.REFUSED
        return Settlement(parcel.item, result, failure, exchange=self.exchange)


def _patient_once(item: ExportItem, failure: Failure) -> Failure:
    """An answer that says nothing passes when it is tried again, or it does not pass at all."""
    if failure.code == SAYS_NOTHING and item.attempts_count > 1:
        return replace(failure, kind=FailureKind.RECORD, advice=ASK_SAGE)
    return failure


def _is_unknown(parcel: Parcel, bill: Result, failure: Failure) -> bool:
    """A success without a key, a failure with one, a repeated control id, a number that we may have taken ourselves."""
    is_contradiction = bill.ok or bool(bill.key)
    is_ours = parcel.item.was_sent and any(error.errorno == NUMBER_TAKEN for error in bill.errors)
    return is_contradiction or bill.outcome_unknown or is_ours or failure.kind == FailureKind.UNKNOWN


def _of_a_broken_request(error: IntacctError, failure: Failure) -> Attempt.Result:
    if error.outcome_unknown or failure.kind == FailureKind.UNKNOWN:
        return Outcome.UNKNOWN
    return Outcome.REFUSED if isinstance(error, ResponseError) else Outcome.NOT_SENT


def _cause(parcel: Parcel, results: Sequence[Result]) -> Result:
    """A bill without its attachment record is refused because the record was."""
    for function, result in zip(parcel, results, strict=True):
        if isinstance(function, CreateSupdoc) and not result.ok and not is_there_already(result):
            return result
    return results[-1]
