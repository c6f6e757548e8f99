"""The functions of the gateway by name."""

from __future__ import annotations

from intacct_sandbox.functions import bills, payments, read, receivables, setup, supdoc, write
from intacct_sandbox.functions.context import Context, Handler, Raw

FUNCTIONS: dict[str, Handler] = {
    **setup.FUNCTIONS,
    **read.FUNCTIONS,
    **write.FUNCTIONS,
    **supdoc.FUNCTIONS,
    **bills.FUNCTIONS,
    **payments.FUNCTIONS,
    **receivables.FUNCTIONS,
}

__all__ = ["FUNCTIONS", "Context", "Handler", "Raw"]
