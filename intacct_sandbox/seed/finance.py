"""Currencies, exchange rates, payment terms and taxes."""

from __future__ import annotations

from decimal import Decimal

from intacct_sandbox.company import Company

CURRENCIES = {
    "GBP": "Pound Sterling",
    "USD": "US Dollar",
    "EUR": "Euro",
    "CHF": "Swiss Franc",
    "SEK": "Swedish Krona",
    "CAD": "Canadian Dollar",
    "JPY": "Yen",
}
IN_GBP = {
    "GBP": "1",
    "USD": "0.79",
    "EUR": "0.85",
    "CHF": "0.89",
    "SEK": "0.074",
    "CAD": "0.58",
    "JPY": "0.0053",
}
FROM_BILL, THIS_MONTH, NEXT_MONTH = (
    "from invoice/bill date",
    "of the month of invoice/bill date",
    "of next month from invoice/bill date",
)
TERMS = (
    # name, description, days, from, status, discount days, discount percent
    ("Net 30", "Thirty days net", "30", FROM_BILL, "active", "", ""),
    ("Net 15", "Fifteen days net", "15", FROM_BILL, "active", "", ""),
    ("Net 60", "Sixty days net", "60", FROM_BILL, "active", "", ""),
    ("Due on receipt", "Due at once", "0", FROM_BILL, "active", "", ""),
    ("2% 10 Net 30", "Two percent within ten days", "30", FROM_BILL, "active", "10", "2"),
    ("End of month", "Last day of the month", "31", THIS_MONTH, "active", "", ""),
    ("15th next month", "15th of the following month", "15", NEXT_MONTH, "active", "", ""),
    ("Quarterly 4th", "10th of the fourth month", "10", "of 4th month from invoice/bill date", "active", "", ""),
    ("Net 90 (old)", "No longer offered", "90", FROM_BILL, "inactive", "", ""),
)
UK, US = "United Kingdom - VAT", "US Sales Tax - SYS"
TAXES = (
    # id, uid, description, type, percent, solution, rate name
    (
        "UK Purchase Goods Standard Rate",
        "GB.InputGoods_GB.StandardGB.VAT",
        "Goods, standard rate",
        "Purchase",
        "20",
        UK,
        "Standard",
    ),
    (
        "UK Purchase Services Standard Rate",
        "GB.InputServices_GB.StandardGB.VAT",
        "Services, standard rate",
        "Purchase",
        "20",
        UK,
        "Standard",
    ),
    ("UK Purchase Reduced Rate", "GB.Input_GB.ReducedGB.VAT", "Reduced rate", "Purchase", "5", UK, "Reduced"),
    ("UK Purchase Zero Rate", "GB.Input_GB.ZeroGB.VAT", "Zero rate", "Purchase", "0", UK, "Zero"),
    (
        "UK Import Services Zero Rate",
        "GB.EXInputServices_GB.ZeroGB.VAT",
        "Services from abroad",
        "Purchase",
        "0",
        UK,
        "Zero",
    ),
    (
        "UK Sale Goods Standard Rate",
        "GB.OutputGoods_GB.StandardGB.VAT",
        "Sales, standard rate",
        "Sale",
        "20",
        UK,
        "Standard",
    ),
    ("UK Purchase Old Rate", "GB.Input_GB.OldGB.VAT", "Rate before 2011", "Purchase", "17.5", UK, "Standard"),
    ("MA State Tax", "US.MA", "Massachusetts", "Purchase", "6.25", US, "Standard"),
    ("OR State Tax", "US.OR", "Oregon", "Purchase", "0", US, "Zero"),
)


def add_currencies(company: Company) -> None:
    bases = {entity["CURRENCY"] for entity in company.entities()} or {company.base_currency}
    for code, name in CURRENCIES.items():
        company.insert(
            "TRXCURRENCIES",
            {
                "CODE": code,
                "NAME": name,
                "STATUS": "active",
                "BASECURRENCY": str(code in bases).lower(),
            },
        )
    for source, worth in IN_GBP.items():
        for target, other in IN_GBP.items():
            if source != target:
                company.rates[source, target] = (Decimal(worth) / Decimal(other)).quantize(Decimal("0.0001"))
    company.insert("EXCHANGERATETYPES", {"ID": "1", "NAME": "Month end", "ISDEFAULT": "false", "STATUS": "active"})
    for (source, target), rate in company.rates.items():
        if target in bases:
            company.insert(
                "EXCHANGERATE",
                {
                    "TYPENAME": "Month end",
                    "FROMCURRENCY": source,
                    "TOCURRENCY": target,
                    "EFFECTIVEDATE": "01/01/2024",
                    "RATE": str(rate),
                },
            )


BUDGET = (
    # account, period, amount
    ("6100", "Month Ended January 2026", "1200"),
    ("6100", "Month Ended February 2026", "1250"),
    ("6200", "Month Ended January 2026", "800"),
)


def add_budget(company: Company) -> None:
    key = company.insert(
        "GLBUDGETHEADER",
        {"BUDGETID": "Standard", "DESCRIPTION": "Budget of the year", "DEFAULT_BUDGET": "true", "STATUS": "active"},
    )
    for account, period, amount in BUDGET:
        item = {"BUDGETKEY": key, "BUDGETID": "Standard", "ACCT_NO": account, "PERIODNAME": period, "AMOUNT": amount}
        company.insert("GLBUDGETITEM", item)


def add_payment_provider(company: Company) -> None:
    company.insert("PROVIDERBANKACCOUNT", {"PROVIDERID": "PAYCO", "BANKACCOUNTID": "BANK-US", "STATUS": "active"})


def add_terms(company: Company) -> None:
    for name, description, days, start, status, discount_days, discount in TERMS:
        code = {FROM_BILL: "O", THIS_MONTH: "C", NEXT_MONTH: "N"}.get(start, "4")
        company.insert(
            "APTERM",
            {
                "NAME": name,
                "DESCRIPTION": description,
                "STATUS": status,
                "DUEDATE": days,
                "DUEFROM": start,
                "DISCDATE": discount_days,
                "DISCAMOUNT": discount,
                "DISCPERCAMN": "%" if discount else "",
                "TERMVALUE": f"::#{days}#:{code}:",
            },
        )


def add_taxes(company: Company) -> None:
    for name, method in ((UK, "VAT"), (US, "Simple")):
        company.insert(
            "TAXSOLUTION",
            {
                "SOLUTIONID": name,
                "DESCRIPTION": name,
                "TAXMETHOD": method,
                "STATUS": "active",
                "TYPE": "System",
                "STARTDATE": "01/01/2020",
                "SHOWMULTILINETAX": "false",
                "GLACCOUNTPURCHASE": "2210",
                "GLACCOUNTSALE": "2200",
            },
        )
    for key, uid, description, kind, percent, solution, rate in TAXES:
        company.insert(
            "TAXDETAIL",
            {
                "DETAILID": key,
                "TAXUID": uid,
                "DESCRIPTION": description,
                "TAXTYPE": kind,
                "VALUE": percent,
                "TAXSOLUTIONID": solution,
                "TAXRATE": rate,
                "GLACCOUNT": "2210" if kind == "Purchase" else "2200",
                "STATUS": "inactive" if "Old" in key else "active",
                "REVERSECHARGE": "false",
                "TAXAUTHORITY": "HMRC" if solution == UK else "State",
            },
        )
