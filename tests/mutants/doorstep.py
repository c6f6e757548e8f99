"""How the first account comes in, and where the demo must not run."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

ACCOUNTS = "tests/organization/test_accounts.py"
DEMO = "tests/planergy/test_demo_supervisor.py::TestElsewhere"
OBJECTIONS = f"{DEMO}::test_what_stands_against_a_demo"

MUTANTS = [
    Mutant(
        name="demo.beside_a_real_database",
        file="planergy/demo/local_machine.py",
        before="    if has_own_database:\n",
        after="    if False:\n",
        tests=(OBJECTIONS,),
    ),
    Mutant(
        name="demo.behind_a_public_address",
        file="planergy/demo/local_machine.py",
        before="    if not _is_loopback(portal_url):\n",
        after="    if False:\n",
        tests=(OBJECTIONS,),
    ),
    Mutant(
        name="demo.at_any_host_that_begins_like_this_one",
        file="planergy/demo/local_machine.py",
        before='return host == "localhost"\n',
        after='return host.startswith("localhost")\n',
        tests=(OBJECTIONS,),
    ),
    Mutant(
        name="demo.command_asks_nothing",
        file="planergy/management/commands/demo.py",
        before="            raise CommandError(refusal)\n",
        after="            return\n",
        tests=(f"{DEMO}::test_the_command_refuses_in_words_and_makes_nothing",),
    ),
    Mutant(
        name="account.half_made",
        file="organization/accounts.py",
        before="        with transaction.atomic():\n            currency =",
        after="        if True:\n            currency =",
        tests=(f"{ACCOUNTS}::test_all_of_it_or_nothing",),
    ),
    Mutant(
        name="account.address_taken",
        file="organization/accounts.py",
        before="        if User.objects.of_address(self.owner.email).exists():\n",
        after="        if False:\n",
        tests=(f"{ACCOUNTS}::TestCommand::test_says_what_is_wrong_and_makes_nothing",),
    ),
    Mutant(
        name="account.made_twice",
        file="organization/management/commands/create_account.py",
        before="    if owner := _made_before(new):\n",
        after="    if False and (owner := _made_before(new)):\n",
        tests=(f"{ACCOUNTS}::TestCommand::test_run_twice_changes_nothing_and_gives_a_fresh_link",),
    ),
    Mutant(
        name="account.added_by_any_staff",
        file="organization/admin.py",
        before="        return admin.ModelAdmin.has_add_permission(self, request)\n",
        after="        return True\n",
        tests=(f"{ACCOUNTS}::TestAdmin::test_adding_needs_the_permission_looking_does_not",),
    ),
    Mutant(
        name="invitation.valid_twice",
        file="organization/invitations.py",
        before='return f"{super()._make_hash_value(user, timestamp)}{user.is_active}"\n',
        after='return f"{user.pk}{timestamp}{user.is_active}"\n',
        tests=(f"{ACCOUNTS}::TestCommand::test_its_link_is_valid_once",),
    ),
    Mutant(
        name="account.lost_with_its_mail",
        file="notices/after_commit.py",
        before="transaction.on_commit(call, robust=True)",
        after="transaction.on_commit(call)",
        tests=(f"{ACCOUNTS}::test_without_a_broker_the_account_stands_and_the_link_is_printed",),
    ),
    Mutant(
        name="pins.a_change_without_make_lock",
        file="tools/lock.py",
        before="sorted(asked - given))\n",
        after="sorted(asked - asked))\n",
        tests=("tests/planergy/test_pins.py::test_a_change_without_make_lock_is_noticed",),
    ),
    Mutant(
        name="pins.vulnerable_ones_pass",
        file="tools/vulnerabilities.py",
        before="return 1 if found else 0\n",
        after="return 0\n",
        tests=("tests/planergy/test_pins.py::TestVulnerabilities",),
    ),
]
