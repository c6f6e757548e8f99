"""A page that was printed and scanned once more, told from the next month's invoice on the same form."""

from __future__ import annotations

import io
import random

import pytest
from PIL import Image, ImageDraw

from benchmarks import paper
from documents.likeness import Page, are_filled_alike, is_same
from documents.opening import process
from documents.opening.ink import ink
from tests.documents import samples


def taken(picture: Image.Image) -> Page:
    return Page(ink(picture))


def drawn(seed: int) -> tuple[random.Random, paper.Form, paper.Content, Image.Image]:
    at = random.Random(seed)
    form = paper.form(at)
    content = paper.content(form, at)
    return at, form, content, paper.page(form, content)


def test_the_same_page_scanned_again_is_the_same_and_next_months_is_not() -> None:
    at, form, content, page = drawn(1)
    one, again = taken(paper.scan(page, at)), taken(paper.scan(page, at))
    next_month = taken(paper.page(form, paper.next_month(content, form, at)))
    assert is_same(one, again)
    assert is_same(again, one)
    assert not is_same(one, next_month)
    assert not is_same(next_month, again)
    assert are_filled_alike(one.profile, again.profile)
    assert not are_filled_alike(one.profile, b"\x40" * 130)


def test_a_stamp_on_one_of_them_hides_nothing() -> None:
    at, _, _, page = drawn(3)
    stamped = page.copy()
    draw = ImageDraw.Draw(stamped)
    draw.rectangle((500, 1500, 900, 1620), outline=0, width=8)
    draw.text((530, 1530), "RECEIVED 12 MAY", 0, paper.ImageFont.load_default(44))
    assert is_same(taken(page), taken(paper.scan(stamped, at)))


@pytest.mark.parametrize(
    "picture",
    [Image.new("L", (1240, 1754), 255), Image.new("L", (9, 9)), Image.new("RGB", (4000, 120), "black")],
    ids=["blank", "tiny", "black"],
)
def test_what_has_no_letters_is_like_nothing(picture: Image.Image) -> None:
    page = taken(picture)
    assert not is_same(page, page)


def test_what_the_child_wrote_wrong_is_no_ink() -> None:
    assert Page.unpacked(b"").bits == b""
    assert Page.unpacked(b"no ink at all").bits == b""


def test_the_child_tells_the_ink_of_the_first_page_whatever_the_kind() -> None:
    _, _, _, page = drawn(4)
    answers = []
    for name in ("PDF", "PNG"):
        written = io.BytesIO()
        page.save(written, name)
        answers.append(Page.unpacked(process.ink(written, name.lower())))
    assert is_same(*answers)
    assert Page.unpacked(process.ink(io.BytesIO(samples.pdf()[:100]), "pdf")).bits == b""
