"""A company: what it holds, its records, and its books and permissions."""

from __future__ import annotations

from html import escape as e
from urllib.parse import quote

from intacct_sandbox import selection
from intacct_sandbox.company import OPERATIONS, Company
from intacct_sandbox.pages.bills import amount, bill_rows
from intacct_sandbox.pages.layout import card, facts, field, form, heading, pager, search, select, table, tag
from intacct_sandbox.schema import OBJECTS, ObjectType
from intacct_sandbox.store import Table

PAGE = 50
COLUMNS = {
    "VENDOR": ["VENDORID", "NAME", "STATUS", "ONHOLD", "CURRENCY", "TERMNAME", "TOTALDUE", "MEGAENTITYID"],
    "GLACCOUNT": ["ACCOUNTNO", "TITLE", "ACCOUNTTYPE", "NORMALBALANCE", "STATUS"],
    "APTERM": ["NAME", "DESCRIPTION", "DUEDATE", "DUEFROM", "STATUS"],
    "AUDITHISTORY": ["ACCESSTIME", "OBJECTTYPE", "OBJECTKEY", "ACCESSMODE", "USERID", "SOURCE"],
    "TAXDETAIL": ["DETAILID", "TAXSOLUTIONID", "TAXTYPE", "VALUE", "STATUS"],
    "TRXCURRENCIES": ["CODE", "NAME", "STATUS"],
    "LOCATION": ["LOCATIONID", "NAME", "PARENTID", "ENTITY", "STATUS"],
    "LOCATIONENTITY": ["LOCATIONID", "NAME", "CURRENCY", "TAXSOLUTIONID", "STATUS"],
    "APPYMT": ["RECORDNO", "VENDORNAME", "PAYMENTDATE", "TRX_TOTALENTERED", "CURRENCY", "STATE"],
}
NAME_FIELDS = ("NAME", "TITLE", "name", "DESCRIPTION", "STATUS")


def _base(company: Company) -> str:
    return f"/c/{quote(company.id)}"


def front(company: Company) -> tuple[str, str]:
    entities = table(
        ["Entity", "Name", "Currency", "Books open from"],
        [
            [
                e(entity["LOCATIONID"]),
                e(entity["NAME"]),
                e(entity["CURRENCY"]),
                _open_from(company, entity["LOCATIONID"]),
            ]
            for entity in company.entities()
        ],
        empty=f"A single entity with base currency {company.base_currency}.",
    )
    objects = "".join(
        f'<a class="tag" href="{_base(company)}/{name}">{e(OBJECTS[name].label)} {table_.live:,}</a> '
        for name, table_ in company.tables.items()
        if table_.live
    )
    bills = table(
        ["Bill", "Vendor", "Entity", "Date", "Total", "State"],
        bill_rows(company, 10),
        numeric=[4],
        empty="No bill has arrived yet.",
    )
    places = (
        ("bills", "All bills"),
        ("attachments", "Attachments"),
        ("settings", "Books, permissions and preferences"),
    )
    links = " · ".join(f'<a href="{_base(company)}/{place}">{name}</a>' for place, name in places)
    body = heading(company.title, f"Company ID <code>{e(company.id)}</code>. {links}")
    return company.title, body + card("Entities", entities) + card("Latest bills", bills) + card(
        "Records", f"<p>{objects}</p>"
    )


def _open_from(company: Company, entity: str) -> str:
    day = company.closed_before.get(entity) or company.closed_before.get("")
    return e(day.isoformat()) if day else "all periods open"


# -- records


def _columns(otype: ObjectType) -> list[str]:
    known = COLUMNS.get(otype.name)
    if known:
        return known
    return list(dict.fromkeys(name for name in (otype.key, *NAME_FIELDS, "MEGAENTITYID") if name in otype.fields))


