"""Vendors: twenty that behave well, some with trouble, and as many more as asked for."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from intacct_sandbox.company import Company
from intacct_sandbox.rules.masterdata import defaults
from intacct_sandbox.store import LazyRows, Row
from intacct_sandbox.values import stamp_text

FIRST = [
    "Amber",
    "Alder",
    "Ashford",
    "Beacon",
    "Birch",
    "Bluebell",
    "Bramble",
    "Bright",
    "Cedar",
    "Clear",
    "Copper",
    "Crown",
    "Dale",
    "Drift",
    "East",
    "Elm",
    "Evergreen",
    "Fairview",
    "Falcon",
    "Fern",
    "Field",
    "Flint",
    "Forest",
    "Glen",
    "Gold",
    "Granite",
    "Green",
    "Grove",
    "Harbour",
    "Hazel",
    "Heron",
    "High",
    "Hill",
    "Iron",
    "Ivy",
    "Kestrel",
    "Lark",
    "Linden",
    "Maple",
    "Marsh",
    "Meadow",
    "Mill",
    "Moor",
    "North",
    "Oak",
    "Orchard",
    "Otter",
    "Park",
    "Pine",
    "Quarry",
    "Raven",
    "Ridge",
    "River",
    "Rook",
    "Rowan",
    "Sand",
    "Silver",
    "South",
    "Spring",
    "Stone",
    "Summit",
    "Swan",
    "Thorn",
    "Valley",
    "West",
    "Willow",
    "Wren",
    "Yew",
]
SECOND = [
    "Analytics",
    "Builders",
    "Catering",
    "Chemicals",
    "Cleaning",
    "Components",
    "Consulting",
    "Couriers",
    "Design",
    "Electrical",
    "Energy",
    "Engineering",
    "Fabrics",
    "Fasteners",
    "Foods",
    "Freight",
    "Furniture",
    "Glass",
    "Hardware",
    "Hygiene",
    "Insurance",
    "Landscapes",
    "Legal",
    "Lighting",
    "Logistics",
    "Machinery",
    "Media",
    "Metals",
    "Office",
    "Packaging",
    "Paints",
    "Paper",
    "Plastics",
    "Plumbing",
    "Print",
    "Recruitment",
    "Repairs",
    "Security",
    "Software",
    "Solutions",
    "Stationery",
    "Steel",
    "Supplies",
    "Systems",
    "Telecom",
    "Textiles",
    "Timber",
    "Tools",
    "Training",
    "Transport",
    "Travel",
    "Waste",
]
SUFFIX = ("Ltd", "Inc", "GmbH", "LLC", "& Co", "Group", "plc", "Partners")
TERMS = ("Net 30", "Net 30", "Net 15", "Net 60", "Due on receipt", "2% 10 Net 30", "End of month", "15th next month")
SMALL_COUNT, FEW_COUNT, WELL_BEHAVED = 200, 12, 20
NAMES_WITH_TROUBLE = {
    21: "Zero\u200bWidth Trading",
    22: "Angle <Bracket> Supplies",
    23: "Private \ue001 Use Ltd",
    24: "Next\u0085Line Freight",
    25: "Replacement \ufffd Stores",
    26: "O'Malley & Daughters",
    27: 'Smith & Jones "Quality" Tools',
    28: "株式会社 Sakura 𠮷野 Foods",
    29: "Party 🎈 Balloons",
    30: "Ångström Örebro AB",
    31: "The Extraordinarily Long Named Company of Makers, Menders and Merchants of the Northern Valleys Ltd"[:100],
    32: "Café Crème Brûlée",
}
# NOK, XBT and Net 75 were taken out of use since; vendors keep what they had.
CURRENCY_OF = {33: "CHF", 34: "NOK", 35: "XBT", 36: "CAD", 30: "SEK"}
TERMS_OF = {34: "Net 75", 35: "Quarterly 4th", 37: "Net 75", 38: "Quarterly 4th", 39: ""}
ON_HOLD, INACTIVE, ONE_TIME = {40, 41, 42}, {43, 44, 45, 46}, {47, 48}
NULL_MODIFIED = {49, 50, 51, 52, 53, 54, 55}
OWNED_BY = {
    **dict.fromkeys(range(60, 75), "100"),
    **dict.fromkeys(range(75, 88), "200"),
    **dict.fromkeys(range(88, 94), "300"),
}
ACCOUNTS = ("6100", "6200", "6300", "6400", "6500", "6120", "6700", "6720")
STARTED = datetime(2024, 1, 8, 9, 0, 0, tzinfo=UTC)


def add_vendors(company: Company, seed: int, count: int, *, few: bool = False) -> None:
    chance = random.Random(seed)
    basis = defaults(company.table("VENDOR").otype)
    small = FEW_COUNT if few else SMALL_COUNT if not count else min(SMALL_COUNT, count)
    for number in range(1, small + 1):
        owner = "" if few or not company.multi_entity else OWNED_BY.get(number, "")
        company.insert("VENDOR", basis | _values(company, number, chance), entity=owner, stamp=False)
    if count > small:
        company.table("VENDOR").fill_lazily(_many(company, basis, small, count - small))


def _values(company: Company, number: int, chance: random.Random) -> dict[str, str]:
    key = f"V{number:05}"
    name = NAMES_WITH_TROUBLE.get(number) or f"{chance.choice(FIRST)} {chance.choice(SECOND)} {chance.choice(SUFFIX)}"
    currency = (
        CURRENCY_OF.get(number) or ("GBP", "USD")[number % 2]
        if number <= WELL_BEHAVED
        else CURRENCY_OF.get(number) or chance.choice(("GBP", "USD", "EUR", "GBP", "USD"))
    )
    terms = "Net 30" if number <= WELL_BEHAVED else TERMS_OF.get(number, chance.choice(TERMS))
    account = chance.choice(ACCOUNTS) if number % 3 == 0 else ""
    created = STARTED + timedelta(hours=7 * number)
    modified = "" if number in NULL_MODIFIED else stamp_text(created + timedelta(days=number % 40, minutes=number))
    slug = "".join(c for c in name.lower() if c.isascii() and c.isalnum())[:20] or f"vendor{number}"
    return {
        "VENDORID": key,
        "NAME": name,
        "STATUS": "inactive" if number in INACTIVE else "active",
        "CURRENCY": currency,
        "ONHOLD": str(number in ON_HOLD).lower(),
        "ONETIME": str(number in ONE_TIME).lower(),
        "TERMNAME": terms,
        "TAXID": f"GB{300000000 + number * 7919}"
        if currency == "GBP"
        else f"{10 + number % 80}-{4000000 + number * 37}",
        "VENDORACCOUNTNO": f"ACC-{number:04}" if number % 4 == 0 else "",
        "APACCOUNT": account,
        "APACCOUNTTITLE": (company.record("GLACCOUNT", account) or {}).get("TITLE", "") if account else "",
        "TOTALDUE": "0",
        "ENTITY": f"V{key}",
        "OBJECTRESTRICTION": "Unrestricted",
        "BILLINGTYPE": "openitem",
        "PAYMETHODKEY": "Printed Check",
        "CREDITLIMIT": str(1000 * (number % 9)) if number % 5 == 0 else "",
        "DISPLAYCONTACT.CONTACTNAME": f"{name}(V{key})",
        "DISPLAYCONTACT.PRINTAS": name,
        "DISPLAYCONTACT.COMPANYNAME": name,
        "DISPLAYCONTACT.FIRSTNAME": chance.choice(("Ada", "Bo", "Cleo", "Dev", "Emil")),
        "DISPLAYCONTACT.LASTNAME": chance.choice(("Hart", "Ito", "Jansen", "Kaya", "Lund")),
        "DISPLAYCONTACT.EMAIL1": f"accounts@{slug}.example",
        "DISPLAYCONTACT.PHONE1": f"+44 20 7946 {number:04}",
        "DISPLAYCONTACT.TAXABLE": "true",
        "DISPLAYCONTACT.MAILADDRESS.ADDRESS1": f"{number} Station Road",
        "DISPLAYCONTACT.MAILADDRESS.CITY": chance.choice(("Leeds", "Bristol", "Boston", "Portland", "Munich")),
        "DISPLAYCONTACT.MAILADDRESS.ZIP": f"{10000 + number}",
        "DISPLAYCONTACT.MAILADDRESS.COUNTRY": "United Kingdom",
        "DISPLAYCONTACT.MAILADDRESS.COUNTRYCODE": "GB",
        "WHENCREATED": stamp_text(created),
        "WHENMODIFIED": modified,
        "CREATEDBY": "21",
        "MODIFIEDBY": "21" if modified else "",
    }


def _many(company: Company, basis: dict[str, str], small: int, count: int) -> LazyRows:
    """Vendors made when they are looked at: a million cost no more memory than the pages in use."""
    table = company.table("VENDOR")
    at, first = table.otype.column, table.first + small
    template = basis | {
        "TOTALDUE": "0",
        "OBJECTRESTRICTION": "Unrestricted",
        "BILLINGTYPE": "openitem",
        "PAYMETHODKEY": "Printed Check",
        "DISPLAYCONTACT.TAXABLE": "true",
        "DISPLAYCONTACT.MAILADDRESS.COUNTRY": "United Kingdom",
        "DISPLAYCONTACT.MAILADDRESS.COUNTRYCODE": "GB",
        "CREATEDBY": "21",
        "MODIFIEDBY": "21",
    }
    base = [template.get(name, "") for name in table.otype.fields] + [""]
    columns = [
        at[name]
        for name in (
            "RECORDNO",
            "VENDORID",
            "NAME",
            "CURRENCY",
            "TERMNAME",
            "TAXID",
            "ENTITY",
            "APACCOUNT",
            "DISPLAYCONTACT.CONTACTNAME",
            "DISPLAYCONTACT.PRINTAS",
            "DISPLAYCONTACT.EMAIL1",
            "DISPLAYCONTACT.PHONE1",
            "DISPLAYCONTACT.MAILADDRESS.ADDRESS1",
            "WHENCREATED",
            "WHENMODIFIED",
        )
    ]
    firsts, seconds, endings = FIRST, SECOND, ("Ltd", "Inc", "GmbH", "LLC", "Group", "plc")
    stamps = [stamp_text(STARTED + timedelta(hours=5 * step)) for step in range(2000)]

    def make(index: int) -> Row:
        number = small + 1 + index
        key = f"V{number:05}"
        name = f"{firsts[index % len(firsts)]} {seconds[index // 7 % len(seconds)]} {endings[index % 6]} {number}"
        stamp = stamps[index % 2000]
        fresh = (
            str(first + index),
            key,
            name,
            ("GBP", "USD", "EUR")[index % 3],
            TERMS[index % len(TERMS)],
            f"GB{300000000 + index}",
            f"V{key}",
            ACCOUNTS[index % 8] if index % 3 == 0 else "",
            f"{name}(V{key})",
            name,
            f"ap{number}@vendor.example",
            f"+44 20 7946 {index % 10000:04}",
            f"{number} Station Road",
            stamp,
            stamp,
        )
        row = base.copy()
        for column, value in zip(columns, fresh, strict=True):
            row[column] = value
        return tuple(row)

    def find(key: str) -> int | None:
        return (
            int(key[1:]) - small - 1 if key[:1] == "V" and key[1:].isdigit() and key == f"V{int(key[1:]):05}" else None
        )

    cheap = {
        at["RECORDNO"]: lambda index: str(first + index),
        at["VENDORID"]: lambda index: f"V{small + 1 + index:05}",
        at["WHENMODIFIED"]: lambda index: stamps[index % 2000],
        at["WHENCREATED"]: lambda index: stamps[index % 2000],
        at["STATUS"]: lambda index: "active",
        at["ONHOLD"]: lambda index: "false",
    }
    return LazyRows(count, make, find, cheap)
