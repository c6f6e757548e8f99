"""The child process, with the file on stdin: `python -m documents.opening.child inspect SUFFIX`, `draw KIND PAGES` or
`ink KIND`.

It answers on stdout: a line of JSON; pictures, each after its length in four bytes; the packed ink of the first page.
"""

from __future__ import annotations

import encodings.idna  # noqa: F401 - the e-mail parser would load it later
import io
import json
import sys
import zlib
from collections.abc import Iterator
from dataclasses import asdict
from typing import BinaryIO

import pi_heif
from PIL import Image

from documents.opening import confinement, pdf, pictures
from documents.opening.findings import Unacceptable
from documents.opening.ink import LONGEST_SIDE as INK_SIDE
from documents.opening.ink import ink
from documents.opening.inspection import inspect
from documents.opening.process import LENGTH_BYTES

LONGEST_SIDE = 1_800
QUALITY = 80


def main(arguments: list[str]) -> None:
    """Loads every reader (a tenth of a second), gives up every right, and only then reads."""
    act, kind, *rest = arguments
    Image.init()
    pi_heif.options.DECODE_THREADS = 1
    pi_heif.register_heif_opener(thumbnails=False)
    confinement.confine()
    data = sys.stdin.buffer.read()
    if act == "inspect":
        sys.stdout.write(json.dumps(_inspected(data, kind)))
    elif act == "ink":
        sys.stdout.buffer.write(_ink_of_first(data, kind))
    else:
        _draw(data, kind, int(rest[0]), sys.stdout.buffer)


def _inspected(data: bytes, suffix: str) -> dict[str, object]:
    try:
        return asdict(inspect(data, f"file.{suffix}" if suffix else "file"))
    except Unacceptable as refused:
        return {"problem": refused.problem}


def _draw(data: bytes, kind: str, most: int, answer: BinaryIO) -> None:
    """Page by page, so that what was drawn before the time was over is not lost."""
    for picture in _pages(data, kind, most, LONGEST_SIDE):
        written = io.BytesIO()
        picture.convert("RGB").save(written, "WEBP", quality=QUALITY, method=2)
        answer.write(written.tell().to_bytes(LENGTH_BYTES) + written.getvalue())
        answer.flush()


def _ink_of_first(data: bytes, kind: str) -> bytes:
    first = next(_pages(data, kind, 1, INK_SIDE), None)
    return zlib.compress(ink(first), 9) if first else b""


def _pages(data: bytes, kind: str, most: int, longest_side: int) -> Iterator[Image.Image]:
    return (
        pdf.pictures(data, most, longest_side) if kind == "pdf" else pictures.pictures(data, kind, most, longest_side)
    )


if __name__ == "__main__":
    main(sys.argv[1:])
