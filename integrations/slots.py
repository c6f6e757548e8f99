"""What this app shows on the pages of the apps below, and its items in the Control Panel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from integrations import registry
from integrations.models import Connection
from integrations.registry import AccountingSystem
from integrations.services import hindrances, import_problems, not_connected
from integrations.services.exports import item_for
from integrations.services.hindrances import Hindrance
from integrations.services.lost_entities import Lost, lost_by
from integrations.services.preflight import early_findings
from invoices import slots as invoice_slots
from invoices.models import ExportState, Invoice
from invoices.services.findings import Finding
from invoices.slots import Hold
from ledger import slots as ledger_slots
from organization import control_panel
from organization.control_panel import Area, Item
from organization.models import User
from organization.permissions import (
    administration_of,
    can_manage_integrations,
    can_manage_reference_data,
    can_see_accounts_payable,
    can_view_reference_data,
    companies_of,
)
from organization.slots import Fragment
from suppliers import slots as supplier_slots


def fill() -> None:
    """Fill the slots of the lower apps; called once when Django starts."""
    ledger_slots.list_actions.add(import_button)
    supplier_slots.list_actions.add(import_button)
    ledger_slots.list_actions.add(list_problems)
    supplier_slots.list_actions.add(list_problems)
    ledger_slots.record_origin.add(record_origin)
    supplier_slots.record_origin.add(record_origin)
    invoice_slots.search_actions.add(export_button)
    invoice_slots.invoice_panels.add(invoice_panel)
    invoice_slots.home_widgets.add(problems_widget)
    invoice_slots.home_widgets.add(import_problems_widget)
    invoice_slots.home_widgets.add(not_connected_widget)
    invoice_slots.banners.add(hindrance_banner)
    invoice_slots.posting_rules.add(posting_findings)
    invoice_slots.added_dimensions.add(added_dimensions)
    invoice_slots.export_holds.add(export_holds)
    invoice_slots.nothing_to_choose.add(import_first)
    _register_control_panel_items()


def _register_control_panel_items() -> None:
    control_panel.register(
        Item(
            Area.ADVANCED,
            "Integrations",
            "integrations:integration_list",
            "Connect an accounting system, or disconnect it",
            can_manage_integrations,
            "plug",
        )
    )
    for system in registry.all_systems():
        control_panel.register(
            Item(
                Area.ADVANCED,
                f"{system.name} Settings",
                f"integrations:{system.key}_settings",
                "Credentials, synchronizing, imports and the history",
                partial(_sees_settings, system),
                "settings",
            )
        )


def _sees_settings(system: AccountingSystem, user: User) -> bool:
    return can_manage_integrations(user) and _enabled(user).filter(system=system.key).exists()


def _enabled(user: User) -> QuerySet[Connection]:
    return Connection.objects.for_account(user.account).enabled().order_by("pk")


def _posting_to(invoice: Invoice) -> Connection | None:
    """The connection that this invoice will leave by; none while nobody knows what is there, or it stays here."""
    if invoice.is_credit_note:
        return None
    connections = Connection.objects.for_account(invoice.account).enabled()
    return connections.filter(synchronized_at__isnull=False).order_by("pk").first()


def posting_findings(invoice: Invoice, *, is_header_only: bool) -> Iterable[Finding]:
    connection = _posting_to(invoice)
    return early_findings(connection, invoice, is_header_only=is_header_only) if connection else ()


def added_dimensions(invoice: Invoice) -> Iterable[str]:
    connection = _posting_to(invoice)
    return registry.get(connection.system).added_dimensions(connection, invoice.company) if connection else ()


def export_holds(user: User) -> Iterable[Hold]:
    """An Account Owner is led to where it is fixed, others to the banner, which says who can."""
    connection = _enabled(user).first()
    if connection is None:
        yield from _not_connected(user)
        return
    companies = companies_of(user)
    hindrance = hindrances.hindrance_of(connection, timezone.now(), companies)
    if hindrance is None:
        return
    lost = lost_by(connection, companies) if hindrance.kind == hindrances.Kind.UNCONNECTED else ()
    may_fix = can_manage_integrations(user) and hindrance.is_for_owners
    url = reverse(f"integrations:{connection.system}_settings") if may_fix else "#hindrance"
    yield Hold(_why_held(hindrance, connection, lost), url, frozenset(each.company.pk for each in lost))


def _why_held(hindrance: Hindrance, connection: Connection, lost: Sequence[Lost]) -> str:
    match hindrance.kind:
        case hindrances.Kind.IDLE:
            return "nothing works in the background"
        case hindrances.Kind.STOPPED:
            return "signing in is stopped"
        case hindrances.Kind.PAUSED:
            return "exports are paused"
        case hindrances.Kind.UNPROVEN:
            return f"{connection.system_name} is not synchronized"
        case hindrances.Kind.UNCONNECTED:
            return (
                f"{lost[0].company} is not connected" if len(lost) == 1 else f"{len(lost)} companies are not connected"
            )
    return f"work over {connection.system_name} is overdue"


def _not_connected(user: User) -> Iterable[Hold]:
    """Of an account that was connected once: who never was, knows."""
    connection = not_connected.disabled_connection(user)
    if connection is not None:
        url = reverse("integrations:integration_list") if can_manage_integrations(user) else "#not-connected"
        yield Hold(f"{connection.system_name} is not connected", url, is_off=True)


def import_button(user: User, list_name: str, **context: Any) -> Fragment | None:
    """For whoever keeps the data; with a company to choose where several are connected."""
    connection = _enabled(user).first() if can_manage_reference_data(user) else None
    if connection is None or not _has_list(connection, list_name):
        return None
    linked = companies_of(user).filter(pk__in=connection.company_links.values("company"))
    companies = list(linked) if _is_per_company(connection, list_name) else []
    return Fragment(
        "integrations/import_button.html",
        {"connection": connection, "list_name": list_name, "import_companies": companies},
    )


def list_problems(user: User, list_name: str, **context: Any) -> Fragment | None:
    """What of this list was not imported, or not whole."""
    connection = _enabled(user).first() if can_manage_reference_data(user) else None
    if connection is None:
        return None
    keys = [each.key for each in registry.get(connection.system).data_sets if each.list_name == list_name]
    problems = import_problems.visible_to(user, connection).filter(data_set__in=keys)
    counts = import_problems.counted(connection, problems)
    shown = {"connection": connection, "open_counts": counts}
    return Fragment("integrations/list_problems.html", shown, order=50) if counts else None


def _has_list(connection: Connection, list_name: str) -> bool:
    return any(data_set.list_name == list_name for data_set in registry.get(connection.system).data_sets)


def _is_per_company(connection: Connection, list_name: str) -> bool:
    data_sets = registry.get(connection.system).data_sets
    return any(each.is_per_company for each in data_sets if each.list_name == list_name)


def record_origin(user: User, record: Any, **context: Any) -> Fragment | None:
    """Also after Disable: where it came from stays true."""
    if not getattr(record, "is_imported", False):
        return None
    connection = Connection.objects.for_account(user.account).order_by("-is_enabled", "pk").first()
    if connection is None:
        return None
    return Fragment("integrations/record_origin.html", {"connection": connection})


def export_button(user: User, querystring: str = "", **context: Any) -> Fragment | None:
    connection = _enabled(user).first() if administration_of(user).is_any else None
    if connection is None:
        return None
    return Fragment("integrations/export_button.html", {"connection": connection, "export_query": querystring})


def invoice_panel(user: User, invoice: Invoice, **context: Any) -> Fragment | None:
    from integrations.panel import panel_context

    connection = _enabled(user).first() or _sent_over(invoice)
    found = panel_context(connection, invoice, user) if connection else None
    return Fragment("integrations/invoice_panel.html", found) if found else None


def _sent_over(invoice: Invoice) -> Connection | None:
    """Also after Disable: the bill still stands there, or perhaps does, or was refused."""
    item = item_for(invoice)
    if item is None:
        return None
    is_told = invoice.is_posted or item.was_sent or invoice.export_state == ExportState.FAILED
    return item.connection if is_told else None


def not_connected_widget(user: User, **context: Any) -> Fragment | None:
    """After Disable: which invoices did not become bills, and what can be done. Only while there are some."""
    is_asked = can_see_accounts_payable(user) and not _enabled(user).exists()
    connection = not_connected.disabled_connection(user) if is_asked else None
    left = not_connected.left_behind(user) if connection else None
    if left is None or not left.total:
        return None
    shown = {"connection": connection, "left": left, "may_fix": can_manage_integrations(user)}
    return Fragment("integrations/not_connected_widget.html", shown)


def problems_widget(user: User, **context: Any) -> Fragment | None:
    from integrations.views.problems import looked_up, problem_cards

    connection = _enabled(user).first() if can_see_accounts_payable(user) else None
    if connection is None:
        return None
    cards = problem_cards(user, shown=3)
    context = {
        "connection": connection,
        "cards": cards[:4],
        "all_cards": len(cards),
        "looked_up": looked_up(user, shown=3),
        "may_export": administration_of(user).is_any,
        "waiting": hindrances.waiting_words(connection) if not connection.is_ready else "",
    }
    return Fragment("integrations/problems_widget.html", context)


def import_problems_widget(user: User, **context: Any) -> Fragment | None:
    """For whoever works with suppliers and GL codes; only while some are open."""
    connection = _enabled(user).first() if can_view_reference_data(user) else None
    if connection is None:
        return None
    counts = import_problems.counted(connection, import_problems.visible_to(user, connection))
    shown = {"connection": connection, "open_counts": counts, "may_fix": can_manage_reference_data(user)}
    return Fragment("integrations/import_problems_widget.html", shown) if counts else None


def import_first(user: User, **context: Any) -> Fragment | None:
    """Who connects the accounting system is led to where everything is imported."""
    if not can_manage_integrations(user):
        return None
    name = registry.all_systems()[0].name
    return Fragment("integrations/import_first.html", {"connection": _enabled(user).first(), "name": name})


def hindrance_banner(user: User, connection: Connection | None = None, **context: Any) -> Fragment | None:
    """The same on every page. Where nothing works in the background, also for accounts without an integration."""
    if not user.account_id:
        return None
    connection = connection or _enabled(user).first()
    now = timezone.now()
    companies = None if user.is_account_owner else companies_of(user)
    hindrance = hindrances.hindrance_of(connection, now, companies) if connection else hindrances.idle(now)
    if hindrance is None:
        return None
    shown = {
        "hindrance": hindrance,
        "connection": connection,
        "may_fix": can_manage_integrations(user),
        "settings_url": reverse(f"integrations:{connection.system}_settings") if connection else "",
    }
    return Fragment("integrations/hindrance.html", shown)
