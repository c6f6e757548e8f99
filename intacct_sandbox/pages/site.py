"""Which address shows what, and what the forms do."""

from __future__ import annotations

from urllib.parse import quote, unquote, urlencode, urlsplit

from intacct_sandbox.actions import CannotDo, act
from intacct_sandbox.faults import BadFault
from intacct_sandbox.pages import bills, company, overview
from intacct_sandbox.pages.layout import heading, page
from intacct_sandbox.sandbox import Sandbox

Query = dict[str, str]


def render(sandbox: Sandbox, path: str, query: Query) -> tuple[int, str]:
    """Status and HTML of a page."""
    found = _content(sandbox, [unquote(part) for part in path.strip("/").split("/") if part], query)
    status, title, body = (
        (200, *found) if found else (404, "Not found", heading("Not found", "There is nothing at this address."))
    )
    listed = [(key, item.title) for key, item in sandbox.companies.items() if item.subscribed and not item.expired]
    html = page(
        title, body, here=path, companies=listed, notice=query.get("done", ""), problem=query.get("problem", "")
    )
    return status, html


def _content(sandbox: Sandbox, parts: list[str], query: Query) -> tuple[str, str] | None:
    match parts:
        case []:
            return overview.overview(sandbox)
        case ["requests"]:
            return overview.requests(sandbox)
        case ["c", key, *rest] if key in sandbox.companies:
            return _of_company(sandbox, key, rest, query)
    return None


def _of_company(sandbox: Sandbox, key: str, rest: list[str], query: Query) -> tuple[str, str] | None:
    chosen = sandbox.companies[key]
    with chosen.lock:
        match rest:
            case []:
                return company.front(chosen)
            case ["settings"]:
                return company.settings(chosen)
            case ["bills"]:
                return bills.listing(chosen, query)
            case ["bills", recordno]:
                return bills.detail(chosen, recordno)
            case ["attachments"]:
                return bills.attachments(chosen)
            case [name] if name in chosen.tables:
                return company.listing(chosen, name, query)
            case [name, recordno] if name in chosen.tables:
                return company.record(chosen, name, recordno)
    return None


def carry_out(sandbox: Sandbox, fields: Query, origin: str | None, host: str) -> str:
    """Do what a form asks; returns the address to go to, with what happened."""
    back = fields.pop("back", "/")
    back = back if back.startswith("/") and not back.startswith("//") else "/"
    if origin and urlsplit(origin).netloc != host:
        return _with(back, "problem", "This form came from another site and was not carried out.")
    try:
        done = _carry_out(sandbox, fields)
    except (CannotDo, BadFault, ValueError) as error:
        return _with(back, "problem", str(error))
    return _with(done if done.startswith("/") else back, "done", "Done." if done.startswith("/") else done)


def _carry_out(sandbox: Sandbox, fields: Query) -> str:
    action = fields.get("action", "")
    if action == "add_fault":
        sandbox.faults.add([_fault(fields)])
        return "The fault is in force."
    if action == "clear_faults":
        sandbox.faults.clear()
        return "All faults are cleared."
    if action == "reset":
        sandbox.reset(sandbox.options)
        return "The sandbox starts afresh."
    names = {name[6:]: value for name, value in fields.items() if name.startswith("field:")}
    if fields.get("field"):
        names[fields["field"]] = fields.get("value", "")
    act(sandbox.companies, {**fields, "fields": names})
    gone = action in {"delete_bill", "delete_record"}
    return fields.get("after", f"/c/{quote(fields['company'])}") if gone else "Done."


def _fault(fields: Query) -> dict[str, object]:
    match = {name: fields[name] for name in ("function", "object") if fields.get(name)}
    fault: dict[str, object] = {"kind": fields.get("kind", ""), "times": fields.get("times") or 1, "match": match}
    for name in ("status", "seconds", "limit"):
        if fields.get(name):
            fault[name] = float(fields[name]) if name == "seconds" else int(fields[name])
    return fault


def _with(address: str, name: str, text: str) -> str:
    return f"{address.split('?')[0]}?{urlencode({name: text})}"
