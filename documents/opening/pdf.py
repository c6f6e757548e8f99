"""PDF, by pdfium: the reader that browsers have built in, so that what people can open is taken."""

from __future__ import annotations

import ctypes
import io
import re
from collections.abc import Iterator

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image

from documents.opening.findings import EMBEDDED, JAVASCRIPT, LAUNCH, Finding, Unacceptable

# pdfium, like every reader, looks for the header in the first kilobyte.
HEADER_WITHIN = 1024
LARGEST_ENLARGEMENT = 3.0
_JAVASCRIPT = re.compile(rb"/S\s*/JavaScript\b|/JS\b")
_LAUNCH = re.compile(rb"/S\s*/Launch\b")
_EMBEDDED = re.compile(rb"/Type\s*/EmbeddedFile\b|/EmbeddedFiles\b")
# Of an XFA form: calculations and events, in JavaScript or FormCalc. They stand in streams of their own.
_FORM_SCRIPT = re.compile(rb"<(?:[\w.-]+:)?script\b")
MOST_PACKETS = 50
_STREAM = re.compile(rb"stream\r?\n.*?endstream", re.DOTALL)


def is_pdf(data: bytes) -> bool:
    return b"%PDF-" in data[: HEADER_WITHIN + len(b"%PDF-")]


def inspect(data: bytes) -> Finding:
    with _open(data) as document:
        pages = len(document)
        plain = _STREAM.sub(b"", _written_anew(document))
        names = _names_inside(document)
        has_form_script = any(_FORM_SCRIPT.search(packet) for packet in _form_packets(document))
    marks = {JAVASCRIPT: _JAVASCRIPT, LAUNCH: _LAUNCH, EMBEDDED: _EMBEDDED}
    found = tuple(
        mark for mark, pattern in marks.items() if pattern.search(plain) or (mark == JAVASCRIPT and has_form_script)
    )
    return Finding("pdf", pages, found, names)


def _open(data: bytes) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(data, autoclose=True)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pdfium.FPDF_ERR_PASSWORD:
            raise Unacceptable(
                "is protected with a password, so that nobody here could read it. Save it without one and attach that."
            ) from error
        raise Unacceptable(
            "is a PDF without pages, or a damaged one, that no reader can open."
            " Ask for it again, or print it to a new PDF and attach that."
        ) from error


def _written_anew(document: pypdfium2.PdfDocument) -> bytes:
    """Without encryption and packed objects, so that what a reader would act on stands there in plain sight."""
    written = io.BytesIO()
    document.save(written, flags=pdfium.FPDF_REMOVE_SECURITY)
    return written.getvalue()


def _names_inside(document: pypdfium2.PdfDocument) -> tuple[str, ...]:
    return tuple(document.get_attachment(index).get_name() for index in range(min(document.count_attachments(), 50)))


def _form_packets(document: pypdfium2.PdfDocument) -> Iterator[bytes]:
    """The XML of an XFA form, in whatever encoding, as bytes of ASCII where it is ASCII."""
    for index in range(min(pdfium.FPDF_GetXFAPacketCount(document), MOST_PACKETS)):
        length = ctypes.c_ulong()
        pdfium.FPDF_GetXFAPacketContent(document, index, None, 0, ctypes.byref(length))
        packet = ctypes.create_string_buffer(length.value)
        if pdfium.FPDF_GetXFAPacketContent(document, index, packet, length, ctypes.byref(length)):
            yield packet.raw.replace(b"\0", b"")


def pictures(data: bytes, most: int, longest_side: int) -> Iterator[Image.Image]:
    with _open(data) as document:
        document.init_forms()
        for index in range(min(len(document), most)):
            page = document[index]
            scale = min(longest_side / max(*page.get_size(), 1), LARGEST_ENLARGEMENT)
            yield page.render(scale=scale, may_draw_forms=True).to_pil()
            page.close()
