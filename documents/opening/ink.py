"""The ink of a page: black on white, straight, cut to its edges, so that two scans of one page lie upon each other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import cast

from PIL import Image, ImageChops, ImageFilter

LONGEST_SIDE = 1_650  # of A4, 140 dots an inch
WIDTH, MARGIN = 1_000, 12
ROW = WIDTH + 2 * MARGIN
MOST_ROWS = 2_000
LEAST_SIDE = 100  # of anything that letters stand on
_RIM = 0.015  # of a scan, where its lid casts a shadow
_STEEPEST = 3.0  # degrees
_BLACK, _PALEST = 0.45, 16  # of how dark its letters are; of 255
_LETTER = 36  # dots within a word's place that are no dust
_LEAST_ACROSS, _LEAST_DOWN = 18, 9  # dots in a row or column at the edge
_Edges = tuple[int, int, int, int]


def ink(picture: Image.Image) -> bytes:
    """Rows of ROW bits, from the left and from the top; nothing where there is hardly any ink."""
    if min(picture.size) < LEAST_SIDE:
        return b""
    dark = _darkness(picture)
    dark = dark.rotate(_askew(dark), Image.Resampling.BICUBIC)
    level = _level(dark)
    edges = _edges(_black(dark, level))
    if edges is None:
        return b""
    page = _without_dust(_black(_cut_out(dark, edges), level))
    return page.convert("1", dither=Image.Dither.NONE).tobytes()


def _darkness(picture: Image.Image) -> Image.Image:
    """How much darker than the paper around it: 0 is paper, whatever its color."""
    ratio = LONGEST_SIDE / max(picture.size)
    size = (max(round(picture.width * ratio), LEAST_SIDE), max(round(picture.height * ratio), LEAST_SIDE))
    gray = picture.convert("L").resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0)
    across, down = round(gray.width * _RIM), round(gray.height * _RIM)
    gray = gray.crop((across, down, gray.width - across, gray.height - down))
    paper = gray.reduce(8).filter(ImageFilter.MaxFilter(7)).filter(ImageFilter.BoxBlur(4))
    return ImageChops.subtract(paper.resize(gray.size, Image.Resampling.BILINEAR), gray)


def _level(dark: Image.Image) -> float:
    """What is darker is ink: between the paper and the darkest hundredth, which are letters."""
    counts, above = dark.histogram(), 0
    for value in range(255, 0, -1):
        above += counts[value]
        if above > dark.width * dark.height / 100:
            return max(value * _BLACK, _PALEST)
    return _PALEST


def _black(dark: Image.Image, level: float) -> Image.Image:
    return dark.point(lambda value: 255 if value > level else 0)


def _askew(dark: Image.Image) -> float:
    """By how many degrees to turn it, so that its lines lie flat and the rows between them are empty."""
    step, steps = 0.5, round(_STEEPEST / 0.5)
    best = _flattest(dark.reduce(4), [step * count for count in range(-steps, steps + 1)])
    small = dark.reduce(2)
    while step > 0.05:
        step /= 2.5
        best = _flattest(small, [best + step * count for count in (-2, -1, 0, 1, 2)])
    return best


def _flattest(small: Image.Image, angles: list[float]) -> float:
    # Blurred before, as turning blurs: what is not turned at all would seem sharper than what is.
    blurred = small.filter(ImageFilter.BoxBlur(1)).convert("F")

    def flatness(angle: float) -> float:
        turned = blurred.rotate(angle, Image.Resampling.BILINEAR)
        rows = _values(turned.resize((1, turned.height), Image.Resampling.BOX))
        return sum((one - other) ** 2 for one, other in pairwise(rows))

    return max(angles, key=flatness)


def _edges(black: Image.Image) -> _Edges | None:
    """Left, top, right and bottom of what is written; single dots beside it do not count."""
    words = _without_dust(black, letter=2 * _LETTER).convert("F")
    across = _ends(words.resize((words.width, 1), Image.Resampling.BOX), _LEAST_DOWN * 255 / words.height)
    down = _ends(words.resize((1, words.height), Image.Resampling.BOX), _LEAST_ACROSS * 255 / words.width)
    if across is None or down is None or across[1] - across[0] < LEAST_SIDE:
        return None
    return across[0], down[0], across[1], down[1]


def _ends(line: Image.Image, least: float) -> tuple[int, int] | None:
    strong = [index for index, value in enumerate(_values(line)) if value >= least]
    return (strong[0], strong[-1] + 1) if strong else None


def _values(line: Image.Image) -> Sequence[float]:
    return cast(Sequence[float], line.get_flattened_data())


def _cut_out(dark: Image.Image, edges: _Edges) -> Image.Image:
    left, top, right, bottom = edges
    scale = WIDTH / (right - left)
    rows = min(max(round((bottom - top) * scale), 1), MOST_ROWS)
    box = (left, top, right, min(top + rows / scale, dark.height))
    page = Image.new("L", (ROW, rows + 2 * MARGIN))
    page.paste(dark.resize((WIDTH, rows), Image.Resampling.BICUBIC, box=box), (MARGIN, MARGIN))
    return page


def _without_dust(black: Image.Image, letter: int = _LETTER) -> Image.Image:
    """Letters and lines have ink beside them, or above and below; a speck of dust is alone."""
    wide, narrow = (20, 7), (7, 20)
    most = ImageChops.lighter(black.filter(ImageFilter.BoxBlur(wide)), black.filter(ImageFilter.BoxBlur(narrow)))
    least = letter * 255 / ((2 * wide[0] + 1) * (2 * wide[1] + 1))
    return ImageChops.darker(black, most.point(lambda value: 255 if value >= least else 0))
