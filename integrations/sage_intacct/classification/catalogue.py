"""Every answer that we know, in the order in which it is looked for: what could resemble others comes after them."""

from __future__ import annotations

from . import access, bills, master_data, permissions
from .entry import Entry

CATALOGUE: tuple[Entry, ...] = (
    *access.GATEWAY,
    *access.SIGN_IN,
    *permissions.QUERIES,
    *bills.SMART_RULES,
    *permissions.PERMISSIONS,
    *bills.PERIODS,
    *bills.DATES,
    *bills.NUMBERS,
    *master_data.VENDORS,
    *bills.ATTACHMENTS,
    *bills.CONTENT,
    *bills.PAYMENT,
    *master_data.ACCOUNTS,
    *master_data.DIMENSIONS,
    *bills.FORMATS,
    *master_data.ANY_VALUE,
)
VAGUE: tuple[Entry, ...] = permissions.VAGUE
