"""Pages of reference data: list, search, add, edit, archive, CSV. An app describes a `Resource`; views are here."""

from organization.reference.filters import ReferenceFilter
from organization.reference.forms import AccountForm
from organization.reference.resource import Resource
from organization.reference.tables import STATE, ReferenceTable

__all__ = ["STATE", "AccountForm", "ReferenceFilter", "ReferenceTable", "Resource"]
