"""What stands against an invoice, whoever found it: this app's own rules, or an accounting system's."""

from __future__ import annotations

from dataclasses import dataclass

# Where nothing was entered yet: said when it is submitted, not while it is being entered.
NOT_ENTERED_YET = frozenset(
    {"no_supplier", "number_missing", "date_missing", "currency_missing", "no_lines", "gl_code_missing"}
)


@dataclass(frozen=True)
class Finding:
    """`field` is the entry form's ("number", "lines-0-gl_code"), or empty. Only errors hold back a submission.

    `subject` names what is fixed once for all invoices that have this: the supplier, the GL code.
    """

    code: str
    message: str
    field: str = ""
    advice: str = ""
    subject: str = ""
    is_error: bool = True

    @property
    def sentence(self) -> str:
        return f"{self.message} {self.advice}".strip()

    @property
    def is_gap(self) -> bool:
        return self.code in NOT_ENTERED_YET
