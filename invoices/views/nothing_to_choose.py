"""A new account has no suppliers or GL codes yet: Enter Invoice says so, and how they get here."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from ledger.models import GLCode
from organization.models import User
from organization.permissions import can_manage_reference_data
from suppliers.models import Supplier

MOST_NAMES = 3


@dataclass(frozen=True)
class NothingToChoose:
    """`lacks` are pairs of what there is none of and the address of its list, "" for who may not add any; then
    `to_ask` are the people who may.
    """

    lacks: list[tuple[str, str]]
    to_ask: list[User]

    @property
    def words(self) -> str:
        return " and no ".join(words for words, _ in self.lacks)


def nothing_to_choose(user: User) -> NothingToChoose | None:
    may_add = can_manage_reference_data(user)
    kinds = (
        ("suppliers", "suppliers:supplier_list", Supplier.objects.for_user(user).active()),
        ("GL codes", "ledger:glcode_list", GLCode.objects.for_user(user).active()),
    )
    lacks = [(words, reverse(page) if may_add else "") for words, page, rows in kinds if not rows.exists()]
    if not lacks:
        return None
    return NothingToChoose(lacks, [] if may_add or user.account is None else list(user.account.owners()[:MOST_NAMES]))
