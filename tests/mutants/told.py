"""What ends a pause, what waits for credentials to be proven, what Disable leaves behind, and each thing once."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

CHANGES = "tests/integrations/test_changes_in_history.py"
HELD = "tests/integrations/test_hindrances.py"
AFTER = "tests/integrations/test_after_disabling.py"
LOST = "tests/integrations/test_lost_entities.py"
PROBLEMS = "tests/integrations/test_pages_import_problems.py"
WAITS = "tests/integrations/test_command_waits.py"
DEMO = "tests/planergy/test_demo_again.py"
MUTANTS = [
    Mutant(
        name="told.credentials_end_a_pause_without_a_word",
        file="integrations/services/connections.py",
        before='    _note_end_of_pause(row, "New credentials were saved.", by=by)\n',
        after="",
        tests=(f"{CHANGES}::test_what_else_ends_a_pause_is_an_entry_that_says_so",),
    ),
    Mutant(
        name="told.waiting_for_synchronize_unsaid",
        file="integrations/services/hindrances.py",
        before="own_hindrance_of(connection) or _unproven(connection) or",
        after="own_hindrance_of(connection) or",
        tests=(f"{HELD}::test_what_waits_for_synchronizing_is_said_at_once",),
    ),
    Mutant(
        name="told.open_page_without_the_reason_of_a_pause",
        file="integrations/views/access.py",
        before='    if not is_live or is_held != ("held" in request.GET):\n',
        after="    if not is_live:\n",
        tests=(f"{HELD}::test_a_page_that_is_open_is_read_anew_when_a_pause_begins_and_when_it_ends",),
    ),
    Mutant(
        name="told.lost_entity_unsaid_on_its_tile",
        file="integrations/slots.py",
        before="frozenset(each.company.pk for each in lost))",
        after="frozenset())",
        tests=(f"{LOST}::test_invoices_that_wait_for_it_say_so_on_their_tile",),
    ),
    Mutant(
        name="told.refused_invoice_without_its_section_after_disabling",
        file="integrations/slots.py",
        before=" or invoice.export_state == ExportState.FAILED",
        after="",
        tests=(f"{AFTER}::test_what_was_refused_before_is_told_as_what_it_is_now",),
    ),
    Mutant(
        name="told.one_supplier_counted_for_each_company",
        file="integrations/services/import_problems.py",
        before="different=Count(_TROUBLE, distinct=True)",
        after="different=Count(_TROUBLE)",
        tests=(f"{PROBLEMS}::test_every_place_counts_what_has_to_be_fixed",),
    ),
    Mutant(
        name="told.earlier_run_unsaid_where_none_can_begin",
        file="integrations/management/commands/intacct_export.py",
        before="            left = _under_way(connection, invoices)\n",
        after="            left = _under_way(connection, invoices.none())\n",
        tests=(f"{WAITS}::test_what_an_earlier_run_left_waiting_is_said_where_no_run_can_begin",),
    ),
    Mutant(
        name="told.demo_keeps_other_credentials",
        file="planergy/demo/main_job.py",
        before="    if not _has_ours(connection):\n",
        after="    if not connection.has_credentials:\n",
        tests=(f"{DEMO}::test_credentials_that_were_changed_are_put_back",),
    ),
]
