"""Totals of a search: from InvoiceTally where the filters in use allow it, otherwise from the invoices themselves.

Both are exact; the tallies are only faster where a filter leaves hundreds of thousands of rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.db.models import BigIntegerField, Count, DecimalField, Field, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from invoices.filters import SORTS, InvoiceFilter, start_of_day
from invoices.models import ZERO, Invoice, InvoiceTally
from invoices.querysets import InvoiceQuerySet, within
from invoices.words import WORDS, single_word, words_query
from ledger.models import Currency, GLCode
from organization.models import Scope, User
from organization.permissions import visibility_of

Facet = InvoiceTally.Facet
_EVERYWHERE = frozenset({"company", "currency", "kind"})
_OWN: dict[str, frozenset[str]] = {
    Facet.STATE: frozenset({"status", "export_state", "department", "has_document", "mine"}),
    Facet.DATE: frozenset({"date_after", "date_before"}),
    Facet.DUE: frozenset({"due_after", "due_before"}),
    Facet.POSTED: frozenset({"posted_after", "posted_before"}),
    Facet.AMOUNT: frozenset({"total_min", "total_max"}),
    Facet.SUPPLIER: frozenset({"supplier"}),
    Facet.GL_CODE: frozenset({"gl_code"}),
    Facet.WORD: frozenset({"q"}),
}
_GROUPED_BY = {"supplier": Facet.SUPPLIER, "company": Facet.STATE, "currency": Facet.STATE, "department": Facet.STATE}
FOLD_AFTER = 2_000
DAY, MOMENT = dt.timedelta(days=1), dt.timedelta(microseconds=1)
FEW_BY_WORD, FEW_BY_SUPPLIER = 10_000, 2_000


@dataclass(frozen=True)
class CurrencyTotal:
    code: str
    count: int
    total: Decimal


def totals_of(rows: InvoiceQuerySet) -> list[CurrencyTotal]:
    """Count and sum per currency, in two statements; credit notes count against."""
    return _added_up(_counted_groups(rows))


def totals_of_search(user: User, found: InvoiceFilter) -> list[CurrencyTotal]:
    """The same for what `found` selects; a few statements more where a bound cuts a tally or a text is searched."""
    if not found.is_valid():
        return []
    used = _used(found)
    facet = next((facet for facet, own in _OWN.items() if used <= own | _EVERYWHERE), None)
    if visibility_of(user).scope != Scope.ALL:
        return _totals_within(user, found) if facet == Facet.STATE else totals_of(found.qs)
    if facet is None:
        return totals_of(found.qs)
    if facet in _TOTALS:
        return _TOTALS[facet](user, found)
    return _added_up(_groups(found.filter_queryset(tallies_for(user, facet))))


def _totals_within(user: User, found: InvoiceFilter) -> list[CurrencyTotal]:
    """For users who see a part: tallies by state know departments and who entered, not for whom an invoice waits."""
    seen = within(visibility_of(user), user)
    groups = _groups(found.filter_queryset(tallies_for(user, Facet.STATE)).filter(seen))
    return _added_up(groups + _counted_groups(found.qs.filter(next_approver=user).exclude(seen)))


def _used(found: InvoiceFilter) -> set[str]:
    return {name for name, value in found.form.cleaned_data.items() if value not in (None, "", [])}


def group_counts(user: User, found: InvoiceFilter, column: str) -> list[tuple[int | None, int]] | None:
    """How many invoices of the search each supplier, company, … has, by name; None where the tallies cannot tell."""
    facet = _GROUPED_BY.get(column)
    if facet is None or not _used(found) <= _OWN[facet] | _EVERYWHERE or visibility_of(user).scope != Scope.ALL:
        return None
    groups = found.filter_queryset(tallies_for(user, facet)).values(f"{column}_id").annotate(rows=Sum("count"))
    ordered = groups.order_by(*SORTS[column]).values_list(f"{column}_id", "rows")
    return [(key, count) for key, count in ordered if count]


def tallies_for(user: User, facet: str) -> QuerySet[InvoiceTally]:
    """Within the user's companies, before any of the three permissions."""
    rows = InvoiceTally.objects.filter(account=user.account, facet=facet)
    company_ids = user.limited_company_ids
    return rows if company_ids is None else rows.filter(company__in=company_ids)


Aggregate = Callable[[Q], Sum | Coalesce | Count]


