"""E-mails as files, for a machine without a mail server."""

from __future__ import annotations

import os
from typing import Any

from django.core.mail.backends import filebased


class EmailBackend(filebased.EmailBackend):
    """Only for whoever runs the portal: links stand in them that choose a password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        os.chmod(self.file_path, 0o700)
