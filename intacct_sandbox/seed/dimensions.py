"""Entities, locations, departments and the other dimensions of the demo company."""

from __future__ import annotations

from intacct_sandbox.company import Company

ENTITIES = (
    # id, name, base currency, country, tax solution
    ("100", "Northwind Manufacturing Ltd", "GBP", "United Kingdom", "United Kingdom - VAT"),
    ("200", "Harbor Retail Inc", "USD", "United States", "US Sales Tax - SYS"),
    ("300", "Lakeside Services GmbH", "EUR", "Germany", ""),
)
CHILD_LOCATIONS = (
    ("110", "Leeds Plant", "100", "active"),
    ("120", "Bristol Depot", "100", "active"),
    ("130", "Old Mill", "100", "inactive"),
    ("210", "Boston Store", "200", "active"),
    ("220", "Portland Store", "200", "active"),
    ("310", "Munich Office", "300", "active"),
)
DEPARTMENTS = (
    ("100", "Administration", ""),
    ("110", "Finance", "100"),
    ("120", "Human Resources", "100"),
    ("130", "IT", "100"),
    ("200", "Operations", ""),
    ("210", "Production", "200"),
    ("220", "Warehouse", "200"),
    ("300", "Sales", ""),
    ("310", "Retail", "300"),
    ("320", "Wholesale", "300"),
    ("400", "Marketing", ""),
    ("500", "Closed Department", ""),
)
CLASSES = (
    ("10", "Core", ""),
    ("20", "Growth", ""),
    ("21", "Growth – new markets", "20"),
    ("30", "Research", ""),
    ("90", "Legacy", ""),
)
CUSTOMERS = (
    ("C100", "Amberley Stores"),
    ("C110", "Bright & Sons"),
    ("C120", "Coastline Hotels"),
    ("C130", "Dunmore Schools Trust"),
    ("C140", "Eastfield Clinics"),
    ("C150", "Former Customer Co"),
)
ITEMS = (
    ("I-100", "Consulting hour", "Non-Inventory"),
    ("I-200", "Steel sheet 2 mm", "Inventory"),
    ("I-300", "Packaging set", "Non-Inventory (Purchase only)"),
    ("I-900", "Discontinued part", "Inventory"),
)
PROJECTS = (
    # id, name, customer, entity, status
    ("P-1000", "Plant extension", "", "100", "active"),
    ("P-1010", "Warehouse roof", "", "100", "active"),
    ("P-2000", "Store refit Boston", "C100", "200", "active"),
    ("P-2010", "Loyalty program", "C110", "", "active"),
    ("P-3000", "Service portal", "C120", "", "active"),
    ("P-9000", "Closed job", "", "", "inactive"),
)
TASKS = (
    ("T-10", "Planning", "P-1000"),
    ("T-20", "Building", "P-1000"),
    ("T-10", "Design", "P-2000"),
    ("T-30", "Roll-out", "P-2010"),
)
EMPLOYEES = (
    ("E-001", "Ana", "Petrova", "110"),
    ("E-002", "Ben", "O'Connor", "210"),
    ("E-003", "Chidi", "Okafor", "310"),
    ("E-004", "Dörte", "Müller", "120"),
    ("E-005", "Eve", "Left", "400"),
)
REGIONS = ("North", "South", "East", "West", "Overseas")


def add_entities(company: Company) -> None:
    for number, (key, name, currency, country, solution) in enumerate(ENTITIES):
        company.insert(
            "LOCATIONENTITY",
            {
                "LOCATIONID": key,
                "NAME": name,
                "REPORTPRINTAS": name,
                "FIRSTMONTH": "1",
                "CURRENCY": currency,
                "STATUS": "active",
                "HAS_IE_RELATION": "true",
                "OPCOUNTRY": country,
                "LEGALNAME": name,
                "LEGALCOUNTRY": country,
                "ENABLELEGALCONTACT": "true",
                "TAXID": f"{700000000 + number * 111}",
                "STARTDATE": "01/01/2015",
                "TAXSOLUTIONID": solution,
                "WEEKSTART": "1",
            },
        )
        _add_location(company, key, name, "", key, currency)
    currencies = {key: currency for key, _, currency, _, _ in ENTITIES}
    for key, name, parent, status in CHILD_LOCATIONS:
        _add_location(company, key, name, parent, parent, currencies[parent], status)


