"""A bill as it was sent, before the rules have looked at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property

from lxml import etree

from intacct_sandbox import values
from intacct_sandbox.company import Company
from intacct_sandbox.errors import Error
from intacct_sandbox.records import Given, read_record
from intacct_sandbox.schema import OBJECTS


@dataclass(frozen=True)
class Maker:
    """Who writes, from where."""

    user: str
    login: str
    entity: str
    source: str = "api"
    controlid: str = ""


@dataclass
class TaxEntry:
    detailid: str
    trx_tax: Decimal | None
    amount: Decimal = Decimal(0)


@dataclass
class Line:
    number: int
    values: dict[str, str]
    taxes: list[TaxEntry] = field(default_factory=list)
    net: Decimal = Decimal(0)

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    @property
    def tax(self) -> Decimal:
        return sum((entry.amount for entry in self.taxes), Decimal(0))


@dataclass
class Draft:
    company: Company
    kind: str
    header: dict[str, str]
    lines: list[Line]
    maker: Maker
    recordno: str = ""
    problems: list[Error] = field(default_factory=list)

    def __getitem__(self, name: str) -> str:
        return self.header.get(name, "")

    @property
    def is_draft(self) -> bool:
        return self.header.get("ACTION", "Submit").lower() == "draft"

    @cached_property
    def vendor(self) -> dict[str, str] | None:
        """The vendor as this session sees it: shared, or private to the session's entity."""
        found = self.company.record("VENDOR", self["VENDORID"])
        if found and found["MEGAENTITYID"] not in {"", self.maker.entity}:
            return None
        return found

    def entities(self) -> list[str]:
        """The entities that the lines belong to, in order of appearance."""
        found = [self.company.entity_of_location(line["LOCATIONID"]) for line in self.lines if line["LOCATIONID"]]
        return list(dict.fromkeys(entity for entity in found if entity)) or (
            [self.maker.entity] if self.maker.entity else []
        )

    @property
    def base_currency(self) -> str:
        entities = self.entities()
        return self["BASECURR"] or (
            self.company.base_currency_of(entities[0]) if entities else self.company.base_currency
        )

    @property
    def currency(self) -> str:
        return self["CURRENCY"] or self.base_currency

    @property
    def bill_date(self) -> date | None:
        return values.parse_date(self["WHENCREATED"])

    @property
    def posting_date(self) -> date | None:
        return values.parse_date(self["WHENPOSTED"]) or self.bill_date

    def total(self) -> Decimal:
        return sum((line.net + line.tax for line in self.lines), Decimal(0))


def read_lines(
    company: Company, kind: str, elements: list[etree._Element], maker: Maker
) -> tuple[list[Line], list[Error]]:
    otype = OBJECTS[f"{kind}ITEM"]
    lines, problems = [], []
    for number, element in enumerate(elements, start=1):
        given = read_record(otype, element, company.reading)
        problems += given.problems
        line = Line(number, given.values, [_tax_entry(entry) for entry in given.lines.get("TAXENTRIES", [])])
        if maker.entity and not line["LOCATIONID"]:
            line.values["LOCATIONID"] = maker.entity
        lines.append(line)
    return lines, problems


def _tax_entry(element: etree._Element) -> TaxEntry:
    given = {str(child.tag).upper(): (child.text or "").strip() for child in element}
    return TaxEntry(given.get("DETAILID", ""), values.number(given.get("TRX_TAX", "")))


def make_draft(company: Company, kind: str, given: Given, maker: Maker, recordno: str = "") -> Draft:
    container = f"{kind}ITEMS"
    lines, problems = read_lines(company, kind, given.lines.get(container, []), maker)
    return Draft(company, kind, dict(given.values), lines, maker, recordno, problems)


def price_lines(draft: Draft) -> None:
    """Net and tax of every line, from the net or, with INCLUSIVETAX, from the gross amount."""
    inclusive = draft["INCLUSIVETAX"] == "true"
    for line in draft.lines:
        rates = [_rate(draft.company, entry) for entry in line.taxes]
        if inclusive:
            gross = values.number(line["TOTALTRXAMOUNT"]) or Decimal(0)
            line.net = (gross / (1 + sum(rates, Decimal(0)) / 100)).quantize(values.CENT)
            _share_tax(line, rates, gross - line.net)
        else:
            line.net = (values.number(line["TRX_AMOUNT"]) or Decimal(0)).quantize(values.CENT)
            for entry, rate in zip(line.taxes, rates, strict=True):
                given = entry.trx_tax
                entry.amount = (line.net * rate / 100 if given is None else given).quantize(values.CENT)


def _share_tax(line: Line, rates: list[Decimal], tax: Decimal) -> None:
    left = tax
    for index, (entry, rate) in enumerate(zip(line.taxes, rates, strict=True)):
        last = index == len(rates) - 1
        entry.amount = left if last else (line.net * rate / 100).quantize(values.CENT)
        left -= entry.amount


def _rate(company: Company, entry: TaxEntry) -> Decimal:
    detail = company.record("TAXDETAIL", entry.detailid)
    return (values.number(detail["VALUE"]) if detail else None) or Decimal(0)
