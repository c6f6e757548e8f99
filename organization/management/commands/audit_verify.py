"""manage.py audit_verify: prove that the audit log is what it was when it was sealed."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from organization.audit.verification import BrokenChain, Chain, verify
from organization.models import Account


class Command(BaseCommand):
    help = (
        "Proves the chains of the audit log. Names the first link that does not hold and ends with 1."
        " Keep the hashes that it prints somewhere else: compared with them, even a chain that was made anew is found."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", metavar="NAME", help="only this account's entries (by name or number)")

    def handle(self, *args: Any, **options: Any) -> None:
        number = self._number(options["account"]) if options["account"] else None
        try:
            with transaction.atomic():
                chains = verify(account_number=number, is_narrowed=number is not None)
        except BrokenChain as error:
            raise CommandError(str(error)) from error
        names = dict(Account.objects.values_list("pk", "name"))
        for chain in chains:
            self.stdout.write(_sentence(chain, names))
        self.stdout.write(self.style.SUCCESS("The audit log is what it was when it was sealed."))

    def _number(self, wanted: str) -> int:
        account = Account.objects.filter(name__iexact=wanted).first()
        if account is None and wanted.isdecimal():
            return int(wanted)  # an account that was erased has a chain still
        if account is None:
            raise CommandError(f"There is no account “{wanted}”.")
        return account.pk


def _sentence(chain: Chain, names: dict[int, str]) -> str:
    number = chain.account_number
    who = "No account" if number is None else f"{names.get(number, 'Erased account')} ({number})"
    counts = f"{chain.seals} seals, {chain.sealed} entries sealed, {chain.removed} of them removed"
    return f"{who}: {counts}, {chain.unsealed} not sealed yet; last hash {chain.last_hash or '-'}"
