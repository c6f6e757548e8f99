"""The companies that a sandbox starts with: the same for the same seed."""

from __future__ import annotations

from intacct_sandbox.company import SITE, Company, User
from intacct_sandbox.seed import chart, dimensions, finance, vendors
from intacct_sandbox.supdocs import Folder

SENDERS = {"demo_sender": "sender_password", "other_sender": "other_password"}
LARGE_VENDORS, LARGE_ACCOUNTS = 100_000, 5_000


def make_companies(
    seed: str, vendor_count: int, account_count: int, random_seed: int, *, site: str = SITE
) -> dict[str, Company]:
    if seed == "large":
        vendor_count, account_count = vendor_count or LARGE_VENDORS, account_count or LARGE_ACCOUNTS
    demo = _demo(random_seed, vendor_count, account_count, site)
    solo = _solo(random_seed, site)
    closed = Company("unsubscribed", "Unsubscribed Ltd", multi_entity=False, subscribed=False)
    expired = Company("expired", "Expired Demo Ltd", multi_entity=False, expired=True)
    return {company.id: company for company in (demo, solo, closed, expired)}


def _users(restricted_to: str = "") -> dict[str, User]:
    users = [
        User("xml_user", "xml_password", "21", "Web services user"),
        User("limited_user", "xml_password", "22", "User without permissions", denied={("*", "*")}),
        User("inactive_user", "xml_password", "24", "Inactive user", active=False),
    ]
    if restricted_to:
        users.append(
            User("entity_user", "xml_password", "23", "User of one entity", entities=frozenset({restricted_to}))
        )
    return {user.login: user for user in users}


def _demo(random_seed: int, vendor_count: int, account_count: int, site: str) -> Company:
    company = Company("demo", "Northwind Group", users=_users("200"), site=site)
    company.preferences = {"multi_currency": "true", "duplicate_bill_numbers": "vendor"}
    company.dimension_labels = {"PROJECT": "Job", "GLACCOUNT": "Account"}
    dimensions.add_entities(company)
    dimensions.add_dimensions(company)
    finance.add_currencies(company)
    finance.add_terms(company)
    finance.add_taxes(company)
    chart.add_accounts(company, account_count)
    finance.add_budget(company)
    finance.add_payment_provider(company)
    vendors.add_vendors(company, random_seed, vendor_count)
    _add_users(company)
    _add_folder(company)
    return company


def _solo(random_seed: int, site: str) -> Company:
    company = Company("solo", "Solo Trading Ltd", multi_entity=False, base_currency="GBP", users=_users(), site=site)
    company.preferences = {
        "multi_currency": "true",
        "duplicate_bill_numbers": "vendor",
        "tax_solution": "United Kingdom - VAT",
    }
    dimensions.add_single_location(company)
    finance.add_currencies(company)
    finance.add_terms(company)
    finance.add_taxes(company)
    chart.add_accounts(company, 0)
    finance.add_budget(company)
    vendors.add_vendors(company, random_seed + 1, 0, few=True)
    _add_users(company)
    _add_folder(company)
    return company


def _add_users(company: Company) -> None:
    table = company.table("USERINFO")
    for user in sorted(company.users.values(), key=lambda user: int(user.recordno)):
        while table.next_recordno() != user.recordno:
            company.insert("USERINFO", {"LOGINID": f"former{table.next_recordno()}", "STATUS": "inactive"})
        company.insert(
            "USERINFO",
            {
                "LOGINID": user.login,
                "DESCRIPTION": user.name,
                "USERTYPE": "business user",
                "STATUS": "active" if user.active else "inactive",
                "LOGINDISABLED": "true",
                "UNRESTRICTED": str(user.entities is None).lower(),
                "ADMIN": "Off",
                "CONTACTINFO.CONTACTNAME": user.name,
                "CONTACTINFO.EMAIL1": f"{user.login}@{company.id}.example",
            },
        )


def _add_folder(company: Company) -> None:
    company.cabinet.folders["Vendor Documents"] = Folder("Vendor Documents", "Seeded", "", "01/05/2024", "admin")
