"""Documents from the form to the download: kinds, names, marks, pictures of pages, scanner, quota, sweeps, rights."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from documents.opening import process
from invoices import tasks
from invoices.errors import InvoiceRefused
from invoices.models import Document, Invoice
from invoices.services import pending, sweeping
from invoices.services.documents import check_document
from tests import factories
from tests.documents import samples
from tests.invoices.test_entry_page import Desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return Desk()


def upload(name: str, content: bytes = b"") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content or samples.pdf())


def attached(desk: Desk, name: str, content: bytes) -> Document:
    desk.post(documents=upload(name, content))
    return Invoice.objects.get().documents.get()


def get(desk: Desk, name: str, *args: Any) -> Any:
    return desk.client.get(reverse(f"invoices:{name}", args=args))


@pytest.mark.parametrize(
    "name, content, kept_as, content_type",
    [
        ("photo.jfif", samples.picture("JPEG"), "photo.jpg", "image/jpeg"),
        ("photo.png", samples.picture("JPEG"), "photo.jpg", "image/jpeg"),
        ("photo.JPEG", samples.picture("JPEG"), "photo.JPEG", "image/jpeg"),
        ("photo.jpg", samples.picture("PNG"), "photo.png", "image/png"),
        ("phone.jpg", samples.HEIC, "phone.heic", "image/heic"),
        ("Invoice 12.2026", samples.pdf(), "Invoice 12.2026.pdf", "application/pdf"),
        ("invoice.pdf.jpg", samples.pdf(), "invoice.pdf", "application/pdf"),
        ("e-invoice.xml", samples.CROSS_INDUSTRY, "e-invoice.xml", "application/xml"),
        ("old.doc", samples.compound("WordDocument"), "old.doc", "application/msword"),
    ],
)
def test_types_are_by_content_and_the_name_is_mended(
    desk: Desk, name: str, content: bytes, kept_as: str, content_type: str
) -> None:
    desk.post(documents=upload(name, content))
    document = Invoice.objects.get().documents.get()
    assert (document.name, document.content_type) == (kept_as, content_type)
    page = desk.client.get(document.invoice.get_absolute_url()).text
    assert (f"so it is kept as “{kept_as}”." in page) == (name != kept_as)


@pytest.mark.parametrize("name", ["a.pdf", "a.heic", "a.xls", "a.eml"])
def test_the_original_is_only_a_download_byte_for_byte(desk: Desk, name: str) -> None:
    contents = {
        "a.pdf": samples.pdf() + b"\0" * 2_100,
        "a.heic": samples.HEIC,
        "a.xls": samples.compound("Workbook"),
        "a.eml": samples.mail(("a.pdf", samples.pdf())),
    }
    document = attached(desk, name, contents[name])
    answer = get(desk, "document_download", document.pk)
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("application/octet-stream", "nosniff")
    content = b"".join(answer.streaming_content)
    assert hashlib.sha256(content).hexdigest() == document.sha256 == hashlib.sha256(contents[name]).hexdigest()


def test_no_address_hands_the_original_out_to_be_shown(desk: Desk) -> None:
    document = attached(desk, "a.pdf", samples.pdf())
    for answer in (get(desk, "document_preview", document.pk), get(desk, "document_page", document.pk, 1)):
        assert b"%PDF" not in answer.content
        assert answer["Content-Type"] in ("text/html; charset=utf-8", "image/webp")
    page = desk.client.get(document.invoice.get_absolute_url()).text
    assert "<iframe" not in page
    assert "<object" not in page


@pytest.mark.parametrize(
    "name, content, size",
    [
        ("a.pdf", samples.pdf(), (600, 840)),
        ("a.heic", samples.HEIC, (16, 16)),
        ("a.tif", samples.many_page_tiff(3), (30, 40)),
        ("a.png", samples.picture("PNG"), (12, 8)),
    ],
)
def test_the_pages_are_pictures(desk: Desk, name: str, content: bytes, size: tuple[int, int]) -> None:
    document = attached(desk, name, content)
    answer = get(desk, "document_page", document.pk, 1)
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert (picture.format, picture.size) == ("WEBP", size)
    assert answer["Cache-Control"] == "no-store, private"
    assert get(desk, "document_page", document.pk, document.page_count + 1).status_code == 404
    assert get(desk, "document_page", document.pk, 0).status_code == 404


def test_no_page_is_drawn_for_another_account(desk: Desk) -> None:
    document = attached(desk, "a.tif", samples.many_page_tiff(3))
    assert get(desk, "document_page", document.pk, 1).status_code == 200
    desk.client.force_login(factories.owner())
    assert get(desk, "document_page", document.pk, 1).status_code == 404


def test_pages_are_drawn_once_and_kept_beside_the_document(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    document = attached(desk, "a.tif", samples.many_page_tiff(3))
    first = get(desk, "document_page", document.pk, 1).content
    monkeypatch.setattr(process, "draw", lambda *_: pytest.fail("drawn twice"))
    assert get(desk, "document_page", document.pk, 1).content == first
    assert get(desk, "document_page", document.pk, 2).content != first


def test_a_long_document_shows_its_first_pages_and_says_how_many_there_are(desk: Desk) -> None:
    document = attached(desk, "long.pdf", samples.pdf(23))
    page = desk.client.get(document.invoice.get_absolute_url()).text
    assert page.count("<img src=") == 20
    assert 'alt="Page 3 of 23 of long.pdf"' in page
    assert "The other 3 pages are not shown here. Download the document to see them." in page
    assert get(desk, "document_page", document.pk, 21).status_code == 404


def test_what_cannot_be_drawn_is_tried_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    document = attached(desk, "a.pdf", samples.pdf())
    tried = []
    monkeypatch.setattr(process, "draw", lambda *_: tried.append(1) or b"")
    assert [get(desk, "document_page", document.pk, 1).status_code for _ in range(3)] == [404] * 3
    assert tried == [1]


def test_too_many_at_once_is_said_and_tried_again_later(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    document = attached(desk, "a.pdf", samples.pdf())

    def busy(*_: Any) -> bytes:
        raise process.Busy

    with monkeypatch.context() as patch:
        patch.setattr(process, "draw", busy)
        assert get(desk, "document_page", document.pk, 1).status_code == 503
    assert get(desk, "document_page", document.pk, 1).status_code == 200


def test_one_of_before_the_upgrade_learns_what_it_holds(desk: Desk) -> None:
    invoice = factories.invoice(desk.company)
    content = samples.pdf_with_action("JavaScript")
    document = factories.document(invoice, "a.pdf", content, page_count=None)
    broken = factories.document(invoice, "b.pdf", b"%PDF-1.4 broken", page_count=None)
    assert "This PDF holds JavaScript." in desk.client.get(invoice.get_absolute_url()).text
    for one, pages in ((document, 1), (broken, 0)):
        one.refresh_from_db()
        assert one.page_count == pages


@pytest.mark.parametrize(
    "content, remark",
    [
        (samples.pdf_with_action("JavaScript"), "This PDF holds JavaScript."),
        (samples.pdf_with_action("Launch"), "This PDF wants to start a program or open a file."),
        (samples.pdf_with_file("factur-x.xml"), "Other files are inside this PDF: factur-x.xml."),
    ],
)
def test_a_marked_pdf_is_kept_and_its_approver_is_told(desk: Desk, content: bytes, remark: str) -> None:
    refused = desk.post(supplier="nobody", documents=upload("a.pdf", content))
    assert remark in refused.text
    desk.post(pending=[file.token for file in refused.context["documents_form"].pending])
    invoice = Invoice.objects.get()
    approver = factories.user(desk.account, "Invoice Approver")
    desk.client.force_login(approver)
    assert remark in desk.client.get(invoice.get_absolute_url()).text
    assert invoice.documents.get().file.read() == content


def test_an_e_mail_is_kept_with_the_names_of_its_attachments(desk: Desk) -> None:
    document = attached(desk, "a.eml", samples.mail(("Rechnung März.pdf", samples.pdf())))
    assert "Attached to this e-mail: Rechnung März.pdf." in desk.client.get(document.invoice.get_absolute_url()).text


def test_many_names_inside_stay_few_on_the_page(desk: Desk) -> None:
    files = [(f"{number:02}{'x' * 200}.txt", b"a") for number in range(30)]
    document = attached(desk, "a.eml", samples.mail(*files))
    assert len(document.contents) == 11
    assert document.contents[-1] == "20 more"
    assert max(map(len, document.contents)) == 80


# As soon as it is chosen


def test_a_chosen_file_is_looked_at_and_kept_at_once(desk: Desk) -> None:
    address = reverse("invoices:document_keep")
    kept = desk.client.post(address, {"document": upload("photo.png", samples.picture("JPEG"))})
    assert "“photo.png” is a JPEG picture, so it is kept as “photo.jpg”." in kept.text
    refused = desk.client.post(address, {"document": upload("run.pdf", samples.WINDOWS_PROGRAM)})
    assert (refused.status_code, refused["Content-Type"]) == (422, "text/plain")
    assert refused.text.startswith("“run.pdf” is a program (Windows), whatever its name says.")
    assert desk.client.post(address).status_code == 422
    desk.client.force_login(factories.user(desk.account, "Reporter"))
    assert desk.client.post(address, {"document": upload("a.pdf")}).status_code == 404


def test_too_many_at_once_are_told_in_the_form_with_what_was_typed(desk: Desk, settings: Any) -> None:
    settings.DOCUMENTS_AT_ONCE = 2
    page = desk.post(documents=[upload(f"{number}.pdf") for number in range(3)], po_number="KEPT-7")
    assert "3 documents were chosen, and 2 are taken at a time. Choose the other one again." in page.text
    assert "KEPT-7" in page.text
    assert [file.name for file in page.context["documents_form"].pending] == ["0.pdf", "1.pdf"]
    assert not Invoice.objects.exists()


# The virus scanner


class Scanner:
    """A clamd that knows one virus: it answers INSTREAM as the real one does."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(path))
        self.socket.listen()
        self.seen: list[bytes] = []
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                assert stream.read(10) == b"zINSTREAM\0"
                content = b""
                while length := int.from_bytes(stream.read(4)):
                    content += stream.read(length)
                self.seen.append(content)
                connection.sendall(self._answer(content) + b"\0")

    def _answer(self, content: bytes) -> bytes:
        if b"strange" in content:
            return b"INSTREAM size limit exceeded. ERROR"
        return b"stream: Test.Virus FOUND" if b"virus" in content else b"stream: OK"

    def close(self) -> None:
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(5)


