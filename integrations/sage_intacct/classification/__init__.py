"""What each answer of the gateway means: one table from (level, errorno, text) to a failure kind and plain advice."""

from __future__ import annotations

from .judging import classify, classify_errors
from .raising import integration_error, read_error
from .verdict import Verdict

__all__ = ["Verdict", "classify", "classify_errors", "integration_error", "read_error"]
