"""Entering and editing invoices: the one way in, for the form and for everybody else."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.core.files.base import File
from django.db import IntegrityError, transaction

from invoices.errors import InvoiceChangedMeanwhile, InvoiceRefused
from invoices.models import (
    ZERO,
    ApprovalStatus,
    Authorization,
    Document,
    ExportState,
    Invoice,
    InvoiceAuthor,
    InvoiceLine,
    LineDimension,
)
from invoices.services import activity, authors, bookkeeping, documents, money
from invoices.services.belonging import check_header, check_lines
from invoices.services.documents import CheckedFile, check_document
from ledger.minor_units import USUAL, allowance, decimals_of, grouped, is_finer, rounded
from ledger.models import Currency, Dimension, DimensionValue, GLCode, TaxCode
from organization import audit
from organization.folding import fold
from organization.models import AuditAction, Company, Scope, User
from organization.permissions import administration_of, authorization_of
from suppliers.models import Supplier

HEADER_FIELDS = (
    "company",
    "supplier",
    "kind",
    "number",
    "invoice_date",
    "due_date",
    "posting_date",
    "currency",
    "terms",
    "department",
    "po_number",
    "description",
    "net",
    "tax",
    "total",
)
MAX_AMOUNT = Decimal("9999999999999.99")


@dataclass(frozen=True)
class LineData:
    """One line as entered. `tax` is worked out from the tax code when it is None; `decimals` are the currency's."""

    gl_code: GLCode | None = None
    description: str = ""
    quantity: Decimal = Decimal(1)
    unit_price: Decimal = ZERO
    tax_code: TaxCode | None = None
    dimensions: Mapping[Dimension, DimensionValue] = field(default_factory=dict)
    tax: Decimal | None = None
    decimals: int = USUAL

    @property
    def net(self) -> Decimal:
        return rounded(self.quantity * self.unit_price, self.decimals)

    @property
    def tax_amount(self) -> Decimal:
        return proposed_tax(self.net, self.tax_code, self.decimals) if self.tax is None else self.tax


def proposed_tax(net: Decimal, tax_code: TaxCode | None, decimals: int = USUAL) -> Decimal:
    """What the tax code makes of a line, to the currency's minor unit."""
    if tax_code is None or tax_code.is_reverse_charge:
        return ZERO
    return rounded(net * tax_code.rate / 100, decimals)


def create_invoice(
    *,
    company: Company,
    supplier: Supplier | None,
    by: User,
    lines: Sequence[LineData] = (),
    documents: Iterable[File] = (),
    **header: Any,
) -> Invoice:
    """A new draft. Header fields that are left out come from the supplier (currency, terms, due date) and the lines."""
    if supplier is not None:
        header.setdefault("currency", supplier.currency)
        header.setdefault("terms", supplier.terms)
    if header.get("invoice_date") and header.get("terms"):
        header.setdefault("due_date", header["terms"].due_date(header["invoice_date"]))
    header |= {"company": company, "supplier": supplier}
    return save_invoice(by=by, header=header, lines=lines, documents=documents)


def save_invoice(
    *,
    by: User,
    header: Mapping[str, Any],
    lines: Sequence[LineData],
    documents: Iterable[File | CheckedFile] = (),
    removed_documents: Iterable[Document] = (),
    invoice: Invoice | None = None,
    version: int | None = None,
    form_token: str = "",
) -> Invoice:
    """Save a new invoice or an edited one, and return it as a draft.

    `header` holds HEADER_FIELDS; of net, tax and total those that are None or left out are added up from the lines.
    `version` is the one that the editor opened. A new one with the `form_token` of one that this person entered before
    is that one: it is returned as it stands. Raises InvoiceRefused, or InvoiceChangedMeanwhile.
    """
    unknown = set(header) - set(HEADER_FIELDS)
    if unknown:
        raise TypeError(f"Unknown header fields: {sorted(unknown)}")
    # Opening a file takes a moment: no lock is held meanwhile.
    checked = [one if isinstance(one, CheckedFile) else check_document(one) for one in documents]
    payable = _in_minor_units(header, lines)
    try:
        with transaction.atomic():
            existing = invoice or _new(by, form_token)
            return _save(by, dict(header), payable, checked, list(removed_documents), existing, version)
    except (IntegrityError, InvoiceRefused) as error:
        if invoice is None and (saved := saved_by_form(form_token, by=by)) is not None:
            return saved
        if "invoice_number_once_per_supplier" in str(error):
            raise _duplicate(str(header.get("number")), header.get("supplier")) from error
        raise


