"""Pictures of a document's pages, made by the child process when somebody first looks, and kept beside the document."""

from __future__ import annotations

import io
import threading

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from documents.kinds import DRAWN, KINDS
from documents.opening import process
from documents.opening.process import LENGTH_BYTES, pictures_in

CONTENT_TYPE = "image/webp"
SUFFIX = ".pages"
MOST_PAGES = process.MOST_PAGES_DRAWN
_KEYS = {kind.content_type: kind.key for kind in KINDS.values()}
# Pages are asked for all at once: one draws, the others of this process wait for it.
_locks = [threading.Lock() for _ in range(32)]


def is_drawn(content_type: str) -> bool:
    return content_type in DRAWN


def page(path: str, content_type: str, number: int) -> bytes | None:
    """The picture of page `number` (from 1) of a stored file; None where there is none. Raises process.Busy."""
    if not (is_drawn(content_type) and 1 <= number <= MOST_PAGES):
        return None
    if not default_storage.exists(path + SUFFIX):
        with process.room(), _locks[hash(path) % len(_locks)]:
            if not default_storage.exists(path + SUFFIX):
                _draw(path, content_type)
    with default_storage.open(path + SUFFIX) as file:
        return next((picture for index, picture in enumerate(pictures_in(file), start=1) if index == number), None)


def _draw(path: str, content_type: str) -> None:
    """What cannot be drawn is remembered too, as a file without pictures."""
    with default_storage.open(path) as file:
        answer = process.draw(file, _KEYS[content_type])
    whole = b"".join(len(one).to_bytes(LENGTH_BYTES) + one for one in pictures_in(io.BytesIO(answer)))
    saved = default_storage.save(path + SUFFIX, ContentFile(whole))
    if saved != path + SUFFIX:  # another process was quicker
        default_storage.delete(saved)


def delete_with_pages(path: str) -> None:
    default_storage.delete(path + SUFFIX)
    default_storage.delete(path)
