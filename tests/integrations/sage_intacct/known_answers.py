"""One realistic answer for every line of the catalogue, and beside it one that only resembles it."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.sage_intacct.client import ApiError

from .found_answers import FOUND

CONFIG, RECORD, TEMPORARY, UNKNOWN, INTERNAL = "config", "record", "temporary", "unknown", "internal"
# Worded after the vendor's documentation of the number or the level; no answer in so many words was found in public.
WORDED_HERE = "https://developer.intacct.com/web-services/error-handling/"
CONTROL, AUTHENTICATION, RESULT = "control", "authentication", "result"


@dataclass(frozen=True)
class Known:
    """`says` and `where` are pieces of the message and the advice; `near` is answered otherwise."""

    code: str
    kind: str
    text: str
    says: str
    where: str
    near: str
    level: str = RESULT
    errorno: str = "BL01001973"
    description: str = ""
    correction: str = ""
    near_errorno: str = "BL01001973"

    def __str__(self) -> str:
        return self.code

    @property
    def source(self) -> str:
        """Where an answer with this code was published."""
        return next((found.source for found in FOUND if found.code == self.code), WORDED_HERE)

    @property
    def error(self) -> ApiError:
        text = f"{self.text} [Support ID: nX7%7Ek2]" if self.text else ""
        return ApiError(self.errorno, self.description, text, self.correction)

    @property
    def near_error(self) -> ApiError:
        return ApiError(self.near_errorno, description2=self.near)


# One answer after another, not one argument a line.
# fmt: off
GATEWAY = (
    Known("already_recorded", UNKNOWN,
          "A successful transaction has already been recorded with the control id bill-7-1", "carried out before",
          "looked up", "The transaction has already been recorded in another book", errorno="XL03000008",
          near_errorno="XL03000008"),
    Known("in_process", UNKNOWN, "There is a concurrent request in process with the control id bill-7-1",
          "still working", "looked up", "A concurrent edit was made by another user", level=CONTROL,
          errorno="XL03000008"),
    Known("throttled", TEMPORARY, "API rate limit exceeded.", "too many requests", "tried again",
          "The exchange rate exceeded the limit", level=CONTROL, errorno="GW-0010"),
    Known("off_line", TEMPORARY, "The Service is Temporarily Off-line", "off-line", "tried again",
          "The bank feed is off-line", level=CONTROL, errorno="", correction="Please Try Again Later"),
    Known("too_many_operations", TEMPORARY, "There are too many operations in this request", "too many operations",
          "tried again", "The item has too many components"),
    Known("system_unavailable", TEMPORARY, "The system is temporarily unavailable.", "not available", "tried again",
          "The report is temporarily unavailable.", errorno="PL04000050"),
    Known("gateway_failed", UNKNOWN, "", "gateway of Sage Intacct failed", "looked up", "Internal error", level=CONTROL,
          errorno="GW-0003", description="Internal server error [Request ID: r-1]", near_errorno="GW-00030"),
    Known("sender_or_company_refused", CONFIG, "", "company ID", "Web Services authorizations", "Invalid Request",
          level=CONTROL, errorno="GW-0011", description="Invalid Request [Request ID: r-1]", near_errorno="GW-0110"),
    Known("gateway_forbidden", CONFIG, "", "forbids", "Web Services authorizations", "Forbidden", level=CONTROL,
          errorno="GW-0042", description="Forbidden", near_errorno="GW-0420"),
    Known("request_malformed", INTERNAL,
          "XML Parse schema error: Fatal Error 76: Opening and ending tag mismatch. Line: 3, column: 9.",
          "could not read", "support team", "The bank file could not be parsed", level=CONTROL, errorno="XL03000003"),
    Known("sender_password_wrong", CONFIG, "Incorrect Intacct XML Partner ID or password.", "sender ID",
          "Company > Setup > Company Info > Security > Web Services authorizations", "Incorrect vendor ID or account",
          level=CONTROL, errorno="XL03000006", near_errorno="XL03000006"),
    Known("policy_unknown", INTERNAL, "nightly is not a valid transport policy.", "nightly", "support team",
          "nightly is not a valid approval policy.", level=CONTROL, errorno="XL03000006", near_errorno="XL03000006"),
    Known("company_expired", CONFIG, "This company is a demo company and has expired.", "expired", "renew",
          "This contract has expired.", level=CONTROL, errorno="PL04000055"),
    Known("company_inactive", CONFIG, "The company acme is inactive.", "not active", "administrator",
          "The company calendar setting is inactive.", level=AUTHENTICATION, errorno="XL03000006"),
    Known("sender_not_authorized", CONFIG,
          "The sender ID &#039;planergy&#039; is not authorized to make Web Services requests to company ID "
          "&#039;acme&#039;.",
          "planergy",
          "Company > Setup > Company Info > Security > Web Services authorizations and add the sender ID planergy",
          "The sender of the e-mail is not authorized.", level=AUTHENTICATION, errorno="XL03000006",
          description="Invalid Web Services Authorization", near_errorno="XL03000006",
          correction="Contact the company administrator to grant Web Services authorization to this sender ID."),
    Known("web_services_not_subscribed", CONFIG,
          "This company is not authorized for XML transactions. Please subscribe to the XML Gateway.",
          "not subscribed to Web Services", "Company > Admin > Subscriptions",
          "This company is not authorized for ACH transactions.", level=AUTHENTICATION, errorno="XL03000006"),
)

SIGN_IN = (
    Known("ip_address_refused", CONFIG, "The IP address 203.0.113.7 is not allowed for this company.", "203.0.113.7",
          "Company > Setup > Company Info > Security > Enforce IP address filters",
          "The shipping address is not allowed for this company.", level=AUTHENTICATION, errorno="XL03000006"),
    Known("session_expired", TEMPORARY, "Invalid session AbC12dEf....", "session", "new session",
          "Invalid sessions setting", level=AUTHENTICATION, errorno="XL03000006"),
    Known("entity_refused", CONFIG,
          "Sign-in information is incorrect. The location 'E200' is not an entity that this user can access.", "E200",
          "Company > Setup > Entities", "The location of the user could not be read.", level=AUTHENTICATION,
          errorno="XL03000006"),
    Known("user_blocked", CONFIG, "The user 'xml_planergy' is inactive.", "xml_planergy",
          "Company > Admin > Web Services Users", "The user-defined book is inactive.", level=AUTHENTICATION,
          errorno="XL03000006"),
    Known("password_expired", CONFIG, "Your password has expired.", "expired", "Web Services Users",
          "Your offer has expired.", level=AUTHENTICATION, errorno="XL03000006"),
    Known("sign_in_refused", CONFIG, "Sign-in information is incorrect", "company ID, user ID and password",
          "Enforce IP address filters", "Banking information is incorrect", level=AUTHENTICATION, errorno="XL03000006"),
    Known("session_not_opened", CONFIG, "", "no session", "Web Services Users", "Get report failed",
          errorno="Get API Session Failed", near_errorno="Get Report Failed"),
    Known("login_unknown", CONFIG, "Login ID xml_user does not exist.", "xml_user", "Web Services Users",
          "Batch ID 7 does not exist.", errorno="BL03000025", correction="Provide a valid USER.LOGINID value."),
)

PERMISSIONS = (
    Known("permission_missing", CONFIG,
          "You do not have permission for API operation READ_BY_QUERY on objects of type apbill", "may not read bills",
          "grant List and View for Bills under Accounts Payable Permissions",
          "You do not have an operation on objects of type apbill", errorno="PL04000005"),
    Known("audit_permission_missing", CONFIG, "You do not have permission to view audit history for this object.",
          "audit history", "Company > Admin > Roles", "You do not have permission to view payment history", errorno=""),
    Known("operation_impossible", CONFIG,
          "API operation 'READ_BY_QUERY' cannot be performed on objects of type project", "projects",
          "Company > Admin > Subscriptions", "The operation cannot be performed on a closed bill",
          errorno="PL04000005"),
    Known("module_not_subscribed", CONFIG, "Account allocation module is not subscribed", "Account allocation",
          "Company > Admin > Subscriptions", "The user is not subscribed to the report"),
    Known("vendor_of_top_level", RECORD,
          "You cannot update a root-level vendor from an entity restricted user or session.", "top level",
          "Accounts Payable > Vendors", "You cannot update a top-level account from here."),
    Known("record_of_other_entity", RECORD,
          "You cannot update a record of entity E2 from here. Sign in to that entity.", "E2", "owns it",
          "You cannot update a record of a closed entity."),
    Known("permission_denied", CONFIG, "You don’t have permission to approve bills", "approve bills",
          "Company > Admin > Roles", "You have permission to approve bills of up to 100.00 only"),
)

QUERIES = (
    Known("object_unknown", CONFIG, "Object definition PROJECT not found", "PROJECT", "Company > Admin > Subscriptions",
          "Report definition not found", errorno="Query Failed", near_errorno="Query Failed"),
    Known("fields_not_queryable", INTERNAL, "The following fields cannot be queried:\n\tPROJECT: [CFDA, PAYER]", "CFDA",
          "support team", "The following fields cannot be empty: VENDORID", errorno="XL03000006"),
    Known("field_unknown", INTERNAL,
          "There was an error processing the request. Field(s) ABC not found on object VENDOR", "ABC", "support team",
          "Field worker not found on the schedule", errorno="XL03000010"),
    Known("fields_list_invalid", INTERNAL, "", "NAMES,ID", "support team", "Invalid price list 7",
          errorno="Invalid fields list NAMES,ID"),
    Known("processing_failed", TEMPORARY, "There was an error processing the request.", "could not process",
          "support ID", "There was an error processing the request for vendor V1.", errorno="DL02000001",
          description="Error"),
)

VENDORS = (
    Known("vendor_compliance_expired", RECORD, "Expiration date compliance error Insurance--Harbour Paper Ltd",
          "Harbour Paper Ltd", "Compliance records", "Expiration date of the quote has passed", errorno="CRE-3211"),
    Known("vendor_inactive", RECORD, "Activate the vendor V100--Harbour Paper Ltd, then try again.", "V100",
          "Accounts Payable > Vendors", "Activate the bank account of the vendor V100, then try again."),
    Known("vendor_on_hold", RECORD, "The vendor 'V100' is on hold.", "V100", "off hold",
          "The payment to vendor 'V100' was put on hold for approval."),
    Known("vendor_missing", RECORD, "Required field Vendor ID is missing", "no vendor", "supplier code",
          "Required field Vendor type is missing"),
    Known("vendor_invalid", RECORD, "Invalid Vendor 'V100' specified.", "V100", "Accounts Payable > Vendors",
          "Invalid vendor type 'V100' specified."),
)

ACCOUNTS = (
    Known("account_restricted", RECORD, "GL account '6000': 'L2' specified is not valid. GL account is restricted",
          "6000 is restricted and may not be used with L2", "General Ledger > Setup > Accounts",
          "GL account '6000' is limited to 10 lines"),
    Known("account_of_a_bank", RECORD,
          "The account number 1010 is associated to the Bank account/Credit Card Harbour Bank, and can't be used here.",
          "1010", "Cash Management", "The account number 1010 is associated to the vendor V1."),
    Known("account_inactive", RECORD, "Account 6000 is not valid. Account is inactive", "6000 is inactive",
          "General Ledger > Setup > Accounts", "Bank account 6000 is not valid. Bank feed is inactive"),
    Known("account_missing", RECORD, "Enter an account number on line item 1, in transaction 'INV-7,' and try again",
          "line 1", "GL code", "Enter an account number on the vendor, and try again"),
    Known("account_number_invalid", RECORD,
          "Enter a valid account number on line item 2, in transaction ‘INV-7’, and try again.", "line 2",
          "General Ledger > Setup > Accounts", "Enter a valid account number on the vendor, and try again."),
    Known("account_label_invalid", RECORD, "Account label 'Travel' is not valid", "Travel",
          "Accounts Payable > Setup > Account labels", "Account labels are not enabled"),
    Known("account_number_taken", RECORD, "The account number '6000' already exists", "6000", "import GL codes again",
          "The account group '6000' already exists", description="Duplicate account number"),
    Known("account_invalid", RECORD, "Account 6000.10 is not valid", "6000.10", "General Ledger > Setup > Accounts",
          "Account manager 6000 is not valid"),
)

DIMENSIONS = (
    Known("dimension_missing", RECORD,
          "This transaction is missing the “Department” dimension for the Account 6000.10.",
          "6000.10 needs a Department", "General Ledger > Setup > Accounts",
          "This report is missing the Department dimension for the period 6000", errorno="BL03000018"),
    Known("location_missing", RECORD,
          "Use of empty Location is invalid. A valid Multi-Entity Location must be specified.", "several entities",
          "Company > Setup > Locations", "Use of empty lines in a memo is discouraged.", errorno="BL03000018"),
    Known("project_status_prevents", RECORD, "The Project 'P1' has a project status that prevents expense submittal.",
          "Project P1 does not allow this: expense submittal", "Projects > Projects",
          "The Project 'P1' has a project manager that prevents expense submittal."),
    Known("project_not_of_customer",
          RECORD, "The project you selected is not associated with the customer you selected",
          "does not belong to the customer", "Projects > Projects", "The project you selected is not billable"),
    Known("employee_not_of_project", RECORD, "The employee isn’t a resource of the project 'P1'.", "project P1",
          "Projects > Projects", "The employee isn't a manager of the project 'P1'."),
    Known("dimension_restricted", RECORD, "Invalid contract C-1. Contract is restricted by Region.",
          "Region restricts it",
          "lift the restriction", "Invalid contract C-1. Contract is expired."),
    Known("dimension_filled_in", RECORD, "Department must be 100. This value is auto-filled", "wants 100", "Enter 100",
          "Department must be active. Choose another value"),
    Known("location_of_other_entity", RECORD, "Location 'L2' is not valid. It does not belong to entity E1.",
          "entity E1", "Company > Setup > Locations", "Location 'L2' is not valid. It does not belong to region E1."),
    Known("task_not_of_project", RECORD, "Task 'T1' specified is not valid for Job 'P1'.", "Job P1", "Projects > Tasks",
          "Task 'T1' specified is not valid."),
    Known("entity_only", RECORD, "This transaction definition is set to Entity only.", "inside an entity",
          "Company > Setup > Entities", "The only entity is E1."),
    Known("dimension_inactive", RECORD, "Activate the cost centre 'CC-1', then try again.", "cost centre CC-1 is",
          "to Active", "Activate multi-factor sign-in, then try again."),
    Known("department_invalid", RECORD, "The department '100' is invalid.", "100", "Company > Setup > Departments",
          "The department head '100' is invalid."),
    Known("location_invalid", RECORD, "Location 'L9' is not valid", "L9", "Company > Setup > Locations",
          "Location type 'L9' is not valid"),
    Known("project_invalid", RECORD, "Job 'P1' specified is not valid.", "Job P1", "Projects > Projects",
          "Job title 'P1' is not valid."),
    Known("task_invalid", RECORD, "Task 'T1' specified is not valid.", "T1", "Projects > Tasks",
          "Task status 'T1' is not valid."),
    Known("customer_invalid", RECORD, "Customer 'C1' specified is not valid.", "C1", "Accounts Receivable > Customers",
          "Customer type 'C1' is not valid."),
    Known("employee_invalid", RECORD, "Employee 'E1' specified is not valid.", "E1", "Company > Setup > Employees",
          "Employee type 'E1' is not valid."),
    Known("class_invalid", RECORD, "Class 'K1' specified is not valid.", "K1", "Company > Setup > Classes",
          "First class 'K1' is not valid."),
    Known("item_invalid", RECORD, "Item ID 'I1' is not valid", "I1", "Inventory Control > Items",
          "Item group 'I1' is not valid"),
    Known("contract_invalid", RECORD, "Contract 'K-7' specified is not valid.", "K-7", "Contracts > Contracts",
          "Contract line 'K-7' is not valid."),
    Known("warehouse_invalid", RECORD, "Warehouse 'W1' specified is not valid.", "W1", "Warehouses",
          "Warehouse zone 'W1' is not valid."),
    Known("value_invalid", RECORD, "Grant 'G-1' specified is not valid.", "Grant G-1", "Platform Services > Objects",
          "The memo is not valid."),
)

BILLS = (
    Known("attachment_required", RECORD, "Smart rule AP_ATTACHMENT was violated: Vendor invoice attachment is required",
          "attachment on every bill", "AP_ATTACHMENT", "An approval is required"),
    Known("smart_rule", RECORD, "Smart rule AP_PO was violated: The vendor 'V1' is invalid without a PO number",
          "AP_PO", "Customization Services > Smart Rules", "Smart rule AP_PO was saved"),
    Known("period_closed", RECORD,
          "Periods are closed. Your transaction date (01/15/2030) is within a period that’s been closed. "
          "Open periods: Top level: open from 02/01/2030; E2: open from 03/01/2030 to 12/31/2030",
          "15 January 2030, lies in a period that is closed in Sage Intacct. Open from 1 March 2030.",
          "General Ledger > Books > Open", "Your transaction date (01/15/2030) is within the payment period"),
    Known("date_before_open_period", RECORD, "Date must be on or after 02/01/2030", "1 February 2030",
          "General Ledger > Books > Open", "Start date must be on or before 02/01/2030"),
    Known("due_date_missing", RECORD, "The Date Due field is missing a value.", "needs a due date",
          "Accounts Payable > Vendors", "The Date Paid field is missing a value."),
    Known("due_before_date", RECORD, "Date Due cannot be earlier than date of transaction", "due date", "due date",
          "Discount date cannot be earlier than date of transaction"),
    Known("number_taken", RECORD, "Transaction with the number &#039;INV-7&#039; already exists", "number INV-7",
          "Accounts Payable > Bills", "Summary with the number 'INV-7' already exists", errorno="BL03002185"),
    Known("number_missing", RECORD, "Enter a Bill number, and try again.", "bill number", "Document sequencing",
          "Enter a bill date, and try again.", errorno="BL03002128"),
    Known("document_number_missing", RECORD, "Document Number is missing", "document number", "Document sequencing",
          "Document type is missing", errorno="PL01000127", near_errorno="PL01000127",
          correction="Make desired changes and press Save to continue."),
    Known("summary_missing", CONFIG, "Summary is missing", "summary", "Accounts Payable > Summaries",
          "Summary total is wrong", errorno="PL01000127", near_errorno="PL01000127"),
    Known("number_malformed", RECORD, "Illegal format for Bill number 'A&amp;B': the characters &amp; are not allowed.",
          "A&B", "invoice number", "Illegal format for Bill date 'A'", errorno="BL03000018", near_errorno="BL03000018"),
    Known("value_taken", RECORD, "Another Vendor with the given value(s) V100 already exists", "Vendor V100",
          "another value", "Another user has the record open", errorno="BL34000061",
          correction="Use a unique value instead."),
    Known("record_exists", RECORD, "The contact Harbour Paper Ltd(V100) already exists", "vendor or contact",
          "Accounts Payable > Vendors", "The contact person no longer exists", errorno="PL05000104"),
    Known("terms_invalid", RECORD, "The term name Net 45 is invalid", "Net 45", "Accounts Payable > Setup > Terms",
          "The termination date is invalid"),
    Known("currency_not_enabled", RECORD,
          "Currency 'JPY' is not valid. Enable foreign-currency transactions, and try again", "JPY",
          "Company > Setup > Currencies", "Currency rounding is not valid for this bank", errorno="BL03000018"),
    Known("base_currencies_mixed", RECORD,
          "All lines of a transaction must belong to entities with the same base currency.",
          "different base currencies", "Company > Setup > Entities", "The bank must have a base currency."),
    Known("base_currency_wrong", RECORD, "Base currency 'USD' is not the base currency of the entity, which is GBP.",
          "USD is not that of the entity, GBP", "Company > Setup > Entities", "Base currency 'USD' was changed."),
    Known("exchange_rate_missing", RECORD, "There is no exchange rate from JPY to GBP for this date.", "exchange rate",
          "Exchange rates", "Enter either an exchange rate or an exchange rate type, not both."),
    Known("tax_of_other_solution", RECORD,
          "Tax detail UK Standard cannot be used in this transaction because it does not belong to tax solution "
          "Australia - GST.",
          "UK Standard does not belong to the tax solution Australia - GST", "Taxes > Setup > Tax details",
          "Tax detail UK Standard cannot be used in this transaction because it is inactive.",
          correction="Use tax details that belong to the tax solution."),
    Known("tax_details_missing", RECORD, "Tax details are either missing or don’t belong to the tax solution.",
          "no tax detail", "Taxes > Setup > Tax details", "Tax details are not shown to this user."),
    Known("tax_solution_invalid", RECORD, "Tax solution 'Old VAT' is not valid.", "Old VAT",
          "Taxes > Setup > Tax solutions", "Tax solution owner 'Old VAT' is not valid."),
    Known("credits_across_entities", RECORD,
          "Your configuration limits credits to the entity owners. Remove the credit lines.", "credit", "adjustment",
          "Your configuration limits payments to the entity owners.", errorno="BL03002073"),
    Known("not_balanced", RECORD, "Debits and credits are not equal", "not equal", "Inter-entity",
          "Debits and credits are shown in two columns"),
    Known("lines_missing", RECORD, "Enter at least one line item, and try again.", "no lines", "Add a line",
          "Enter at least one approver, and try again."),
    Known("amount_missing", RECORD, "Remove the extra line item in the request, then reclassify the bill.",
          "has no amount", "Enter the amount", "Remove the extra attachment, then try again", errorno="BL03002101"),
    Known("unit_missing", RECORD, "Missing unit", "unit of measure", "Inventory Control > Items",
          "Missing units of time", errorno="BL03000018", near_errorno="BL03000018"),
    Known("action_impossible", RECORD, "Invalid ACTION for this state", "this action", "state", "Invalid action",
          errorno="BL03002129"),
    Known("bill_paid", RECORD, "Transaction 'INV-7' is already paid and can't be deleted", "INV-7",
          "Accounts Payable > Payments", "Transaction 'INV-7' is already selected"),
    Known("nothing_due", RECORD, "There is no due on the bill INV-7", "INV-7", "Accounts Payable > Bills",
          "There is no due date on the bill INV-7"),
    Known("more_than_due", RECORD, "Payment amount 50 exceeds total amount due (40.00)", "40.00",
          "Accounts Payable > Bills", "Payment amount 50 exceeds the credit limit"),
    Known("record_not_found", RECORD,
          "Oops, we can’t find this transaction; enter a valid APBILL record number. Value: 4711", "4711",
          "Accounts Payable > Bills", "Oops, we can't save this transaction"),
    Known("no_data", RECORD, "No Data Found", "no data", "something to read", "No data found in the column 'Budget'",
          errorno="BL03002028"),
    Known("attachment_folder_invalid", RECORD, "Attachment folder 'Planergy' is not valid", "Planergy",
          "Company > Attachment folders", "Attachment folder owner 'Planergy' is not valid"),
    Known("attachment_invalid", RECORD, "Attachment 'PL-7' is not valid", "PL-7", "Company > Attachments",
          "Attachment name 'PL 7' was changed"),
    Known("attachment_in_use", RECORD, "Attachment 'PL-7' is used by a transaction and can't be deleted", "PL-7",
          "Company > Attachments", "Attachment 'PL-7' is used by a report"),
    Known("supplier_email_malformed",
          RECORD, "Illegal format for Contactversion : Primary Email Address @host.example.",
          "@host.example", "Accounts Payable > Vendors", "Illegal format for Contactversion : Primary Phone 12",
          errorno="BL03000018", near_errorno="BL03000018"),
    Known("field_not_editable", RECORD,
          "Bill to Contact is configured as non-editable in Transaction Definition. You cannot change the Bill to "
          "Contact.",
          "Bill to Contact", "Leave it", "The column is shown as non-editable in the report."),
    Known("processing_refused", RECORD,
          "There was an error processing the request. Field(s) ABC not found on object VENDOR", "ABC",
          "Correct what is named", "There was an error processing the request.", errorno="DL02000001",
          near_errorno="DL02000001"),
    Known("value_too_long", RECORD, "Attachment ID is too long: at most 20 characters are allowed.",
          "Attachment ID is too long for Sage Intacct: at most 20", "Shorten", "The session took too long",
          errorno="BL03000018", near_errorno="BL03000018"),
    Known("field_missing", RECORD, "Required field Tax date is missing", "Tax date", "Enter it",
          "The required approval is missing"),
    Known("value_malformed", RECORD, "Illegal format for EMAIL1: 'nobody'", "EMAIL1 nobody", "Correct the EMAIL1",
          "Illegal file format", errorno="BL03000018", near_errorno="BL03000018"),
)

KNOWN: tuple[Known, ...] = (*GATEWAY, *SIGN_IN, *PERMISSIONS, *QUERIES, *VENDORS, *ACCOUNTS, *DIMENSIONS, *BILLS)
