"""The child process, with the file on stdin: `python -m documents.opening.child inspect SUFFIX` or `draw KIND PAGES`.

It answers on stdout: a line of JSON, or pictures, each after its length in four bytes.
"""

from __future__ import annotations

import encodings.idna  # noqa: F401 - the e-mail parser would load it later
import io
import json
import sys
from dataclasses import asdict
from typing import BinaryIO

import pi_heif
from PIL import Image

from documents.opening import confinement, pdf, pictures
from documents.opening.findings import Unacceptable
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
    else:
        _draw(data, kind, int(rest[0]), sys.stdout.buffer)


def _inspected(data: bytes, suffix: str) -> dict[str, object]:
    try:
        return asdict(inspect(data, f"file.{suffix}" if suffix else "file"))
    except Unacceptable as refused:
        return {"problem": refused.problem}


def _draw(data: bytes, kind: str, most: int, answer: BinaryIO) -> None:
    """Page by page, so that what was drawn before the time was over is not lost."""
    pages = (
        pdf.pictures(data, most, LONGEST_SIDE) if kind == "pdf" else pictures.pictures(data, kind, most, LONGEST_SIDE)
    )
    for picture in pages:
        written = io.BytesIO()
        picture.convert("RGB").save(written, "WEBP", quality=QUALITY, method=2)
        answer.write(written.tell().to_bytes(LENGTH_BYTES) + written.getvalue())
        answer.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
