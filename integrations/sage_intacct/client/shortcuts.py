"""Thin named calls on top of `Client.call`, and typed readings of the answers that have no records."""

from __future__ import annotations

import base64
import binascii
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date, timedelta

from lxml import etree

from .answers import Result
from .elements import Fields
from .errors import MalformedResponse, ResultError, decode_entities
from .flattening import flatten
from .functions import (
    CreateAPAdjustment,
    CreateBill,
    CreateSupdoc,
    CreateSupdocFolder,
    CreateVendor,
    DeleteBill,
    DeleteSupdoc,
    Function,
    GetCompanyInfo,
    GetCompanyPrefs,
    GetDimensions,
    GetFinancialSetup,
    GetSupdoc,
    GetSupdocFolder,
    GetTrxCurrencies,
    GetUserPermissions,
    Inspect,
    Lookup,
    Read,
    ReadByName,
    ReadEntityDetails,
    ReadUserFormatting,
    RecallAPBill,
    ReverseBill,
    UpdateBill,
    UpdateSupdoc,
    UpdateVendor,
)
from .records import APAdjustment, APBill, Attachment, StoredSupdoc, Supdoc, Vendor
from .values import parse_bool, parse_date, parse_offset


@dataclass(frozen=True)
class Entity:
    entity_id: str
    name: str
    record_no: str
    currency: str


@dataclass(frozen=True)
class FinancialSetup:
    """`base_currency` is "" where every entity has its own."""

    base_currency: str
    multi_base_currency: bool
    multi_currency: bool
    multi_entity_shared: bool


@dataclass(frozen=True)
class DimensionInfo:
    """`term` is what the company calls it, say Job for Project."""

    object_name: str
    label: str
    term: str
    is_user_defined: bool
    is_enabled_in_gl: bool


@dataclass(frozen=True)
class UserFormatting:
    locale: str
    date_format: str
    clock: str
    offset: timedelta


@dataclass(frozen=True)
class CompanyInfo:
    title: str
    name: str


@dataclass(frozen=True)
class UserPermission:
    """`rights` in the gateway's words, say ("List", "View"); empty where the user may do nothing."""

    application: str
    policy: str
    rights: tuple[str, ...]


