"""What this app shows in the Control Panel."""

from organization.control_panel import Area, Item, register
from organization.permissions import can_view_reference_data


def register_items() -> None:
    for label, url_name, description, icon in (
        ("General Ledgers", "ledger:glcode_list", "The GL codes that invoice lines are booked to", "book"),
        ("Currencies", "ledger:currency_list", "The currencies that invoices may be in", "coins"),
        ("Exchange Rates", "ledger:exchangerate_list", "What limits in another currency are judged by", "coins"),
        ("Terms", "ledger:terms_list", "When invoices fall due", "calendar"),
        ("Taxes", "ledger:taxcode_list", "Tax codes and their rates", "percent"),
        ("Dimensions", "ledger:dimension_list", "Departments, projects and what else lines are analysed by", "layers"),
    ):
        register(Item(Area.FINANCE, label, url_name, description, can_view_reference_data, icon))
