"""Files that nothing asks for any more: of uploads that were cut short, and of documents without a row."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.core.files.storage import default_storage

from invoices.models import Document
from invoices.services.previews import SUFFIX

OLD = dt.timedelta(days=1)
DOCUMENTS = "documents"


def sweep_partial_uploads(now: dt.datetime) -> int:
    """What a killed web process left half received. Returns how many files."""
    paths = [path for path in settings.UPLOADS_DIR.glob("*") if path.is_file()]
    stale = [path for path in paths if path.stat().st_mtime < (now - OLD).timestamp()]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)


def sweep_stray_documents(now: dt.datetime) -> int:
    """Stored files without a row, as a transaction that was taken back leaves them. Returns how many."""
    if not default_storage.exists(DOCUMENTS):
        return 0
    return sum(_sweep_account(account, now - OLD) for account in default_storage.listdir(DOCUMENTS)[0])


def _sweep_account(account: str, before: dt.datetime) -> int:
    folder = f"{DOCUMENTS}/{account}"
    paths = [f"{folder}/{name}" for name in default_storage.listdir(folder)[1]]
    # The files first, the rows after them: what is attached in between has a row.
    rows = Document.objects.filter(file__startswith=f"{folder}/")
    if account.isdecimal():
        rows = rows.filter(invoice__account_id=int(account))
    known = set(rows.values_list("file", flat=True))
    stale = [
        path
        for path in paths
        if path.removesuffix(SUFFIX) not in known and default_storage.get_modified_time(path) < before
    ]
    for path in stale:
        default_storage.delete(path)
    return len(stale)
