"""The chart of accounts."""

from __future__ import annotations

from intacct_sandbox.company import Company
from intacct_sandbox.schema import OBJECTS
from intacct_sandbox.store import LazyRows, Row, finish_row

ASSETS = """1000 Petty cash|1010 Bank current account GBP|1020 Bank current account USD|1030 Bank current
    account EUR|1040 Savings account|1100 Accounts receivable|1110 Allowance for doubtful debts|1120
    Other receivables|1130 Employee advances|1140 Intercompany receivable|1200 Inventory raw
    materials|1210 Inventory finished goods|1220 Goods in transit|1230 Work in progress|1300 Prepaid
    expenses|1310 Prepaid insurance|1320 Prepaid rent|1400 Deposits paid|1500 Land and buildings|1510
    Plant and machinery|1520 Office equipment|1530 Computer equipment|1540 Motor vehicles|1550 Leasehold
    improvements|1600 Accumulated depreciation buildings|1610 Accumulated depreciation machinery|1620
    Accumulated depreciation office equipment|1630 Accumulated depreciation computers|1640 Accumulated
    depreciation vehicles|1700 Goodwill|1710 Software licences capitalised|1720 Patents and trademarks"""
LIABILITIES = """2000 Accounts payable|2010 Accrued liabilities|2020 Goods received not invoiced|2030 Credit card
    clearing|2040 Intercompany payable|2100 Wages payable|2110 Pension payable|2120 Payroll taxes
    payable|2200 Output tax|2210 Input tax|2220 Corporate tax payable|2300 Deferred income|2310 Customer
    deposits|2400 Short-term loans|2500 Long-term loans|2510 Lease liabilities|3000 Share capital|3100
    Retained earnings|3200 Dividends"""
INCOME = """4000 Product sales|4010 Service income|4020 Export sales|4030 Online sales|4100 Sales discounts|4110 Sales
returns|4200 Rental income|4300 Freight charged|4900 Other income|4910 Interest received"""
COSTS = """5000 Cost of goods sold|5010 Raw materials|5020 Packaging|5030 Freight inward|5040 Import duty|5050
    Subcontractors|5060 Direct labour|5070 Factory supplies|5080 Inventory adjustments|5090 Scrap"""
EXPENSES = """6000 General expenses|6100 Office Supplies|6110 Printing and stationery|6120 Postage and
    courier|6130 Books and subscriptions|6200 Travel|6210 Hotels|6220 Meals and entertainment|6230
    Mileage|6300 IT & Software|6310 Hosting and cloud services|6320 Computer maintenance|6330 Telephone
    and internet|6400 Rent|6410 Business rates|6420 Cleaning|6430 Building repairs|6440 Security|6500
    Utilities|6510 Water|6520 Waste disposal|6600 Insurance|6610 Vehicle running costs|6620 Vehicle
    leasing|6700 Legal fees|6710 Audit and accountancy|6720 Consulting|6730 Recruitment|6740
    Training|6750 Bank charges|6800 Advertising|6810 Department projects|6820 Trade fairs|6830 Store
    marketing|6840 Job costs|6850 Class campaigns|6860 Regional promotion|6870 Customer gifts|6900 Staff
    welfare|6910 Uniforms|6920 Donations|6990 Old sundry expenses|7000 Salaries|7010 Overtime|7020
    Pension contributions|7030 Payroll taxes|7040 Temporary staff|7100 Depreciation buildings|7110
    Depreciation machinery|7120 Depreciation computers|7200 Interest paid|7210 Exchange differences|7300
    Bad debts|7900 Suspense|8000 Corporate tax|8100 Extraordinary items"""
GROUPS = (
    # accounts, category, type, normal balance
    (ASSETS, "Assets", "balancesheet", "debit"),
    (LIABILITIES, "Liabilities", "balancesheet", "credit"),
    (INCOME, "Revenue", "incomestatement", "credit"),
    (COSTS, "Cost of Sales", "incomestatement", "debit"),
    (EXPENSES, "Operating Expenses", "incomestatement", "debit"),
)
INACTIVE = {"6990", "1230", "7300", "4200"}
REQUIRES = {
    "6810": ("REQUIREDEPT",),
    "6830": ("REQUIRELOC",),
    "6840": ("REQUIREPROJECT",),
    "6850": ("REQUIRECLASS",),
    "6860": ("REQUIREGLDIMREGION",),
    "6870": ("REQUIRECUSTOMER",),
    "5050": ("REQUIREPROJECT", "REQUIREDEPT"),
    "6620": ("REQUIREEMPLOYEE",),
    "5010": ("REQUIREITEM",),
}
BANKS = {"1010": "BANK-GB", "1020": "BANK-US", "1030": "BANK-EU", "1040": "SAVE-GB", "2030": "CARD-CORP"}
RESTRICTED = {"6820": "100#~#110#~#120"}
FLAGS = [name for name in OBJECTS["GLACCOUNT"].fields if name.startswith("REQUIRE")]


