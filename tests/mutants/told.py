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
    Mutant(
        name="told.command_waits_for_a_lock_where_no_signal_reaches_it",
        file="integrations/management/waiting.py",
        before="    set_wait_callback(wait_select)\n",
        after="",
        tests=(f"{WAITS}::test_what_somebody_else_holds_is_not_waited_for_longer_than_that",),
    ),
    Mutant(
        name="told.end_of_the_time_rings_once",
        file="integrations/management/waiting.py",
        before="max(seconds, 1), RING_AGAIN_AFTER)",
        after="max(seconds, 1))",
        tests=(f"{WAITS}::test_what_swallows_the_end_of_the_time_is_told_again",),
    ),
    Mutant(
        name="told.sign_in_is_begun_again_for_the_call",
        file="integrations/sage_intacct/client/retrying.py",
        before="            error.was_retried = True\n",
        after="",
        tests=(
            "tests/integrations/sage_intacct/client/test_transport.py"
            "::test_a_sign_in_that_was_tried_to_the_end_is_not_begun_again_for_the_call",
        ),
    ),
    Mutant(
        name="told.corrected_amount_as_it_is_stored",
        file="invoices/services/bookkeeping.py",
        before="        return grouped(value, currency)\n",
        after="        return str(value)\n",
        tests=(
            "tests/integrations/test_fixed_since.py::test_after_an_edit_and_a_new_authorisation_it_says_fixed_since",
        ),
    ),
]
