"""Choosing by typing: what a picker offers, and which row a typed text means. No ids travel, so none can be forged."""

from __future__ import annotations

from django.db.models import Q

from invoices.models import Invoice
from invoices.services.belonging import kept_by
from ledger.models import Dimension, DimensionValue, GLCode, TaxCode
from organization.models import Company, User
from organization.reference.choices import Choices, certain, choose, label
from suppliers.models import Supplier

__all__ = ["Choices", "certain", "choose", "label"]


def suppliers(user: User, company: Company, invoice: Invoice | None = None) -> Choices:
    kept = {invoice.supplier_id} if invoice else set()
    rows = Supplier.objects.for_user(user).filter(Q(is_active=True) | Q(pk__in=kept), company=company)
    return Choices(rows.select_related("currency", "terms", "default_gl_code"))


def gl_codes(company: Company, invoice: Invoice | None = None) -> Choices:
    usable = Q(is_active=True, is_usable_on_invoices=True)
    kept = kept_by(invoice).gl_codes if invoice else frozenset()
    return Choices(GLCode.objects.filter(usable | Q(pk__in=kept), company=company))


def tax_codes(company: Company, invoice: Invoice | None = None) -> Choices:
    kept = kept_by(invoice).tax_codes if invoice else frozenset()
    rows = TaxCode.objects.filter(Q(company=None) | Q(company=company), account=company.account_id)
    return Choices(rows.filter(Q(is_active=True) | Q(pk__in=kept)), name_field="description")


def dimension_values(dimension: Dimension, company: Company, invoice: Invoice | None = None) -> Choices:
    kept = kept_by(invoice).values if invoice else frozenset()
    rows = DimensionValue.objects.filter(Q(company=None) | Q(company=company), dimension=dimension)
    return Choices(rows.filter(Q(is_active=True) | Q(pk__in=kept)).select_related("scope"))
