"""Invoices on suppliers' forms, drawn, printed and scanned: made up, from a seed, with the font that Pillow brings."""

from __future__ import annotations

import datetime as dt
import io
import random
from dataclasses import dataclass, replace
from decimal import Decimal

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageFont

DOTS = 200  # an inch
PAGE = (1654, 2339)  # A4
_WORDS = (
    *("Maintenance", "Cleaning", "Paper", "Toner", "Rent", "Consulting", "Support", "License", "Hosting", "Delivery"),
    *("Repair", "Cable", "Filter", "Valve", "Inspection", "Storage", "Insurance", "Printing", "Training", "Advice"),
    *("Copper", "Steel", "Lighting", "Security", "Catering", "Water"),
)
_NAMES = ("Northwind", "Meyer", "Kowalski", "Atlas", "Brightwater", "Dupont", "Sierra", "Hanson", "Lindgren", "Okafor")
_ENDINGS = ("Ltd", "GmbH", "Sp. z o.o.", "Inc.", "SARL", "AB", "& Sons")


@dataclass(frozen=True)
class Form:
    """What stays the same on all invoices of one supplier."""

    seed: int
    name: str
    size: int  # of its letters, in dots
    left: int
    dates: str
    is_ruled: bool
    prefix: str

    @property
    def step(self) -> int:
        return round(self.size * 1.45)


@dataclass(frozen=True)
class Content:
    """What differs."""

    number: str
    day: dt.date
    lines: tuple[tuple[str, int, Decimal], ...]


def form(at: random.Random) -> Form:
    return Form(
        seed=at.randrange(10**9),
        name=f"{at.choice(_NAMES)} {at.choice(_WORDS)} {at.choice(_ENDINGS)}",
        size=at.randint(24, 32),  # 8.6 to 11.5 points
        left=at.randint(110, 200),
        dates=at.choice(("%d.%m.%Y", "%Y-%m-%d", "%m/%d/%Y", "%d %B %Y")),
        is_ruled=at.random() < 0.6,
        prefix=at.choice(("INV-", "", "RE", "2026/", "F")),
    )


def content(of: Form, at: random.Random) -> Content:
    day = dt.date(2026, 1, 1) + dt.timedelta(days=at.randint(0, 300))
    lines = tuple(
        (" ".join(at.sample(_WORDS, at.randint(1, 4))), at.randint(1, 12), Decimal(at.randint(500, 90_000)) / 100)
        for _ in range(at.randint(1, 12))
    )
    return Content(f"{of.prefix}{at.randint(1_000, 99_999)}", day, lines)


def next_month(one: Content, of: Form, at: random.Random) -> Content:
    """An innocent neighbor: another number and day; in two of three the amounts are other ones, too."""
    day = one.day + dt.timedelta(days=at.choice((28, 30, 31, 31)))
    digits = one.number.removeprefix(of.prefix)
    number = f"{of.prefix}{int(digits) + at.choice((1, 1, 2, 7, 13, 40))}"
    lines = one.lines
    if at.random() < 2 / 3:
        lines = tuple((words, count, price + Decimal(at.randint(1, 900)) / 100) for words, count, price in lines)
    return replace(one, number=number, day=day, lines=lines)


def page(of: Form, what: Content) -> Image.Image:
    """As the supplier's software draws it."""
    picture = Image.new("L", PAGE, 255)
    draw, at = ImageDraw.Draw(picture), random.Random(of.seed)
    _head(draw, of, at)
    _facts(draw, of, what)
    _lines(draw, of, what)
    _foot(draw, of, at)
    return picture


def _write(draw: ImageDraw.ImageDraw, x: float, y: float, text: str, size: float, anchor: str = "la") -> None:
    draw.text((x, y), text, 0, ImageFont.load_default(size), anchor=anchor)


def _head(draw: ImageDraw.ImageDraw, of: Form, at: random.Random) -> None:
    right = PAGE[0] - of.left
    draw.ellipse((right - 150, 100, right, 250), fill=at.randint(0, 130))
    draw.rectangle((right - 110, 140, right - at.randint(10, 80), 210), fill=255)
    _write(draw, of.left, 120, of.name, of.size * 1.8)
    street, city = (
        f"{at.randint(1, 99)} {at.choice(_WORDS)} Street",
        f"{at.randint(10_000, 99_999)} {at.choice(_NAMES)}",
    )
    for index, text in enumerate((street, city, "", "Example Company Ltd", "12 High Street", "London EC1A 1BB")):
        _write(draw, of.left, 260 + index * of.step, text, of.size)


def _facts(draw: ImageDraw.ImageDraw, of: Form, what: Content) -> None:
    due = what.day + dt.timedelta(days=30)
    facts = {
        "Invoice": what.number,
        "Date": f"{what.day:{of.dates}}",
        "Due": f"{due:{of.dates}}",
        "Period": f"{what.day:%B %Y}",
    }
    for index, (label, text) in enumerate(facts.items()):
        _write(draw, of.left + 780, 420 + index * of.step, f"{label}:", of.size)
        _write(draw, of.left + 960, 420 + index * of.step, text, of.size)


