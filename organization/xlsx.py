"""An XLSX workbook written row by row into a stream: no temporary file, nothing kept but the row at hand.

Dates and amounts are cells of their own type. Texts are inline strings, which no spreadsheet reads as formulas.
Reference: ECMA-376 part 1, 18.3 (worksheets) and 18.8 (styles); part 2 (packages).
"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import chain, islice
from xml.sax.saxutils import escape, quoteattr

Value = str | int | Decimal | dt.date | dt.datetime | None

# Of a sheet. The format allows twice as many, but then a sheet could pass 2 GiB, which takes a zip extension that
# spreadsheets do not read from a stream.
MAX_ROWS = 500_000
FLUSH = 500
_EPOCH = dt.date(1899, 12, 30)
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PLAIN, _HEADING, _DATE, _MOMENT = 0, 1, 2, 3  # places in cellXfs
_AMOUNTS = {0: 5, 1: 4, 2: 4, 3: 6, 4: 7}  # by decimals
_STYLES = f"""{_HEAD}<styleSheet {_MAIN}>
<numFmts count="4"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>
<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm"/>
<numFmt numFmtId="166" formatCode="#,##0.000"/><numFmt numFmtId="167" formatCode="#,##0.0000"/></numFmts>
<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>
<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>
<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>
<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>
<cellXfs count="8"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>
<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>
<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>
<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>
<xf numFmtId="4" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>
<xf numFmtId="3" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>
<xf numFmtId="166" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>
<xf numFmtId="167" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>
</styleSheet>"""


class _Pipe:
    """What a zip file is written into; `taken` hands on what has gathered."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self.parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """There is nothing further down to flush."""

    def taken(self) -> bytes:
        data, self.parts = b"".join(self.parts), []
        return data


def workbook(title: str, heads: list[str], rows: Iterable[list[Value]]) -> Iterator[bytes]:
    """The bytes of a workbook of `rows` below `heads`, on as many sheets as they need."""
    pipe, number = _Pipe(), 0
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as package:  # type: ignore[call-overload]
        for number, lot in enumerate(_sheetfuls(iter(rows)), 1):
            with package.open(f"xl/worksheets/sheet{number}.xml", "w") as sheet:
                for part in _sheet(heads, lot):
                    sheet.write(part.encode())
                    yield pipe.taken()
        for name, text in _frame(title, number):
            package.writestr(name, text)
    yield pipe.taken()


def _sheetfuls(rows: Iterator[list[Value]]) -> Iterator[Iterator[list[Value]]]:
    """`rows` in lots of MAX_ROWS, each to be used up before the next one; one empty lot when there are none."""
    yield islice(rows, MAX_ROWS)
    for row in rows:
        yield chain([row], islice(rows, MAX_ROWS - 1))


def _sheet(heads: list[str], rows: Iterable[list[Value]]) -> Iterator[str]:
    """The XML of one sheet in parts of FLUSH rows."""
    widths = "".join(
        f'<col min="{at}" max="{at}" width="{max(12, len(head) + 4)}" customWidth="1"/>'
        for at, head in enumerate(heads, 1)
    )
    pane = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    views = f'<sheetViews><sheetView workbookViewId="0">{pane}</sheetView></sheetViews>'
    yield f"{_HEAD}<worksheet {_MAIN}>{views}<cols>{widths}</cols><sheetData>"
    yield _row([_string(head, _HEADING) for head in heads])
    lines = (_row([_cell(value) for value in row]) for row in rows)
    while part := "".join(islice(lines, FLUSH)):
        yield part
    yield "</sheetData></worksheet>"


def _row(cells: list[str]) -> str:
    return f"<row>{''.join(cells)}</row>"


def _cell(value: Value) -> str:
    if isinstance(value, dt.datetime):
        seconds = value.hour * 3600 + value.minute * 60 + value.second
        return _number(_days(value.date()) + seconds / 86_400, _MOMENT)
    if isinstance(value, dt.date):
        return _number(_days(value), _DATE)
    if isinstance(value, Decimal):
        return _number(value, _AMOUNTS.get(-int(value.as_tuple().exponent), _AMOUNTS[4]))
    if isinstance(value, int):
        return _number(value, _PLAIN)
    return _string(value) if value else "<c/>"


def _days(day: dt.date) -> int:
    return (day - _EPOCH).days


def _number(value: float | Decimal, style: int) -> str:
    return f'<c s="{style}"><v>{value}</v></c>'


def _string(text: str, style: int = 0) -> str:
    plain = escape(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text))
    return f'<c s="{style}" t="inlineStr"><is><t xml:space="preserve">{plain}</t></is></c>'


def _frame(title: str, sheets: int) -> Iterator[tuple[str, str]]:
    """Every other part of the package: what the sheets are called and how they hang together."""
    numbers = range(1, sheets + 1)
    names = [title if number == 1 else f"{title} {number}" for number in numbers]
    listed = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"/>'
        for number, name in zip(numbers, names, strict=True)
    )
    related = "".join(
        f'<Relationship Id="rId{number}" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in numbers
    )
    styles = f'<Relationship Id="rId{sheets + 1}" Type="{_RELATIONS}/styles" Target="styles.xml"/>'
    parts = "".join(
        f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        for number in numbers
    )
    yield "xl/styles.xml", _STYLES
    yield (
        "xl/workbook.xml",
        f'{_HEAD}<workbook {_MAIN} xmlns:r="{_RELATIONS}"><sheets>{listed}</sheets></workbook>',
    )
    yield (
        "xl/_rels/workbook.xml.rels",
        f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{related}{styles}</Relationships>',
    )
    yield (
        "_rels/.rels",
        f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    )
    yield (
        "[Content_Types].xml",
        f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>{parts}</Types>',
    )
