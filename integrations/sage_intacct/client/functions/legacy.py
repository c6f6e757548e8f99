"""Bills and adjustments through the frozen functions, which insist on the order of their elements.

Reference: https://developer.intacct.com/api/accounts-payable/bills/ (legacy functions), .../ap-adjustments/
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from lxml import etree

from ..elements import Fields, add, add_fields, add_legacy_date, element
from ..errors import InvalidRequest
from ..records import APAdjustment, APBill, APBillLine, TaxEntry
from .base import Function


@dataclass(frozen=True)
class CreateLegacyBill(Function):
    """For what the generic `CreateBill` cannot do: bills without postings (`no_gl`), and a summary by its key.

    The result's key is the RECORDNO. Raises InvalidRequest for a field that only the generic function has.
    """

    name: ClassVar[str] = "create_bill"
    is_write: ClassVar[bool] = True
    bill: APBill
    batch_key: str | None = None
    external_id: str | None = None
    no_gl: bool | None = None

    def __post_init__(self) -> None:
        bill = self.bill
        if bill.batch_title or bill.payment_priority or bill.recommended_payment_date:
            raise InvalidRequest("create_bill takes no summary title, payment priority or recommended payment date.")

    def body(self) -> etree._Element:
        made = element(self.name)
        self._add_header(made)
        _add_currency(made, self.bill)
        add(made, "nogl", self.no_gl)
        add(made, "supdocid", self.bill.supdoc_id)
        add(made, "inclusivetax", self.bill.inclusive_tax)
        add(made, "taxsolutionid", self.bill.tax_solution_id)
        _add_custom_fields(made, self.bill.custom_fields)
        items = element("billitems")
        for line in self.bill.lines:
            items.append(_line(line, billable=line.billable))
        made.append(items)
        return made

    def _add_header(self, made: etree._Element) -> None:
        bill = self.bill
        add(made, "vendorid", bill.vendor_id)
        _add_dates(made, bill.when_created, bill.when_posted, bill.when_due)
        add(made, "termname", bill.term_name)
        add(made, "action", bill.action)
        add(made, "batchkey", self.batch_key)
        add(made, "billno", bill.record_id)
        add(made, "ponumber", bill.doc_number)
        add(made, "onhold", bill.on_hold)
        add(made, "description", bill.description)
        add(made, "externalid", self.external_id)
        _add_contact(made, "payto", bill.pay_to_contact)
        _add_contact(made, "returnto", bill.return_to_contact)


@dataclass(frozen=True)
class CreateAPAdjustment(Function):
    """Only the legacy function makes adjustments, and it insists on the order of its elements."""

    name: ClassVar[str] = "create_apadjustment"
    is_write: ClassVar[bool] = True
    adjustment: APAdjustment

    def body(self) -> etree._Element:
        given = self.adjustment
        made = element("create_apadjustment")
        add(made, "vendorid", given.vendor_id)
        add_legacy_date(made, "datecreated", given.when_created)
        add_legacy_date(made, "dateposted", given.when_posted)
        add(made, "batchkey", given.batch_key)
        add(made, "adjustmentno", given.adjustment_no)
        add(made, "action", given.action)
        add(made, "billno", given.bill_no)
        add(made, "description", given.description)
        add(made, "externalid", given.external_id)
        _add_currency(made, given)
        add(made, "nogl", given.no_gl)
        # Unlike in create_bill, the custom fields come before what concerns tax.
        _add_custom_fields(made, given.custom_fields)
        add(made, "inclusivetax", given.inclusive_tax)
        add(made, "taxsolutionid", given.tax_solution_id)
        items = element("apadjustmentitems")
        for line in given.lines:
            items.append(_line(line))
        made.append(items)
        return made


def _add_dates(made: etree._Element, created: date, posted: date | None, due: date | None) -> None:
    add_legacy_date(made, "datecreated", created)
    add_legacy_date(made, "dateposted", posted)
    add_legacy_date(made, "datedue", due)


def _add_contact(made: etree._Element, tag: str, name: str | None) -> None:
    if name is not None:
        contact = element(tag)
        add(contact, "contactname", name)
        made.append(contact)


def _add_currency(made: etree._Element, given: APAdjustment | APBill) -> None:
    add(made, "basecurr", given.base_currency)
    add(made, "currency", given.currency)
    add_legacy_date(made, "exchratedate", given.exch_rate_date)
    add(made, "exchratetype", given.exch_rate_type_id)
    add(made, "exchrate", given.exchange_rate)


def _add_custom_fields(made: etree._Element, fields: Fields) -> None:
    if not fields:
        return
    wrapper = element("customfields")
    for name, value in fields.items():
        field = element("customfield")
        add(field, "customfieldname", name)
        add_fields(field, {"customfieldvalue": value})
        wrapper.append(field)
    made.append(wrapper)


_DIMENSIONS = (
    "PROJECTID",
    "TASKID",
    "COSTTYPEID",
    "CUSTOMERID",
    "VENDORID",
    "EMPLOYEEID",
    "ITEMID",
    "CLASSID",
    "CONTRACTID",
    "WAREHOUSEID",
)


def _line(line: APBillLine, *, billable: bool | None = None) -> etree._Element:
    dimensions = dict(line.dimensions)
    location = dimensions.pop("LOCATIONID", None)
    department = dimensions.pop("DEPARTMENTID", None)
    ordered = [(name, dimensions.pop(name, None)) for name in _DIMENSIONS]
    made = element("lineitem")
    if line.account_label is not None:
        add(made, "accountlabel", line.account_label)
    else:
        add(made, "glaccountno", line.account_no)
    add(made, "offsetglaccountno", line.offset_account_no)
    add(made, "amount", line.trx_amount)
    add(made, "allocationid", line.allocation_id)
    add(made, "memo", line.description)
    add(made, "locationid", line.location_id if line.location_id is not None else location)
    add(made, "departmentid", department)
    # What is left are user-defined dimensions, which the legacy grammar takes for custom fields.
    _add_custom_fields(made, {**dimensions, **line.custom_fields})
    for name, value in ordered:
        add(made, name.lower(), value)
    add(made, "billable", billable)
    add(made, "totaltrxamount", line.total_trx_amount)
    _add_taxes(made, line.tax_entries)
    return made


def _add_taxes(made: etree._Element, entries: tuple[TaxEntry, ...]) -> None:
    if not entries:
        return
    wrapper = element("taxentries")
    for entry in entries:
        tax = element("taxentry")
        add(tax, "detailid", entry.detail_id)
        add(tax, "trx_tax", entry.trx_tax)
        wrapper.append(tax)
    made.append(wrapper)
