"""Which connection and companies a command is about."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import CommandError

from integrations.models import Connection
from organization.models import Company

SYSTEM = "sage_intacct"


def add_selection(parser: ArgumentParser) -> None:
    parser.add_argument("--account", help="Name of the account; needed when several are connected.")
    parser.add_argument("--company", action="append", help="Name of a company; repeatable. Default: all.")
    parser.add_argument("--json", action="store_true", help="Print JSON.")


def chosen_connection(account: str | None, *, also_disabled: bool = False) -> Connection:
    """The only connection, or the named account's. Raises CommandError that names what there is."""
    rows = Connection.objects.filter(system=SYSTEM).select_related("account").order_by("account__name")
    rows = rows if also_disabled else rows.enabled()
    found = list(rows.filter(account__name__iexact=account) if account else rows)
    if len(found) != 1:
        names = ", ".join(str(each.account) for each in rows) or "none"
        raise CommandError(f"Name one account with --account. Connected accounts: {names}.")
    return found[0]


def chosen_companies(connection: Connection, names: list[str] | None) -> list[Company] | None:
    """None stands for all. Raises CommandError for a name that is no company's."""
    if names is None:
        return None
    known = {company.name.casefold(): company for company in connection.account.companies.all()}
    unknown = [name for name in names if name.casefold() not in known]
    if unknown:
        raise CommandError(f"There is no company called {', '.join(unknown)}.")
    return [known[name.casefold()] for name in names]