def saved_by_form(form_token: str, *, by: User) -> Invoice | None:
    """What this person entered with the same form already."""
    return Invoice.objects.filter(created_by=by, form_token=form_token).first() if form_token else None


def _in_minor_units(header: Mapping[str, Any], lines: Sequence[LineData]) -> list[LineData]:
    """The lines in the currency's decimals. Raises InvoiceRefused where an amount that somebody named has more.

    What several units come to is rounded, as the line then shows; a price of one unit is an amount that is named.
    """
    currency = header.get("currency")
    decimals = decimals_of(currency)
    for name in ("net", "tax", "total"):
        _refuse_finer(header.get(name), currency, name)
    for index, line in enumerate(lines):
        _refuse_finer(line.tax, currency, f"lines-{index}-tax")
        if abs(line.quantity) == 1:
            _refuse_finer(line.unit_price, currency, f"lines-{index}-unit_price")
    return [replace(line, decimals=decimals) for line in lines]


def _refuse_finer(amount: Decimal | None, currency: Currency | None, field_name: str) -> None:
    decimals = decimals_of(currency)
    if amount is None or not is_finer(amount, decimals):
        return
    raise InvoiceRefused(
        f"{currency or 'An amount without a currency'} has {allowance(decimals)}: {grouped(amount, currency)} cannot"
        f" be paid. Enter {grouped(rounded(amount, decimals), currency)} if that is what the invoice says.",
        field_name,
    )


def _save(
    by: User,
    header: dict[str, Any],
    lines: list[LineData],
    checked: list[CheckedFile],
    removed: list[Document],
    existing: Invoice,
    version: int | None,
) -> Invoice:
    is_new = existing.pk is None
    invoice = existing if is_new else lock_for_editing(existing, by=by, version=version)
    kept = check_header(invoice, header, by=by)
    check_lines(invoice, header["company"], lines, kept=kept)
    before, was_in = money.figures_of(invoice), invoice.currency
    was_within = _is_within_authorization(invoice, by)
    changed = _assign(invoice, header, lines)
    _refuse_duplicate(invoice)
    was = invoice.approval_status
    invoice.save()
    old, new = _replace_lines(invoice, lines)
    changed |= _line_changes(old, new)
    moved = _change_documents(invoice, checked, removed, by=by)
    if not moved and bookkeeping.keeps_authorization(invoice, changed):
        bookkeeping.correct(invoice, changed, by=by)
        return invoice
    if was != ApprovalStatus.DRAFT:
        _back_to_draft(invoice)
    figures = _note_authors(invoice, before, was_in, old, new, by=by) if not is_new else {}
    if not was_within and _is_within_authorization(invoice, by):
        authors.note(invoice, InvoiceAuthor.Deed.REACH, by=by)
    _record(invoice, is_new, was, changed, moved, figures, by=by)
    return invoice


def _new(by: User, form_token: str) -> Invoice:
    if not administration_of(by).is_any:
        raise InvoiceRefused("You may not enter invoices.")
    return Invoice(account=by.account, created_by=by, version=0, form_token=form_token)


def lock_for_editing(invoice: Invoice, *, by: User, version: int | None = None) -> Invoice:
    """The invoice as it stands, locked until the transaction ends. Raises InvoiceRefused when it must not change."""
    rows = Invoice.objects.administrable_by(by).select_for_update(no_key=True, of=("self",))
    locked = rows.filter(pk=invoice.pk).first()
    if locked is None:
        raise InvoiceRefused("This invoice was discarded meanwhile, or is not yours to edit any more.")
    if locked.is_posted:
        raise InvoiceRefused("This invoice is posted and read-only here. Correct it in the accounting system.")
    if locked.is_leaving:
        raise InvoiceRefused("This invoice is being exported right now. Wait until that has ended, then edit it.")
    if version is not None and version != locked.version:
        raise InvoiceChangedMeanwhile(
            "This invoice was saved elsewhere while you were editing it. Nothing of yours is lost:"
            " compare, then save again."
        )
    return locked