@pytest.fixture
def scanner(tmp_path: Path, settings: Any) -> Iterator[Scanner]:
    running = Scanner(tmp_path / "clamd")
    settings.CLAMAV_ADDRESS = str(tmp_path / "clamd")
    yield running
    running.close()


def test_the_scanner_sees_every_byte_and_its_finding_refuses(desk: Desk, scanner: Scanner) -> None:
    content = samples.pdf() + b"0" * 600_000
    document = attached(desk, "a.pdf", content)
    assert (scanner.seen, document.file.read()) == ([content], content)
    page = desk.post(number="A-2", documents=upload("b.txt", b"a virus"))
    assert "“b.txt” holds a virus (Test.Virus). Do not open it; ask the sender for a clean copy." in page.text
    assert Document.objects.count() == 1


@pytest.mark.parametrize("content", [b"strange", b"fine"])
def test_without_a_clear_answer_nothing_is_taken(
    desk: Desk, scanner: Scanner, settings: Any, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    if content == b"fine":
        settings.CLAMAV_ADDRESS = "127.0.0.1:1"
    page = desk.post(documents=upload("a.txt", content))
    assert "could not be checked for viruses, because the scanner does not answer. Try again" in page.text
    assert "did not answer" in caplog.text
    assert not Invoice.objects.exists()


# Quota, sweeps, rights


def test_nobody_keeps_more_than_their_share(desk: Desk, settings: Any) -> None:
    settings.PENDING_MAX_BYTES = 2 * 1024 * 1024
    big = samples.pdf() + b"\0" * 1_500_000
    assert desk.post(supplier="nobody", documents=upload("a.pdf", big)).status_code == 200
    page = desk.post(supplier="nobody", documents=upload("b.pdf", big), po_number="KEPT-7")
    assert "“b.pdf” was not kept: documents of forms that you have not saved would take up more than 2 MB" in page.text
    assert "KEPT-7" in page.text
    other = factories.user(desk.account)
    assert pending.keep(check_document(upload("b.pdf", big)), by=other)
    answer = desk.client.post(reverse("invoices:document_keep"), {"document": upload("c.pdf", big)})
    assert answer.status_code == 422
    with pytest.raises(InvoiceRefused):
        pending.keep(check_document(upload("c.pdf", big)), by=desk.clerk)


def test_partial_uploads_are_swept_after_a_day(settings: Any, tmp_path: Path) -> None:
    settings.UPLOADS_DIR = tmp_path
    for name, hours in (("old.upload", 25), ("new.upload", 23)):
        (tmp_path / name).write_bytes(b"x")
        at = (timezone.now() - dt.timedelta(hours=hours)).timestamp()
        os.utime(tmp_path / name, (at, at))
    tasks.sweep_pending_documents()
    assert [path.name for path in tmp_path.iterdir()] == ["new.upload"]


def test_stray_files_are_swept_and_those_of_documents_are_not(desk: Desk) -> None:
    document = attached(desk, "a.pdf", samples.pdf())
    get(desk, "document_page", document.pk, 1)
    stray = f"documents/{desk.account.pk}/stray.pdf"
    gone = f"documents/{factories.account().pk + 1_000_000}/gone.pdf.pages"
    for path in (stray, gone):
        default_storage.save(path, ContentFile(b"x"))
    tasks.sweep_stray_documents()
    assert all(map(default_storage.exists, (stray, gone)))
    sweeping.sweep_stray_documents(timezone.now() + dt.timedelta(hours=25))
    assert not any(map(default_storage.exists, (stray, gone)))
    assert all(map(default_storage.exists, (document.file.name, f"{document.file.name}.pages")))


def test_pictures_go_with_their_document(desk: Desk, django_capture_on_commit_callbacks: Any) -> None:
    document = attached(desk, "a.pdf", samples.pdf())
    get(desk, "document_page", document.pk, 1)
    assert default_storage.exists(f"{document.file.name}.pages")
    with django_capture_on_commit_callbacks(execute=True):
        desk.post(document.invoice, version="1", remove=document.pk)
    assert not default_storage.exists(f"{document.file.name}.pages")
    assert not default_storage.exists(document.file.name)


def test_no_stored_file_is_readable_by_others(desk: Desk, settings: Any) -> None:
    large = samples.pdf() + b"\0" * 3 * 1024 * 1024
    page = desk.post(supplier="nobody", documents=[upload("a.pdf"), upload("b.pdf", large)])
    desk.post(documents=[upload("c.pdf"), upload("d.pdf", large)])
    for document in Document.objects.all():
        get(desk, "document_page", document.pk, 1)
    paths = [Path(settings.MEDIA_ROOT, file.path) for file in page.context["documents_form"].pending]
    for document in Document.objects.all():
        paths += [Path(document.file.path), Path(f"{document.file.path}.pages")]
    assert len(paths) == 6
    assert {path.stat().st_mode & 0o777 for path in paths} == {0o600}
    folders = {folder for path in paths for folder in path.parents if folder.is_relative_to(settings.MEDIA_ROOT)}
    folders.add(settings.UPLOADS_DIR)
    assert {folder.stat().st_mode & 0o777 for folder in folders} == {0o700}
