"""The numbers of the Accounts Payable home, each with the search that shows its invoices."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode

from django.db.models import Q
from django.db.models.functions import TruncMonth

from invoices.filters import start_of_day
from invoices.models import ZERO, ApprovalStatus, ExportState, Invoice, InvoiceTally, PostingStatus
from invoices.slots import Hold, export_holds
from invoices.tallies import counted
from organization.models import User

MONTHS = 12
RECENT_DAYS = 7
NOT_POSTED = "status=not_posted&kind=invoice"
WIDTH, HEIGHT, FOOT = 600, 170, 22


@dataclass(frozen=True)
class Figure:
    label: str
    count: int
    query: str
    note: str = ""
    tone: str = ""
    page: str = "search"
    note_url: str = ""


@dataclass(frozen=True)
class Bar:
    """One month of the picture, in the SVG's units."""

    label: str
    amount: Decimal
    query: str
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True)
class Chart:
    currency: str
    currencies: list[str]
    bars: list[Bar]
    highest: Decimal

    @property
    def total(self) -> Decimal:
        return sum((bar.amount for bar in self.bars), ZERO)


def figures_for(user: User, today: dt.date) -> list[Figure]:
    """Three statements, whatever the number of figures."""
    recent = today - dt.timedelta(days=RECENT_DAYS)
    to_post = Q(
        approval_status=ApprovalStatus.AUTHORIZED,
        posting_status=PostingStatus.NOT_POSTED,
        kind=Invoice.Kind.INVOICE,  # credit notes are not exported
    )
    waiting = Q(approval_status=ApprovalStatus.WAITING)
    rows, number, _ = counted(user, InvoiceTally.Facet.STATE)
    open_rows = rows.aggregate(
        mine=number(waiting & Q(created_by=user)),
        rejected=number(Q(approval_status=ApprovalStatus.REJECTED, created_by=user)),
        to_post=number(to_post),
        failed=number(to_post & Q(export_state=ExportState.FAILED)),
        unknown=number(to_post & Q(export_state=ExportState.UNKNOWN)),
        queued=number(to_post & Q(export_state=ExportState.QUEUED)),
    )
    for_me = Invoice.objects.authorizable_by(user).count()
    posted_rows = Invoice.objects.visible_to(user).filter(posting_status=PostingStatus.POSTED)
    posted = posted_rows.filter(posted_at__gte=start_of_day(recent)).count()
    held = next(iter(export_holds.ask(user=user) if open_rows["to_post"] else ()), None)
    return [
        Figure("Waiting for me", for_me, "", "to authorise", "warn" if for_me else "", "waiting"),
        Figure("Mine, waiting for authorisation", open_rows["mine"], "status=waiting&mine=yes", "entered by me"),
        Figure(
            "Mine, rejected",
            open_rows["rejected"],
            "status=rejected&mine=yes",
            "to be corrected",
            _bad(open_rows["rejected"]),
        ),
        _to_post(open_rows["to_post"], open_rows["queued"], held, user),
        _problems(open_rows["failed"], open_rows["unknown"], held),
        Figure(
            "Recently posted",
            posted,
            f"status=posted&posted_after={recent:%Y-%m-%d}&sort=-posted_at",
            f"in the last {RECENT_DAYS} days",
        ),
    ]


def _to_post(count: int, queued: int, held: Hold | None, user: User) -> Figure:
    """Where exports are held back it says so, and leads to what has to be done."""
    label, waiting = "Authorised, to be posted", _held_back(count, queued, held, user)
    if held is None or not waiting:
        return Figure(label, count, NOT_POSTED, "not in the ledger yet")
    waits = f"{waiting:,} {'waits' if waiting == 1 else 'wait'}: "
    note = f"{'' if held.is_off else waits}{held.words}"
    return Figure(label, count, NOT_POSTED, note, "warn", note_url=held.url)


def _held_back(count: int, queued: int, held: Hold | None, user: User) -> int:
    """What waits for a connection was asked for; of a company that has none, nothing can be."""
    if held is None or held.is_off:
        return count
    if held.company_ids:
        theirs = Invoice.objects.visible_to(user).awaiting_export().filter(company__in=held.company_ids)
        return theirs.count()
    return queued


def _problems(failed: int, unknown: int, held: Hold | None) -> Figure:
    """Without an accounting system nothing is tried or looked up: it says what is known, and why no more comes."""
    label, query = "Export problems", f"{NOT_POSTED}&export_state=failed&export_state=unknown"
    tone = _bad(failed) or ("warn" if unknown else "")
    if not (failed or unknown):
        return Figure(label, 0, query, "none refused")
    if held is None or not held.is_off:
        return Figure(label, failed + unknown, query, f"{failed} failed, {unknown} being looked up", tone)
    told = [f"{count:,} {words}" for count, words in ((failed, "not sent"), (unknown, "perhaps sent")) if count]
    note = f"{', '.join(told)}: {held.words}"
    return Figure(label, failed + unknown, query, note, tone, note_url=held.url)


def _bad(count: int) -> str:
    return "error" if count else ""


def chart_for(user: User, today: dt.date, wanted: str = "") -> Chart | None:
    """Invoiced per month over the last twelve, in one currency: the wanted one, or the one with most invoices."""
    start = _months_back(today.replace(day=1), MONTHS - 1)
    rows, number, amount = counted(user, InvoiceTally.Facet.DATE)
    credit = Q(kind=Invoice.Kind.CREDIT_NOTE)
    groups = (
        rows.filter(invoice_date__gte=start, invoice_date__lt=_months_back(today.replace(day=1), -1))
        .exclude(currency=None)
        .order_by()
        .values("currency__code", month=TruncMonth("invoice_date"))
        .annotate(plus=amount(~credit), minus=amount(credit), number=number(Q()))
    )
    amounts: dict[str, dict[dt.date, Decimal]] = {}
    counts: dict[str, int] = {}
    for group in groups:
        code = group["currency__code"]
        amounts.setdefault(code, {})[group["month"]] = group["plus"] - group["minus"]
        counts[code] = counts.get(code, 0) + group["number"]
    if not amounts:
        return None
    currency = wanted if wanted in amounts else max(counts, key=lambda code: (counts[code], code))
    return _drawn(currency, sorted(amounts), amounts[currency], start)


def _months_back(day: dt.date, months: int) -> dt.date:
    index = day.year * 12 + day.month - 1 - months
    return dt.date(index // 12, index % 12 + 1, 1)


def _drawn(currency: str, currencies: list[str], amounts: dict[dt.date, Decimal], start: dt.date) -> Chart:
    months = [_months_back(start, -index) for index in range(MONTHS)]
    highest = max([*amounts.values(), Decimal(1)])
    step = WIDTH / MONTHS
    bars = [_bar(month, amounts.get(month, ZERO), highest, currency, index, step) for index, month in enumerate(months)]
    return Chart(currency, currencies, bars, highest)


def _bar(month: dt.date, amount: Decimal, highest: Decimal, currency: str, index: int, step: float) -> Bar:
    height = float(max(amount, ZERO) / highest) * (HEIGHT - FOOT - 10)
    last = _months_back(month, -1) - dt.timedelta(days=1)
    query = urlencode({"date_after": month.isoformat(), "date_before": last.isoformat(), "currency": currency})
    return Bar(
        label=f"{month:%b}",
        amount=amount,
        query=query,
        x=round(index * step + step * 0.15, 1),
        y=round(HEIGHT - FOOT - height, 1),
        width=round(step * 0.7, 1),
        height=round(height, 1),
    )
