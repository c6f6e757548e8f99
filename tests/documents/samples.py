"""Files as the world writes them, made here."""

from __future__ import annotations

import base64
import io
import struct
import zipfile
import zlib
from email.message import EmailMessage
from typing import Any

from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DecodedStreamObject, DictionaryObject, NameObject, TextStringObject

TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
OFFICE = "application/vnd.openxmlformats-officedocument"
SHEET = f"{OFFICE}.spreadsheetml.sheet.main+xml"
TEXT = f"{OFFICE}.wordprocessingml.document.main+xml"
WINDOWS_PROGRAM = b"MZ\x90\x00\x03\x00\x00\x00" + bytes(120)
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
CROSS_INDUSTRY = b'<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"/>'
PDF_WITHOUT_PAGES = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Count 0/Kids[]>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)
# 16 × 16 pixels in one color, coded once with an encoder that is not installed here.
HEIC = zlib.decompress(
    base64.b85decode(
        "c-muNV30{GsVvAy%}izhg51nBLl8SRGck>Ufw3kxwIq=N0u(b+a*CjAhJwuG5(YG&l$nzcHpIn&fe{FSfN=qY1_CW0R?f`KO9S&j"
        "qM|@fDif5KQI>27V)7MamgK^f{K+gRDge@VG7FOPfpjTQnKL6ZNN56Bk=zG{KYxGxU|`^9P5|nVaA4$N{Qn=MfElEM8HD6^F*zgx"
        "B{iKG8PQ}GC^WK8d$n%Xvj>U`4m2<@@HBvgTatjP*<2V879Z>c+98~rpHq~VoKpc5<z-+4Dq#@GEG|feddvZeHIj1@K@Jmux*bga"
        "|Ns92kY<9>An}6CicFA3W)2PxASIDmkP8cAV6d?^GBLBZ0NF;lDT$ykR?}cyFR2*k<nTUr>Hhz+pZ{JF|6aQNRLX*7(^;-}%;aWn"
        "Z0Mah*8%{p0%0c"
    )
)


def pdf(pages: int = 1) -> bytes:
    return written(writer(pages))


def writer(pages: int = 1) -> PdfWriter:
    made = PdfWriter()
    for _ in range(pages):
        made.add_blank_page(200, 280)
    return made


def written(made: PdfWriter) -> bytes:
    held = io.BytesIO()
    made.write(held)
    return held.getvalue()


def pdf_with_action(kind: str) -> bytes:
    """An action that a reader would do as soon as the document is open."""
    made = writer()
    action = DictionaryObject({NameObject("/S"): NameObject(f"/{kind}")})
    action[NameObject("/JS" if kind == "JavaScript" else "/F")] = TextStringObject("calc.exe")
    made._root_object[NameObject("/OpenAction")] = made._add_object(action)
    return written(made)


def pdf_with_form(template: bytes) -> bytes:
    """An XFA form: its XML stands in packed streams of the document's form dictionary."""
    made = writer()
    parts = ArrayObject()
    for name, xml in (("preamble", b"<xdp:xdp>"), ("template", template), ("postamble", b"</xdp:xdp>")):
        stream = DecodedStreamObject()
        stream.set_data(xml)
        parts += [TextStringObject(name), made._add_object(stream.flate_encode())]
    form = DictionaryObject({NameObject("/XFA"): parts, NameObject("/Fields"): ArrayObject()})
    made._root_object[NameObject("/AcroForm")] = made._add_object(form)
    return written(made)


def pdf_with_file(name: str = "factur-x.xml") -> bytes:
    made = writer()
    made.add_attachment(name, b"<a/>")
    return written(made)


def encrypted_pdf(password: str, content: bytes | None = None) -> bytes:
    made = PdfWriter(clone_from=io.BytesIO(content)) if content else writer()
    made.encrypt(password, owner_password="owner", algorithm="RC4-128")
    return written(made)


def pdf_with_packed_objects() -> bytes:
    """The catalog and its JavaScript inside a compressed object stream, where no search of the bytes finds them."""
    objects = [
        (1, b"<</Type/Catalog/Pages 2 0 R/OpenAction 4 0 R>>"),
        (2, b"<</Type/Pages/Count 1/Kids[3 0 R]>>"),
        (3, b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 280]>>"),
        (4, b"<</S/JavaScript/JS(app.alert)>>"),
    ]
    head, body = b"", b""
    for number, text in objects:
        head += b"%d %d " % (number, len(body))
        body += text + b" "
    packed = zlib.compress(head + body)
    out = b"%PDF-1.5\n"
    first = len(out)
    out += b"5 0 obj<</Type/ObjStm/N 4/First %d/Filter/FlateDecode/Length %d>>stream\n" % (len(head), len(packed))
    out += packed + b"\nendstream endobj\n"
    start = len(out)
    rows = [(0, 0, 255), *((2, 5, index) for index in range(4)), (1, first, 0), (1, start, 0)]
    table = b"".join(struct.pack(">BHB", *row) for row in rows)
    out += b"6 0 obj<</Type/XRef/Size 7/W[1 2 1]/Root 1 0 R/Length %d>>stream\n" % len(table)
    return out + table + b"\nendstream endobj\nstartxref\n%d\n%%%%EOF\n" % start


def picture(form: str, size: tuple[int, int] = (12, 8), mode: str = "RGB", **options: Any) -> bytes:
    held = io.BytesIO()
    Image.new(mode, size).save(held, form, **options)
    return held.getvalue()


def noise(form: str) -> bytes:
    held = io.BytesIO()
    Image.effect_noise((200, 200), 60).save(held, form)
    return held.getvalue()


