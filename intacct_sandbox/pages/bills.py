"""Bills line by line, their documents, and what an accountant does with them."""

from __future__ import annotations

from html import escape as e
from urllib.parse import quote

from intacct_sandbox import values
from intacct_sandbox.company import Company
from intacct_sandbox.pages.layout import card, facts, field, form, heading, pager, search, table, tag
from intacct_sandbox.state import LINE_DIMENSIONS, lines_json
from intacct_sandbox.supdocs import Supdoc

PAGE = 50


def amount(text: str, currency: str = "") -> str:
    value = values.number(text)
    return f"{value:,.2f} {e(currency)}".strip() if value is not None else e(text)


def _base(company: Company) -> str:
    return f"/c/{quote(company.id)}"


def _records(company: Company, wanted: str = "") -> list[dict[str, str]]:
    table_ = company.table("APBILL")
    records = [table_.as_dict(row) for row in reversed(table_.head) if row is not None]
    words = wanted.casefold().split()
    shown = ("RECORDNO", "RECORDID", "VENDORID", "VENDORNAME", "STATE", "MEGAENTITYID", "DESCRIPTION", "DOCNUMBER")
    return [r for r in records if all(any(word in r[name].casefold() for name in shown) for word in words)]


def bill_rows(company: Company, limit: int = PAGE, offset: int = 0, wanted: str = "") -> list[list[str]]:
    return [_bill_row(company, record) for record in _records(company, wanted)[offset : offset + limit]]


def _bill_row(company: Company, record: dict[str, str]) -> list[str]:
    name = e(record["RECORDID"] or f"no number ({record['RECORDNO']})")
    return [
        f'<a href="{_base(company)}/bills/{record["RECORDNO"]}">{name}</a>',
        f'{e(record["VENDORNAME"])} <span class="soft">{e(record["VENDORID"])}</span>',
        e(record["MEGAENTITYNAME"]) or '<span class="soft">top level</span>',
        e(record["WHENCREATED"]),
        amount(record["TRX_TOTALENTERED"], record["CURRENCY"]),
        tag(record["STATE"]),
    ]


def listing(company: Company, query: dict[str, str]) -> tuple[str, str]:
    wanted = query.get("q", "")
    offset = int(query["offset"]) if query.get("offset", "").isdecimal() else 0
    total = len(_records(company, wanted))
    listed = table(
        ["Bill", "Vendor", "Entity", "Date", "Total", "State"],
        bill_rows(company, PAGE, offset, wanted),
        numeric=[4],
        empty="No bill fits." if wanted else "No bill has arrived yet.",
    )
    pages = pager(f"{_base(company)}/bills", {"q": wanted}, offset, PAGE, total)
    body = heading(f"Bills of {company.title}", "", [(_base(company), company.title)])
    return (
        "Bills",
        f'{body}<section class="card">{search("Search number, vendor, state", wanted)}{listed}{pages}</section>',
    )


def detail(company: Company, recordno: str) -> tuple[str, str] | None:
    table_ = company.table("APBILL")
    row = table_.find(recordno)
    if row is None:
        return None
    record = table_.as_dict(row)
    title = f"Bill {record['RECORDID'] or recordno}"
    lead = (
        f"{e(record['VENDORNAME'])} · {amount(record['TRX_TOTALENTERED'], record['CURRENCY'])} · {tag(record['STATE'])}"
    )
    body = heading(title, lead, [(_base(company), company.title), (f"{_base(company)}/bills", "Bills")])
    supdoc = company.cabinet.supdocs.get(record["SUPDOCID"])
    documents = (
        card("Documents", _files(company, supdoc))
        if supdoc
        else card("Documents", '<p class="empty">None attached.</p>')
    )
    side = f'<div class="grid">{_header(company, record)}<div>{documents}{_actions(company, record)}</div></div>'
    return title, body + side + _lines(company, record) + _payments(company, record)


def _header(company: Company, record: dict[str, str]) -> str:
    via, controlid = company.origin.get(record["RECORDNO"], ("", ""))
    foreign = record["CURRENCY"] != record["BASECURR"]
    vendor = company.table("VENDOR").find_key(record["VENDORID"])
    vendor_link = f"{_base(company)}/VENDOR/{vendor[0]}" if vendor else "#"
    return card(
        "Header",
        facts(
            [
                ("Record number", f"<code>{e(record['RECORDNO'])}</code>"),
                ("Vendor", f'<a href="{vendor_link}">{e(record["VENDORID"])}</a> {e(record["VENDORNAME"])}'),
                ("Entity", e(record["MEGAENTITYNAME"]) or "top level"),
                ("Bill date", e(record["WHENCREATED"])),
                ("Due", e(record["WHENDUE"])),
                ("Posting date", e(record["WHENPOSTED"])),
                ("Terms", e(record["TERMNAME"])),
                ("Reference", e(record["DOCNUMBER"])),
                ("Description", e(record["DESCRIPTION"])),
                ("Tax solution", e(record["TAXSOLUTIONID"])),
                ("Total", amount(record["TRX_TOTALENTERED"], record["CURRENCY"])),
                (
                    "In base currency",
                    f"{amount(record['TOTALENTERED'], record['BASECURR'])} at {e(record['EXCHANGE_RATE'])}"
                    if foreign
                    else "",
                ),
                ("Paid", amount(record["TRX_TOTALPAID"], record["CURRENCY"])),
                ("Still due", amount(record["TRX_TOTALDUE"], record["CURRENCY"])),
                ("Came by", {"api": "the gateway", "ui": "hand"}.get(via, via)),
                ("Control id", f"<code>{e(controlid)}</code>" if controlid else ""),
                ("Written", f"{e(record['AUWHENCREATED'])} GMT"),
            ]
        ),
    )


