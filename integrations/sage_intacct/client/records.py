"""Typed values of the records we write: bills, adjustments, vendors, attachments.

Amounts are Decimal in transaction currency, days are `date`. `dimensions` maps a line's field name to an id,
for example {"DEPARTMENTID": "10", "GLDIMGRANT": "10003"}.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from .elements import Fields

BillAction = Literal["Submit", "Draft"]


@dataclass(frozen=True)
class TaxEntry:
    """Without `trx_tax` Sage Intacct computes the tax from the detail's rate."""

    detail_id: str
    trx_tax: Decimal | None = None


@dataclass(frozen=True)
class APBillLine:
    """`trx_amount` is net; with `inclusive_tax` on the bill, `total_trx_amount` (gross) counts instead."""

    account_no: str | None
    trx_amount: Decimal | None
    description: str | None = None
    location_id: str | None = None
    dimensions: Mapping[str, str] = field(default_factory=dict)
    tax_entries: tuple[TaxEntry, ...] = ()
    account_label: str | None = None
    offset_account_no: str | None = None
    total_trx_amount: Decimal | None = None
    allocation_id: str | None = None
    billable: bool | None = None
    custom_fields: Fields = field(default_factory=dict)


@dataclass(frozen=True)
class APBill:
    """`record_id` is the bill number, `doc_number` the reference number."""

    vendor_id: str
    record_id: str | None
    when_created: date
    when_due: date | None
    lines: tuple[APBillLine, ...]
    when_posted: date | None = None
    term_name: str | None = None
    doc_number: str | None = None
    description: str | None = None
    currency: str | None = None
    base_currency: str | None = None
    exch_rate_type_id: str | None = None
    exchange_rate: Decimal | None = None
    exch_rate_date: date | None = None
    supdoc_id: str | None = None
    action: BillAction = "Submit"
    tax_solution_id: str | None = None
    inclusive_tax: bool | None = None
    batch_title: str | None = None
    payment_priority: str | None = None
    on_hold: bool | None = None
    recommended_payment_date: date | None = None
    pay_to_contact: str | None = None
    return_to_contact: str | None = None
    custom_fields: Fields = field(default_factory=dict)


@dataclass(frozen=True)
class APAdjustment:
    """A supplier's credit note. Its lines are all negative (a debit memo, lowers what is owed) or all positive."""

    vendor_id: str
    when_created: date
    lines: tuple[APBillLine, ...]
    when_posted: date | None = None
    adjustment_no: str | None = None
    bill_no: str | None = None
    description: str | None = None
    external_id: str | None = None
    currency: str | None = None
    base_currency: str | None = None
    exch_rate_type_id: str | None = None
    exchange_rate: Decimal | None = None
    exch_rate_date: date | None = None
    action: BillAction | None = None
    batch_key: str | None = None
    tax_solution_id: str | None = None
    inclusive_tax: bool | None = None
    no_gl: bool | None = None
    custom_fields: Fields = field(default_factory=dict)


@dataclass(frozen=True)
class Address:
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    state: str | None = None
    zip_code: str | None = None
    country: str | None = None
    country_code: str | None = None


@dataclass(frozen=True)
class Contact:
    print_as: str
    company_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    phone: str | None = None
    email: str | None = None
    address: Address | None = None


@dataclass(frozen=True)
class Vendor:
    """`vendor_id` is None only where the company numbers its vendors by itself."""

    vendor_id: str | None
    name: str
    contact: Contact | None = None
    status: Literal["active", "inactive"] | None = None
    term_name: str | None = None
    currency: str | None = None
    tax_id: str | None = None
    vendor_type: str | None = None
    on_hold: bool | None = None
    comments: str | None = None
    custom_fields: Fields = field(default_factory=dict)


@dataclass(frozen=True)
class Attachment:
    """`name` goes without its extension and is unique in its record; `type` is the extension without the dot."""

    name: str
    type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Supdoc:
    """An attachment record; `supdoc_id` has 20 characters at most, "" where the company numbers them by itself."""

    supdoc_id: str
    name: str
    folder: str
    description: str | None = None
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True)
class StoredSupdoc:
    """An attachment record as the gateway shows it."""

    record_no: str
    supdoc_id: str
    name: str
    folder: str
    description: str
    created_on: date | None
    attachments: tuple[Attachment, ...] = ()