def _assign(invoice: Invoice, header: Mapping[str, Any], lines: Sequence[LineData]) -> bookkeeping.Changes:
    """Returns what a saved invoice said before, and says now, where that differs."""
    sums = {"net": sum((line.net for line in lines), ZERO), "tax": sum((line.tax_amount for line in lines), ZERO)}
    values = dict(header)
    for name in ("net", "tax"):
        values[name] = sums[name] if header.get(name) is None else header[name]
    if header.get("total") is None:
        values["total"] = values["net"] + values["tax"]
    if any(abs(values[name]) > MAX_AMOUNT for name in ("net", "tax", "total")):
        raise InvoiceRefused("This amount is too large.", "total")
    values["number"] = plain_number(header.get("number") or "")
    differs = [name for name, value in values.items() if invoice.pk and getattr(invoice, name) != value]
    then = bookkeeping.said_by(invoice, differs)
    for name, value in values.items():
        setattr(invoice, name, value)
    invoice.version += 1
    now = bookkeeping.said_by(invoice, differs)
    return {name: (then[name], now[name]) for name in differs}


def plain_number(text: str) -> str:
    """Without what a copy from a PDF brings along and nobody sees: with it, the same number would be another."""
    seen = (character for character in unicodedata.normalize("NFC", text) if unicodedata.category(character) != "Cf")
    return " ".join("".join(seen).split())


def _refuse_duplicate(invoice: Invoice) -> None:
    if (other := duplicate_of(invoice)) is not None:
        raise _duplicate(other.number, invoice.supplier)


def duplicate_of(invoice: Invoice) -> Invoice | None:
    """The other invoice of this company with the same supplier and a number that looks the same (see `fold`)."""
    if not (invoice.number and invoice.supplier_id):
        return None
    same = Invoice.objects.filter(
        company_id=invoice.company_id, supplier_id=invoice.supplier_id, number_folded=fold(invoice.number)
    )
    return same.exclude(pk=invoice.pk).first()


def _duplicate(number: str, supplier: Supplier | None) -> InvoiceRefused:
    return InvoiceRefused(f"There already is an invoice {number} of {supplier} in this company.", "number")


def _back_to_draft(invoice: Invoice) -> None:
    """What was authorised or asked about is not this any more."""
    invoice.approval_status = ApprovalStatus.DRAFT
    invoice.export_state = ExportState.NONE
    invoice.authorized_at = invoice.next_approver = invoice.approval_rule = None
    invoice.save()
    waiting = [Authorization.Status.PENDING, Authorization.Status.QUEUED]
    invoice.authorizations.filter(status__in=waiting).update(status=Authorization.Status.DROPPED)


def _line_changes(old: list[InvoiceLine], new: list[InvoiceLine]) -> bookkeeping.Changes:
    if _line_state(old) != _line_state(new):
        return {"lines": (None, None)}
    if _coding(old) == _coding(new):
        return {}
    ids = {one.value_id for line in (*old, *new) for one in line.dimensions.all()}
    values = DimensionValue.objects.select_related("dimension").in_bulk(ids)
    return {"dimensions": (_dimensions_said(old, values), _dimensions_said(new, values))}


def _dimensions_said(lines: Iterable[InvoiceLine], values: Mapping[int, DimensionValue]) -> str | None:
    """Line by line: "1: Project P-114, Class 20; 2: Project P-120"."""
    said = []
    for line in lines:
        carried = [values[one.value_id] for one in line.dimensions.all()]
        names = [f"{value.dimension.name} {value.code}" for value in carried]
        said += [f"{line.position}: {', '.join(names)}"] if names else []
    return "; ".join(said) or None


def _line_state(lines: Iterable[InvoiceLine]) -> list[tuple[Any, ...]]:
    """All but the dimensions."""
    return [
        (line.gl_code_id, line.description, line.quantity, line.unit_price, line.tax_code_id, line.tax)
        for line in lines
    ]


