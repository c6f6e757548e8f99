"""Answers of Sage Intacct that others have published: help pages, issues, sources of other integrations.

Each with the address where it was found, and beside it one that only resembles it. Placeholders are filled in. An
answer with the code "refused" is one that the catalogue does not know: it is shown to people in its own words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from integrations.sage_intacct.client import ApiError

UNKNOWN_TO_US = "refused"
FYLE = "https://github.com/fylein/fyle-intacct-api/blob/3ad1203c18fccf113fdafc301e77e40ce852b21a/apps/sage_intacct/errors/errors.py"
BILL = "https://help.bill.com/hc/en-us/articles/"
RAMP = "https://support.ramp.com/sage-intacct-sync-error-"
SERVICETITAN = "https://help.servicetitan.com/how-to/error-messages"
SCORO = "https://support.scoro.com/hc/en-us/articles/22900558707341-Sage-Intacct-common-errors"
POR = "https://por.my.site.com/uLearn/s/article/Accounting-Integrations-Common-Errors-and-Corrective-Action"
CONTRACTS = (
    "https://www.intacct.com/ia/docs/en_ZA/help_action/Contracts/Using_Contracts/Billing/Generate_invoices/"
    "troubleshoot-generate-invoices.htm"
)
IMPORTS = "https://www.intacct.com/ia/docs/en_GB/help_action/More/Uploading_Data/AP/troubleshoot-import-bills.htm"
SDK_NET, SDK_JS = (
    "https://github.com/intacct/intacct-sdk-net/issues/",
    "https://github.com/intacct/intacct-sdk-js/issues/",
)
FREIGHT = "https://github.com/jbanahan/Sync-session-ACSG-542-01-2020F/blob/f16e2f4b1efb53904c746429d7abb80a6451073d/app/models/intacct_receivable.rb"
POWERSHELL = "https://github.com/craibuc/PsIntacct"
VENDOR = "https://developer.intacct.com/"


@dataclass(frozen=True)
class Found:
    text: str
    code: str
    near: str
    source: str
    errorno: str = "BL01001973"
    level: str = "result"
    correction: str = ""
    values: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        return self.text[:60]

    @property
    def error(self) -> ApiError:
        return ApiError(self.errorno, "", self.text, self.correction)

    @property
    def near_error(self) -> ApiError:
        return ApiError("BL01001973", description2=self.near)


def _missing(label: str, source: str = FYLE) -> Found:
    text = f"This transaction is missing the {label} dimension for the Account 16200"
    near = f"This report is missing the {label} dimension for the period 16200"
    return Found(text, "dimension_missing", near, source, values={"label": label, "account": "16200"})


FOUND = (
    # -- dimensions and accounts
    Found("The employee '1005' is invalid.", "employee_invalid", "The employee number '1005' is long.", FYLE),
    Found("Account 16200 is not valid", "account_invalid", "Account owner 16200 is not valid", FYLE),
    *(_missing(label) for label in ("Department", "Job", "Item", "Cost Code", "Location", "Grant", "Employee")),
    Found("This transaction is missing 'Department' dimension for the Account 16200", "dimension_missing",
          "This transaction is missing 'Department' dimension members", FYLE,
          values={"label": "Department", "account": "16200"}),
    Found("The specified GL account '16200' : '16200' is not valid. GL account is restricted by", "account_restricted",
          "The specified GL account '16200' : '16200' is not valid. GL account is closed by", FYLE,
          values={"account": "16200"}),
    Found("GL account '16200': '16200' specified is not valid. GL account is restricted", "account_restricted",
          "GL account '16200': '16200' specified is not valid. GL account is long", FYLE, values={"account": "16200"}),
    Found("Department '300': '300' specified is not valid. Department is restricted by GL account.",
          "account_restricted", "Department '300': '300' specified is not valid. Department is managed by GL account.",
          FYLE, values={"label": "Department", "value": "300"}),
    Found("Invalid Department 300 selected ", "department_invalid", "Invalid Departmental budget 300", FYLE),
    Found("Department must be 300. This value is auto-filled", "dimension_filled_in",
          "Department must be 300. This value is wrong", FYLE),
    Found("The department '300' is invalid.", "department_invalid", "The department '300' is busy.", FYLE),
    Found("Department 300 is not valid", "department_invalid", "Department 300 is not visible", FYLE),
    Found("The location '600' is invalid.", "location_invalid", "The location '600' is far.", FYLE),
    Found("Location '600' is not valid", "location_invalid", "Location '600' is not near", FYLE),
    Found("Location must be 600. This value is auto-filled", "dimension_filled_in", "Location must be 600 or more",
          FYLE),
    Found("Project '10064' specified is not valid.", "project_invalid", "Project '10064' specified is new.", FYLE),
    Found("Invalid Project '10064' specified.", "project_invalid", "Invalid Project '10064' number.", FYLE),
    Found("Job '10064' specified is not valid.", "project_invalid", "Job '10064' specified is new.", FYLE),
    Found("The Project '10064' has a project status that prevents expense submittal.", "project_status_prevents",
          "The Project '10064' has a project status that allows expense submittal.", FYLE),
    Found("The employee isn’t a resource of the project '10064'.", "employee_not_of_project",
          "The employee isn’t a friend of the project '10064'.", FYLE),
    Found("Customer '10001' specified is not valid.", "customer_invalid", "Customer '10001' specified is new.", FYLE),
    Found("Line has no associated account", "account_missing", "Line has no associated memo", POR),
    Found("Account is inactive", "account_inactive", "Account is interactive", POR),
    Found("Item ID 'I-9' is not valid", "item_invalid", "Item ID 'I-9' is not new", POR),
    Found("Debits and credits are not equal", "not_balanced", "Debits and credits are not shown", POR),
    Found("The account number 2030 is associated to the Credit Card Visa and can't be used", "account_of_a_bank",
          "The account number 2030 is associated to the report Visa and can't be used",
          f"{BILL}115005930143-Sage-Intacct-Sync-Error-The-account-number-xxx-is-associated-to-the-Credit-Card-xx-and-x-"),
    Found("The account number 10100 is associated to the Bank account BOA Enter an account number on line item 1 in "
          "transaction 'x', that's not associated with any bank account, and try again", "account_of_a_bank",
          "The account number 10100 is associated to the budget BOA", SCORO),
    Found("Enter an account number on line item 1, in transaction 'x,' and try again", "account_missing",
          "Enter an account number on the form, and try again", SCORO),
    Found("Enter a valid account number on line item 2, in transaction ‘73432’, and try again.",
          "account_number_invalid", "Enter a valid phone number on line item 2, and try again.",
          "https://blackrivertechnologies.com/reading-import-error-messages"),
    Found("The project you selected is not associated with the customer you selected", "project_not_of_customer",
          "The project you selected is not associated with a budget", f"{BILL}360032579952-Sage-Intacct-Sync-Error-The-"
          "project-you-selected-is-not-associated-with-the-customer-you-selected"),
    Found("The project dimension you selected --P1-- is not related to your header-level Customer ID value. The "
          "header-level Customer ID you selected is C1.", "project_not_of_customer",
          "The project dimension you selected --P1-- is not open.", SCORO),
    Found("Use of empty Location is invalid. A valid Multi-Entity Location must be specified.", "location_missing",
          "Use of empty quotes is discouraged.", SERVICETITAN, errorno="BL03000018"),
    Found("Location ID is required for the multi-entity shared warehouse with ID: 12", "location_missing",
          "Location details are shown for the multi-entity shared warehouse with ID: 12", SERVICETITAN),
    Found("Invalid contract C-1. Contract is restricted by Region.", "dimension_restricted",
          "Invalid contract C-1. Contract is signed by Region.", CONTRACTS),
    # -- vendors
    Found("The vendor 'Paper Co' is invalid.", "vendor_invalid", "The vendor 'Paper Co' is valued.", FYLE,
          values={"value": "Paper Co"}),
    Found("Vendor 'Paper Co' specified is not valid.", "vendor_invalid", "Vendor 'Paper Co' specified is new.", FYLE),
    Found("The specified vendor 'Paper Co' is not valid.", "vendor_invalid", "The specified vendor 'Paper Co' is new.",
          FYLE),
    Found("Invalid Vendor 'V-9' specified.", "vendor_invalid", "Invalid Vendor 'V-9' address.", FREIGHT),
    Found("Activate the vendor VM, then try again.", "vendor_inactive", "Call the vendor VM, then try again.", FYLE),
    Found("Required field Vendor ID is missing", "vendor_missing", "Required field Vendor fax is missing",
          f"{BILL}115005945226-Sage-Intacct-Sync-Error-Required-field-Vendor-ID-is-missing"),
    Found("You cannot update a root level vendor from an entity/restricted user with one entity", "vendor_of_top_level",
          "You cannot update a vendor of low level from an entity", f"{BILL}115005944186-Sage-Intacct-Error-You-cannot-"
          "update-a-root-level-vendor-from-an-entity-restricted-user-with-one-entity"),
    Found("Illegal format for Contactversion : Primary Email Address @host.example.", "supplier_email_malformed",
          "Illegal format for Contactversion : Primary Pager @host.example.", POWERSHELL, errorno="BL03000018",
          values={"value": "@host.example"}),
    Found("Another Contact with the given value(s)   already exists", "value_taken", "Another Contact already called",
          POWERSHELL, errorno="BL34000061", correction="Use a unique value instead."),
    Found("Cannot find customer with key '$( $CUSTOMER.RECORDNO )' to delete.", "record_not_found",
          "Cannot find a customer to delete.", POWERSHELL),
    # -- bills
    Found("Periods are closed. Your transaction date (01/15/2030) is within a period that's been closed.",
          "period_closed", "Periods are shown. Your transaction date (01/15/2030) is within a period.",
          f"{BILL}115005929983-Intacct-Sync-Error-Periods-are-closed-Your-transaction-date-XX-XX-XXXX-is-within-a-"
          "period-that-s-been-closed-"),
    Found("The term name Net 45 is invalid", "terms_invalid", "The term of Net 45 is long",
          f"{BILL}115005930283-Sage-Intacct-Sync-Error-The-term-name-XXXX-is-invalid"),
    Found("There is no due on the bill INV-7", "nothing_due", "There is no date on the bill INV-7",
          f"{BILL}4405094611853-Sage-Intacct-sync-error-There-is-no-due-on-the-bill-XXXXX"),
    Found("Transaction is partially/fully paid for", "bill_paid", "Transaction is partially posted", IMPORTS),
    Found("The record requires the field Due Date", "due_date_missing", "The record shows the field Due Date", IMPORTS),
    Found("The Date Due field is missing a value.", "due_date_missing", "The Date Due field is hidden.", FREIGHT),
    Found("Required field Date Due is missing", "due_date_missing", "Required field Date Sent is missing", FREIGHT),
    Found("Date Due cannot be earlier than date of transaction", "due_before_date",
          "Date Due cannot be later than the end of the year", POR),
    Found("Transaction with the number 'INV-7' already exists", "number_taken", "Transaction number 'INV-7' is new",
          POR),
    Found("Enter a Bill number, and try again.", "number_missing", "Enter a phone number, and try again.",
          f"{SDK_JS}86", errorno="BL03002128"),
    Found("Remove the extra line item in the request, then reclassify the bill.", "amount_missing",
          "Remove the extra blank in the request.", f"{SDK_NET}132", errorno="BL03002101"),
    Found("Tax details are either missing or don't belong to the tax solution . Ensure each line item has a tax detail "
          "that belongs to the applicable tax solution.", "tax_details_missing", "Tax details are either shown or not.",
          f"{SDK_NET}160"),
    Found("Enable foreign-currency transactions, and try again", "currency_not_enabled",
          "Enable pop-ups, and try again", SCORO),
    Found("Your configuration limits credits to the entity owners. You cannot apply negative line items in "
          "transactions with line items for multiple entities.", "credits_across_entities",
          "Your configuration limits reports to the entity owners.",
          f"{RAMP}your-configuration-limits-credits-to-the-entity-owners-you-cannot-apply-negative-line-items-in-"
          "transactions-with-line-items-for-multiple-entities-error-code-bl03002073", errorno="BL03002073"),
    Found("Smart rule VENDOR_INVOICE_ATTACHMENT was violated | Vendor invoice attachment is required",
          "attachment_required", "Smart rule VENDOR_INVOICE_ATTACHMENT was changed",
          f"{RAMP}smart-rule-smart-rule-was-violated-vendor-invoice-attachment-is-required-error-code-error-code"),
    Found("smart rule vendor_creation was violated this record needs to be created at the top level please navigate to "
          "the correct level and recreate the record.", "smart_rule", "smart rule vendor_creation was made",
          "https://vendorpayhelp.bill.com/hc/en-us/articles/360007058712-Sage-Intacct-sync-error-Smart-Rule-errors",
          values={"rule": "vendor_creation"}),
    Found("Smart Rule AP_PO Violated", "smart_rule", "Smart Rule AP_PO Visited",
          SERVICETITAN, values={"rule": "AP_PO"}),
    Found("Bill to Contact is configured as non-editable in Transaction Definition. You cannot change the Bill to "
          "Contact.", "field_not_editable", "Bill to Contact is editable.", SERVICETITAN),
    Found("Ship to Contact is configured as non-editable in Transaction Definition.You cannot change the Ship to "
          "Contact.", "field_not_editable", "Ship to Contact is editable.", SERVICETITAN),
    # -- the connection
    Found("The sender ID 'test_sender_id' is not authorized to make Web Services requests to company ID "
          "'test_company_id'.", "sender_not_authorized", "The sender 'test_sender_id' wrote to 'test_company_id'.",
          f"{VENDOR}support/faq/", errorno="XL03000006", level="authentication"),
    Found("Incorrect Intacct XML Partner ID or password.", "sender_password_wrong", "Incorrect bank ID or password.",
          "https://dmconsultant.co/blog/sage-intacct-error-xl03000006", errorno="XL03000006", level="control"),
    # -- what the catalogue does not know stays quoted
    Found("There is not enough quantity for Item ID 'I1' Quantity needed : 2 and Quantity available : 1 .",
          UNKNOWN_TO_US, "Item ID 'I1' is not valid", "https://help.servicetitan.com/v1/docs/intacct-integration-error-"
          "messages"),
    Found("Please link vendor to this Charge Card.", UNKNOWN_TO_US, "The vendor 'V1' is invalid.",
          "https://paymakerhelp.bill.com/hc/en-us/articles/360028260452-Intacct-Sync-Error-Please-link-vendor-to-this-"
          "Charge-Card-"),
    Found("Customer is on hold", UNKNOWN_TO_US, "The vendor 'V1' is on hold.", CONTRACTS),
    Found("The contract line was canceled on 01/31/2030. Posting date should be on or before Cancellation date.",
          UNKNOWN_TO_US, "Date must be on or after 02/01/2030", CONTRACTS),
)  # fmt: skip