def counted(user: User, facet: str) -> tuple[QuerySet, Aggregate, Aggregate]:
    """Rows to aggregate over what the user sees, how to count them, and how to add up their totals.

    The tallies for those who see all of the account, the invoices for others; the columns of the facet are in both.
    """
    if visibility_of(user).scope == Scope.ALL:
        return tallies_for(user, facet), partial(_sum, "count", 0), partial(_sum, "amount", ZERO)
    return Invoice.objects.visible_to(user), lambda which: Count("pk", filter=which), partial(_sum, "total", ZERO)


def _sum(column: str, nothing: Any, which: Q) -> Coalesce:
    return Coalesce(Sum(column, filter=which), Value(nothing), output_field=_field(column))


def _field(column: str) -> Field:
    return BigIntegerField() if column == "count" else DecimalField(max_digits=26, decimal_places=4)


_GROUP = ("currency", "kind", "rows", "sum")
Group = tuple[int | None, str, int, Decimal]


def _groups(tallies: QuerySet[InvoiceTally]) -> list[Group]:
    groups = tallies.order_by().values("currency", "kind")
    return list(groups.annotate(rows=Sum("count"), sum=Sum("amount")).values_list(*_GROUP))


def _counted_groups(rows: InvoiceQuerySet) -> list[Group]:
    """By the currency's key and counting rows, not keys: an index that holds both need not be joined with anything."""
    groups = rows.order_by().values("currency", "kind")
    return list(groups.annotate(rows=Count("*"), sum=Sum("total")).values_list(*_GROUP))


def _added_up(groups: Collection[Group]) -> list[CurrencyTotal]:
    codes = dict(Currency.objects.filter(pk__in={group[0] for group in groups}).values_list("pk", "code"))
    found: dict[str, CurrencyTotal] = {}
    for currency, kind, count, amount in groups:
        code = codes[currency] if currency else "No currency"
        sign = -1 if kind == Invoice.Kind.CREDIT_NOTE else 1
        before = found.get(code, CurrencyTotal(code, 0, ZERO))
        found[code] = CurrencyTotal(code, before.count + count, before.total + sign * amount)
    counted = [total for total in found.values() if total.count]
    return sorted(counted, key=lambda total: (-total.count, total.code))


