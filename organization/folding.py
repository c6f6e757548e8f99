"""One way to tell whether two texts look the same to a person: `fold`, and columns that keep what it makes."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

from django.db import models

_APOSTROPHES = "'’‘‛ʼʻ´`ˊˋ′ʹ＇"
_MINUS_SIGNS = "−⁻₋﹣－⁃"
# Letters with a stroke or of their own, which Unicode does not take apart into a letter and an accent.
_PLAIN_LETTERS = {
    "ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th",
    "ƀ": "b", "ƶ": "z", "ɨ": "i", "ŋ": "n", "ĸ": "k",
}  # fmt: skip
_REPLACED = str.maketrans(dict.fromkeys(_APOSTROPHES, "'") | dict.fromkeys(_MINUS_SIGNS, "-"))
_LETTERS = str.maketrans(_PLAIN_LETTERS)
# Accents stand in these blocks. Marks of other scripts (vowel signs of Hindi, say) are letters to their readers.
_ACCENTS = ((0x0300, 0x036F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F))


def fold(text: str) -> str:
    """`text` without what a reader does not tell apart.

    Compatibility forms (full-width, superscript), dashes, apostrophes, accents, digits of other scripts, blanks, case
    and invisible characters. For comparing and finding only: what a person typed is kept and sent as it is.
    """
    if text.isascii():
        return " ".join(text.replace("`", "'").lower().split())
    # Before taking apart, which makes a blank and an accent of "´"; and after it, for what was one character.
    taken_apart = unicodedata.normalize("NFKD", text.translate(_REPLACED)).translate(_REPLACED)
    plain = "".join(map(_plain, taken_apart)).casefold().translate(_LETTERS)
    return " ".join(unicodedata.normalize("NFC", plain).split())


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Pd":
        return "-"
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category in ("Cf", "Mn") and (category == "Cf" or _is_accent(character)):
        return ""
    return character


def _is_accent(character: str) -> bool:
    return any(first <= ord(character) <= last for first, last in _ACCENTS)


def bare(text: str) -> str:
    """The letters and digits of `text`, folded: how tax numbers and account numbers are compared."""
    return "".join(filter(str.isalnum, fold(text)))


class DerivedField(models.TextField):
    """What `derive` makes of another text column, kept beside it so that it can be indexed and compared.

    `save` and `bulk_create` write it. `QuerySet.update` and raw SQL that write the other column must write this one
    too; the importers do (`integrations.sage_intacct.importers.targets`).
    """

    def __init__(self, source: str, derive: Callable[[str], str] = fold, **options: Any) -> None:
        self.source, self.derive = source, derive
        options |= {"editable": False, "blank": True, "default": ""}
        super().__init__(**options)

    def deconstruct(self) -> Any:
        name, path, _, options = super().deconstruct()
        for given in ("editable", "blank", "default"):
            options.pop(given)
        return name, path, [self.source, self.derive], options

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        value = self.derive(getattr(model_instance, self.source) or "")
        setattr(model_instance, self.attname, value)
        return value


def derived_fields(model: type[models.Model]) -> list[DerivedField]:
    return [field for field in model._meta.concrete_fields if isinstance(field, DerivedField)]


def fill_derived(model: type[models.Model]) -> None:
    """For migrations that add such a column to rows that are there."""
    names = [field.name for field in derived_fields(model)]
    rows = model._default_manager.order_by("pk")
    after = 0
    while batch := list(rows.filter(pk__gt=after)[:2_000]):
        after = batch[-1].pk
        for row in batch:
            for field in derived_fields(model):
                field.pre_save(row, False)
        model._default_manager.bulk_update(batch, names)
