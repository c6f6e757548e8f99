"""Functions about the company, its set-up and the session.

Reference: https://developer.intacct.com/api/company-console/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from lxml import etree

from ..elements import add, add_required, element
from .base import Function
from .reading import LegacyGetList


@dataclass(frozen=True)
class GetAPISession(Function):
    """Never to be mixed with other functions. `entity_id`: None stays where the login is, "" asks for the top
    level, anything else moves into that entity."""

    name: ClassVar[str] = "getAPISession"
    entity_id: str | None = None

    def body(self) -> etree._Element:
        made = element("getAPISession")
        if self.entity_id is not None:
            add_required(made, "locationid", self.entity_id)
        return made


@dataclass(frozen=True)
class ReadEntityDetails(Function):
    """The entities that the user may enter, with their currencies."""

    name: ClassVar[str] = "readEntityDetails"

    def body(self) -> etree._Element:
        return element("readEntityDetails")


@dataclass(frozen=True)
class GetFinancialSetup(Function):
    name: ClassVar[str] = "getFinancialSetup"

    def body(self) -> etree._Element:
        return element("getFinancialSetup")


@dataclass(frozen=True)
class GetDimensions(Function):
    """The dimensions in use, standard and user-defined, and what the company calls them."""

    name: ClassVar[str] = "getDimensions"

    def body(self) -> etree._Element:
        return element("getDimensions")


@dataclass(frozen=True)
class GetUserPermissions(Function):
    name: ClassVar[str] = "getUserPermissions"
    user_id: str

    def body(self) -> etree._Element:
        made = element("getUserPermissions")
        add(made, "userId", self.user_id)
        return made


@dataclass(frozen=True)
class ReadUserFormatting(Function):
    """The user's locale, date format and zone, on which WHENMODIFIED filters depend."""

    name: ClassVar[str] = "readUserFormatting"
    user_id: str

    def body(self) -> etree._Element:
        made = element("readUserFormatting")
        add(made, "userId", self.user_id)
        return made


@dataclass(frozen=True)
class GetCompanyPrefs(Function):
    """Preferences of one application: GEN, ME, GL, CM, AP, ..."""

    name: ClassVar[str] = "get_companyprefs"
    application: str

    @property
    def label(self) -> str:
        return f"get_companyprefs {self.application}"

    def body(self) -> etree._Element:
        return element("get_companyprefs", application=self.application)


@dataclass(frozen=True)
class GetCompanyInfo(LegacyGetList):
    """Title and name of the company; there is no newer function for them."""

    object: str = "company_info"


@dataclass(frozen=True)
class GetTrxCurrencies(LegacyGetList):
    object: str = "trxcurrencies"
