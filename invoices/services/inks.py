"""Documents that were scanned once more: the ink of each first page, kept beside it, and whose ink is the same."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import islice

from django.db.models import QuerySet

from documents.kinds import DRAWN, KINDS
from documents.likeness import Page, are_filled_alike, is_same
from documents.opening import process
from invoices.models import Document, DocumentInk, Invoice
from invoices.services.previews import is_drawn

KEPT_FOR = dt.timedelta(days=540)
# Of one supplier: so many invoices back, of which the newest few with pages that are filled alike are laid upon each
# page of the new one.
MOST_INVOICES, MOST_ALIKE = 300, 16
MOST_OWN = 3
# Looked for every hour.
NEWEST, MOST_AT_ONCE = 5_000, 200
_KEYS = {kind.content_type: kind.key for kind in KINDS.values()}


def take(document: Document) -> bool:
    """Keep the ink of a document's first page. Returns whether there is any. Raises process.Busy."""
    with document.file.open("rb") as file:
        page = Page.unpacked(packed := process.ink(file, _KEYS[document.content_type]))
    found = {"packed": packed if page.bits else b"", "profile": page.profile}
    DocumentInk.objects.update_or_create(document=document, defaults=found)
    return bool(page.bits)


def is_wanted(document: Document) -> bool:
    return is_drawn(document.content_type) and document.page_count != 0


def missing(now: dt.datetime) -> list[int]:
    """Some of the newest documents that should have ink and have none: their keys."""
    newest = Document.objects.filter(uploaded_at__gt=now - KEPT_FOR).order_by("-pk").values("pk")[:NEWEST]
    rows = Document.objects.filter(pk__in=newest, ink=None, content_type__in=DRAWN).exclude(page_count=0)
    return list(rows.order_by("-pk").values_list("pk", flat=True)[:MOST_AT_ONCE])


def scans_of(invoice: Invoice, others: QuerySet[Invoice]) -> Iterator[list[Document]]:
    """For each of its documents, those of other invoices that are the same page, printed and scanned once more."""
    own = list(DocumentInk.objects.filter(document__invoice=invoice).exclude(packed=b"").order_by("pk")[:MOST_OWN])
    if not own:
        return
    recent = others.order_by("-pk").values("pk")[:MOST_INVOICES]
    rows = DocumentInk.objects.filter(document__invoice__in=recent).exclude(packed=b"")
    profiles = [(pk, bytes(profile)) for pk, profile in rows.order_by("-pk").values_list("pk", "profile")]
    for ink in own:
        yield _same(ink, profiles, MOST_ALIKE // len(own))


def _same(ink: DocumentInk, profiles: list[tuple[int, bytes]], most: int) -> list[Document]:
    mine = bytes(ink.profile)
    alike = islice((pk for pk, profile in profiles if are_filled_alike(mine, profile)), most)
    page = Page.unpacked(bytes(ink.packed))
    rows = DocumentInk.objects.filter(pk__in=list(alike)).order_by("-pk")
    found = rows.select_related("document__invoice__supplier", "document__invoice__company")
    return [one.document for one in found if is_same(page, Page.unpacked(bytes(one.packed)))]


def forget_old(now: dt.datetime) -> int:
    """Returns how many."""
    return DocumentInk.objects.filter(document__uploaded_at__lt=now - KEPT_FOR).delete()[0]
