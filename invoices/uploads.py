"""Upload handling that a huge file cannot fill the disk with."""

from __future__ import annotations

from django.conf import settings
from django.core.files.uploadhandler import TemporaryFileUploadHandler


class CappedUploadHandler(TemporaryFileUploadHandler):
    """Keeps no more of a file than may be accepted, but counts all of it, so that the form can say why it refuses."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if start <= settings.DOCUMENT_MAX_BYTES:
            super().receive_data_chunk(raw_data, start)
