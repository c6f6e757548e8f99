"""`manage.py create_account`: a new account with its first company and its first Account Owner, by invitation."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict, dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from organization import invitations
from organization.accounts import NewAccount, NewOwner, create_account
from organization.models import Account, User

QUESTIONS = {
    "account": "Name of the account",
    "company": "Name of its first company, as its entity is called in the accounting system",
    "currency": "Base currency of the company, for example GBP",
    "email": "E-mail address of the Account Owner",
    "first_name": "First name of the Account Owner (may be empty)",
    "last_name": "Last name of the Account Owner (may be empty)",
    "time_zone": "Time zone of the account (empty for UTC)",
}
NEEDED = ("account", "company", "currency", "email")


@dataclass(frozen=True)
class Result:
    """`invitation_link` is empty when the owner has a password already."""

    account: str
    companies: list[str]
    owner: str
    is_new: bool
    invitation_link: str


class Command(BaseCommand):
    help = (
        "Make an account, its standard roles, its first company and its first Account Owner, who is invited by e-mail."
        " Asks for what no flag gives. Run twice, it changes nothing and prints a fresh invitation link."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        for name, question in QUESTIONS.items():
            parser.add_argument(f"--{name.replace('_', '-')}", help=f"{question}.")
        parser.add_argument("--no-input", action="store_true", help="Ask nothing; needs the first four flags.")
        parser.add_argument("--json", action="store_true", help="Print JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        answers = {name: options[name] for name in QUESTIONS}
        if not options["no_input"] and sys.stdin.isatty():
            answers = {name: _ask(name) if answer is None else answer for name, answer in answers.items()}
        if missing := [name for name in NEEDED if not answers[name]]:
            raise CommandError(f"Say also {', '.join(f'--{name}' for name in missing)}.")
        result = _create(_new_account({name: answer or "" for name, answer in answers.items()}))
        self.stdout.write(json.dumps(asdict(result), indent=2) if options["json"] else _sentences(result))


def _ask(name: str) -> str:
    try:
        return input(f"{QUESTIONS[name]}: ").strip()
    except (EOFError, KeyboardInterrupt) as error:
        raise CommandError("Stopped; nothing was made.") from error


def _new_account(answers: dict[str, str]) -> NewAccount:
    zone = answers["time_zone"] or "UTC"
    owner = NewOwner(answers["email"], answers["first_name"], answers["last_name"], zone)
    return NewAccount(answers["account"], answers["company"], answers["currency"], owner)


def _create(new: NewAccount) -> Result:
    if owner := _made_before(new):
        return _result(owner, is_new=False)
    try:
        return _result(create_account(new), is_new=True)
    except ValidationError as error:
        lines = [
            f"  --{field.replace('_', '-')}: {' '.join(sentences)}" for field, sentences in error.message_dict.items()
        ]
        raise CommandError("\n".join(["Nothing was made.", *lines])) from error


def _made_before(new: NewAccount) -> User | None:
    """The owner, when this very account was made earlier."""
    account = Account.objects.filter(
        name__iexact=new.account.strip(), companies__name__iexact=new.company.strip()
    ).first()
    return User.objects.of_address(new.owner.email).filter(pk__in=account.owners()).first() if account else None


def _result(owner: User, *, is_new: bool) -> Result:
    link = invitations.link_for(owner) if owner.is_invited else ""
    companies = list(owner.account.companies.values_list("name", flat=True)) if owner.account else []
    return Result(str(owner.account), companies, owner.email, is_new, link)


def _sentences(result: Result) -> str:
    if result.is_new:
        said = f"The account {result.account} with the company {result.companies[0]} is made."
    else:
        said = f"The account {result.account} and its Account Owner {result.owner} exist already; nothing was changed."
    if not result.invitation_link:
        return f"{said} {result.owner} has chosen a password and signs in with it."
    mail = f" An invitation goes to {result.owner} as soon as a worker runs." if result.is_new else ""
    return f"{said}{mail}\nThe Account Owner chooses a password here; the link works once:\n{result.invitation_link}"
