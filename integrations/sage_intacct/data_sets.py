"""The data sets of Sage Intacct, in an order that satisfies references.

What all companies of the account share is read once, at the top level; GL codes and suppliers in each company's entity.
"""

from integrations.registry import DataSet
from integrations.sage_intacct.classification.permissions import place_of


def _shared(key: str, name: str, singular: str, list_name: str, object_name: str) -> DataSet:
    return DataSet(key, name, list_name, is_per_company=False, permission=place_of(object_name), singular=singular)


def _dimension(key: str, name: str) -> DataSet:
    """`key` is also its name in the singular, and its object's there."""
    return _shared(key, name, key, "dimensions", key)


CURRENCIES = _shared("currencies", "Currencies", "currency", "currencies", "trxcurrencies")
TERMS = _shared("terms", "Terms", "terms", "terms", "apterm")
DEPARTMENT = _dimension("department", "Departments")
LOCATION = _dimension("location", "Locations")
CLASS = _dimension("class", "Classes")
CUSTOMER = _dimension("customer", "Customers")
PROJECT = _dimension("project", "Projects")
TASK = _dimension("task", "Tasks")
ITEM = _dimension("item", "Items")
EMPLOYEE = _dimension("employee", "Employees")
USER_DEFINED = DataSet(
    "user_defined",
    "User-defined Dimensions",
    "dimensions",
    is_per_company=False,
    permission="Platform Services > the objects of these dimensions",
    singular="value of a user-defined dimension",
)
DIMENSIONS = (DEPARTMENT, LOCATION, CLASS, CUSTOMER, PROJECT, TASK, ITEM, EMPLOYEE, USER_DEFINED)
TAX_CODES = _shared("tax_codes", "Taxes", "tax", "tax_codes", "taxdetail")
GL_CODES = DataSet(
    "gl_codes",
    "General Ledgers",
    "gl_codes",
    is_optional=False,
    permission=place_of("glaccount"),
    singular="general ledger",
)
SUPPLIERS = DataSet(
    "suppliers", "Suppliers", "suppliers", is_optional=False, permission=place_of("vendor"), singular="supplier"
)

ALL = (CURRENCIES, TERMS, *DIMENSIONS, TAX_CODES, GL_CODES, SUPPLIERS)
