"""Template tags of every page; loaded as built-ins, so no template needs {% load %}.

Spelling and date formats follow the active language (en-gb or en-us), which the middleware sets from the user.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from importlib import import_module
from typing import Any

from django import template
from django.forms import BaseForm, BoundField
from django.template.context import Context
from django.template.defaultfilters import stringfilter
from django.utils import formats, timezone, translation
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timesince import timesince

from ledger.minor_units import decimals_of, in_currency
from organization import permissions
from organization.slots import Slot, get_slot
from organization.spelling import spell as spell_words
from planergy.icons import icon_svg
from planergy.statuses import is_live, tone_of

register = template.Library()


@register.simple_tag
def icon(name: str, label: str = "", css_class: str = "") -> SafeString:
    """{% icon "search" %}, or {% icon "alert" label="Has a warning" %} when the icon alone carries a meaning."""
    return icon_svg(name, label, css_class)


@register.filter
@stringfilter
def spell(text: str) -> str:
    """{{ "Waiting For Authorisation"|spell }}: our own words and sentences, never a text that a customer typed."""
    return spell_words(text, translation.get_language() or "en-gb")


@register.filter
def day(value: date | datetime | None) -> str:
    """{{ invoice.due_date|day }}: 31/12/2026, or 12/31/2026 for American English."""
    if not value:
        return ""
    local = timezone.localtime(value).date() if isinstance(value, datetime) and timezone.is_aware(value) else value
    shown = formats.date_format(local, "SHORT_DATE_FORMAT")
    return format_html('<time datetime="{}">{}</time>', local.isoformat(), shown)


@register.filter
def moment(value: datetime | None) -> str:
    """{{ job.started_at|moment }}: date and time in the reader's zone."""
    if not value:
        return ""
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    shown = _date_and_time(local)
    return format_html('<time datetime="{}">{}</time>', local.isoformat(timespec="seconds"), shown)


def _date_and_time(local: datetime) -> str:
    """Django's own short format writes "2:05 p.m." for British English too."""
    return formats.date_format(local, "m/d/Y g:i A" if translation.get_language() == "en-us" else "d/m/Y H:i")


@register.filter
def ago(value: datetime | None) -> str:
    """{{ job.started_at|ago }}: "5 minutes ago", with the exact time as a tooltip."""
    if not value:
        return ""
    local = timezone.localtime(value)
    gap = timesince(value, depth=1)
    words = "just now" if gap.startswith("0") else f"{gap} ago"
    exact = _date_and_time(local)
    return format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(timespec="seconds"), exact, words)


@register.filter
def amount(value: Decimal | float | str | None, places: int = 2) -> str:
    """{{ line.net|amount }}: 1,234.50, with a true minus sign so that columns line up."""
    if value is None or value == "":
        return ""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return ""
    shown = formats.number_format(abs(number), decimal_pos=places, use_l10n=True, force_grouping=True)
    return f"\N{MINUS SIGN}{shown}" if round(number, places) < 0 else shown


@register.filter
def quantity(value: Decimal | None) -> str:
    """{{ line.quantity|quantity }}: 2.5 or 1,000; zeros at the end of a fraction say nothing."""
    if value is None:
        return ""
    digits = f"{value:f}"
    places = len(digits.partition(".")[2].rstrip("0"))
    return amount(value, places)


@register.filter
def amount_of(value: Decimal | None, currency: object = "") -> str:
    """{{ line.net|amount_of:invoice.currency }}: with the decimals of the currency, JPY 1,235 or KWD 1,234.500."""
    if not isinstance(value, Decimal):
        return amount(value, decimals_of(currency))
    exact = in_currency(value, currency)
    return amount(exact, max(-int(exact.as_tuple().exponent), 0))


@register.filter
def money(value: Decimal | None, currency: object = "") -> str:
    """{{ invoice.total|money:invoice.currency.code }}: GBP 1,234.50 on one line."""
    shown = amount_of(value, currency)
    return f"{currency}\N{NO-BREAK SPACE}{shown}" if shown and currency else shown


@register.simple_tag
def badge(status: object, tone: str = "") -> SafeString:
    """{% badge invoice.status_label %}: coloured by planergy.statuses, or by `tone`; nothing for an empty status."""
    text = str(status or "")
    if not text:
        return mark_safe("")
    classes = " ".join(filter(None, ["badge", tone or tone_of(text), "live" if is_live(text) else ""]))
    return format_html('<span class="{}">{}</span>', classes, spell(text))


@register.simple_tag(takes_context=True)
def slot(context: Context, place: str | Slot, **values: Any) -> SafeString:
    """{% slot "invoices.invoice_panels" invoice=invoice %}: what higher apps show here; see organization/slots.py."""
    found = place if isinstance(place, Slot) else _declared(place)
    engine = context.template.engine  # type: ignore[union-attr]
    values.setdefault("user", context.get("user"))
    pieces = []
    for fragment in found.fragments(**values):
        with context.push(**fragment.context):
            pieces.append(engine.get_template(fragment.template).render(context))
    return mark_safe("".join(pieces))