def bucket_of(total: Decimal) -> tuple[Decimal, Decimal]:
    """The bucket of a positive total, as in the triggers, and where the next one begins."""
    width = Decimal(1).scaleb(total.adjusted() - 1)
    low = (total // width) * width
    return low, low + width


def _totals_by_amount(user: User, found: InvoiceFilter) -> list[CurrencyTotal]:
    """Whole buckets from the tallies, the cut ones at the bounds from the invoices."""
    data = found.form.cleaned_data
    low, high = data["total_min"], data["total_max"]
    bounds = [bound for bound in (low, high) if bound is not None]
    if any(bound <= 0 for bound in bounds) or len({bucket_of(bound) for bound in bounds}) < len(bounds):
        return totals_of(found.qs)
    tallies = found.filter_queryset(tallies_for(user, Facet.AMOUNT), leaving_out=_OWN[Facet.AMOUNT])
    groups = _groups(_whole_buckets(tallies, data))
    for bound, side in ((low, {"total__lt": None}), (high, {"total__gte": None})):
        if bound is not None:
            edge = bucket_of(bound)[1 if bound is low else 0]
            groups += _counted_groups(found.qs.filter(**dict.fromkeys(side, edge)))
    return _added_up(groups)


def _whole_buckets(tallies: QuerySet[InvoiceTally], data: Mapping[str, Any]) -> QuerySet[InvoiceTally]:
    if data["total_min"] is not None:
        tallies = tallies.filter(bucket__gte=bucket_of(data["total_min"])[1])
    if data["total_max"] is not None:
        tallies = tallies.filter(bucket__lt=bucket_of(data["total_max"])[0])
    return tallies


def _totals_by_posting(user: User, found: InvoiceFilter) -> list[CurrencyTotal]:
    """Whole days in UTC from the tallies; what the reader's days have before and after them, from the invoices."""
    data = found.form.cleaned_data
    start = start_of_day(data["posted_after"]) if data["posted_after"] else None
    end = start_of_day(data["posted_before"] + DAY) if data["posted_before"] else None
    first, last = start and _midnight(start + DAY - MOMENT), end and _midnight(end)
    if first and last and first > last:
        return totals_of(found.qs)
    tallies = found.filter_queryset(tallies_for(user, Facet.POSTED), leaving_out=_OWN[Facet.POSTED])
    groups: list[Group] = []
    if first:
        tallies = tallies.filter(posted_on__gte=first.date())
        groups += _counted_groups(found.qs.filter(posted_at__lt=first)) if start != first else []
    if last:
        tallies = tallies.filter(posted_on__lt=last.date())
        groups += _counted_groups(found.qs.filter(posted_at__gte=last)) if end != last else []
    return _added_up(groups + _groups(tallies))


def _midnight(time: dt.datetime) -> dt.datetime:
    """The last one in UTC."""
    return time.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _totals_by_word(user: User, found: InvoiceFilter) -> list[CurrencyTotal]:
    """What a word finds, and what a supplier called so has. The overlap of both comes from the smaller one's rows."""
    text = found.form.cleaned_data["q"]
    word, suppliers = single_word(text), found.suppliers_called(text)
    if word is None:
        return totals_of(found.qs)

    def within(rows: Any) -> Any:
        return found.filter_queryset(rows, leaving_out={"q"})

    first_of_invoice = {"word__startswith": word, "shared__lt": len(word)}
    by_word = _groups(within(tallies_for(user, Facet.WORD)).filter(**first_of_invoice))
    if not suppliers:
        return _added_up(by_word)
    by_supplier = _groups(within(tallies_for(user, Facet.SUPPLIER)).filter(supplier__in=suppliers))
    invoices = within(found.queryset).alias(words=WORDS)
    if _number_in(by_word) <= FEW_BY_WORD:
        rest = invoices.filter(words=words_query(text)).exclude(supplier__in=suppliers) if by_word else None
        return _added_up(by_supplier + (_counted_groups(rest) if rest is not None else []))
    if _number_in(by_supplier) <= FEW_BY_SUPPLIER:
        rest = invoices.filter(supplier__in=suppliers).exclude(words=words_query(text))
        return _added_up(by_word + _counted_groups(rest))
    return totals_of(found.qs)


def _totals_by_gl_code(user: User, found: InvoiceFilter) -> list[CurrencyTotal]:
    """The codes that lines of one invoice may have together cannot be added up; those of several companies can."""
    codes = GLCode.objects.filter(pk__in=found.gl_codes_called(found.form.cleaned_data["gl_code"]))
    companies = list(codes.values_list("company", flat=True))
    if len(set(companies)) < len(companies):
        return totals_of(found.qs)
    tallies = found.filter_queryset(tallies_for(user, Facet.GL_CODE), leaving_out={"gl_code"})
    return _added_up(_groups(tallies.filter(gl_code__in=codes)))


_TOTALS: dict[str, Callable[[User, InvoiceFilter], list[CurrencyTotal]]] = {
    Facet.AMOUNT: _totals_by_amount,
    Facet.GL_CODE: _totals_by_gl_code,
    Facet.POSTED: _totals_by_posting,
    Facet.WORD: _totals_by_word,
}


def _number_in(groups: list[Group]) -> int:
    return sum(count for _, _, count, _ in groups)


_COLUMNS = """facet, account_id, company_id, currency_id, kind, approval_status, posting_status, export_state,
    department_id, created_by_id, supplier_id, has_documents, invoice_date, due_date, posted_on, bucket, gl_code_id,
    word, shared"""
_FOLD = f"""
WITH gone AS (
    DELETE FROM invoices_invoicetally
    WHERE account_id = %(account)s AND (facet <> 'word' OR word IN (
        SELECT word FROM invoices_invoicetally WHERE account_id = %(account)s AND NOT is_folded AND facet = 'word'))
    RETURNING *)
INSERT INTO invoices_invoicetally ({_COLUMNS}, count, amount, is_folded)
SELECT {_COLUMNS}, sum(count), sum(amount), true FROM gone GROUP BY {_COLUMNS}
HAVING sum(count) <> 0 OR sum(amount) <> 0
"""  # noqa: S608  names of columns only


def fold(*, after: int = FOLD_AFTER) -> int:
    """Add up the differences of accounts that have gathered `after` of them; returns how many accounts.

    One statement each: readers see either the differences or their sum, and a second fold finds nothing left.
    """
    waiting = InvoiceTally.objects.filter(is_folded=False).order_by().values("account")
    accounts = waiting.annotate(differences=Count("pk")).filter(differences__gte=after)
    keys = [row["account"] for row in accounts]
    for key in keys:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_FOLD, {"account": key})
    return len(keys)
