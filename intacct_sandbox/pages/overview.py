"""The first page, and what was served lately."""

from __future__ import annotations

from html import escape as e
from urllib.parse import quote

from intacct_sandbox.faults import KINDS
from intacct_sandbox.pages.bills import bill_rows
from intacct_sandbox.pages.layout import card, facts, field, form, heading, select, table, tag
from intacct_sandbox.sandbox import Sandbox
from intacct_sandbox.schema import OBJECTS


def overview(sandbox: Sandbox) -> tuple[str, str]:
    cards = "".join(
        card(
            company.title,
            facts(
                [
                    ("Company ID", f"<code>{e(company.id)}</code>"),
                    (
                        "Entities",
                        ", ".join(e(entity["NAME"]) for entity in company.entities()) or "none (a single entity)",
                    ),
                    ("Vendors", f'<a href="/c/{quote(company.id)}/VENDOR">{company.table("VENDOR").live:,}</a>'),
                    (
                        "GL accounts",
                        f'<a href="/c/{quote(company.id)}/GLACCOUNT">{company.table("GLACCOUNT").live:,}</a>',
                    ),
                    ("Bills", f'<a href="/c/{quote(company.id)}/bills">{company.table("APBILL").live:,}</a>'),
                    (
                        "Attachments",
                        f'<a href="/c/{quote(company.id)}/attachments">{len(company.cabinet.supdocs):,}</a>',
                    ),
                ]
            ),
        )
        for company in sandbox.companies.values()
        if company.subscribed and not company.expired
    )
    bills = bill_rows(sandbox.company, limit=8)
    recent = card(
        f"Latest bills of {sandbox.company.title}",
        table(
            ["Bill", "Vendor", "Entity", "Date", "Total", "State"],
            bills,
            numeric=[4],
            empty="No bill has arrived yet. Bills that an integration sends show up here.",
        ),
    )
    body = heading("Overview", "What integrations sent here, and what they can read.")
    return "Overview", f'{body}<div class="grid">{cards}</div>{recent}{_served(sandbox, 8)}'


def _served(sandbox: Sandbox, limit: int) -> str:
    rows = [
        [e(item.at), e(item.functions), e(item.company), tag(item.status), f"{item.milliseconds} ms"]
        for item in list(sandbox.log)[:limit]
    ]
    return card(
        "Last requests served",
        table(
            ["At", "Functions", "Company", "Outcome", "Took"],
            rows,
            numeric=[4],
            empty="No request has arrived yet.",
        ),
    )


def requests(sandbox: Sandbox) -> tuple[str, str]:
    body = heading("Requests and faults", "What the gateway served, and what it is told to break.")
    counts = card(
        "Since the start",
        facts(
            [
                ("Requests", f"{sandbox.requests:,}"),
                ("Most at once", str(sandbox.max_concurrent)),
                (
                    "Functions",
                    ", ".join(f"{e(name)} {count:,}" for name, count in sandbox.functions.most_common()) or "none",
                ),
            ]
        )
        + "<p></p>"
        + form("reset", "", "/requests", "", "Start afresh", "danger"),
    )
    return "Requests and faults", f'{body}<div class="grid">{counts}{_faults(sandbox)}</div>{_served(sandbox, 60)}'


def _faults(sandbox: Sandbox) -> str:
    rows = [
        [
            e(fault.kind),
            e(", ".join(f"{name} {value}" for name, value in fault.match.items()) or "any request"),
            "always" if fault.times < 0 else str(fault.times),
            str(fault.fired),
        ]
        for fault in sandbox.faults.in_force()
    ]
    listed = table(["Fault", "Strikes", "Times left", "Struck"], rows, numeric=[2, 3], empty="No fault is in force.")
    functions = [
        ("", "any"),
        *((name, name) for name in ("create", "query", "create_supdoc", "getAPISession", "readByQuery")),
    ]
    objects = [
        ("", "any"),
        *((name, name) for name in ("APBILL", "VENDOR", "GLACCOUNT", "SUPDOC") if name in OBJECTS or name == "SUPDOC"),
    ]
    inside = (
        select("Kind", "kind", ((kind, kind.replace("_", " ")) for kind in sorted(KINDS)))
        + select("Function", "function", functions)
        + select("Object", "object", objects)
        + field("Times (-1: always)", "times", "1", "number")
        + field("HTTP status", "status", "", "number", "placeholder=503")
        + field("Seconds", "seconds", "", "number", 'step="0.1" min="0"')
        + field("Limit at once", "limit", "", "number", "min=1")
    )
    clear = form("clear_faults", "", "/requests", "", "Clear all faults", "quiet") if rows else ""
    return card("Faults", f"{listed}<p></p>{form('add_fault', '', '/requests', inside, 'Break it')}{clear}")
