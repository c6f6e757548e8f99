"""The Control Panel's registry: which item stands in which area, and who may use it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from organization.models import User


class Area(models.TextChoices):
    ORGANIZATION = "organization", "Organization"
    CATALOGUE = "catalogue", "Catalogue"
    FINANCE = "finance", "Finance Functions"
    ADVANCED = "advanced", "Advanced Controls"


@dataclass(frozen=True)
class Item:
    """`label` may depend on the user (an integration's own name); `url_name` is reversed without arguments."""

    area: Area
    label: str
    url_name: str
    description: str
    is_visible: Callable[[User], bool]
    icon: str = "settings"


_items: dict[str, Item] = {}


def register(item: Item) -> None:
    _items[item.url_name] = item


def items_for(user: User) -> list[tuple[Area, list[Item]]]:
    """The areas that hold something for this user, each with its items in the order they were registered."""
    visible = [item for item in _items.values() if item.is_visible(user)]
    areas = [(area, [item for item in visible if item.area == area]) for area in Area]
    return [(area, items) for area, items in areas if items]


def register_own_items() -> None:
    from organization.permissions import (
        can_change_account_settings,
        can_manage_organization,
        can_read_audit_log,
        can_require_second_factor,
    )

    for label, url_name, description, icon in (
        ("Companies", "organization:company_list", "The legal entities that invoices belong to", "building"),
        ("Departments", "organization:department_list", "Who an invoice is for and who may see it", "sitemap"),
        ("Roles", "organization:role_list", "Templates of what people may do", "shield"),
        ("Users", "organization:user_list", "Invite people and decide what they may do", "users"),
    ):
        register(Item(Area.ORGANIZATION, label, url_name, description, can_manage_organization, icon))
    for label, url_name, description, is_visible, icon in (
        (
            "Account Settings",
            "organization:account_settings",
            "Base currency, and who counts as an author of an invoice",
            can_change_account_settings,
            "settings",
        ),
        (
            "Sign-in",
            "organization:sign_in_rules",
            "What everybody needs to sign in",
            can_require_second_factor,
            "lock",
        ),
        (
            "Audit Log",
            "organization:audit_log",
            "Who did what, when and from where",
            can_read_audit_log,
            "history",
        ),
    ):
        register(Item(Area.ORGANIZATION, label, url_name, description, is_visible, icon))
