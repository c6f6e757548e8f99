"""The frame of every page, its style, and small pieces of HTML. Text is escaped where it enters."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape as e
from urllib.parse import quote, urlencode

STYLE = """
:root { color-scheme: light dark; --ink: light-dark(#1c2430, #e6eaf0); --soft: light-dark(#5a6675, #9aa7b8);
  --page: light-dark(#f5f6f8, #12161c); --card: light-dark(#fff, #1a2029); --line: light-dark(#dde2e9, #2d3643);
  --accent: light-dark(#0b6b50, #4fd1a5); --on-accent: light-dark(#fff, #0d1a15); --bad: light-dark(#b3261e, #ff8a80);
  --warn: light-dark(#8a5a00, #ffca63); --tint: light-dark(#e8f3ef, #16302a); --bad-tint: light-dark(#fdecea, #3a1d1c); }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", sans-serif; }
a { color: var(--accent); text-underline-offset: 2px; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.skip { position: absolute; left: -999px; } .skip:focus { left: 8px; top: 8px; background: var(--card); padding: 8px; z-index: 2; }
header.top { background: var(--card); border-bottom: 1px solid var(--line); }
header.top > div, main, footer { max-width: 1180px; margin: 0 auto; padding: 12px 20px; }
header.top > div { display: flex; flex-wrap: wrap; gap: 6px 22px; align-items: center; }
.brand { font-weight: 700; text-decoration: none; color: var(--ink); display: inline-flex; align-items: center; gap: 8px; }
.brand svg { width: 22px; height: 22px; flex: none; }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 0; padding: 0; }
nav a { text-decoration: none; color: var(--soft); padding: 4px 0; display: inline-block; }
nav a:hover, nav a[aria-current] { color: var(--ink); box-shadow: inset 0 -2px var(--accent); }
main { padding-block: 22px 48px; }
footer { color: var(--soft); font-size: 13px; border-top: 1px solid var(--line); }
h1 { font-size: 24px; line-height: 1.25; margin: 0 0 4px; overflow-wrap: anywhere; } h1:not(:has(+ .lead)) { margin-bottom: 20px; } h2 { font-size: 17px; margin: 0 0 12px; }
.crumbs { color: var(--soft); font-size: 13px; margin-bottom: 8px; } .lead { color: var(--soft); margin: 0 0 20px; }
.grid { display: grid; gap: 16px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); align-items: start; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px 18px; margin-bottom: 16px; min-width: 0; }
.scroll { overflow-x: auto; margin-inline: -18px; padding-inline: 18px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; color: var(--soft); font-weight: 600; font-size: 12.5px; white-space: nowrap; }
th, td { padding: 7px 14px 7px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child > td { border-bottom: 0; } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; } tfoot td { font-weight: 600; border-top: 2px solid var(--line); }
dl { display: grid; grid-template-columns: minmax(110px, max-content) minmax(0, 1fr); gap: 5px 16px; margin: 0; }
dt { color: var(--soft); overflow-wrap: anywhere; } dd { margin: 0; overflow-wrap: anywhere; }
.tag { display: inline-block; font-size: 12.5px; padding: 1px 9px; border-radius: 99px; border: 1px solid var(--line); color: var(--soft); white-space: nowrap; }
.tag.good { color: var(--accent); background: var(--tint); border-color: transparent; }
.tag.bad { color: var(--bad); background: var(--bad-tint); border-color: transparent; } .tag.warn { color: var(--warn); }
.note { padding: 10px 14px; border-radius: 8px; margin-bottom: 16px; background: var(--tint); }
.note.bad { background: var(--bad-tint); color: var(--bad); }
form.row { display: flex; flex-wrap: wrap; gap: 8px; align-items: end; margin: 0 0 12px; } form.row:last-child { margin-bottom: 0; }
label { display: grid; gap: 2px; font-size: 13px; color: var(--soft); flex: 1 1 130px; min-width: 0; }
input, select { font: inherit; color: var(--ink); background: var(--page); border: 1px solid var(--line); border-radius: 7px; padding: 7px 9px; min-height: 38px; width: 100%; }
button { font: inherit; min-height: 38px; padding: 6px 14px; border-radius: 7px; border: 1px solid var(--accent); background: var(--accent); color: var(--on-accent); cursor: pointer; }
button.quiet { background: none; color: var(--accent); } button.danger { background: none; border-color: var(--bad); color: var(--bad); }
code { font: 13px ui-monospace, monospace; overflow-wrap: anywhere; } .soft { color: var(--soft); } .empty { color: var(--soft); margin: 0; }
.pager { display: flex; gap: 16px; margin-top: 12px; align-items: center; } details > summary { cursor: pointer; color: var(--accent); }
@media (max-width: 520px) { header.top > div, main, footer { padding-inline: 14px; } .card { padding: 14px; } .scroll { margin-inline: -14px; padding-inline: 14px; } dl { grid-template-columns: minmax(0, 1fr); gap: 0; } table { min-width: 460px; } dd { margin-bottom: 8px; } }
"""  # noqa: E501

LOGO = (
    '<svg viewBox="0 0 24 24" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2">'
    '<path d="M3 10h18l-2 10H5z"/><path d="M7 10l3-6M17 10l-3-6"/></svg>'
)
GOOD = {"active", "Posted", "Paid", "success", "open"}
BAD = {"inactive", "failure", "Reversed", "Reversal", "Voided", "on hold", "no answer", "closed", "denied"}


def page(
    title: str, body: str, *, here: str, companies: Iterable[tuple[str, str]], notice: str = "", problem: str = ""
) -> str:
    links = [
        ("/", "Overview"),
        *((f"/c/{quote(key)}", name) for key, name in companies),
        ("/requests", "Requests and faults"),
    ]
    current = max(
        (link for link, _ in links if here == link or here.startswith(link.rstrip("/") + "/")), key=len, default=""
    )
    items = "".join(
        f'<li><a href="{link}"{" aria-current=page" if link == current else ""}>{e(name)}</a></li>'
        for link, name in links
    )
    said = f'<p class="note" role="status">{e(notice)}</p>' if notice else ""
    said += f'<p class="note bad" role="alert">{e(problem)}</p>' if problem else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{e(title)} – Sage Intacct sandbox</title><link rel=icon href="data:,">'
        f"<style>{STYLE}</style></head><body>"
        f'<a class="skip" href="#main">Skip to the content</a><header class="top"><div><a class="brand" href="/">{LOGO}'
        f'Sage Intacct sandbox</a><nav aria-label="Main"><ul>{items}</ul></nav></div></header>'
        f'<main id="main">{said}{body}</main>'
        "<footer>A stand-in for the Sage Intacct XML gateway. It keeps everything in memory; nothing here is real. "
        '<a href="/sandbox/state.json">State as JSON</a></footer></body></html>'
    )


def heading(title: str, lead: str = "", crumbs: Iterable[tuple[str, str]] = ()) -> str:
    trail = " › ".join(f'<a href="{link}">{e(name)}</a>' for link, name in crumbs)
    shown = f'<p class="crumbs">{trail}</p>' if trail else ""
    return f"{shown}<h1>{e(title)}</h1>" + (f'<p class="lead">{lead}</p>' if lead else "")


def card(title: str, body: str) -> str:
    return f'<section class="card"><h2>{e(title)}</h2>{body}</section>'


def table(
    heads: list[str], rows: list[list[str]], *, numeric: Iterable[int] = (), foot: str = "", empty: str = "Nothing yet."
) -> str:
    """Cells are HTML already."""
    if not rows:
        return f'<p class="empty">{e(empty)}</p>'
    right = set(numeric)
    mark = [' class="n"' if index in right else "" for index in range(len(heads))]
    head = "".join(f"<th{mark[index]} scope=col>{e(text)}</th>" for index, text in enumerate(heads))
    body = "".join(
        "<tr>" + "".join(f"<td{mark[index]}>{cell}</td>" for index, cell in enumerate(row)) + "</tr>" for row in rows
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody>{foot}</table></div>'


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """A definition list; values are HTML already, empty ones are left out."""
    return "<dl>" + "".join(f"<dt>{e(name)}</dt><dd>{value}</dd>" for name, value in pairs if value) + "</dl>"


def tag(text: str) -> str:
    kind = " good" if text in GOOD else " bad" if text in BAD or text.startswith("HTTP") else ""
    return f'<span class="tag{kind}">{e(text)}</span>' if text else ""


def field(label: str, name: str, value: str = "", kind: str = "text", extra: str = "") -> str:
    return f'<label>{e(label)}<input name="{name}" type="{kind}" value="{e(value)}" {extra}></label>'


def select(label: str, name: str, options: Iterable[tuple[str, str]], chosen: str = "") -> str:
    listed = "".join(
        f'<option value="{e(value)}"{" selected" if value == chosen else ""}>{e(text)}</option>'
        for value, text in options
    )
    return f'<label>{e(label)}<select name="{name}">{listed}</select></label>'


def form(action: str, company: str, back: str, inside: str, button: str, kind: str = "", **hidden: str) -> str:
    fixed = {"action": action, "company": company, "back": back, **hidden}
    inputs = "".join(f'<input type="hidden" name="{e(name)}" value="{e(value)}">' for name, value in fixed.items())
    look = f' class="{kind}"' if kind else ""
    start = '<form class="row" method="post" action="/sandbox/do">'
    return f"{start}{inputs}{inside}<button{look}>{e(button)}</button></form>"


def search(label: str, wanted: str) -> str:
    inside = field(label, "q", wanted, "search")
    return f'<form class="row" method="get" role="search">{inside}<button class="quiet">Search</button></form>'


def pager(path: str, query: dict[str, str], offset: int, size: int, total: int) -> str:
    if total <= size:
        return f'<p class="pager soft">{total} in all</p>'
    links = []
    for text, start in (("← Earlier", offset - size), ("Later →", offset + size)):
        if 0 <= start < total:
            links.append(f'<a href="{path}?{e(urlencode({**query, "offset": str(start)}))}">{text}</a>')
    shown = f"{offset + 1}–{min(offset + size, total)} of {total:,}"
    return f'<p class="pager"><span class="soft">{shown}</span>{"".join(links)}</p>'
