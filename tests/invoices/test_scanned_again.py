"""A document that is scanned once more and entered as another invoice: told in time, or to its approver."""

from __future__ import annotations

import datetime as dt
import io
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from benchmarks import paper
from documents.opening.process import Busy
from invoices import tasks
from invoices.models import ApprovalStatus, Document, DocumentInk, Invoice
from invoices.services import inks
from invoices.services.documents import attach, check_document
from invoices.services.twins import find_twins
from suppliers.models import Supplier
from tests import factories

pytestmark = pytest.mark.django_db
TOLD = "the same page as “first.pdf”, scanned once more"


def written(picture: Image.Image, kind: str) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind)
    return out.getvalue()


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """What the supplier's software wrote, its scan, and the next month's."""
    at = random.Random(11)
    form = paper.form(at)
    content = paper.content(form, at)
    page = paper.page(form, content)
    other = paper.page(form, paper.next_month(content, form, at))
    return {
        "first.pdf": written(page, "PDF"),
        "again.jpg": written(paper.scan(page, at), "JPEG"),
        "next.pdf": written(other, "PDF"),
    }


@pytest.fixture
def supplier() -> Supplier:
    return factories.supplier(factories.company())


@pytest.fixture
def entered(
    supplier: Supplier, files: dict[str, bytes], django_capture_on_commit_callbacks: Any, monkeypatch: Any
) -> Callable[..., Invoice]:
    """An invoice of a number, day and amount of its own, with this document; the worker has done its part."""
    monkeypatch.setattr(tasks.take_ink, "apply_async", lambda args, kwargs=None, **options: tasks.take_ink(*args))

    def enter(name: str, of: Supplier = supplier, **fields: Any) -> Invoice:
        count = Invoice.objects.count()
        day = dt.date(2030, 1, 1) + dt.timedelta(days=40 * count)
        amounts = {"net": Decimal(100 + count), "tax": Decimal(0)}
        invoice = factories.invoice(of.company, supplier=of, invoice_date=day, **amounts | fields)
        with django_capture_on_commit_callbacks(execute=True):
            attach(invoice, check_document(SimpleUploadedFile(name, files[name])), by=invoice.created_by)
        return invoice

    return enter


def likenesses(invoice: Invoice) -> list[tuple[Invoice, str]]:
    return [(twin.invoice, twin.likeness) for twin in find_twins(invoice)]


def test_the_page_that_was_scanned_again_is_told_and_next_months_is_not(entered: Callable[..., Invoice]) -> None:
    first, following = entered("first.pdf"), entered("next.pdf")
    assert likenesses(following) == []
    again = entered("again.jpg")
    assert likenesses(again) == [(first, TOLD)]
    assert [invoice for invoice, _ in likenesses(first)] == [again]


def test_it_is_found_among_a_year_of_pages_on_the_same_form(entered: Callable[..., Invoice]) -> None:
    first, following = entered("first.pdf"), entered("next.pdf")
    ink = following.documents.get().ink
    for _ in range(11):
        copy = factories.document(factories.invoice(first.company, supplier=first.supplier))
        DocumentInk.objects.create(document=copy, packed=ink.packed, profile=ink.profile)
    again = entered("again.jpg")
    assert (first, TOLD) in likenesses(again)


def test_other_suppliers_are_not_looked_at(entered: Callable[..., Invoice], supplier: Supplier) -> None:
    entered("first.pdf", factories.supplier(supplier.company, name="Somebody else"))
    entered("first.pdf", factories.supplier(factories.company(), name=supplier.name))
    assert likenesses(entered("again.jpg")) == []


def test_a_page_that_many_invoices_have_tells_nothing(entered: Callable[..., Invoice]) -> None:
    originals = [entered("first.pdf") for _ in range(4)]
    assert likenesses(entered("again.jpg")) == []
    originals[0].documents.all().delete()
    assert len(likenesses(Invoice.objects.latest("pk"))) == 3


def test_what_is_compared_after_it_was_submitted_is_told_to_the_approver(
    entered: Callable[..., Invoice], client: Client
) -> None:
    first = entered("first.pdf")
    again = entered("again.jpg", approval_status=ApprovalStatus.WAITING)
    assert again.activities.get(kind="twin_found").text == f"Much like {first}: {TOLD}"
    client.force_login(factories.owner(again.account))
    assert TOLD in client.get(again.get_absolute_url()).content.decode()
    tasks.take_ink(again.documents.get().pk)
    assert again.activities.filter(kind="twin_found").count() == 1


def test_the_form_asks_for_a_reason(entered: Callable[..., Invoice], client: Client) -> None:
    entered("first.pdf")
    again = entered("again.jpg")
    client.force_login(factories.owner(again.account))
    page = client.get(again.get_absolute_url()).content.decode()
    assert TOLD in page
    assert "Why is it another invoice?" in page


def test_lost_tasks_are_made_up_for_and_old_ink_is_forgotten(entered: Callable[..., Invoice]) -> None:
    document = entered("first.pdf").documents.get()
    DocumentInk.objects.all().delete()
    tasks.take_missing_inks()
    assert bytes(DocumentInk.objects.get().packed)
    assert inks.missing(timezone.now()) == []
    Document.objects.update(uploaded_at=timezone.now() - inks.KEPT_FOR - dt.timedelta(days=1))
    assert inks.forget_old(timezone.now()) == 1
    assert inks.missing(timezone.now()) == [], f"{document} is too old to be scanned again"


def test_a_busy_machine_is_tried_again(supplier: Supplier, monkeypatch: Any) -> None:
    def busy(*_: object) -> bytes:
        raise Busy

    monkeypatch.setattr(inks.process, "ink", busy)
    document = factories.document(factories.invoice(supplier.company))
    result = tasks.take_ink.apply(args=[document.pk])
    assert result.state in ("RETRY", "FAILURE")
    assert not DocumentInk.objects.exists()


def test_statements_do_not_grow_with_the_suppliers_invoices(entered: Callable[..., Invoice]) -> None:
    again = entered("again.jpg")
    counts = []
    for _ in range(2):
        one = entered("next.pdf").documents.get()
        for _ in range(5):
            copy = factories.document(factories.invoice(again.company, supplier=again.supplier))
            DocumentInk.objects.create(document=copy, packed=one.ink.packed, profile=one.ink.profile)
        with CaptureQueriesContext(connection) as captured:
            list(inks.scans_of(again, Invoice.objects.exclude(pk=again.pk)))
        counts.append(len(captured))
    assert counts == [3, 3]
