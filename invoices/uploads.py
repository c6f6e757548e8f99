"""Upload handling that a huge file cannot fill the disk with."""

from __future__ import annotations

import tempfile
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler


class PartialFile(TemporaryUploadedFile):
    """In a folder of our own, so that what a killed process leaves half received is found and swept."""

    def __init__(self, *args: Any) -> None:
        settings.UPLOADS_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = tempfile.NamedTemporaryFile(suffix=".upload", dir=settings.UPLOADS_DIR)  # noqa: SIM115 - closed with the request
        UploadedFile.__init__(self, file, *args)


class CappedUploadHandler(TemporaryFileUploadHandler):
    """Keeps no more of a file than may be accepted, but counts all of it, so that the form can say why it refuses."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super(TemporaryFileUploadHandler, self).new_file(*args, **kwargs)
        self.file = PartialFile(self.file_name, self.content_type, 0, self.charset, self.content_type_extra)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if start <= settings.DOCUMENT_MAX_BYTES:
            super().receive_data_chunk(raw_data, start)
