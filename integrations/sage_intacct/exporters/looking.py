"""Looking up what perhaps was sent: it stands with our mark, somebody else's stands, or it is not there (yet)."""

from __future__ import annotations

from integrations.models import Attempt, ExportItem, FailureKind
from integrations.sage_intacct.exporters import lookup
from integrations.sage_intacct.exporters.batch import Batch, Outcome
from integrations.services import outbox
from integrations.services.outbox import Failure, Settlement


class LookUp(Batch):
    def go(self) -> None:
        self.load_invoices()
        self.connect()
        standing = self.find_standing()
        self.settle([self._settlement(item, standing) for item in self.pending.values()])

    def _settlement(self, item: ExportItem, standing: lookup.Standing) -> Settlement:
        invoice = self.invoices[item.invoice_id]
        own, other = standing.own(item, invoice), standing.other(invoice)
        if own is not None:
            return self.found(item, own)
        if other is not None and item.lookups_count + 1 >= len(outbox.LOOKUP_WAITS):
            failure = Failure.from_error(lookup.bill_exists(other, invoice))
            return Settlement(item, Outcome.REFUSED, failure, exchange=self.exchange)
        return Settlement(item, Outcome.NOT_FOUND, NOT_THERE_YET, exchange=self.exchange)

    def _broken_result(self, item: ExportItem) -> Attempt.Result:
        """Nothing was learnt: it stays unknown."""
        return Outcome.UNKNOWN


NOT_THERE_YET = Failure(
    FailureKind.UNKNOWN,
    "not_there_yet",
    "No answer came back when this invoice was sent, and its bill is not in Sage Intacct so far.",
    "It is looked for until no request can be under way there any more, then it is sent again; you need not do "
    "anything.",
)