def _lines(draw: ImageDraw.ImageDraw, of: Form, what: Content) -> None:
    right, step = PAGE[0] - of.left, of.step + 8
    columns = tuple(zip((of.left, right - 520, right - 260, right), ("la", "ra", "ra", "ra"), strict=True))
    bills = [(words, f"{count}", f"{price:,.2f}", f"{count * price:,.2f}") for words, count, price in what.lines]
    for index, texts in enumerate([("Description", "Quantity", "Price", "Amount"), *bills]):
        for (x, anchor), text in zip(columns, texts, strict=True):
            _write(draw, x, 800 + index * step, text, of.size, anchor)
        if of.is_ruled:
            draw.line((of.left, 794 + index * step, right, 794 + index * step), 60, 2)
    net = sum((count * price for _, count, price in what.lines), Decimal(0))
    tax = (net / 5).quantize(Decimal("0.01"))
    for index, (label, amount) in enumerate((("Net", net), ("VAT 20 %", tax), ("Total", net + tax))):
        y = 860 + (len(bills) + 1) * step + index * of.step
        _write(draw, right - 260, y, label, of.size, "ra")
        _write(draw, right, y, f"{amount:,.2f}", of.size, "ra")


def _foot(draw: ImageDraw.ImageDraw, of: Form, at: random.Random) -> None:
    company, tax, bank = (at.randint(10**7, 10**8) for _ in range(3))
    foot = (
        f"{of.name} · Company number {company} · VAT GB{tax}",
        f"Please pay to IBAN GB29 EXMP {bank} within 30 days.",
    )
    for index, text in enumerate(foot):
        _write(draw, PAGE[0] / 2, 2180 + index * of.step, text, of.size * 0.8, "ma")


@dataclass(frozen=True)
class Scanner:
    """What becomes of a sheet: of each range, every scan has a value of its own."""

    scale: tuple[float, float]
    degrees: tuple[float, float]
    shift: int  # dots
    blur: tuple[float, float]
    dust: int  # specks at most
    resolutions: tuple[int, ...]  # dots an inch
    contrast: tuple[float, float]
    brightness: tuple[float, float]
    noise: tuple[float, float]
    quality: tuple[int, int]  # of the JPEG


# The thresholds of documents.likeness were chosen on the first; with the second they are only measured.
OFFICE = Scanner(
    (0.97, 1.03), (-2, 2), 15, (0.3, 1.3), 60, (100, 150, 200), (0.5, 1.1), (0.7, 1.15), (0.03, 0.2), (35, 85)
)
OTHER = Scanner(
    (0.96, 1.04), (-2.6, 2.6), 25, (0.2, 1.2), 90, (120, 180, 300), (0.6, 1.3), (0.8, 1.3), (0.02, 0.15), (40, 92)
)


def scan(paper: Image.Image, at: random.Random, by: Scanner = OFFICE) -> Image.Image:
    """Printed and scanned: askew, a little larger or smaller, shifted, blurred, gray, noisy, dusty, and JPEG."""
    sheet = _laid_askew(paper, at, by).filter(ImageFilter.GaussianBlur(at.uniform(*by.blur)))
    dots = ImageDraw.Draw(sheet)
    for _ in range(at.randint(0, by.dust)):
        x, y, wide = at.randrange(sheet.width), at.randrange(sheet.height), at.randint(1, 4)
        dots.ellipse((x, y, x + wide, y + wide), fill=at.randint(0, 160))
    target = at.choice(by.resolutions) / DOTS
    sheet = sheet.resize((round(sheet.width * target), round(sheet.height * target)), Image.Resampling.BOX)
    sheet = ImageEnhance.Contrast(sheet).enhance(at.uniform(*by.contrast))
    sheet = ImageEnhance.Brightness(sheet).enhance(at.uniform(*by.brightness))
    noise = Image.frombytes("L", sheet.size, at.randbytes(sheet.width * sheet.height))
    strength = at.uniform(*by.noise)
    sheet = ImageChops.add(sheet, noise.point(lambda value: round(128 + (value - 128) * strength)), 1, -128)
    written = io.BytesIO()
    sheet.save(written, "JPEG", quality=at.randint(*by.quality))
    return Image.open(io.BytesIO(written.getvalue()))


def _laid_askew(paper: Image.Image, at: random.Random, by: Scanner) -> Image.Image:
    scale, shift = at.uniform(*by.scale), by.shift
    size = (round(paper.width * scale), round(paper.height * scale))
    sheet = Image.new("L", paper.size, 255)
    left, top = (paper.width - size[0]) // 2 + at.randint(-shift, shift), (paper.height - size[1]) // 2
    sheet.paste(paper.resize(size, Image.Resampling.BICUBIC), (left, top + at.randint(-shift, shift)))
    return sheet.rotate(at.uniform(*by.degrees), Image.Resampling.BICUBIC, fillcolor=255)
