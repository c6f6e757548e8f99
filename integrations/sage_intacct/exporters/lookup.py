"""Finding the bills that stand in Sage Intacct under given vendors and numbers, and telling ours from others'."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings

from integrations.errors import RecordError
from integrations.models import ExportItem
from integrations.sage_intacct.classification.texts import dates_in
from integrations.sage_intacct.client import Client, Query
from integrations.sage_intacct.client.filters import Filter, and_, eq, in_, or_
from integrations.sage_intacct.client.values import parse_decimal
from integrations.sage_intacct.mappers.bills import bill_number, is_marked
from integrations.sage_intacct.record_links import record_link
from invoices.models import ZERO, Invoice
from ledger.minor_units import grouped
from organization.folding import fold
from organization.spelling import day_in_words

FIELDS = (
    "RECORDNO",
    "RECORDID",
    "VENDORID",
    "SUPDOCID",
    "DESCRIPTION",
    "TRX_TOTALENTERED",
    "CURRENCY",
    "WHENCREATED",
    "STATE",
    "RECORD_URL",
)
# A reversed bill is void; its number may be used again.
VOID_STATES = ("Reversed", "Reversal")
Key = tuple[str, str]


@dataclass(frozen=True)
class StandingBill:
    """`total` is in the bill's own currency; `made_on` as Sage Intacct shows it."""

    record_no: str
    vendor_id: str
    number: str
    supdoc_id: str
    description: str
    total: Decimal
    currency: str
    made_on: str
    state: str
    url: str

    @classmethod
    def from_record(cls, record: Mapping[str, str]) -> StandingBill:
        return cls(
            record_no=record["RECORDNO"],
            vendor_id=record["VENDORID"],
            number=record["RECORDID"],
            supdoc_id=record.get("SUPDOCID", ""),
            description=record.get("DESCRIPTION", ""),
            total=parse_decimal(record.get("TRX_TOTALENTERED", "")) or ZERO,
            currency=record.get("CURRENCY", ""),
            made_on=record.get("WHENCREATED", ""),
            state=record.get("STATE", ""),
            url=record_link(record.get("RECORD_URL", "")),
        )

    def is_of(self, item: ExportItem, invoice: Invoice) -> bool:
        """Whether it carries our mark: the attachment record that we made for it, or the link back."""
        has_attachment = bool(item.attachment_id) and self.supdoc_id == item.attachment_id
        return has_attachment or is_marked(self.description, invoice, settings.PORTAL_URL)

    @property
    def in_words(self) -> str:
        """ "record 1001 for GBP 1,234.50, dated 31 January 2030"; the date unmistakable on both sides of the ocean."""
        made = next((day_in_words(day) for _, day in dates_in(self.made_on)), self.made_on)
        return f"record {self.record_no} for {self.currency} {grouped(self.total, self.currency)}, dated {made}"

    def agrees_with(self, invoice: Invoice) -> bool:
        currency = invoice.currency.code if invoice.currency else ""
        return self.total == invoice.total and self.currency in ("", currency)

    def is_as(self, invoice: Invoice) -> bool:
        return self.key == key_of(invoice) and self.agrees_with(invoice)

    @property
    def key(self) -> Key:
        return make_key(self.vendor_id, self.number)


@dataclass(frozen=True)
class Standing:
    """The bills that stand there under the vendors and numbers of some invoices."""

    bills: Sequence[StandingBill]

    def own(self, item: ExportItem, invoice: Invoice) -> StandingBill | None:
        """The one that carries our mark, though its number was changed here or its vendor there."""
        return next((bill for bill in self.bills if bill.is_of(item, invoice)), None)

    def other(self, invoice: Invoice) -> StandingBill | None:
        """One under the invoice's vendor and number, whoever made it."""
        return next((bill for bill in self.bills if bill.key == key_of(invoice)), None)


def key_of(invoice: Invoice) -> Key:
    return make_key(invoice.supplier.code if invoice.supplier else "", invoice.number)


def make_key(vendor_id: str, number: str) -> Key:
    return vendor_id.strip().casefold(), fold(number)


def find_bills(client: Client, pairs: Sequence[tuple[ExportItem, Invoice]]) -> Standing:
    """In one query for all of these. Raises IntacctError.

    What was sent before is looked for by its numbers alone, then and now, for the supplier may have another code here
    than when it was sent. Each number is asked for as it was typed and as `fold` writes it: the bill of somebody who
    typed the other kind of dash must be found, too.
    """
    fresh = [invoice for item, invoice in pairs if not item.sent_number]
    vendors = {invoice.supplier.code for invoice in fresh if invoice.supplier}
    numbers = _spellings(invoice.number for invoice in fresh if invoice.number)
    sent = _spellings(number for item, one in pairs if item.sent_number for number in (item.sent_number, one.number))
    chosen: list[Filter] = [in_("RECORDID", sorted(sent))] if sent else []
    if vendors and numbers:
        chosen.append(and_(in_("VENDORID", sorted(vendors)), in_("RECORDID", sorted(numbers))))
    bills = _bills(client, or_(*chosen)) if chosen else ()
    return Standing([bill for bill in bills if bill.state not in VOID_STATES])


def _spellings(numbers: Iterable[str]) -> set[str]:
    return {spelling for number in numbers for spelling in (bill_number(number), fold(number))}


def find_bill(client: Client, record_no: str) -> StandingBill | None:
    return next(iter(_bills(client, eq("RECORDNO", record_no))), None)


def _bills(client: Client, chosen: Filter) -> Iterable[StandingBill]:
    for page in client.query_pages(Query("APBILL", FIELDS, filter=chosen, case_insensitive=True)):
        yield from map(StandingBill.from_record, page.records)


def bill_exists(bill: StandingBill, invoice: Invoice) -> RecordError:
    """A bill under this vendor and number that does not carry our mark."""
    code, advice = (
        ("bill_exists", "If it is this invoice, press Link to this bill. Otherwise change the invoice number.")
        if bill.agrees_with(invoice)
        else (
            "other_bill_exists",
            "If the number is mistyped, change it here. If it is this invoice, correct the bill there, then try again.",
        )
    )
    return RecordError(
        f"Sage Intacct holds a bill {bill.number} of this supplier already: {bill.in_words}. Planergy did not make it.",
        advice=advice,
        code=code,
        raw=f"RECORDNO {bill.record_no}",
    )


def bill_differs(bill: StandingBill, invoice: Invoice) -> RecordError:
    """A bill that we made for this invoice, before it was changed here or there."""
    supplier = invoice.supplier.code if invoice.supplier else ""
    return RecordError(
        f"Sage Intacct holds a bill of this invoice already, but another: number {bill.number} of {bill.vendor_id}, "
        f"{bill.in_words}. The invoice says number {invoice.number} of {supplier}, {invoice.currency} "
        f"{grouped(invoice.total, invoice.currency)}.",
        advice="Reverse or correct that bill in Sage Intacct, then try again.",
        code="bill_differs",
        raw=f"RECORDNO {bill.record_no}",
    )


def difference(bill: StandingBill, invoice: Invoice) -> str:
    """What a person should know of our own bill, "" when it is as it was sent."""
    if bill.agrees_with(invoice):
        return ""
    return (
        f"The bill was found in Sage Intacct as {bill.in_words}, where the invoice says {invoice.currency} "
        f"{grouped(invoice.total, invoice.currency)}: somebody changed it there. Compare the two."
    )
