"""Pictures, by Pillow; HEIC by a decoder that can only read."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import suppress

from PIL import Image, ImageFile, ImageOps, ImageSequence, UnidentifiedImageError

from documents.opening.findings import DAMAGED, Finding, Unacceptable

MOST_PIXELS = 100_000_000
MOST_PAGES = 2_000
_MAGIC = {
    b"\x89PNG\r\n\x1a\n": "png",
    b"\xff\xd8\xff": "jpeg",
    b"II*\x00": "tiff",
    b"MM\x00*": "tiff",
    b"II+\x00": "tiff",
    b"MM\x00+": "tiff",
}
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_FORMATS = {"png": "PNG", "jpeg": "JPEG", "tiff": "TIFF", "webp": "WEBP", "heic": "HEIF"}
# Each is what Pillow or its parts raise over bytes that are no picture after all.
BROKEN = (OSError, ValueError, SyntaxError, EOFError, ArithmeticError, LookupError, TypeError, RuntimeError)

Image.MAX_IMAGE_PIXELS = None  # a limit of our own, with a sentence


def kind_of(head: bytes) -> str:
    """The key of the kind, or "" for what is no picture that is taken."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp":
        brands = head[8:12], *(head[index : index + 4] for index in range(16, 40, 4))
        return "heic" if set(brands) & set(_HEIC_BRANDS) and b"avif" not in brands else ""
    return next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), "")


def inspect(data: bytes, kind: str) -> Finding:
    """Decodes the first page whole: what is cut off is told now, not when somebody wants to pay it.

    Readers show what there is of a damaged picture; so it is taken, and marked.
    """
    for marks in ((), (DAMAGED,)):
        ImageFile.LOAD_TRUNCATED_IMAGES = bool(marks)
        with suppress(*BROKEN):
            return Finding(kind, _pages(data, kind), marks)
    raise Unacceptable(
        "is a damaged picture that cannot be shown. Send, scan or photograph it once more and attach that."
    )


def _pages(data: bytes, kind: str) -> int:
    picture = _open(data, kind)
    _refuse_absurd(picture)
    pages = 1 if kind == "jpeg" else getattr(picture, "n_frames", 1)
    picture.load()
    if pages > MOST_PAGES:
        raise Unacceptable(f"has more than {MOST_PAGES:,} pages. Attach the pages that are the invoice.")
    return int(pages)


def _open(data: bytes, kind: str) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=[_FORMATS[kind]])
    except UnidentifiedImageError as error:
        raise OSError("not a picture") from error


def _refuse_absurd(picture: Image.Image) -> None:
    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise Unacceptable(
            f"measures {width:,} × {height:,} pixels; at most {MOST_PIXELS // 1_000_000} million altogether are taken."
            " Scan it with 300 dots per inch, or save it smaller."
        )


def pictures(data: bytes, kind: str, most: int, longest_side: int) -> Iterator[Image.Image]:
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    picture = _open(data, kind)
    _refuse_absurd(picture)
    if kind == "jpeg":
        picture.draft(None, (longest_side, longest_side))
        yield _small(picture, longest_side)
        return
    for index, frame in enumerate(ImageSequence.Iterator(picture)):
        if index == most:
            return
        _refuse_absurd(frame)
        yield _small(frame, longest_side)


def _small(picture: Image.Image, longest_side: int) -> Image.Image:
    if picture.mode.startswith("I;16"):  # of 16 bits a screen shows the upper 8
        picture = picture.point(lambda value: value / 256).convert("L")
    has_holes = "A" in picture.getbands() or "transparency" in picture.info
    if picture.mode not in ("L", "RGB", "RGBA") or has_holes:
        picture = picture.convert("L" if picture.mode == "1" else "RGBA" if has_holes else "RGB")
    ratio = min(longest_side / max(picture.size), 1)
    size = (max(round(picture.width * ratio), 1), max(round(picture.height * ratio), 1))
    turned = ImageOps.exif_transpose(picture.resize(size, reducing_gap=2.0))
    if not has_holes:
        return turned
    paper = Image.new("RGB", turned.size, "white")
    paper.paste(turned, mask=turned.getchannel("A"))
    return paper