def listing(company: Company, name: str, query: dict[str, str]) -> tuple[str, str]:
    table_ = company.table(name)
    wanted = query.get("q", "").casefold()
    offset = int(query["offset"]) if query.get("offset", "").isdecimal() else 0
    rows, total = _page(company, table_, wanted, offset)
    columns = _columns(table_.otype)
    listed = table(
        [_label(column) for column in columns],
        [_cells(company, table_, columns, row) for row in rows],
        empty="No record fits.",
    )
    title = f"{table_.otype.label}s" if not table_.otype.label.endswith("y") else table_.otype.label
    body = heading(title, f"{total:,} of {table_.live:,} records", [(_base(company), company.title)])
    create = (
        _create_form(company, table_.otype) if table_.otype.writable and name not in {"APBILL", "APADJUSTMENT"} else ""
    )
    pages = pager(f"{_base(company)}/{name}", {"q": query.get("q", "")}, offset, PAGE, total)
    return title, f'{body}<section class="card">{search("Search", query.get("q", ""))}{listed}{pages}</section>{create}'


def _page(company: Company, table_: Table, wanted: str, offset: int) -> tuple[list[tuple[str, ...]], int]:
    backwards = table_.otype.name in {"AUDITHISTORY", "APPYMT"}
    if not wanted:
        found = selection.find(company, table_, None, (("RECORDNO", backwards),), entity="", private=True)
        return table_.rows(found.page(offset, PAGE)), len(found)
    indexes = [table_.otype.column[name] for name in _columns(table_.otype)]
    fitting = [position for position, row in table_.scan() if any(wanted in row[index].casefold() for index in indexes)]
    return table_.rows(fitting[offset : offset + PAGE]), len(fitting)


def _label(column: str) -> str:
    special = {"MEGAENTITYID": "Entity", "TOTALDUE": "Due", "ONHOLD": "On hold", "TERMNAME": "Terms", "NAME": "Name"}
    return special.get(column, column.replace("_", " ").capitalize())


def _cells(company: Company, table_: Table, columns: list[str], row: tuple[str, ...]) -> list[str]:
    cells = []
    for index, column in enumerate(columns):
        value = table_.value(row, column)
        text = (
            tag(value)
            if column in {"STATUS", "STATE"}
            else tag("on hold")
            if column == "ONHOLD" and value == "true"
            else e(value)
        )
        text = "" if column == "ONHOLD" and value == "false" else amount(value) if column == "TOTALDUE" else text
        link = f"{_base(company)}/{table_.otype.name}/{table_.value(row, 'RECORDNO')}"
        cells.append(f'<a href="{link}">{text or "–"}</a>' if index == 0 else text)
    return cells


def _create_form(company: Company, otype: ObjectType) -> str:
    required = [
        name for name, item in otype.fields.items() if (item.required or name == otype.key) and not item.readonly
    ][:6]
    inside = "".join(field(_label(name), f"field:{name}") for name in required)
    return card(
        f"New {otype.label.lower()}",
        form("create_record", company.id, f"{_base(company)}/{otype.name}", inside, "Create", object=otype.name),
    )


def record(company: Company, name: str, recordno: str) -> tuple[str, str] | None:
    table_ = company.table(name)
    row = table_.find(recordno)
    if row is None:
        return None
    shown = table_.as_dict(row)
    otype = table_.otype
    title = next((shown[column] for column in ("NAME", "TITLE", "name", otype.key) if shown.get(column)), recordno)
    crumbs = [(_base(company), company.title), (f"{_base(company)}/{name}", otype.label)]
    filled = facts((column, f"<span>{e(value)}</span>") for column, value in shown.items() if value)
    empty = ", ".join(column for column, value in shown.items() if not value)
    fields = card(
        "Fields", f'{filled}<p></p><details><summary>Empty fields</summary><p class="soft">{e(empty)}</p></details>'
    )
    actions = _record_actions(company, otype, shown) if otype.writable else ""
    return title, heading(
        title, f"{e(otype.label)} <code>{e(shown[otype.key])}</code>", crumbs
    ) + f'<div class="grid">{fields}{actions}</div>'


