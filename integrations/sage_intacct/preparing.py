"""What has to be done in Sage Intacct before Planergy can be connected with it."""

from __future__ import annotations

from django.conf import settings

from integrations.sage_intacct import data_sets
from integrations.sage_intacct.calling import caller
from integrations.sage_intacct.classification import places


def preparation() -> list[tuple[str, str]]:
    """(what, how), in the order in which an administrator there does it."""
    sender = settings.SAGE_INTACCT_SENDER_ID
    return [
        (
            "Subscribe to Web Services",
            f"Open {places.SUBSCRIPTIONS} and subscribe to Web Services. The warning about charges can be ignored.",
        ),
        (
            "Allow the Sender ID",
            f"Open {places.WEB_SERVICES_AUTHORIZATIONS} and add "
            f"{f'the Sender ID {sender}' if sender else 'the Sender ID that you enter below'}, with the status Active.",
        ),
        (
            "Allow the IP address",
            f"Where {places.IP_FILTERS} is switched on, {caller()} must be on its list.",
        ),
        (
            "Create a role",
            f"Open {places.ROLES}, add a role and press Permissions. Under Company, General Ledger and Accounts "
            "Payable Permissions grant List and View for what is imported, and Add for Bills and Attachments.",
        ),
        ("Grant what is imported", f"List and View is needed for {_needed()}. {_optional()}"),
        (
            "Create a Web Services user",
            f"Open {places.WEB_SERVICES_USERS}, add a user of the type Business User and give it the role. The warning "
            "about a charge can be ignored.",
        ),
    ]


def _needed() -> str:
    return " and ".join(f"{each.name} ({each.permission})" for each in data_sets.ALL if not each.is_optional)


def _optional() -> str:
    optional = "; ".join(f"{each.name}: {each.permission}" for each in data_sets.ALL if each.is_optional)
    return f"The rest is left out where it is not granted: {optional}."
