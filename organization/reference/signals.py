"""What lists of reference data tell others."""

from __future__ import annotations

from django.dispatch import Signal

# Sent with `rows` when a file was taken in: its rows are written at once, without `post_save`. `sender`: their model.
rows_written = Signal()