def _add_location(
    company: Company, key: str, name: str, parent: str, entity: str, currency: str, status: str = "active"
) -> None:
    above = company.record("LOCATION", parent) if parent else None
    company.insert(
        "LOCATION",
        {
            "LOCATIONID": key,
            "NAME": name,
            "PARENTID": parent,
            "PARENTKEY": above["RECORDNO"] if above else "",
            "PARENTNAME": above["NAME"] if above else "",
            "ENTITY": entity,
            "STATUS": status,
            "CURRENCY": currency,
            "STARTDATE": "01/01/2015",
        },
    )


def add_single_location(company: Company) -> None:
    _add_location(company, "10", "Head Office", "", "", company.base_currency)
    for key, title, parent in DEPARTMENTS[:4]:
        _add_tree(company, "DEPARTMENT", key, "TITLE", title, parent)


def _add_tree(
    company: Company, name: str, key: str, name_field: str, text: str, parent: str, status: str = "active"
) -> None:
    otype = company.table(name).otype
    above = company.record(name, parent) if parent else None
    company.insert(
        name,
        {
            otype.key: key,
            name_field: text,
            "PARENTID": parent,
            "PARENTKEY": above["RECORDNO"] if above else "",
            "PARENTNAME": above[name_field] if above else "",
            "STATUS": status,
        },
    )


def add_dimensions(company: Company) -> None:
    for key, title, parent in DEPARTMENTS:
        _add_tree(company, "DEPARTMENT", key, "TITLE", title, parent, "inactive" if key == "500" else "active")
    for key, name, parent in CLASSES:
        _add_tree(company, "CLASS", key, "NAME", name, parent, "inactive" if key == "90" else "active")
    for key, name in CUSTOMERS:
        company.insert(
            "CUSTOMER",
            {
                "CUSTOMERID": key,
                "NAME": name,
                "ENTITY": f"C{key}",
                "STATUS": "inactive" if key == "C150" else "active",
                "TOTALDUE": "0",
                "ONHOLD": "false",
                "ONETIME": "false",
                "DISPLAYCONTACT.PRINTAS": name,
            },
        )
    for key, name, kind in ITEMS:
        status = "inactive" if key == "I-900" else "active"
        company.insert("ITEM", {"ITEMID": key, "NAME": name, "ITEMTYPE": kind, "STATUS": status, "TAXABLE": "true"})
    _add_projects(company)
    for key, first, last, department in EMPLOYEES:
        company.insert(
            "EMPLOYEE",
            {
                "EMPLOYEEID": key,
                "DEPARTMENTID": department,
                "STATUS": "inactive" if key == "E-005" else "active",
                "STARTDATE": "03/01/2019",
                "CONTACT.FIRSTNAME": first,
                "CONTACT.LASTNAME": last,
                "CURRENCY": "GBP",
                "CONTACT.PRINTAS": f"{first} {last}",
                "CONTACT.CONTACTNAME": f"{last}, {first}",
                "LOCATIONID": "100",
                "PERSONALINFO.CONTACTNAME": f"{last}, {first}",
                "CONTACT.EMAIL1": f"{first.lower()}@northwind.example",
            },
        )
    for name in REGIONS:
        company.insert("REGION", {"name": name, "createdBy": "21", "updatedBy": "21", "STATUS": "active"})


def _add_projects(company: Company) -> None:
    for key, name, customer, entity, status in PROJECTS:
        buyer = company.record("CUSTOMER", customer) if customer else None
        company.insert(
            "PROJECT",
            {
                "PROJECTID": key,
                "NAME": name,
                "PROJECTCATEGORY": "Internal" if not customer else "Contract",
                "STATUS": status,
                "CUSTOMERID": customer,
                "CUSTOMERNAME": buyer["NAME"] if buyer else "",
                "PROJECTSTATUS": "In progress",
                "CUSTOMERKEY": buyer["RECORDNO"] if buyer else "",
                "BEGINDATE": "01/01/2024",
            },
            entity=entity,
        )
    for key, name, project in TASKS:
        found = company.record("PROJECT", project) or {}
        company.insert(
            "TASK",
            {
                "TASKID": key,
                "NAME": name,
                "PROJECTID": project,
                "PROJECTNAME": found.get("NAME", ""),
                "BILLABLE": "false",
                "PROJECTKEY": found.get("RECORDNO", ""),
                "TASKSTATUS": "In Progress",
                "STATUS": "active",
            },
        )
