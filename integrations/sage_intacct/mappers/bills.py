"""An invoice as a Sage Intacct bill. Pure: whatever needs a database comes in with the context."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import PurePath

from integrations.errors import RecordError
from integrations.sage_intacct.client import APBill, APBillLine, TaxEntry
from integrations.sage_intacct.client.records import BillAction
from integrations.sage_intacct.mappers.dimensions import STANDARD
from invoices.models import ZERO, Document, Invoice, InvoiceLine
from ledger.minor_units import grouped, is_finer, rounded

USER_DEFINED_PREFIX = "gldim"
DAILY_RATE = "Intacct Daily Rate"
DESCRIPTION_LENGTH = 1000
FILE_NAME_LENGTH = 80
ATTACHMENT_ID_LENGTH = 20
DECIMALS = 2
TOO_FINE_ADVICE = "Agree with the supplier on amounts of two decimals, or enter the invoice in Sage Intacct by hand."


@dataclass(frozen=True)
class BillContext:
    """What a bill needs beyond the invoice. `tax_details`: our tax code's id to the tax detail's ID there."""

    portal_url: str
    entity_id: str = ""
    base_currency: str = ""
    is_multi_currency: bool = False
    action: BillAction = "Submit"
    tax_details: Mapping[int, str] = field(default_factory=dict)


def bill_from_invoice(invoice: Invoice, context: BillContext, *, attachment_id: str = "") -> APBill:
    """The bill whose total equals the invoice's to the cent. Raises RecordError when it would not."""
    if invoice.supplier is None or invoice.invoice_date is None or invoice.currency is None:
        raise RecordError(
            "The supplier, the invoice date or the currency is missing.",
            advice="Complete the invoice.",
            code="incomplete",
        )
    lines = tuple(bill_lines(list(invoice.lines.all()), context))
    if finer := amounts_too_fine(invoice):
        raise RecordError(
            f"Sage Intacct keeps {DECIMALS} decimals of an amount; {finer[0]} has more.",
            advice=TOO_FINE_ADVICE,
            code="amount_too_fine",
        )
    total = bill_total(lines)
    if total != invoice.total:
        raise RecordError(
            f"The bill would come to {grouped(total, invoice.currency)}"
            f" although the invoice says {grouped(invoice.total, invoice.currency)}.",
            advice="Correct the amounts so that the lines add up to the total, have it approved again, then export it.",
            code="total_differs",
        )
    currency = invoice.currency.code
    needs_rate = context.is_multi_currency and bool(context.base_currency) and currency != context.base_currency
    return APBill(
        vendor_id=invoice.supplier.code,
        record_id=bill_number(invoice.number),
        when_created=invoice.invoice_date,
        when_due=invoice.due_date or invoice.invoice_date,
        when_posted=invoice.posting_date,
        term_name=invoice.terms.name if invoice.terms else None,
        doc_number=invoice.po_number or None,
        description=description_of(invoice, context.portal_url),
        currency=currency if context.is_multi_currency else None,
        base_currency=(context.base_currency or None) if context.is_multi_currency else None,
        exch_rate_date=(invoice.posting_date or invoice.invoice_date) if needs_rate else None,
        exch_rate_type_id=DAILY_RATE if needs_rate else None,
        supdoc_id=attachment_id or None,
        action=context.action,
        lines=lines,
    )


def bill_number(number: str) -> str:
    """As the bill carries it: without spaces that either side might trim, so that it is found again."""
    return " ".join(number.split())


def link_to(invoice: Invoice, portal_url: str) -> str:
    """The invoice's address here. On a bill it is our mark."""
    return f"{portal_url}{invoice.get_absolute_url()}"


def description_of(invoice: Invoice, portal_url: str) -> str:
    """The description, shortened where it must be, and always the whole link."""
    link = link_to(invoice, portal_url)
    text = " ".join(invoice.description.split())[: DESCRIPTION_LENGTH - len(link) - 1]
    return f"{text} {link}".strip()


def is_marked(description: str, invoice: Invoice, portal_url: str) -> bool:
    """Whether a bill's description ends with the invoice's mark as a word of its own.

    Before it stands what a person typed, perhaps the link of another invoice; behind it nobody can type anything here.
    """
    return description.split()[-1:] == [link_to(invoice, portal_url)]


def bill_lines(lines: Sequence[InvoiceLine], context: BillContext) -> Iterator[APBillLine]:
    """Tax goes out as the tax code's tax detail; else to the tax code's GL code; else with its line."""
    for line in lines:
        yield _line(line, context)
        if line.tax and _tax_account(line, context):
            yield _tax_line(line, context)


