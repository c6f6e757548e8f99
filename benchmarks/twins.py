"""Near twins among 1,000,000 invoices: how many of the seeded ones are found, how many innocent ones are suspected."""

from __future__ import annotations

import datetime as dt
import random
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import cycle
from typing import Any

from django.db import transaction
from PIL import Image

from benchmarks import paper
from benchmarks.invoice_data import seed
from benchmarks.search import SIZES, p95, scratch_database
from documents.likeness import Page
from documents.opening.ink import ink
from invoices.models import Document, DocumentInk, Invoice
from invoices.services.twins import find_twins
from suppliers.models import Supplier

EACH = 200
# Suppliers' forms, and invoices on each: 200 pages that are scanned once more.
FORMS, MONTHS = {"small": 4, "full": 20, "huge": 20}, 10
Case = tuple[Invoice, Invoice | None]  # what is entered, and the twin that stands (None: an innocent one)


def _copy(original: Invoice, **changes: Any) -> Invoice:
    names = ("account", "company", "supplier", "kind", "currency", "invoice_date", "net", "tax", "total", "created_by")
    copied = {name: getattr(original, name) for name in names}
    return Invoice.objects.create(**copied | {"number": f"other {random.random()}"} | changes)


def _slip(original: Invoice, at: random.Random) -> Case:
    digits = original.number.removeprefix("INV-")
    slips = (digits, f"INV-000{digits}", f"Inv. No. {digits}", f"INV/{digits}", f"inv{digits}")
    number = at.choice([*slips, original.number.replace("I", "l")])
    if "0" in digits or "1" in digits:
        number = at.choice([number, "INV-" + digits.replace("0", "O").replace("1", "I")])
    far = original.invoice_date + dt.timedelta(days=200)
    return _copy(original, number=number, invoice_date=far, net=1, total=1), original


def _other_company(original: Invoice, at: random.Random) -> Case:
    company = original.account.companies.exclude(pk=original.company_id).first()
    supplier, _ = Supplier.objects.get_or_create(
        company=company, code=f"K{original.supplier_id}", defaults={"name": original.supplier.name.upper()}
    )
    changes = {"company": company, "supplier": supplier, "number": original.number, "net": 1, "total": 1}
    return _copy(original, **changes), original


def _same_total(original: Invoice, at: random.Random) -> Case:
    return _copy(original, invoice_date=original.invoice_date + dt.timedelta(days=at.randint(-7, 7))), original


def _same_file(original: Invoice, at: random.Random) -> Case:
    far = original.invoice_date + dt.timedelta(days=90)
    twin = _copy(original, invoice_date=far, net=1, total=1)
    for invoice in (original, twin):
        Document.objects.create(
            invoice=invoice, name="a.pdf", size=1, sha256=f"{original.pk:064}", uploaded_by=original.created_by
        )
    return twin, original


def _half(original: Invoice, at: random.Random) -> Case:
    half = (original.total / 2).quantize(Decimal("0.01"))
    first = _copy(original, net=half, total=half)
    return _copy(original, net=original.total - half, total=original.total - half), at.choice([original, first])


def _net_for_gross(original: Invoice, at: random.Random) -> Case:
    tax = (original.total / 5).quantize(Decimal("0.01"))
    gross = {"net": original.total, "tax": tax, "total": original.total + tax}
    return _copy(original, **gross), original


def _monthly(original: Invoice, at: random.Random) -> Case:
    months = range(1, 8)
    made = [_copy(original, invoice_date=original.invoice_date + dt.timedelta(days=30 * n)) for n in months]
    return made[-1], None


def _repeated_total(original: Invoice, at: random.Random) -> Case:
    weeks = range(1, 9)
    made = [_copy(original, invoice_date=original.invoice_date + dt.timedelta(weeks=n)) for n in weeks]
    return made[-1], None


def _next_number(original: Invoice, at: random.Random) -> Case:
    number = f"{original.number}{at.choice('0123456789')}"
    return _copy(original, number=number, net=original.net + 3, total=original.total + 3), None


def _as_it_stands(original: Invoice, at: random.Random) -> Case:
    return original, None


TWINS: tuple[Callable[[Invoice, random.Random], Case], ...] = (
    _slip, _other_company, _same_total, _same_file, _half, _net_for_gross,
)  # fmt: skip
INNOCENT = (_monthly, _repeated_total, _next_number, _as_it_stands)


def _originals(count: int, at: random.Random) -> Iterator[Invoice]:
    last = Invoice.objects.order_by("-pk").values_list("pk", flat=True)[0]
    rows = Invoice.objects.filter(kind=Invoice.Kind.INVOICE).with_header().select_related("account")
    while count:
        found = rows.filter(pk__gte=at.randint(1, last)).order_by("pk").first()
        if found is not None:
            count -= 1
            yield found