def _lines(company: Company, record: dict[str, str]) -> str:
    rows = []
    for number, line in enumerate(lines_json(company, record["RECORDNO"]), start=1):
        dimensions = [
            f'<span class="tag">{e(_label(company, name))} {e(line[name.lower()])}</span>'
            for name in LINE_DIMENSIONS
            if line[name.lower()]
        ]
        taxes = "<br>".join(f"{e(tax['detailid'])}: {amount(tax['trx_tax'])}" for tax in line["taxentries"])
        rows.append(
            [
                str(number),
                f'{e(line["accountno"])} <span class="soft">{e(line["accounttitle"])}</span>',
                e(line["description"]),
                " ".join(dimensions),
                taxes,
                amount(line["trx_amount"]),
            ]
        )
    total = amount(record["TRX_TOTALENTERED"], record["CURRENCY"])
    foot = f'<tfoot><tr><td colspan="5">Total with tax</td><td class="n">{total}</td></tr></tfoot>'
    return card(
        "Lines",
        table(["#", "Account", "Memo", "Dimensions", "Tax", "Net"], rows, numeric=[5], foot=foot, empty="No lines."),
    )


def _label(company: Company, name: str) -> str:
    return company.label("REGION" if name.startswith("GLDIM") else name.removesuffix("ID"))


def _address(company: Company, supdoc: Supdoc, name: str) -> str:
    path = f"{quote(supdoc.supdocid, safe='')}/{quote(name, safe='')}"
    return f"/sandbox/attachments/{path}?company={quote(company.id)}"


def _files(company: Company, supdoc: Supdoc) -> str:
    rows = [
        [
            f'<a href="{_address(company, supdoc, file.filename)}">{e(file.filename)}</a>',
            f"{len(file.data):,} bytes",
            f"<code>{file.sha256[:12]}…</code>",
        ]
        for file in supdoc.attachments
    ]
    return f"<p class=soft>{e(supdoc.supdocid)} in {e(supdoc.folder)}</p>" + table(
        ["File", "Size", "SHA-256"], rows, numeric=[1], empty="The record holds no file."
    )


def _actions(company: Company, record: dict[str, str]) -> str:
    key, back = record["RECORDNO"], f"{_base(company)}/bills/{record['RECORDNO']}"
    state, parts = record["STATE"], []
    if state in {"Posted", "Partially Paid"}:
        inside = field("Amount (empty: all that is due)", "amount", "", "text", "inputmode=decimal")
        parts.append(form("pay_bill", company.id, back, inside, "Pay", recordno=key))
    if state == "Submitted":
        parts.append(form("approve_bill", company.id, back, "", "Approve", "", recordno=key))
    if state in {"Paid", "Partially Paid"}:
        parts.append(form("void_payment", company.id, back, "", "Void the last payment", "quiet", recordno=key))
    if state == "Posted":
        parts.append(form("reverse_bill", company.id, back, "", "Reverse", "quiet", recordno=key))
    if state in {"Posted", "Draft", "No Value"}:
        inside = field("Description", "field:DESCRIPTION", record["DESCRIPTION"]) + field(
            "Due date", "field:WHENDUE", record["WHENDUE"]
        )
        parts.append(form("edit_bill", company.id, back, inside, "Save", "quiet", recordno=key))
        parts.append(
            form(
                "delete_bill",
                company.id,
                back,
                "",
                "Delete this bill",
                "danger",
                recordno=key,
                after=f"{_base(company)}/bills",
            )
        )
    return card(
        "As an accountant", "".join(parts) or '<p class="empty">Nothing can be done with a bill in this state.</p>'
    )


def _payments(company: Company, record: dict[str, str]) -> str:
    rows = []
    for item in company.table("APBILLPAYMENT").lines_of(record["RECORDNO"]):
        payment = company.table("APPYMT").find(item["PAYMENTKEY"])
        state = company.table("APPYMT").value(payment, "STATE") if payment else item["STATE"]
        rows.append(
            [e(item["PAYMENTKEY"]), e(item["PAYMENTDATE"]), amount(item["TRX_AMOUNT"], item["CURRENCY"]), tag(state)]
        )
    return card("Payments", table(["Record", "Date", "Amount", "State"], rows, numeric=[2])) if rows else ""


def attachments(company: Company) -> tuple[str, str]:
    used = {record["SUPDOCID"]: record for record in _records(company) if record["SUPDOCID"]}
    cards = []
    for supdoc in reversed(company.cabinet.supdocs.values()):
        bill = used.get(supdoc.supdocid)
        link = (
            f'<p>On bill <a href="{_base(company)}/bills/{bill["RECORDNO"]}">{e(bill["RECORDID"])}</a></p>'
            if bill
            else "<p class=soft>On no bill.</p>"
        )
        cards.append(card(supdoc.name, link + _files(company, supdoc)))
    body = heading(
        "Attachments",
        f"{len(cards)} records in {len(company.cabinet.folders)} folders.",
        [(_base(company), company.title)],
    )
    return "Attachments", body + f'<div class="grid">{"".join(cards)}</div>'