def many_page_tiff(pages: int) -> bytes:
    rest = [Image.new("1", (30, 40), index % 2) for index in range(1, pages)]
    return picture("TIFF", (30, 40), "1", save_all=True, append_images=rest)


def absurd_png(width: int = 60_000, height: int = 60_000) -> bytes:
    """A few bytes that claim to be billions of pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def package(parts: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return held.getvalue()


def office(main_type: str = SHEET, main: str = "xl/workbook.xml", **more: bytes) -> bytes:
    """A package whose relations lead to its main part, wherever that is. `more` are parts; `__` in a name means `/`."""
    types = f'<Types xmlns="{TYPES}"><Override PartName="/{main}" ContentType="{main_type}"/></Types>'
    relation = f'<Relationship Id="r1" Type="{MAIN}" Target="{main}"/>'
    relations = f'<Relationships xmlns="{RELATIONS}">{relation}</Relationships>'
    parts = {"[Content_Types].xml": types.encode(), "_rels/.rels": relations.encode(), main: b"<workbook/>"}
    return package(parts | {name.replace("__", "/").replace("_dot_", "."): part for name, part in more.items()})


def compound(*paths: str, contents: dict[str, bytes] | None = None) -> bytes:
    """An OLE compound file with these streams ("storage/stream"), each of 4,096 bytes so that none is a mini stream."""
    entries: list[dict[str, Any]] = [{"name": "Root Entry", "kind": 5, "children": [], "start": 0xFFFFFFFE, "size": 0}]
    sectors: list[bytes] = []
    chains: list[int] = []
    for path in paths:
        parent = 0
        *storages, stream = path.split("/")
        for storage in storages:
            found = next((one for one in entries[parent]["children"] if entries[one]["name"] == storage), None)
            if found is None:
                found = len(entries)
                entries.append({"name": storage, "kind": 1, "children": [], "start": 0, "size": 0})
                entries[parent]["children"].append(found)
            parent = found
        content = (contents or {}).get(path, b"").ljust(4096, b"\0")
        start = len(sectors)
        sectors += [content[at : at + 512] for at in range(0, 4096, 512)]
        chains += [*range(start + 1, start + 8), 0xFFFFFFFE]
        entries[parent]["children"].append(len(entries))
        entries.append({"name": stream, "kind": 2, "children": [], "start": start, "size": 4096})
    directory = b"".join(_entry(index, entries) for index in range(len(entries)))
    directory = directory.ljust(-(-len(directory) // 512) * 512, b"\0")
    first = len(sectors)
    count = len(directory) // 512
    sectors += [directory[at : at + 512] for at in range(0, len(directory), 512)]
    chains += [*range(first + 1, first + count), 0xFFFFFFFE]
    table = len(sectors)
    chains.append(0xFFFFFFFD)
    assert len(chains) <= 128
    sectors.append(struct.pack("<128I", *chains, *[0xFFFFFFFF] * (128 - len(chains))))
    header = OLE_MAGIC + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, first, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    return header + struct.pack("<109I", table, *[0xFFFFFFFF] * 108) + b"".join(sectors)


def _entry(index: int, entries: list[dict[str, Any]]) -> bytes:
    """Siblings hang in a row, each to the right of the one before it."""
    entry = entries[index]
    name = entry["name"].encode("utf-16-le") + b"\0\0"
    family = next((one["children"] for one in entries if index in one["children"]), [])
    place = family.index(index) + 1 if family else 0
    right = family[place] if 0 < place < len(family) else 0xFFFFFFFF
    child = entry["children"][0] if entry["children"] else 0xFFFFFFFF
    head = name.ljust(64, b"\0") + struct.pack("<HBB", len(name), entry["kind"], 1)
    return (
        head
        + struct.pack("<III", 0xFFFFFFFF, right, child)
        + bytes(36)
        + struct.pack("<IQ", entry["start"], entry["size"])
    )


def workbook_with_macro_sheet() -> bytes:
    sheet = struct.pack("<HH", 0x85, 9) + struct.pack("<IBB", 0, 0, 1) + b"\x01\x00A"
    stream = struct.pack("<HH", 0x809, 4) + bytes(4) + sheet + struct.pack("<HH", 0x0A, 0)
    return compound("Workbook", contents={"Workbook": stream})


def mail(*attachments: tuple[str, bytes]) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "alder@example.com", "ap@example.com", "Invoice 7"
    message.set_content("Please find the invoice attached.")
    for name, content in attachments:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def encoded_mail(encoding: str, inner: bytes) -> bytes:
    """A mail that brings another one, encoded as a whole although nobody may do that."""
    content = base64.encodebytes(inner)
    head = b"From: a@example.com\nSubject: Fwd\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\n"
    return (
        head
        + f"Content-Type: message/rfc822\nContent-Transfer-Encoding: {encoding}\n\n".encode()
        + content
        + b"\n--x--\n"
    )


def relation(kind: str, target: str) -> bytes:
    """To something outside of the package."""
    told = f'<Relationship Id="r1" Type="{MAIN.rpartition("/")[0]}/{kind}" Target="{target}" TargetMode="External"/>'
    return f'<Relationships xmlns="{RELATIONS}">{told}</Relationships>'.encode()


def growing_xml() -> bytes:
    """A kilobyte of entities that unpack to gigabytes."""
    entities = "".join(f'<!ENTITY e{each} "{f"&e{each - 1};" * 10}">' for each in range(1, 10))
    return f'<!DOCTYPE a [<!ENTITY e0 "0123456789">{entities}]><a>&e9;</a>'.encode()
