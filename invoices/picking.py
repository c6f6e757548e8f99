"""Choosing by typing: what a picker offers, and which row a typed text means. No ids travel, so none can be forged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Concat, Lower

from invoices.models import Invoice
from invoices.services.belonging import kept_by
from ledger.models import Dimension, DimensionValue, GLCode, TaxCode
from organization.models import Company, User
from suppliers.models import Supplier

OFFERED = 20
NAMED = 5


def label(row: Any) -> str:
    """What a picker writes into its box."""
    return str(row)


class Choices:
    """Rows that may be chosen on one invoice, found by code, by name, or by "code name"."""

    def __init__(self, rows: QuerySet, *, name_field: str = "name") -> None:
        whole = Concat("code", Value(" "), name_field)
        self.name_field = name_field
        self.rows = rows.annotate(by_code=Lower("code"), by_name=Lower(name_field), by_label=Lower(whole))

    def offered(self, text: str) -> QuerySet:
        """The first rows that `text` may mean: its code begins with it, or its name holds it."""
        typed = _lower(text)
        found = Q(by_code__startswith=typed) | Q(by_name__contains=typed) | Q(by_label=typed)
        return self.rows.filter(found).order_by("code")[:OFFERED]

    def meant(self, texts: Iterable[str]) -> dict[str, list[Any]]:
        """Every row that each text means, by lower-case text: exactly, or else in part.

        One query however many texts, and one for each of the first that mean nothing exactly.
        """
        typed_texts = {text for text in texts if text}
        found = self._meant_exactly(typed_texts) if typed_texts else {}
        unclear = sorted(text for text in typed_texts if text.lower() not in found)
        return found | {text.lower(): list(self.offered(text)) for text in unclear[:OFFERED]}

    def _meant_exactly(self, texts: Iterable[str]) -> dict[str, list[Any]]:
        wanted = [_lower(text) for text in texts]
        found: dict[str, list[Any]] = {}
        for row in self.rows.filter(Q(by_code__in=wanted) | Q(by_name__in=wanted) | Q(by_label__in=wanted)):
            name = getattr(row, self.name_field)
            for typed in {row.code.lower(), name.lower(), f"{row.code} {name}".lower()} - {""}:
                found.setdefault(typed, []).append(row)
        return found


def certain(text: str, rows: Iterable[Any]) -> Any | None:
    """The one of `rows` that `text` means, its code before all names; None where that is not clear."""
    rows = list(dict.fromkeys(rows))
    by_code = [row for row in rows if row.code.lower() == text.lower()]
    for meant in (by_code, rows):
        if len(meant) == 1:
            return meant[0]
    return None


def listed(rows: Iterable[Any]) -> str:
    """Some of the rows for a sentence: "A Alder, B Birch or others"."""
    labels = list(dict.fromkeys(label(row) for row in rows))
    parts = [*labels[:NAMED], "others"] if len(labels) > NAMED else labels
    return " or ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)


def _lower(text: str) -> Lower:
    """Small letters as the database makes them: Python has others for some scripts ("Σ" at the end of a word, "İ")."""
    return Lower(Value(text))


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
