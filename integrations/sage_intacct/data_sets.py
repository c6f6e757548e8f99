"""The data sets of Sage Intacct, in an order that satisfies references."""

from integrations.registry import DataSet

CURRENCIES = DataSet("currencies", "Currencies", "currencies", is_per_company=False)
TERMS = DataSet("terms", "Terms", "terms", is_per_company=False)
DIMENSIONS = DataSet("dimensions", "Dimensions", "dimensions")
GL_CODES = DataSet("gl_codes", "General Ledgers", "gl_codes")
TAX_CODES = DataSet("tax_codes", "Taxes", "tax_codes")
SUPPLIERS = DataSet("suppliers", "Suppliers", "suppliers")

ALL = (CURRENCIES, TERMS, DIMENSIONS, GL_CODES, TAX_CODES, SUPPLIERS)
