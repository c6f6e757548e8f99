"""Whether what an invoice names belongs to its company and may still be chosen. Forged ids end here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from invoices.errors import InvoiceRefused
from invoices.models import Invoice, LineDimension
from ledger.models import Dimension, DimensionValue, GLCode, TaxCode
from organization.models import Company, User
from organization.permissions import companies_of

if TYPE_CHECKING:
    from invoices.services.entry import LineData


@dataclass(frozen=True)
class Kept:
    """What the saved invoice already names: it may stay although it has been archived since."""

    header: frozenset[tuple[str, int]] = frozenset()
    gl_codes: frozenset[int] = frozenset()
    tax_codes: frozenset[int] = frozenset()
    values: frozenset[int] = frozenset()


def kept_by(invoice: Invoice) -> Kept:
    if not invoice.pk:
        return Kept()
    lines = list(invoice.lines.values_list("gl_code", "tax_code"))
    names = ("supplier", "currency", "terms", "department", "company")
    return Kept(
        header=frozenset((name, getattr(invoice, f"{name}_id")) for name in names),
        gl_codes=frozenset(gl_code for gl_code, _ in lines),
        tax_codes=frozenset(tax_code for _, tax_code in lines),
        values=frozenset(LineDimension.objects.filter(line__invoice=invoice).values_list("value", flat=True)),
    )


def check_header(invoice: Invoice, header: Mapping[str, Any], *, by: User) -> Kept:
    """Raises InvoiceRefused. Returns what may stay although archived."""
    kept = kept_by(invoice)
    company = header["company"]
    is_kept = ("company", company.pk) in kept.header and company.account_id == by.account_id
    if not (is_kept or companies_of(by).filter(pk=company.pk).exists()):
        raise InvoiceRefused("Choose one of your companies.", "company")
    supplier = header.get("supplier")
    if supplier is not None and supplier.company_id != company.pk:
        raise InvoiceRefused("Choose a supplier of this company.", "supplier")
    for name in ("currency", "terms", "department"):
        chosen = header.get(name)
        if chosen is not None and chosen.account_id != company.account_id:
            raise InvoiceRefused(f"Choose {name} of your own account.", name)
    for name in ("supplier", "currency", "terms", "department"):
        chosen = header.get(name)
        if chosen is not None and not chosen.is_active and (name, chosen.pk) not in kept.header:
            raise InvoiceRefused(f"“{chosen}” is archived and cannot be chosen any more.", name)
    return kept


def check_lines(invoice: Invoice, company: Company, lines: Sequence[LineData], *, kept: Kept) -> None:
    for index, line in enumerate(lines):
        field = f"lines-{index}"
        if line.gl_code is not None:
            _check_gl_code(line.gl_code, company, kept, f"{field}-gl_code")
        if line.tax_code is not None:
            _check_tax_code(line.tax_code, company, kept, f"{field}-tax_code")
        for dimension, value in line.dimensions.items():
            _check_value(dimension, value, line.dimensions, company, kept, f"{field}-dimension_{dimension.pk}")


def _check_gl_code(gl_code: GLCode, company: Company, kept: Kept, field: str) -> None:
    if gl_code.company_id != company.pk:
        raise InvoiceRefused(f"GL code {gl_code.code} belongs to another company.", field)
    if gl_code.pk in kept.gl_codes:
        return
    if not gl_code.is_active:
        raise InvoiceRefused(f"GL code {gl_code.code} is archived and cannot be chosen any more.", field)
    if not gl_code.is_usable_on_invoices:
        reason = f": {gl_code.unusable_reason}" if gl_code.unusable_reason else "."
        raise InvoiceRefused(f"GL code {gl_code.code} cannot be used on invoices{reason}", field)


def _check_tax_code(tax_code: TaxCode, company: Company, kept: Kept, field: str) -> None:
    if tax_code.account_id != company.account_id or tax_code.company_id not in (None, company.pk):
        raise InvoiceRefused(f"Tax code {tax_code.code} belongs to another company.", field)
    if not tax_code.is_active and tax_code.pk not in kept.tax_codes:
        raise InvoiceRefused(f"Tax code {tax_code.code} is archived and cannot be chosen any more.", field)


def _check_value(
    dimension: Dimension,
    value: DimensionValue,
    chosen: Mapping[Dimension, DimensionValue],
    company: Company,
    kept: Kept,
    field: str,
) -> None:
    is_ours = dimension.account_id == company.account_id and value.dimension_id == dimension.pk
    if not is_ours or value.company_id not in (None, company.pk):
        raise InvoiceRefused(f"This {dimension.name} belongs to another company.", field)
    if not value.is_active and value.pk not in kept.values:
        raise InvoiceRefused(f"{dimension.name} {value.code} is archived and cannot be chosen any more.", field)
    if value.scope_id and value.scope_id not in {other.pk for other in chosen.values()}:
        owner = value.scope
        raise InvoiceRefused(f"{dimension.name} {value.code} is only chosen together with {owner}.", field)
