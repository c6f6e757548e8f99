"""What this app refuses, in a sentence for the person who asked."""

from __future__ import annotations


class InvoiceRefused(Exception):
    """`field` names the form field that the sentence belongs to ("number", "lines-0-gl_code"), or is empty."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class InvoiceChangedMeanwhile(InvoiceRefused):
    """Somebody saved this invoice after the editor had opened it."""