def accounts() -> list[tuple[str, str, str, str, str]]:
    found = []
    for listed, category, kind, balance in GROUPS:
        for entry in " ".join(listed.split()).split("|"):
            number, _, title = entry.strip().partition(" ")
            found.append((number, title, category, kind, balance))
    return found


def add_accounts(company: Company, count: int) -> None:
    for number, title, category, kind, balance in accounts():
        company.insert("GLACCOUNT", account_values(company, number, title, category, kind, balance))
    company.bank_accounts.update(BANKS)
    for number, bank in BANKS.items():
        name = (
            "CREDITCARD"
            if bank.startswith("CARD")
            else "SAVINGSACCOUNT"
            if bank.startswith("SAVE")
            else "CHECKINGACCOUNT"
        )
        key = "CARDID" if name == "CREDITCARD" else "BANKACCOUNTID"
        name_field = "DESCRIPTION" if name == "CREDITCARD" else "BANKNAME"
        company.insert(name, {key: bank, "GLACCOUNTNO": number, "STATUS": "active", name_field: "Riverside Bank"})
    for label, number in (("Stationery", "6100"), ("Train tickets", "6200"), ("Software", "6300")):
        title = (company.record("GLACCOUNT", number) or {}).get("TITLE", "")
        company.insert(
            "APACCOUNTLABEL",
            {
                "ACCOUNTLABEL": label,
                "DESCRIPTION": label,
                "GLACCOUNTNO": number,
                "GLACCOUNTTITLE": title,
                "STATUS": "active",
            },
        )
    seeded = company.table("GLACCOUNT").live
    if count > seeded:
        company.table("GLACCOUNT").fill_lazily(_many(company, seeded, count - seeded))


def account_values(company: Company, number: str, title: str, category: str, kind: str, balance: str) -> dict[str, str]:
    values = dict.fromkeys(FLAGS, "false") | dict.fromkeys(REQUIRES.get(number, ()), "true")
    return values | {
        "ACCOUNTNO": number,
        "TITLE": title,
        "CATEGORY": category,
        "ACCOUNTTYPE": kind,
        "NORMALBALANCE": balance,
        "CLOSINGTYPE": "closing account" if kind == "incomestatement" else "non-closing account",
        "TAXABLE": "false",
        "CLOSINGACCOUNTNO": "3100" if kind == "incomestatement" else "",
        "ALTERNATIVEACCOUNT": {"2000": "Payables account", "1100": "Receivables account"}.get(number, "None"),
        "STATUS": "inactive" if number in INACTIVE else "active",
        "SUBLEDGERCONTROLON": "false",
        "RESTRICTED": RESTRICTED.get(number, "") if company.multi_entity else "",
    }


def _many(company: Company, seeded: int, count: int) -> LazyRows:
    table = company.table("GLACCOUNT")
    otype, first = table.otype, table.first + seeded
    template = account_values(company, "", "", "Operating Expenses", "incomestatement", "debit")
    base = [template.get(name, "") for name in otype.fields]
    at = otype.column
    base[at["WHENCREATED"]] = base[at["WHENMODIFIED"]] = "01/15/2024 08:00:00"
    number, title, recordno = at["ACCOUNTNO"], at["TITLE"], at["RECORDNO"]

    def make(index: int) -> Row:
        row = base.copy()
        row[recordno], row[number] = str(first + index), f"X{index + 1:06}"
        row[title] = f"Project cost line {index + 1}"
        return finish_row(row)

    def find(key: str) -> int | None:
        return int(key[1:]) - 1 if key[:1] == "X" and key[1:].isdigit() and len(key) == 7 else None

    return LazyRows(count, make, find)