def _declared(name: str) -> Slot:
    """The slot of that name; the app that owns the place declares it in its own `slots` module."""
    import_module(f"{name.partition('.')[0]}.slots")
    return get_slot(name)


@dataclass(frozen=True)
class FieldGroup:
    legend: str
    fields: list[BoundField]
    note: str = ""


@register.simple_tag
def field_groups(form: BaseForm) -> list[FieldGroup]:
    """The visible fields in the groups that `form.fieldsets` names, the rest in a last group without a legend.

    `fieldsets` is a sequence of (legend, names) or (legend, names, note).
    """
    return [group for group in _field_groups(form) if group.fields]


def _field_groups(form: BaseForm) -> Iterator[FieldGroup]:
    left = {field.name: field for field in form.visible_fields()}
    for legend, names, *note in getattr(form, "fieldsets", ()):
        yield FieldGroup(legend, [left.pop(name) for name in names if name in left], *note)
    yield FieldGroup("", list(left.values()))


@register.filter
def is_check(field: BoundField) -> bool:
    return getattr(field.field.widget, "input_type", "") == "checkbox" and not field.use_fieldset


@register.filter
def is_wide(field: BoundField) -> bool:
    """Text areas and lists of choices take a row of their own."""
    return field.use_fieldset or field.widget_type == "textarea"


@register.simple_tag
def page_links(page: Any) -> Iterable[int | str]:
    """Page numbers with gaps; the gap equals page.paginator.ELLIPSIS."""
    return page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)


@dataclass(frozen=True)
class ActiveFilter:
    name: str
    label: str
    value: str
    url: str


@register.simple_tag(takes_context=True)
def active_filters(context: Context, filterset: Any) -> list[ActiveFilter]:
    """What a filter set is narrowed by, each with the address that takes it away."""
    form = filterset.form
    return [
        ActiveFilter(bound.name, str(bound.label), _shown(bound), _without(context["request"].GET, bound))
        for bound in form.visible_fields()
        if bound.name in form.changed_data and not form.errors.get(bound.name)
    ]


@register.filter
def besides_search(narrowed: list[ActiveFilter]) -> int:
    """How many filters are in use that are not the search box."""
    return sum(one.name != "q" for one in narrowed)


def _shown(bound: BoundField) -> str:
    value = bound.form.cleaned_data.get(bound.name)
    choices = {
        str(key): label
        for key, label in _flat(getattr(bound.field, "choices", None) or getattr(bound.field.widget, "choices", ()))
    }
    if isinstance(value, slice):
        return " – ".join(_plain(part) for part in (value.start, value.stop))
    if not isinstance(value, (str, bytes, date)) and isinstance(value, Iterable):
        return ", ".join(str(choices.get(str(part), part)) for part in value)
    return str(choices.get(str(bound.data)) or _plain(value))


def _plain(value: object) -> str:
    if value is None:
        return "…"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return formats.date_format(value, "SHORT_DATE_FORMAT") if isinstance(value, date) else str(value)


def _flat(choices: Any) -> Iterator[tuple[Any, Any]]:
    """Written-out choices only: a queryset's choices would cost a query, and its values name themselves."""
    if hasattr(choices, "queryset"):
        return
    for key, label in choices:
        yield from label if isinstance(label, (list, tuple)) else [(key, label)]


def _without(query: Any, bound: BoundField) -> str:
    left = query.copy()
    for suffix in ("", "_min", "_max", "_after", "_before", "_0", "_1"):
        left.pop(f"{bound.name}{suffix}", None)
    left.pop("page", None)
    return f"?{left.urlencode()}"


@register.simple_tag(takes_context=True)
def page_url(context: Context, parameter: str, number: int) -> str:
    """This page's address with another page number; every filter stays."""
    query = context["request"].GET.copy()
    query[parameter or "page"] = number
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def sort_url(context: Context, table: Any, column: Any) -> str:
    """This page's address sorted by the column (the other way round when it is already), from the first page on."""
    query = context["request"].GET.copy()
    query.pop(table.prefixed_page_field, None)
    query[table.prefixed_order_by_field] = column.order_by_alias.next
    return f"?{query.urlencode()}"


@register.filter
def item(mapping: Any, key: str) -> Any:
    """{{ table.attrs|item:"aria-label" }}: for keys that are no names."""
    return mapping.get(key, "") if mapping else ""


@register.filter
def sees_accounts_payable(user: Any) -> bool:
    return user.is_authenticated and permissions.can_see_accounts_payable(user)


@register.filter
def administers_invoices(user: Any) -> bool:
    return user.is_authenticated and permissions.administration_of(user).is_any


@register.filter
def uses_control_panel(user: Any) -> bool:
    return user.is_authenticated and permissions.can_use_control_panel(user)
