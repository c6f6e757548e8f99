"""Whether two pages are one, printed and scanned twice: then all ink of each lies upon ink of the other.

A month's invoice differs from the last one's on the same form in a few digits only, so each small cell of a page is
laid upon the other page by itself, and what then lies on bare paper is counted. Pages are rows of bits, as
documents.opening.ink writes them; a band of rows is one large integer, which is shifted and compared at once.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise, zip_longest

from documents.opening.ink import MARGIN, MOST_ROWS, ROW, WIDTH

BAND = 40
STRIPES = 3
STRIPE = WIDTH // STRIPES
# A page that was cut a hundredth too wide lies this much further off with each dot down or across.
DRIFT = 0.012
FIRST_REACH, REACH, FAR = 10, 2, 5
MOST_APART = 0.9  # of its dots: at 1 it fits no better than bare paper
LEAST_INK = 30  # dots of a cell, to lay it by
PROFILE_UNIT = 8
DUST = 10  # dots of a cell that prove nothing
MOST_DIFFERING = 12  # dots; of next month's invoice some digits' worth
_BYTES = ROW // 8
_BORDER = 40  # blank rows above and below, for shifts


_LONGEST = (MOST_ROWS + 2 * MARGIN) * _BYTES


def _stripe(first: int, last: int) -> int:
    row = ((1 << (last - first)) - 1) << (ROW - last)
    return sum(row << ROW * index for index in range(BAND))


_CUTS = [0, *(MARGIN + STRIPE * count for count in range(1, STRIPES)), ROW]
_MASKS = [_stripe(first, last) for first, last in pairwise(_CUTS)]
_WHOLE = _stripe(0, ROW)


@dataclass(frozen=True)
class Page:
    bits: bytes
    _bands: dict[int, int] = field(default_factory=dict, repr=False, compare=False)
    _thick_bands: dict[int, int] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def unpacked(cls, packed: bytes) -> Page:
        """Without ink where the child process did not write it as it should."""
        try:
            bits = zlib.decompressobj().decompress(packed, _LONGEST)
        except zlib.error:
            return cls(b"")
        return cls(bits[: len(bits) // _BYTES * _BYTES])

    @cached_property
    def profile(self) -> bytes:
        """How much ink each cell has, as a byte: enough to say which pages are worth laying upon each other."""
        counts = (self.band(top) & mask for top in range(0, self.rows, BAND) for mask in _MASKS)
        return bytes(min(cell.bit_count() // PROFILE_UNIT, 255) for cell in counts)

    @property
    def rows(self) -> int:
        return len(self.bits) // _BYTES

    @cached_property
    def _bordered(self) -> bytes:
        return bytes(_BORDER * _BYTES) + self.bits + bytes((_BORDER + BAND) * _BYTES)

    def band(self, top: int) -> int:
        if top not in self._bands:
            self._bands[top] = self._cut(top, BAND)
        return self._bands[top]

    def thick_band(self, top: int) -> int:
        """Each dot with its four neighbors: two scans of a line are rarely equally thick."""
        if top not in self._thick_bands:
            bits = self._cut(top - 1, BAND + 2)
            thick = bits | bits << 1 | bits >> 1 | bits << ROW | bits >> ROW
            self._thick_bands[top] = (thick >> ROW) & _WHOLE
        return self._thick_bands[top]

    def _cut(self, top: int, rows: int) -> int:
        first = max(top + _BORDER, 0) * _BYTES
        return int.from_bytes(self._bordered[first : first + rows * _BYTES].ljust(rows * _BYTES, b"\0"))


@dataclass(frozen=True)
class _Place:
    """How far the other page must be moved at this height, so that it lies upon this one."""

    top: int
    across: int
    down: int


def is_same(one: Page, other: Page) -> bool:
    """What was written differently has ink of its own on both pages, in the same place.

    Dust, a stamp, a signature and a line too faint for one of the scanners are on one of them only.
    """
    if not one.bits or not other.bits or abs(one.rows - other.rows) > max(one.rows, other.rows) * 2 * DRIFT:
        return False
    differing = 0
    for too_much, missing in residues(one, other):
        differing += max(min(too_much, missing) - DUST, 0)
        if differing > MOST_DIFFERING:
            return False
    return True


def are_filled_alike(one: bytes, other: bytes) -> bool:
    """By their profiles; how dark a scan is does not matter. Two scans of a page differ by a fifth at most."""
    dark, other_dark = sum(one) or 1, sum(other) or 1
    pairs = zip_longest(one, other, fillvalue=0)
    return 3 * sum(abs(mine * other_dark - its * dark) for mine, its in pairs) <= dark * other_dark


def residues(one: Page, other: Page) -> Iterator[tuple[int, int]]:
    """Cell by cell: dots of `one` on bare paper of `other`, and the other way round."""
    places: list[_Place | None] = [None] * STRIPES
    for top in range(0, max(one.rows, other.rows), BAND):
        for stripe, mask in enumerate(_MASKS):
            near = [replace(place, top=top) for place in places if place]
            above = places[stripe]
            found = _residue(one, other, replace(above, top=top), mask) if above else None
            if found is None or sum(found) > DUST:  # it lies elsewhere than the cell above, or differs
                place = _place(one.band(top) & mask, other, top, stripe, places)
                found = min((_residue(one, other, each, mask) for each in (place, *near)), key=sum)
            yield found


def _residue(one: Page, other: Page, place: _Place, mask: int) -> tuple[int, int]:
    mine, laid = (one.band(place.top) & mask), _moved(other.band(place.top + place.down), place.across) & mask
    laid_thick = _moved(other.thick_band(place.top + place.down), place.across)
    return _solid(mine & ~laid_thick), _solid(laid & ~one.thick_band(place.top))


def _place(mine: int, other: Page, top: int, stripe: int, places: list[_Place | None]) -> _Place:
    """Near where the cell above lies, or the cells beside it; no cell is moved until it fits what is not there."""
    known = places[stripe]
    beside = known or next((place for place in places if place), None)
    start = replace(beside, top=top) if beside else _Place(top, 0, 0)
    ink = mine.bit_count()
    if ink < LEAST_INK:
        return start
    reach = FIRST_REACH
    if beside:
        reach = REACH + round((top - beside.top + (0 if known else STRIPE)) * DRIFT)
    found, apart = _nearest(mine, _MASKS[stripe], other, start, reach)
    if apart > ink * MOST_APART:
        return start
    places[stripe] = found
    return found


def _nearest(mine: int, mask: int, other: Page, start: _Place, reach: int) -> tuple[_Place, int]:
    """The place around which every other one fits worse, and how many dots differ there."""
    tried: dict[tuple[int, int], int] = {}

    def apart(place: tuple[int, int]) -> int:
        if place not in tried:
            band = other.band(start.top + start.down + place[1])
            tried[place] = (mine ^ (_moved(band, start.across + place[0]) & mask)).bit_count()
        return tried[place]

    # Strokes are wider than a dot: every second place shows where to look closer.
    best, before = min(_around((0, 0), reach, step=2), key=apart) if reach > FAR else (0, 0), None
    while best != before:
        near = [one for one in _around(best, 1) if max(map(abs, one)) <= reach]
        before, best = best, min(near, key=apart)
    return _Place(start.top, start.across + best[0], start.down + best[1]), apart(best)


def _around(center: tuple[int, int], reach: int, step: int = 1) -> list[tuple[int, int]]:
    """The center comes first: it stays where nothing is better."""
    steps = range(-reach, reach + 1, step)
    return [center, *((center[0] + across, center[1] + down) for down in steps for across in steps)]


def _moved(bits: int, across: int) -> int:
    return bits << across if across >= 0 else bits >> -across


def _solid(bits: int) -> int:
    """Dots with neighbors both ways: a hair's breadth along an edge is none."""
    return (bits & (bits << 1 | bits >> 1) & (bits << ROW | bits >> ROW)).bit_count()
