"""What a file is, decided by what a reader can open, and why it is not taken."""

from __future__ import annotations

from documents.kinds import ACCEPTED, BY_SUFFIX, suffix_of
from documents.opening import compound, office, pdf, pictures, programs, text
from documents.opening.findings import Finding, Unacceptable

MOST_NESTING = 3
# Known, but not taken: the sentence names them and the way out.
_OTHERS = {
    b"GIF8": "is a GIF picture. Save it as PNG or PDF and attach that.",
    b"BM": "is a BMP picture. Save it as PNG or PDF and attach that.",
    b"Rar!": "is an archive. Unpack it and attach the documents in it.",
    b"7z\xbc\xaf\x27\x1c": "is an archive. Unpack it and attach the documents in it.",
    b"\x1f\x8b": "is an archive. Unpack it and attach the documents in it.",
    b"{\\rtf": "is an RTF document. Save it as PDF or DOCX and attach that.",
    b"%!PS": "is a PostScript file. Print it to a PDF and attach that.",
    b"\x78\x9f\x3e\x22": "is an Outlook package (winmail.dat). Ask the sender for the documents in it, as a PDF.",
}


def inspect(data: bytes, name: str, depth: int = 0) -> Finding:
    """`name` matters where content cannot decide: CSV, text, e-mails, programs. Raises Unacceptable."""
    programs.refuse_program(data[:4096], name)
    finding = _by_signature(data, depth) or _by_text(data, name, depth)
    if finding is None:
        raise _unknown(data, name)
    return finding


def _by_signature(data: bytes, depth: int) -> Finding | None:
    head = data[:64]
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return office.inspect(data, depth)
    if compound.is_compound(head):
        return compound.inspect(data)
    if kind := pictures.kind_of(head):
        return pictures.inspect(data, kind)
    return pdf.inspect(data) if pdf.is_pdf(data) else None


def _by_text(data: bytes, name: str, depth: int) -> Finding | None:
    text.refuse_web_page(data)
    if suffix_of(name) == "eml":
        if depth >= MOST_NESTING:
            raise Unacceptable("is packed too many times over. Attach the documents themselves.", is_dangerous=True)
        return text.mail_finding(data, inspect, depth)
    return text.xml_finding(data, name) or text.text_finding(data, name)


def _unknown(data: bytes, name: str) -> Unacceptable:
    for magic, problem in _OTHERS.items():
        if data.startswith(magic):
            return Unacceptable(problem)
    kind = BY_SUFFIX.get(suffix_of(name))
    if kind is None:
        return Unacceptable(f"is of a type that is not accepted. Attach {ACCEPTED}.")
    article = "an" if kind.noun[0] in "Ee" else "a"
    return Unacceptable(
        f"is named like {article} {kind.noun}, but no reader can open it as one."
        " Save or scan it once more, or attach a PDF."
    )
