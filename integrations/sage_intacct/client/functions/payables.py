"""AP bills and vendors.

Reference: https://developer.intacct.com/api/accounts-payable/bills/, .../vendors/
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from lxml import etree

from ..elements import Fields, FieldValue, add, add_legacy_date, element
from ..records import Address, APBill, APBillLine, Contact, TaxEntry, Vendor
from .base import Function
from .writing import Create, Delete, Update


class CreateBill(Create):
    """A bill with its lines, through the generic `create`."""

    def __init__(self, bill: APBill) -> None:
        super().__init__("APBILL", bill_fields(bill))


class UpdateBill(Update):
    """Without lines the header alone changes, for example {"SUPDOCID": "..."}; with lines all are replaced."""

    def __init__(self, record_no: str, fields: Fields) -> None:
        super().__init__("APBILL", {"RECORDNO": record_no, **fields})


class DeleteBill(Delete):
    """Only while the bill is unpaid and not locked."""

    def __init__(self, record_no: str) -> None:
        super().__init__("APBILL", (record_no,))


class CreateVendor(Create):
    def __init__(self, vendor: Vendor) -> None:
        super().__init__("VENDOR", vendor_fields(vendor))


class UpdateVendor(Update):
    """Identified by VENDORID."""

    def __init__(self, vendor_id: str, fields: Fields) -> None:
        super().__init__("VENDOR", {"VENDORID": vendor_id, **fields})


@dataclass(frozen=True)
class ReverseBill(Function):
    """For a posted bill: makes a second, opposite transaction."""

    name: ClassVar[str] = "reverse_bill"
    is_write: ClassVar[bool] = True
    record_no: str
    reversed_on: date
    description: str | None = None

    def body(self) -> etree._Element:
        made = element("reverse_bill", key=self.record_no)
        add_legacy_date(made, "datereversed", self.reversed_on)
        add(made, "description", self.description)
        return made


@dataclass(frozen=True)
class RecallAPBill(Function):
    """Takes a submitted bill back from approval."""

    name: ClassVar[str] = "recallApBill"
    is_write: ClassVar[bool] = True
    record_no: str

    def body(self) -> etree._Element:
        made = element("recallApBill")
        add(made, "recordno", self.record_no)
        return made


def bill_fields(bill: APBill) -> Fields:
    return {
        "VENDORID": bill.vendor_id,
        "WHENCREATED": bill.when_created,
        "WHENDUE": bill.when_due,
        "WHENPOSTED": bill.when_posted,
        "RECORDID": bill.record_id,
        "DOCNUMBER": bill.doc_number,
        "DESCRIPTION": bill.description,
        "TERMNAME": bill.term_name,
        "RECPAYMENTDATE": bill.recommended_payment_date,
        "SUPDOCID": bill.supdoc_id,
        "PAYMENTPRIORITY": bill.payment_priority,
        "ONHOLD": bill.on_hold,
        "PRBATCH": bill.batch_title,
        "CURRENCY": bill.currency,
        "BASECURR": bill.base_currency,
        "EXCH_RATE_DATE": bill.exch_rate_date,
        "EXCH_RATE_TYPE_ID": bill.exch_rate_type_id,
        "EXCHANGE_RATE": bill.exchange_rate,
        "BILLTOPAYTOCONTACTNAME": bill.pay_to_contact,
        "SHIPTORETURNTOCONTACTNAME": bill.return_to_contact,
        "INCLUSIVETAX": bill.inclusive_tax,
        "TAXSOLUTIONID": bill.tax_solution_id,
        "ACTION": bill.action,
        **bill.custom_fields,
        "APBILLITEMS": {"APBILLITEM": [bill_line_fields(line) for line in bill.lines]},
    }


def bill_line_fields(line: APBillLine) -> Fields:
    fields: dict[str, FieldValue] = {
        "ACCOUNTNO": line.account_no,
        "ACCOUNTLABEL": line.account_label,
        "OFFSETGLACCOUNTNO": line.offset_account_no,
        "TRX_AMOUNT": line.trx_amount,
        "TOTALTRXAMOUNT": line.total_trx_amount,
        "ENTRYDESCRIPTION": line.description,
        "LOCATIONID": line.location_id,
        "ALLOCATION": line.allocation_id,
        "BILLABLE": line.billable,
        **line.dimensions,
        **line.custom_fields,
    }
    if line.tax_entries:
        fields["TAXENTRIES"] = {"TAXENTRY": [_tax_entry_fields(entry) for entry in line.tax_entries]}
    return fields


def _tax_entry_fields(entry: TaxEntry) -> Fields:
    return {"DETAILID": entry.detail_id, "TRX_TAX": entry.trx_tax}


def vendor_fields(vendor: Vendor) -> Fields:
    return {
        "VENDORID": vendor.vendor_id,
        "NAME": vendor.name,
        "DISPLAYCONTACT": _contact_fields(vendor.contact or Contact(print_as=vendor.name)),
        "STATUS": vendor.status,
        "VENDTYPE": vendor.vendor_type,
        "TAXID": vendor.tax_id,
        "COMMENTS": vendor.comments,
        "CURRENCY": vendor.currency,
        "TERMNAME": vendor.term_name,
        "ONHOLD": vendor.on_hold,
        **vendor.custom_fields,
    }


def _contact_fields(contact: Contact) -> Fields:
    return {
        "PRINTAS": contact.print_as,
        "COMPANYNAME": contact.company_name,
        "FIRSTNAME": contact.first_name,
        "LASTNAME": contact.last_name,
        "PHONE1": contact.phone,
        "EMAIL1": contact.email,
        "MAILADDRESS": _address_fields(contact.address) if contact.address else None,
    }


def _address_fields(address: Address) -> Fields:
    return {
        "ADDRESS1": address.address1,
        "ADDRESS2": address.address2,
        "CITY": address.city,
        "STATE": address.state,
        "ZIP": address.zip_code,
        "COUNTRY": address.country,
        "COUNTRYCODE": address.country_code,
    }
