"""What pre-flight says in the words of a refusal, doubt, what stays after Disable, and how commands end."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

EARLY = "tests/integrations/test_said_early.py"
FIXED = "tests/integrations/test_fixed_since.py"
CHANGES = "tests/integrations/test_changes_in_history.py"
AFTER = "tests/integrations/test_after_disabling.py"
WAITS = "tests/integrations/test_command_waits.py"
WORDS = "tests/planergy/test_words.py"
HELD = "tests/integrations/test_hindrances.py"
MUTANTS = [
    Mutant(
        name="late.closed_period_in_words_of_its_own",
        file="integrations/sage_intacct/exporters/preflight/header.py",
        before="            render(PERIOD_CLOSED if invoice.posting_date else INVOICE_DATE_CLOSED, known),\n",
        after='            f"The books of {invoice.company} are closed.",\n',
        tests=(f"{EARLY}::test_one_wording_before_it_is_sent_and_after_it_was_refused",),
    ),
    Mutant(
        name="late.dates_as_the_british_write_them_for_everybody",
        file="organization/spelling.py",
        before='_DAY.sub(r"\\2 \\1, \\3", _PATTERN.sub(_american, text))',
        after="_PATTERN.sub(_american, text)",
        tests=(f"{EARLY}::test_a_closed_period_is_said_once_and_as_its_reader_writes_dates",),
    ),
    Mutant(
        name="late.signs_escaped_twice_for_americans",
        file="templates/includes/field.html",
        before="{{ field.field.note }}",
        after="{{ field.field.note|spell }}",
        tests=(f"{EARLY}::test_a_sign_beside_its_field_is_escaped_once_for_every_reader",),
    ),
    Mutant(
        name="late.doubt_after_a_correction",
        file="integrations/services/exports.py",
        before=".exclude(invoice__export_state=ExportState.NONE)\n    return set(",
        after="\n    return set(",
        tests=(f"{FIXED}::test_a_corrected_date_does_not_make_what_was_learnt_doubtful",),
    ),
    Mutant(
        name="late.doubt_by_a_command",
        file="integrations/services/exports.py",
        before="        if job.trigger == Trigger.MANUAL:\n",
        after="        if job.trigger in ASKED_FOR:\n",
        tests=(f"{FIXED}::test_nor_does_a_command_that_runs_by_itself",),
    ),
    Mutant(
        name="late.no_doubt_by_a_person",
        file="integrations/services/exports.py",
        before="        if job.trigger == Trigger.MANUAL:\n",
        after="        if job.trigger is None:\n",
        tests=(f"{FIXED}::test_trying_again_what_was_not_changed_does",),
    ),
    Mutant(
        name="late.bill_out_of_reach_after_disabling",
        file="integrations/slots.py",
        before="_enabled(user).first() or _sent_over(invoice)",
        after="_enabled(user).first()",
        tests=(f"{AFTER}::test_a_posted_invoice_keeps_the_link_to_its_bill",),
    ),
    Mutant(
        name="late.link_to_a_run_that_its_reader_may_not_open",
        file="templates/integrations/invoice_panel.html",
        before="user.is_account_owner or connection.is_enabled and item",
        after="user.is_account_owner or item",
        tests=(f"{AFTER}::test_a_posted_invoice_keeps_the_link_to_its_bill",),
    ),
    Mutant(
        name="late.unknown_outcome_unsaid_after_disabling",
        file="integrations/slots.py",
        before="invoice.is_posted or item.was_sent or",
        after="invoice.is_posted or",
        tests=(f"{AFTER}::test_what_nobody_knows_of_is_said_too",),
    ),
    Mutant(
        name="late.mails_of_what_is_disabled_without_details",
        file="integrations/mail.py",
        before="connection.is_enabled or can_manage_integrations(user)",
        after="connection.is_enabled",
        tests=("tests/integrations/test_job_mail.py::test_disabling_says_so_and_links_where_its_reader_may_go",),
    ),
    Mutant(
        name="late.mails_with_a_link_to_nowhere",
        file="integrations/mail.py",
        before="connection.is_enabled or can_manage_integrations(user)",
        after="connection.is_enabled is not None",
        tests=(f"{AFTER}::test_the_mail_of_a_failed_export_leads_only_where_its_reader_may_go",),
    ),
    Mutant(
        name="late.pause_not_in_the_history",
        file="integrations/services/connections.py",
        before="            changes.record(connection, AuditAction.INTEGRATION_PAUSED, by=None, changes=why)\n",
        after="            connection.refresh_from_db()\n",
        tests=(f"{CHANGES}::test_a_pause_and_who_ended_it_are_entries",),
    ),
    Mutant(
        name="late.resumed_by_nobody",
        file="integrations/services/connections.py",
        before="row, AuditAction.INTEGRATION_RESUMED, by=by,",
        after="row, AuditAction.INTEGRATION_RESUMED, by=None,",
        tests=(f"{CHANGES}::test_a_pause_and_who_ended_it_are_entries",),
    ),
    Mutant(
        name="late.a_word_that_stumbles_in_the_catalogue",
        file="integrations/sage_intacct/classification/judging.py",
        before='    return "Correct this and try again."',
        after='    return "Mend this and try again."',
        tests=(f"{WORDS}::test_sentences_in_code_are_written_in_these_words",),
    ),
    Mutant(
        name="late.two_spellings_on_a_page",
        file="templates/account/login.html",
        before="Use the e-mail address that",
        after="Use the email address that",
        tests=(f"{WORDS}::test_templates_are_written_in_these_words",),
    ),
    Mutant(
        name="late.two_names_in_the_admin",
        file="organization/admin.py",
        before='User._meta.verbose_name, User._meta.verbose_name_plural = "Account Owner", "Account Owners"\n',
        after="",
        tests=(f"{WORDS}::test_the_admin_has_one_name_for_whom_it_looks_after",),
    ),
    Mutant(
        name="late.tile_hides_the_pause",
        file="invoices/figures.py",
        before='next(iter(export_holds.ask(user=user) if open_rows["to_post"] else ()), None)',
        after="None",
        tests=(f"{HELD}::test_what_waits_for_its_export_is_said_on_its_tile",),
    ),
    Mutant(
        name="late.all_are_said_to_wait_as_long_as_the_first",
        file="integrations/services/hindrances.py",
        before='"has waited longer" if is_one else "wait, the first of them longer"',
        after='"has waited longer" if is_one else "have waited longer"',
        tests=(f"{HELD}::test_the_mails_of_what_is_overdue_say_each_thing_once_and_to_each_what_they_can_do",),
    ),
    Mutant(
        name="late.support_told_that_support_was_told",
        file="integrations/hindrance_mail.py",
        before="hindrance if hindrance.is_for_owners else replace(hindrance, advice=FOR_SUPPORT)",
        after="hindrance",
        tests=(f"{HELD}::test_the_mails_of_what_is_overdue_say_each_thing_once_and_to_each_what_they_can_do",),
    ),
    Mutant(
        name="late.command_outlives_its_timeout",
        file="integrations/management/waiting.py",
        before="    signal.setitimer(signal.ITIMER_REAL, max(seconds, 1), RING_AGAIN_AFTER)\n",
        after="    signal.setitimer(signal.ITIMER_REAL, 0)\n",
        tests=(f"{WAITS}::test_a_gateway_that_never_answers_is_left_when_the_time_is_up",),
    ),
    Mutant(
        name="late.what_an_earlier_command_left_is_left",
        file="integrations/management/commands/intacct_export.py",
        before="    outbox.rescue_stuck(timezone.now())\n",
        after="",
        tests=(f"{WAITS}::test_what_was_left_under_way_is_brought_to_its_end_by_the_next_command",),
    ),
    Mutant(
        name="late.what_waits_is_called_done",
        file="integrations/management/commands/intacct_export.py",
        before="_under_way(job.connection, invoices) if item.job_id != job.pk]",
        after="_under_way(job.connection, invoices.none()) if item.job_id != job.pk]",
        tests=(f"{WAITS}::test_what_an_earlier_run_left_waiting_is_not_called_done",),
    ),
    Mutant(
        name="late.pause_reported_as_a_failure",
        file="integrations/management/commands/intacct_import.py",
        before="Exit.PAUSED if connection.is_held else Exit.FAILED",
        after="Exit.FAILED",
        tests=(f"{WAITS}::test_an_import_over_a_paused_connection_ends_with_3",),
    ),
]
