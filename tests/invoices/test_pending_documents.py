"""Documents of a refused form: nobody chooses them twice, with or without script."""

from __future__ import annotations

import datetime as dt
import itertools
import time
from typing import Any

import pytest
from django.core import signing
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.signing import b62_encode
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from invoices.models import Invoice
from invoices.services import pending
from invoices.services.documents import check_document
from invoices.tasks import sweep_pending_documents
from tests import factories
from tests.invoices.test_entry_page import Desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return Desk()


def pdf(name: str = "a.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, factories.PDF)


def tokens(page: Any) -> list[str]:
    return [file.token for file in page.context["documents_form"].pending]


def test_a_refused_form_shows_the_documents_again_and_attaches_them_when_it_is_mended(desk: Desk) -> None:
    page = desk.post(supplier="nobody", documents=[pdf("ключ 票据.pdf"), pdf("b.pdf")])
    assert [file.name for file in page.context["documents_form"].pending] == ["ключ 票据.pdf", "b.pdf"]
    assert "ключ 票据.pdf" in page.text
    paths = [file.path for file in page.context["documents_form"].pending]
    desk.post(pending=tokens(page), documents=pdf("c.pdf"))
    documents = Invoice.objects.get().documents.all()
    assert [one.name for one in documents] == ["ключ 票据.pdf", "b.pdf", "c.pdf"]
    assert documents[0].file.read() == factories.PDF
    assert not any(map(default_storage.exists, paths))


def test_they_survive_a_second_refusal_and_more_lines(desk: Desk) -> None:
    page = desk.post(action="add_line", documents=pdf())
    page = desk.post(supplier="nobody", pending=tokens(page))
    assert len(tokens(page)) == 1
    desk.post(pending=tokens(page))
    assert Invoice.objects.get().documents.get().name == "a.pdf"


def test_they_can_be_taken_out_again(desk: Desk) -> None:
    page = desk.post(supplier="nobody", documents=[pdf("a.pdf"), pdf("b.pdf")])
    first, second = tokens(page)
    desk.post(pending=[first, second], drop=[first])
    assert Invoice.objects.get().documents.get().name == "b.pdf"


def test_the_good_ones_are_kept_when_one_is_refused(desk: Desk) -> None:
    page = desk.post(documents=[pdf(), SimpleUploadedFile("b.exe", b"MZ"), SimpleUploadedFile("c.pdf", b"MZ")])
    assert [file.name for file in page.context["documents_form"].pending] == ["a.pdf"]
    assert "“b.exe” is named like a program" in page.text
    assert "“c.pdf” is named like a PDF, but no reader can open it" in page.text
    assert not Invoice.objects.exists()


def test_they_are_shown_beside_the_form_to_who_chose_them_only(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = itertools.count(int(time.time()))
    monkeypatch.setattr(signing.TimestampSigner, "timestamp", lambda _signer: b62_encode(next(seconds)))
    page = desk.post(supplier="nobody", documents=pdf())
    url = reverse("invoices:pending_preview", args=tokens(page))
    picture, file = f"{url}pages/1/", f"{url}file/"
    assert f'<img src="{picture}"' in page.text
    assert f'href="{url}"' in page.text
    assert desk.client.get(picture)["Content-Type"] == "image/webp"
    download = desk.client.get(file)
    assert download["Content-Disposition"] == 'attachment; filename="a.pdf"'
    assert b"".join(download.streaming_content) == factories.PDF
    for person in (factories.user(desk.account), factories.owner()):
        colleague = Client()
        colleague.force_login(person)
        assert {colleague.get(one).status_code for one in (url, picture, file)} == {404}


@pytest.mark.parametrize("forge", [lambda token: token[:-3] + "abc", lambda token: "x", lambda token: ""])
def test_a_forged_token_attaches_nothing(desk: Desk, forge: Any) -> None:
    page = desk.post(supplier="nobody", documents=pdf())
    answer = desk.post(pending=[forge(tokens(page)[0])])
    assert "Choose it again" in answer.text
    assert not Invoice.objects.exists()


def test_somebody_elses_token_attaches_nothing(desk: Desk) -> None:
    other = factories.user(desk.account)
    token = pending.keep(check_document(pdf()), by=other).token
    assert "Choose it again" in desk.post(pending=[token]).text
    assert pending.find(token, by=other) is not None


def test_an_old_one_is_forgotten_and_the_form_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = pending.keep(check_document(pdf()), by=desk.clerk)
    token = kept.token
    monkeypatch.setattr(pending, "KEPT_FOR", dt.timedelta(seconds=-1))
    assert "was kept for a day only and is gone" in desk.post(pending=[token]).text


def test_the_sweep_deletes_old_files_and_no_others(desk: Desk) -> None:
    kept = pending.keep(check_document(pdf()), by=desk.clerk)
    document = factories.document(factories.invoice(desk.company))
    sweep_pending_documents()
    assert default_storage.exists(kept.path)
    assert pending.sweep(timezone.now() + 2 * pending.KEPT_FOR + dt.timedelta(hours=1)) >= 1
    assert not default_storage.exists(kept.path)
    assert default_storage.exists(document.file.name)


def test_a_name_with_a_script_is_text_wherever_it_is_shown(desk: Desk) -> None:
    page = desk.post(supplier="nobody", documents=pdf("<img src=x onerror=alert(1)>.pdf"))
    assert "<img src=x" not in page.text
    assert "_img src=x onerror=alert(1)_.pdf" in page.text


def test_a_stray_file_in_the_folder_is_not_readable(desk: Desk) -> None:
    path = default_storage.save("pending/secret", ContentFile(b"secret"))
    assert desk.client.get(reverse("invoices:pending_preview", args=[path.rpartition("/")[2]])).status_code == 404
    default_storage.delete(path)