def bill_total(lines: Iterable[APBillLine]) -> Decimal:
    """What the bill comes to: nets and the tax entries beside them."""
    total = ZERO
    for line in lines:
        total += (line.trx_amount or ZERO) + sum((entry.trx_tax or ZERO for entry in line.tax_entries), ZERO)
    return total


def amounts_too_fine(invoice: Invoice) -> list[str]:
    """What would be rounded there, as "net of line 1 (KWD 12.345)"; dinars and other currencies of 3 or 4 decimals."""
    return [
        f"{name} of line {line.position} ({invoice.currency} {grouped(amount, invoice.currency)})"
        for line in invoice.lines.all()
        for name, amount in (("net", line.net), ("tax", line.tax))
        if is_finer(amount, DECIMALS)
    ]


def _sent(amount: Decimal) -> Decimal:
    """Without zeros that stand for decimals which nobody there keeps."""
    return amount if is_finer(amount, DECIMALS) else rounded(amount, DECIMALS)


def _line(line: InvoiceLine, context: BillContext) -> APBillLine:
    detail = _tax_detail(line, context)
    is_within = not detail and not _tax_account(line, context)
    dimensions = _dimensions(line)
    return APBillLine(
        account_no=line.gl_code.code if line.gl_code else None,
        trx_amount=_sent(line.net + (line.tax if is_within else ZERO)),
        description=line.description or None,
        location_id=dimensions.pop("LOCATIONID", None) or context.entity_id or None,
        dimensions=dimensions,
        tax_entries=(TaxEntry(detail, _sent(line.tax)),) if detail else (),
    )


def _tax_line(line: InvoiceLine, context: BillContext) -> APBillLine:
    dimensions = _dimensions(line)
    what = f"{line.tax_code}: {line.description}" if line.description else str(line.tax_code)
    return APBillLine(
        account_no=_tax_account(line, context),
        trx_amount=_sent(line.tax),
        description=what[:400],
        location_id=dimensions.pop("LOCATIONID", None) or context.entity_id or None,
        dimensions=dimensions,
    )


def _tax_detail(line: InvoiceLine, context: BillContext) -> str:
    """Sage Intacct itself works out a reverse charge; a detail with an amount of zero would override that."""
    if line.tax_code is None or line.tax_code.is_reverse_charge:
        return ""
    return context.tax_details.get(line.tax_code.pk, "")


def _tax_account(line: InvoiceLine, context: BillContext) -> str:
    if line.tax_code is None or line.tax_code.gl_code is None or _tax_detail(line, context):
        return ""
    return line.tax_code.gl_code.code


def _dimensions(line: InvoiceLine) -> dict[str, str]:
    return {line_field(each.dimension.key, each.dimension.name): each.value.code for each in line.dimensions.all()}


def is_known_dimension(key: str) -> bool:
    return key in STANDARD or key.startswith(USER_DEFINED_PREFIX)


def line_field(key: str, name: str) -> str:
    """The field of a bill's line for a dimension of ours. Raises RecordError for one not known there."""
    if key in STANDARD:
        return STANDARD[key].line_field
    if is_known_dimension(key):
        return key.upper()
    raise RecordError(
        f"The dimension {name} is not known to Sage Intacct.",
        advice="Take it off the lines of this invoice.",
        code="dimension_unknown",
    )


def attachment_id(item_uid: uuid.UUID, documents: Iterable[Document]) -> str:
    """The same for the same documents of the same export, so such a record is ours and complete; "" without any."""
    hashes = [f"{document.name}:{document.sha256}" for document in documents]
    if not hashes:
        return ""
    digest = hashlib.sha256("\n".join([str(item_uid), *hashes]).encode()).hexdigest()
    return f"PL-{digest}"[:ATTACHMENT_ID_LENGTH].upper()


def attachment_names(documents: Iterable[Document]) -> list[tuple[str, str]]:
    """(name without extension, extension) of each document; names that collide get a number."""
    taken: set[str] = set()
    names = []
    for document in documents:
        path = PurePath(document.name)
        stem = _plain(path.stem)
        name, number = stem, 2
        while name.casefold() in taken:
            name, number = f"{stem} ({number})", number + 1
        taken.add(name.casefold())
        names.append((name, _extension(path)))
    return names


def _plain(stem: str) -> str:
    """Sage Intacct takes no dot in a name; control and other unprintable characters would break the request."""
    kept = "".join(character if character.isprintable() and character not in "<>&\"'." else "_" for character in stem)
    return kept.strip()[:FILE_NAME_LENGTH] or "document"


def _extension(path: PurePath) -> str:
    kept = "".join(character for character in path.suffix.lower() if character.isascii() and character.isalnum())
    return kept[:10] or "bin"
