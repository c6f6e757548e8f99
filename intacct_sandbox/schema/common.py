"""Pieces that many objects share."""

from __future__ import annotations

from intacct_sandbox.schema.types import ObjectType, Relation, fields_from

AUDIT = " WHENCREATED:ts~ WHENMODIFIED:ts~ CREATEDBY~ MODIFIEDBY~"
ENTITY = " MEGAENTITYKEY~ MEGAENTITYID~ MEGAENTITYNAME~ RECORD_URL~"
OWNED = AUDIT + ENTITY

CONTACT = """CONTACTNAME:200 COMPANYNAME:100 PREFIX FIRSTNAME LASTNAME INITIAL PRINTAS:200 TAXABLE:bool TAXGROUP TAXID
PHONE1 PHONE2 CELLPHONE PAGER FAX EMAIL1:200 EMAIL2:200 URL1 URL2 VISIBLE:bool STATUS:enum=status TAXSOLUTIONID
TAXSCHEDULE"""
ADDRESS = "ADDRESS1:80 ADDRESS2:80 ADDRESS3:80 CITY:80 STATE:40 ZIP:30 COUNTRY:60 COUNTRYCODE ISOCOUNTRYCODE"


def contact_fields(prefix: str) -> str:
    plain = [f"{prefix}.{word}" for word in CONTACT.split()]
    address = [f"{prefix}.MAILADDRESS.{word}" for word in ADDRESS.split()]
    return " " + " ".join([*plain, *address])


def relation(path: str, target: str, by: str, by_recordno: bool = False) -> tuple[str, Relation]:
    return path, Relation(path, target, by, by_recordno)


def define(
    name: str,
    label: str,
    key: str,
    spec: str,
    *,
    relations: list[tuple[str, Relation]] | None = None,
    lines: dict[str, str] | None = None,
    writable: bool = True,
    read_key: str = "RECORDNO",
    audit_key: str = "",
    custom: bool = False,
    accepts: str = "",
    parent: str = "",
) -> ObjectType:
    prefix = "" if "RECORDNO" in spec.split() else "RECORDNO:seq~ "
    return ObjectType(
        name=name,
        label=label,
        key=key,
        fields=fields_from(prefix + spec),
        relations=dict(relations or []),
        lines=lines or {},
        writable=writable,
        read_key=read_key,
        audit_key=audit_key or "RECORDNO",
        custom=custom,
        accepts=frozenset(accepts.split()),
        parent=parent,
    )
