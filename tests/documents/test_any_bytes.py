"""Whatever bytes come, there is a finding or a sentence: readers are given good files with random damage."""

from __future__ import annotations

from contextlib import suppress

import pi_heif
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from documents.opening import pdf, pictures
from documents.opening.findings import Finding, Unacceptable
from documents.opening.inspection import inspect
from tests.documents import samples

SAMPLES = {
    "a.pdf": samples.pdf_with_action("Launch"),
    "b.pdf": samples.pdf_with_packed_objects(),
    "c.pdf": samples.encrypted_pdf(""),
    "a.png": samples.picture("PNG", mode="P"),
    "a.jpg": samples.picture("JPEG"),
    "a.tif": samples.many_page_tiff(2),
    "a.webp": samples.picture("WEBP"),
    "a.heic": samples.HEIC,
    "a.xlsx": samples.office(xl__a_dot_bin=samples.compound("x")),
    "a.xls": samples.workbook_with_macro_sheet(),
    "a.doc": samples.compound("WordDocument", "ObjectPool/_1/x"),
    "a.eml": samples.mail(("a.xlsx", samples.office()), ("b.xml", samples.CROSS_INDUSTRY)),
    "a.xml": samples.CROSS_INDUSTRY,
    "a.csv": b"a;b\r\n1;2",
}
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")
NAMES = st.sampled_from(sorted(SAMPLES))
MANY = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(autouse=True, scope="module")
def _heic_decoder() -> None:
    pi_heif.register_heif_opener(thumbnails=False)


def looked_at(content: bytes, name: str) -> None:
    with suppress(Unacceptable):
        found = inspect(content, name)
        assert isinstance(found, Finding)


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    name = draw(NAMES)
    content = bytearray(SAMPLES[name])
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(len(content) - 1, 0)))
        piece = draw(st.binary(max_size=4))
        content[at : at + draw(st.integers(0, 8))] = piece
    return name, bytes(content[: draw(st.integers(0, len(content)))] if draw(st.booleans()) else content)


@MANY
@given(damaged())
def test_damaged_files(file: tuple[str, bytes]) -> None:
    looked_at(file[1], file[0])


@MANY
@given(st.binary(max_size=200), NAMES)
@example(b"", "a.eml")
@example(b"<", "a.xml")
def test_random_bytes_under_any_name(content: bytes, name: str) -> None:
    looked_at(content, name)


@MANY
@given(st.sampled_from(sorted(SAMPLES)), st.binary(max_size=60))
def test_random_bytes_behind_what_a_file_begins_with(name: str, rest: bytes) -> None:
    looked_at(SAMPLES[name][:24] + rest, name)


@MANY
@given(damaged().filter(lambda file: file[0].endswith((".pdf", ".tif", ".png", ".jpg"))))
def test_what_is_taken_is_drawn_or_breaks_off_by_a_known_error(file: tuple[str, bytes]) -> None:
    name, content = file
    with suppress(Unacceptable):
        kind = inspect(content, name).kind
        drawn = pdf.pictures(content, 2, 50) if kind == "pdf" else pictures.pictures(content, kind, 2, 50)
        with suppress(*pictures.BROKEN):
            assert all(max(one.size) <= 50 for one in drawn)
