"""Near twins: invoices that are probably one, entered twice. Before submitting, a person says why they are two."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, QuerySet

from invoices.errors import InvoiceRefused
from invoices.models import Document, ExplainedTwin, Invoice
from invoices.numbers import without_punctuation, without_zeros
from invoices.services import activity, inks
from ledger.minor_units import decimals_of
from organization.folding import bare, fold
from organization.models import User
from suppliers.models import Supplier

WINDOW = dt.timedelta(days=7)
NAMED = 5
# What a supplier bills again and again says nothing: a total outside the window, a file on other invoices.
HABIT = 3
MOST_IN_WINDOW = 400
REASON_LENGTH = 400


@dataclass(frozen=True)
class Twin:
    """`likeness` finishes the sentence "Much like INV-1: …"."""

    invoice: Invoice
    likeness: str


class TwinSuspected(InvoiceRefused):
    """It looks like another invoice, and nobody has said yet why it is not."""

    def __init__(self, twins: list[Twin]) -> None:
        names = ", ".join(f"{twin.invoice.number or twin.invoice} ({twin.likeness})" for twin in twins)
        self.twins, self.likenesses = twins, f"It is much like {names}."
        super().__init__(f"{self.likenesses} If it is another invoice, say why, then submit it.", "twin_reason")


def explain(invoice: Invoice, *, by: User, reason: str) -> None:
    """Take `reason` for every twin that nobody has explained yet. Raises TwinSuspected without one."""
    twins = unexplained_twins(invoice)
    words = " ".join(reason.replace("\x00", "").split())[:REASON_LENGTH]
    if twins and not words:
        raise TwinSuspected(twins)
    for twin in twins:
        ExplainedTwin.objects.create(
            invoice=invoice, twin=twin.invoice, likeness=twin.likeness[:200], reason=words, by=by
        )
        text = f"Much like {twin.invoice} ({twin.likeness}), but another one: {words}"
        activity.record(invoice, by=by, kind="twin_explained", text=text)


def unexplained_twins(invoice: Invoice) -> list[Twin]:
    """Those of `find_twins` that nobody has explained, whichever of the two came first."""
    twins = find_twins(invoice)
    if not twins or invoice.pk is None:
        return twins
    pairs = ExplainedTwin.objects.filter(Q(invoice=invoice) | Q(twin=invoice)).values_list("invoice_id", "twin_id")
    known = {pk for pair in pairs for pk in pair}
    return [twin for twin in twins if twin.invoice.pk not in known]


def find_twins(invoice: Invoice) -> list[Twin]:
    """The most telling likeness of each of the first NAMED invoices that this one may be."""
    found: dict[int, Twin] = {}
    for twin in _candidates(invoice):
        found.setdefault(twin.invoice.pk, twin)
    return list(found.values())[:NAMED]


def _candidates(invoice: Invoice) -> Iterator[Twin]:
    yield from _by_file(invoice)
    if invoice.supplier is None:
        return
    others = _of_kin(invoice, invoice.supplier)
    yield from _by_page(invoice, others)
    yield from _by_number(invoice, others)
    if invoice.invoice_date and invoice.total:
        yield from _by_amount(invoice, invoice.invoice_date, others)


def first_of_number(invoice: Invoice) -> Twin | None:
    """For while somebody types: the newest invoice whose number this may be a slip of."""
    if invoice.supplier is None:
        return None
    return next(_by_number(invoice, _of_kin(invoice, invoice.supplier)), None)


def _of_kin(invoice: Invoice, supplier: Supplier) -> QuerySet[Invoice]:
    suppliers = list(kin_of(supplier).values_list("pk", flat=True))
    others = Invoice.objects.filter(supplier__in=suppliers, kind=invoice.kind).exclude(pk=invoice.pk)
    return others.select_related("supplier", "company")


def kin_of(supplier: Supplier) -> QuerySet[Supplier]:
    """This supplier and those of the account that are the same by name or tax number, in any company."""
    same = Q(name_folded=fold(supplier.name))
    if tax_id := bare(supplier.tax_id):
        same |= Q(tax_id_bare=tax_id)
    account_id = supplier.company.account_id
    return Supplier.objects.filter(same | Q(pk=supplier.pk), company__account=account_id)


def _by_file(invoice: Invoice) -> Iterator[Twin]:
    """The same file elsewhere. One that hangs on many invoices (terms and conditions, say) tells nothing."""
    if invoice.pk is None:
        return
    for digest in set(invoice.documents.values_list("sha256", flat=True)):
        rows = Document.objects.filter(sha256=digest, invoice__account=invoice.account_id)
        rows = rows.exclude(invoice=invoice).select_related("invoice__supplier", "invoice__company")
        same = list({row.invoice_id: row for row in rows[: HABIT + 1]}.values())
        if len(same) <= HABIT:
            yield from (Twin(row.invoice, f"the same file “{row.name}”") for row in same)


def _by_page(invoice: Invoice, others: QuerySet[Invoice]) -> Iterator[Twin]:
    """The same page, printed and scanned once more. A page that many invoices have tells nothing."""
    if invoice.pk is None:
        return
    for documents in inks.scans_of(invoice, others):
        if len({document.invoice_id for document in documents}) <= HABIT:
            for document in documents:
                yield Twin(document.invoice, f"the same page as “{document.name}”, scanned once more")


def tell_of_late_scans(invoice: Invoice) -> None:
    """For an invoice that was submitted before its pages were compared: its approver reads of it."""
    if invoice.supplier is None:
        return
    same = {twin.invoice.pk for twin in _by_page(invoice, _of_kin(invoice, invoice.supplier))}
    for twin in unexplained_twins(invoice):
        text = f"Much like {twin.invoice}: {twin.likeness}"
        if twin.invoice.pk in same and not invoice.activities.filter(kind="twin_found", text=text).exists():
            activity.record(invoice, by=None, kind="twin_found", text=text)


def _by_number(invoice: Invoice, others: QuerySet[Invoice]) -> Iterator[Twin]:
    if not invoice.number:
        return
    alike = Q(number_without_zeros=without_zeros(invoice.number)) | Q(
        number_without_punctuation=without_punctuation(invoice.number)
    )
    for other in others.filter(alike).order_by("-pk")[:NAMED]:
        is_same = fold(other.number) == fold(invoice.number)
        yield Twin(other, f"{'the same' if is_same else 'a similar'} number{_of_whom(invoice, other)}")


def _of_whom(invoice: Invoice, other: Invoice) -> str:
    if other.supplier_id == invoice.supplier_id:
        return ""
    return f" of {other.supplier} in {other.company}"


def _by_amount(invoice: Invoice, day: dt.date, others: QuerySet[Invoice]) -> Iterator[Twin]:
    window = (day - WINDOW, day + WINDOW)
    others = others.filter(currency=invoice.currency_id)
    nearby = list(others.filter(invoice_date__range=window).order_by("-pk")[:MOST_IN_WINDOW])
    outside = others.exclude(invoice_date__range=window)
    for other, likeness in _alike_in_amount(invoice, nearby):
        if not _is_habit(outside, {invoice.total, other.total}):
            days = abs((other.invoice_date - day).days) if other.invoice_date else 0
            apart = f"{days} day{'s' if days > 1 else ''} apart" if days else "on the same day"
            yield Twin(other, f"{likeness} {apart}{_of_whom(invoice, other)}")


def _alike_in_amount(invoice: Invoice, nearby: list[Invoice]) -> Iterator[tuple[Invoice, str]]:
    for other in nearby:
        if other.total == invoice.total:
            yield other, "the same total"
        elif invoice.total == other.net or other.total == invoice.net:
            yield other, "the total of one is the net amount of the other"
    for other in _halves(invoice, nearby):
        yield other, "one is half of the other"


def _is_habit(outside: QuerySet[Invoice], totals: Iterable[Decimal]) -> bool:
    return any(outside.filter(total=total).order_by()[:HABIT].count() >= HABIT for total in totals)


def _halves(invoice: Invoice, nearby: list[Invoice]) -> Iterator[Invoice]:
    """The whole and its other half where this is a half; both halves where this is the whole."""
    unit = Decimal(1).scaleb(-decimals_of(invoice.currency))
    halves = [other for other in nearby if _is_half(other.total, invoice.total, unit)]
    if len(halves) == 2:
        yield from halves
    wholes = [other for other in nearby if _is_half(invoice.total, other.total, unit)]
    if len(wholes) == 1:
        other_halves = [other for other in nearby if _is_half(other.total, wholes[0].total, unit)]
        yield from [*wholes, *other_halves] if other_halves else []


def _is_half(part: Decimal, whole: Decimal, unit: Decimal) -> bool:
    """To the minor unit of the currency, `unit`: an odd amount has no equal halves."""
    return abs(part * 2 - whole) <= unit < part