def _judge(case: Callable[[Invoice, random.Random], Case], original: Invoice, at: random.Random) -> tuple[bool, float]:
    """(whether it was judged right, milliseconds); nothing of it stays."""
    with transaction.atomic():
        entered, twin = case(original, at)
        found, took = _found(entered)
        transaction.set_rollback(True)
    return (twin.pk in found) if twin else not found, took


def _paper_trail(of: Invoice, at: random.Random, by: paper.Scanner) -> tuple[list[Invoice], list[Image.Image]]:
    """MONTHS invoices on one supplier's form, as scans or as its software wrote them, and the paper they are on."""
    form = paper.form(at)
    contents = [paper.content(form, at)]
    while len(contents) < MONTHS:
        contents.append(paper.next_month(contents[-1], form, at))
    pages = [paper.page(form, content) for content in contents]
    made = []
    for month, page in enumerate(pages):
        amounts = {"net": of.net + month, "total": of.net + month, "tax": 0}
        day = of.invoice_date + dt.timedelta(days=30 * month)
        made.append(_copy(of, number=f"paper {at.random()}", invoice_date=day, **amounts))
        _attach(made[-1], page if month % 2 else paper.scan(page, at, by))
    return made, pages


def _attach(invoice: Invoice, picture: Image.Image) -> None:
    name = f"{invoice.pk}.pdf"
    document = Document.objects.create(
        invoice=invoice, name=name, size=1, sha256=f"{invoice.pk:064}", uploaded_by=invoice.created_by
    )
    bits = ink(picture)
    DocumentInk.objects.create(document=document, packed=zlib.compress(bits), profile=Page(bits).profile)


def _judge_scans(original: Invoice, at: random.Random, by: paper.Scanner) -> Iterator[tuple[str, bool, float]]:
    """What standing invoices of one form are taken for, and what each of them is when it is scanned once more."""
    with transaction.atomic():
        standing, pages = _paper_trail(original, at, by)
        for invoice in standing:
            found, took = _found(invoice)
            yield "_next_on_the_same_form", not found & {one.pk for one in standing}, took
        for invoice, page in zip(standing, pages, strict=True):
            far = original.invoice_date + dt.timedelta(days=900)
            again = _copy(original, invoice_date=far, net=1, tax=0, total=1)
            _attach(again, paper.scan(page, at, by))
            found, took = _found(again)
            yield "_scanned_again", found == {invoice.pk}, took
            again.delete()
        transaction.set_rollback(True)


def _found(invoice: Invoice) -> tuple[set[int], float]:
    entered = Invoice.objects.select_related("supplier__company").get(pk=invoice.pk)
    start = time.perf_counter()
    found = {one.invoice.pk for one in find_twins(entered)}
    return found, (time.perf_counter() - start) * 1000


def run(scale: str) -> list[dict[str, Any]]:
    scale = scale if scale in SIZES else "full"
    at, times = random.Random(13), []
    worst: dict[str, float] = {}
    with scratch_database():
        seed(SIZES[scale])
        for group in (TWINS, INNOCENT):
            for case in group:
                judged = [_judge(case, original, at) for original in _originals(EACH, at)]
                times += [took for _, took in judged]
                worst[case.__name__] = sum(right for right, _ in judged) / EACH * 100
                print(f"  {case.__name__[1:]}: {worst[case.__name__]:.1f} % right", file=sys.stderr, flush=True)
        papers = zip(_originals(FORMS[scale], at), cycle((paper.OFFICE, paper.OTHER)))
        scans = [one for original, scanner in papers for one in _judge_scans(original, at, scanner)]
    times += [took for _, _, took in scans]
    for name in ("_scanned_again", "_next_on_the_same_form"):
        judged = [right for case, right, _ in scans if case == name]
        worst[name] = sum(judged) / len(judged) * 100
        print(f"  {name[1:]}: {worst[name]:.1f} % of {len(judged)} right", file=sys.stderr, flush=True)
    slow_scans = p95([took for _, _, took in scans])
    print(f"  95 % of those with scans within {slow_scans:.1f} ms", file=sys.stderr, flush=True)
    recall = min(worst[name] for name in ("_scanned_again", *(case.__name__ for case in TWINS)))
    alarms = 100 - min(worst[name] for name in ("_next_on_the_same_form", *(case.__name__ for case in INNOCENT)))
    slow = p95(times)
    return [
        {"name": "twin_recall", "value": round(recall, 1), "unit": "%", "target": 98, "ok": recall >= 98},
        {"name": "twin_false_alarms", "value": round(alarms, 1), "unit": "%", "target": 1, "ok": alarms <= 1},
        {"name": "twin_p95_ms", "value": round(slow, 1), "unit": "ms", "target": 50, "ok": slow <= 50},
    ]
