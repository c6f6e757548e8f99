"""The data sets of Sage Intacct, in an order that satisfies references.

What all companies of the account share is read once, at the top level; GL codes and suppliers in each company's entity.
"""

from integrations.registry import DataSet

CURRENCIES = DataSet("currencies", "Currencies", "currencies", is_per_company=False)
TERMS = DataSet("terms", "Terms", "terms", is_per_company=False)


def _dimension(key: str, name: str) -> DataSet:
    return DataSet(key, name, "dimensions", is_per_company=False)


DEPARTMENT = _dimension("department", "Departments")
LOCATION = _dimension("location", "Locations")
CLASS = _dimension("class", "Classes")
CUSTOMER = _dimension("customer", "Customers")
PROJECT = _dimension("project", "Projects")
TASK = _dimension("task", "Tasks")
ITEM = _dimension("item", "Items")
EMPLOYEE = _dimension("employee", "Employees")
USER_DEFINED = _dimension("user_defined", "User-defined Dimensions")
DIMENSIONS = (DEPARTMENT, LOCATION, CLASS, CUSTOMER, PROJECT, TASK, ITEM, EMPLOYEE, USER_DEFINED)
TAX_CODES = DataSet("tax_codes", "Taxes", "tax_codes", is_per_company=False)
GL_CODES = DataSet("gl_codes", "General Ledgers", "gl_codes")
SUPPLIERS = DataSet("suppliers", "Suppliers", "suppliers")

ALL = (CURRENCIES, TERMS, *DIMENSIONS, TAX_CODES, GL_CODES, SUPPLIERS)