def _coding(lines: Iterable[InvoiceLine]) -> list[tuple[Any, ...]]:
    """GL code and dimensions of each line."""
    return [
        (line.gl_code_id, sorted((one.dimension_id, one.value_id) for one in line.dimensions.all())) for line in lines
    ]


def _note_authors(
    invoice: Invoice,
    before: money.Figures,
    was_in: Currency | None,
    old: list[InvoiceLine],
    new: list[InvoiceLine],
    *,
    by: User,
) -> money.Changes:
    """Whoever changed what is paid, or where it is booked, does not authorise it. Returns the change of money."""
    figures = money.changes(
        before | money.lines_of(old, was_in), money.figures_of(invoice) | money.lines_of(new, invoice.currency)
    )
    if figures:
        authors.note(invoice, InvoiceAuthor.Deed.MONEY, by=by)
    counts_coding = by.account is not None and by.account.coding_makes_author
    if counts_coding and _coding(old) != _coding(new):
        authors.note(invoice, InvoiceAuthor.Deed.CODING, by=by)
    return figures


def _is_within_authorization(invoice: Invoice, by: User) -> bool:
    """Whoever edits an invoice until it is (its department, say, or the date of its rate) is an author, too."""
    grant = authorization_of(by)
    if not invoice.pk or (grant.scope == Scope.ALL and grant.limit is None):
        return True
    return Invoice.objects.within_authorization_of(by).filter(pk=invoice.pk).exists()


def _replace_lines(invoice: Invoice, lines: Sequence[LineData]) -> tuple[list[InvoiceLine], list[InvoiceLine]]:
    """Three statements however many lines there are. Returns the lines as they were, and as they are."""
    before = list(invoice.lines.prefetch_related("dimensions"))
    invoice.lines.all().delete()
    made = InvoiceLine.objects.bulk_create(
        InvoiceLine(
            invoice=invoice,
            position=position,
            gl_code=line.gl_code,
            description=line.description,
            quantity=line.quantity,
            unit_price=line.unit_price,
            net=line.net,
            tax_code=line.tax_code,
            tax=line.tax_amount,
        )
        for position, line in enumerate(lines, start=1)
    )
    LineDimension.objects.bulk_create(
        LineDimension(line=row, dimension=dimension, value=value)
        for row, line in zip(made, lines, strict=True)
        for dimension, value in line.dimensions.items()
    )
    return before, list(invoice.lines.prefetch_related("dimensions"))


def _change_documents(invoice: Invoice, checked: list[CheckedFile], removed: list[Document], *, by: User) -> list[str]:
    changed = []
    leaving = list(invoice.documents.filter(pk__in=[one.pk for one in removed]))
    documents.delete_files_after_commit(leaving)
    for document in leaving:
        document.delete()
        changed.append(f"removed {document.name}")
    for upload in checked:
        documents.attach(invoice, upload, by=by)
        changed.append(f"attached {upload.name}")
    if changed:
        invoice.has_documents = invoice.documents.exists()
        Invoice.objects.filter(pk=invoice.pk).update(has_documents=invoice.has_documents)
    return changed


def _record(
    invoice: Invoice,
    is_new: bool,
    was: str,
    changed: bookkeeping.Changes,
    moved: list[str],
    figures: money.Changes,
    *,
    by: User,
) -> None:
    """`moved`: what became of documents."""
    if is_new:
        activity.record(invoice, by=by, kind="entered", text="Entered.")
        return
    names = [bookkeeping.label_of(name) for name in changed] + moved
    what = f"Edited: {', '.join(names)}." if names else "Saved without a change."
    if figures:
        what += f" {money.sentence(figures)}"
        audit.record(AuditAction.INVOICE_CHANGED, account=by.account, target=invoice, changes=figures, actor=by)
    if was == ApprovalStatus.AUTHORIZED:
        what += " This dropped the authorisation."
    elif was == ApprovalStatus.WAITING:
        what += " This took it back from those who were asked to authorise it."
    activity.record(invoice, by=by, kind="edited", text=what, changes=changed)