class Shortcuts(ABC):
    @abstractmethod
    def call(self, function: Function, *, control_id: str | None = None, unique_id: bool = False) -> Result: ...

    def create_bill(self, bill: APBill, *, control_id: str | None = None, unique_id: bool = False) -> Result:
        return self.call(CreateBill(bill), control_id=control_id, unique_id=unique_id)

    def update_bill(self, record_no: str, fields: Fields) -> Result:
        return self.call(UpdateBill(record_no, fields))

    def delete_bill(self, record_no: str) -> Result:
        return self.call(DeleteBill(record_no))

    def reverse_bill(self, record_no: str, reversed_on: date, description: str | None = None) -> Result:
        return self.call(ReverseBill(record_no, reversed_on, description))

    def recall_bill(self, record_no: str) -> Result:
        return self.call(RecallAPBill(record_no))

    def create_adjustment(
        self, adjustment: APAdjustment, *, control_id: str | None = None, unique_id: bool = False
    ) -> Result:
        return self.call(CreateAPAdjustment(adjustment), control_id=control_id, unique_id=unique_id)

    def create_vendor(self, vendor: Vendor) -> Result:
        return self.call(CreateVendor(vendor))

    def update_vendor(self, vendor_id: str, fields: Fields) -> Result:
        return self.call(UpdateVendor(vendor_id, fields))

    def create_supdoc(self, supdoc: Supdoc, *, control_id: str | None = None, unique_id: bool = False) -> Result:
        return self.call(CreateSupdoc(supdoc), control_id=control_id, unique_id=unique_id)

    def update_supdoc(self, supdoc: Supdoc) -> Result:
        return self.call(UpdateSupdoc(supdoc))

    def delete_supdoc(self, supdoc_id: str) -> Result:
        return self.call(DeleteSupdoc(supdoc_id))

    def get_supdoc(self, supdoc_id: str, fields: tuple[str, ...] = ()) -> StoredSupdoc | None:
        found = stored_supdocs(self.call(GetSupdoc(supdoc_id, fields)))
        return found[0] if found else None

    def ensure_supdoc_folder(self, folder: str) -> None:
        """Raises ResultError if the folder is missing and cannot be made."""
        if not self._has_folder(folder):
            self._create_folder(folder)

    def _has_folder(self, folder: str) -> bool:
        try:
            return bool(self.call(GetSupdocFolder(folder)).records)
        except ResultError:
            # Some companies answer a missing folder with a failure; if it was another one, creating fails too.
            return False

    def _create_folder(self, folder: str) -> None:
        try:
            self.call(CreateSupdocFolder(folder))
        except ResultError:
            # Another worker may have made it in the meantime.
            if not self._has_folder(folder):
                raise

    def read(self, object_name: str, keys: tuple[str, ...], fields: tuple[str, ...] = ("*",)) -> Result:
        return self.call(Read(object_name, keys, fields))

    def read_by_name(self, object_name: str, keys: tuple[str, ...], fields: tuple[str, ...] = ("*",)) -> Result:
        return self.call(ReadByName(object_name, keys, fields))

    def lookup_fields(self, object_name: str) -> list[dict[str, str]]:
        """ID, LABEL, REQUIRED, READONLY, DATATYPE, ISCUSTOM of every field."""
        return [flatten(found) for found in self.call(Lookup(object_name)).elements("Field") if len(found)]

    def field_lengths(self, object_name: str) -> dict[str, int]:
        """Field name to maxLength, where the gateway names one."""
        fields = [flatten(found) for found in self.call(Inspect(object_name)).elements("Field") if len(found)]
        return {
            field.get("Name", ""): int(field["maxLength"]) for field in fields if field.get("maxLength", "").isdecimal()
        }

    def entities(self) -> list[Entity]:
        """The entities that the user may enter; none in a single-entity company."""
        found = _named(self.call(ReadEntityDetails()), "entity", "id")
        return [
            Entity(each["id"], each.get("name", ""), each.get("recordno", ""), each.get("currency", ""))
            for each in found
        ]

    def financial_setup(self) -> FinancialSetup:
        result = self.call(GetFinancialSetup())
        return FinancialSetup(
            base_currency=result.text("baseCurrency"),
            multi_base_currency=_flag(result, result.text("multiBaseCurrency")),
            multi_currency=_flag(result, result.text("multiCurrency")),
            multi_entity_shared=_flag(result, result.text("multiEntityShared")),
        )

    def dimensions(self) -> list[DimensionInfo]:
        result = self.call(GetDimensions())
        return [
            DimensionInfo(
                object_name=each["objectname"],
                label=each.get("objectlabel", ""),
                term=each.get("termlabel", ""),
                is_user_defined=_flag(result, each.get("userdefineddimension", "")),
                is_enabled_in_gl=_flag(result, each.get("enabledingl", "")),
            )
            for each in _named(result, "dimension", "objectname")
        ]

    def user_formatting(self, user_id: str) -> UserFormatting:
        result = self.call(ReadUserFormatting(user_id))
        try:
            offset = parse_offset(result.text("gmtoffset"))
        except ValueError as error:
            raise MalformedResponse(f"The user's zone cannot be read: {error}", exchange=result.exchange) from error
        return UserFormatting(result.text("locale"), result.text("dateformat"), result.text("clock"), offset)

    def user_permissions(self, user_id: str) -> list[UserPermission]:
        return [
            UserPermission(_child(application, "applicationName"), _child(policy, "policyName"), _rights(policy))
            for application in self.call(GetUserPermissions(user_id)).elements("appSubscription")
            for policy in application.iter("policy")
        ]

    def company_info(self) -> CompanyInfo:
        result = self.call(GetCompanyInfo())
        return CompanyInfo(title=result.text("title"), name=result.text("name"))

    def company_preferences(self, application: str) -> dict[str, str]:
        found = _named(self.call(GetCompanyPrefs(application)), "companypref", "preference")
        return {each["preference"]: each.get("prefvalue", "") for each in found}

    def transaction_currencies(self) -> list[str]:
        """ISO codes, through the legacy list."""
        result = self.call(GetTrxCurrencies())
        return [code for code in (flatten(found).get("", "") for found in result.elements("code")) if code]


def stored_supdocs(result: Result) -> list[StoredSupdoc]:
    """The attachment records in the answer to GetSupdoc or ListSupdocs. Raises MalformedResponse."""
    try:
        return [_stored_supdoc(found) for found in result.elements("supdoc")]
    except (ValueError, binascii.Error) as error:
        raise MalformedResponse(f"An attachment record cannot be read: {error}", exchange=result.exchange) from error


def _stored_supdoc(found: etree._Element) -> StoredSupdoc:
    values = flatten(found)
    return StoredSupdoc(
        record_no=values.get("recordno", ""),
        supdoc_id=values.get("supdocid", ""),
        name=values.get("supdocname", ""),
        folder=values.get("folder") or values.get("supdocfoldername", ""),
        description=values.get("description") or values.get("supdocdescription", ""),
        created_on=parse_date(values.get("creationdate", "")),
        attachments=tuple(_attachment(flatten(each)) for each in found.iter("attachment") if len(each)),
    )


def _attachment(values: dict[str, str]) -> Attachment:
    data = base64.b64decode(values.get("attachmentdata", ""))
    return Attachment(values.get("attachmentname", ""), values.get("attachmenttype", ""), data)


def _named(result: Result, tag: str, key: str) -> list[dict[str, str]]:
    """Flat records with names in lower case, of the elements that carry this key."""
    found = ({name.lower(): text for name, text in flatten(each).items()} for each in result.elements(tag))
    return [each for each in found if each.get(key)]


def _child(parent: etree._Element, tag: str) -> str:
    return decode_entities(parent.findtext(tag) or "").strip()


def _rights(policy: etree._Element) -> tuple[str, ...]:
    return tuple(right.strip() for right in _child(policy, "rights").split("|") if right.strip())


def _flag(result: Result, text: str) -> bool:
    try:
        return parse_bool(text) is True
    except ValueError as error:
        raise MalformedResponse(f"The answer is no boolean: {error}", exchange=result.exchange) from error