def _record_actions(company: Company, otype: ObjectType, shown: dict[str, str]) -> str:
    key, back = shown["RECORDNO"], f"{_base(company)}/{otype.name}/{shown['RECORDNO']}"
    hidden = {"object": otype.name, "key": key}
    parts = []
    if "STATUS" in otype.fields:
        other = "inactive" if shown["STATUS"] == "active" else "active"
        parts.append(
            form("update_record", company.id, back, "", f"Make {other}", "quiet", field="STATUS", value=other, **hidden)
        )
    if "ONHOLD" in otype.fields:
        hold = "false" if shown["ONHOLD"] == "true" else "true"
        text = "Put on hold" if hold == "true" else "Take off hold"
        parts.append(form("update_record", company.id, back, "", text, "quiet", field="ONHOLD", value=hold, **hidden))
    names = [name for name, item in otype.fields.items() if not item.readonly and name != otype.key]
    inside = select("Field", "field", ((name, name) for name in names)) + field("New value (empty clears)", "value")
    parts.append(form("update_record", company.id, back, inside, "Change", **hidden))
    parts.append(
        form(
            "delete_record",
            company.id,
            back,
            "",
            f"Delete this {otype.label.lower()}",
            "danger",
            after=f"{_base(company)}/{otype.name}",
            **hidden,
        )
    )
    return card("As an accountant", "".join(parts))


# -- settings


def settings(company: Company) -> tuple[str, str]:
    back = f"{_base(company)}/settings"
    cards = _periods(company, back) + _permissions(company, back) + _preferences(company, back)
    body = heading("Books, permissions and preferences", "", [(_base(company), company.title)])
    return (
        "Settings",
        f'{body}<div class="grid">{cards}</div>',
    )


def _periods(company: Company, back: str) -> str:
    rows = [[e(entity or "whole company"), e(day.isoformat())] for entity, day in company.closed_before.items()]
    choices = [("", "whole company"), *((entity["LOCATIONID"], entity["NAME"]) for entity in company.entities())]
    inside = field("Close everything before", "before", "", "date", "required") + select("For", "entity", choices)
    opened = form("open_period", company.id, back, "", "Open all periods", "quiet") if rows else ""
    listed = table(["For", "Open from"], rows, empty="All periods are open.")
    return card("Periods", f"{listed}<p></p>{form('close_period', company.id, back, inside, 'Close')}{opened}")


def _permissions(company: Company, back: str) -> str:
    rows = [
        [e(user.login), e(name), e(operation)]
        for user in company.users.values()
        for name, operation in sorted(user.denied)
    ]
    objects = [("*", "every object"), ("SUPDOC", "SUPDOC"), *((name, name) for name in OBJECTS)]
    inside = (
        select("User", "user", ((user.login, user.login) for user in company.users.values()))
        + select("Object", "object", objects)
        + select("Operation", "operation", [("*", "all"), *((word, word) for word in OPERATIONS)])
        + select("Is", "allowed", [("false", "denied"), ("true", "allowed")])
    )
    return card(
        "Permissions denied",
        table(["User", "Object", "Operation"], rows, empty="Everybody may do everything.")
        + "<p></p>"
        + form("set_permission", company.id, back, inside, "Set"),
    )


def _preferences(company: Company, back: str) -> str:
    rows = [[e(name), e(value)] for name, value in company.preferences.items()]
    known = (
        "require_attachment",
        "duplicate_bill_numbers",
        "repeated_control_ids",
        "bill_numbering",
        "bill_approvals",
        "user_specified_summaries",
        "attachment_numbering",
        "multi_currency",
        "subscribed",
        "allowed_ips",
        "senders",
        "session_seconds",
        "password",
        "title",
    )
    inside = select("Preference", "name", ((name, name) for name in known)) + field(
        "Value", "value", "", "text", "placeholder=true"
    )
    return card(
        "Preferences",
        table(["Name", "Value"], rows) + "<p></p>" + form("set_preference", company.id, back, inside, "Set"),
    )
