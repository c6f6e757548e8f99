"""Runs: one entry and one e-mail of what was started together, and what may be held back of an export."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MAILS = "tests/integrations/test_run_mails.py"
BATCHES = "tests/integrations/test_batches.py"
CANCEL = "tests/integrations/test_export_cancel.py"

MUTANTS = [
    Mutant(
        name="runs.scheduled_run_mails_each_data_set",
        file="integrations/models/history.py",
        before="return self.kind == JobKind.IMPORT and self.trigger != Trigger.MANUAL",
        after="return False",
        tests=(f"{MAILS}::test_a_schedule_over_all_data_sends_one_mail_and_none_when_nothing_changed",),
    ),
    Mutant(
        name="runs.by_hand_is_told_as_one_run",
        file="integrations/models/history.py",
        before="return self.kind == JobKind.IMPORT and self.trigger != Trigger.MANUAL",
        after="return self.kind == JobKind.IMPORT",
        tests=(f"{MAILS}::test_by_hand_each_data_set_has_its_mail",),
    ),
    Mutant(
        name="runs.mail_does_not_wait_for_the_last_part",
        file="integrations/runner.py",
        before="if together.unfinished().exists() or not together.filter(mailed_at=None).exists():",
        after="if not together.filter(mailed_at=None).exists():",
        tests=(f"{MAILS}::test_no_mail_leaves_while_a_part_is_under_way",),
    ),
    Mutant(
        name="runs.parts_that_end_together_mail_twice",
        file="integrations/runner.py",
        before='        together.select_for_update(no_key=True, of=("self",)).get(pk=first)\n',
        after="",
        tests=(f"{MAILS}::test_two_parts_that_end_at_once_send_one_mail",),
    ),
    Mutant(
        name="runs.choice_of_mails_counts_for_nothing",
        file="integrations/run_mail.py",
        before="return has_open or any(map(_has_trouble, news))",
        after="return True",
        tests=(f"{MAILS}::test_each_owner_gets_what_they_chose",),
    ),
    Mutant(
        name="runs.what_is_still_open_is_not_mailed",
        file="integrations/run_mail.py",
        before="return has_open or bool(news)",
        after="return bool(news)",
        tests=(f"{MAILS}::test_what_is_still_open_is_told_with_each_run",),
    ),
    Mutant(
        name="runs.left_out_is_told_every_time",
        file="integrations/run_mail.py",
        before="if _has_news(part) and part.pk not in known_left_out]",
        after="if _has_news(part)]",
        tests=(f"{MAILS}::test_what_was_told_as_left_out_is_not_told_again",),
    ),
    Mutant(
        name="runs.command_line_is_called_a_schedule",
        file="integrations/management/commands/intacct_import.py",
        before="trigger=Trigger.COMMAND,",
        after="trigger=Trigger.SCHEDULED,",
        tests=(f"{MAILS}::test_an_import_from_the_command_line_says_so",),
    ),
    Mutant(
        name="runs.history_lists_every_part",
        file="integrations/models/history.py",
        before="return self.filter(~Exists(later.order_by()))",
        after="return self.all()",
        tests=(f"{BATCHES}::test_pages_count_entries_and_queries_do_not_grow",),
    ),
    Mutant(
        name="runs.parts_are_fetched_entry_by_entry",
        file="integrations/services/batches.py",
        before='parts.select_related("company", "requested_by").order_by',
        after="parts.order_by",
        tests=(f"{BATCHES}::test_pages_count_entries_and_queries_do_not_grow",),
    ),
    Mutant(
        name="runs.filter_looks_at_one_part",
        file="integrations/services/batches.py",
        before='return grouped.filter(has__in=sets).values("batch")',
        after='return jobs.filter(status=status).values("batch")',
        tests=(f"{BATCHES}::test_the_filter_finds_what_the_badges_say",),
    ),
    Mutant(
        name="runs.strangers_open_a_run",
        file="integrations/views/access.py",
        before="jobs.filter(connection__is_enabled=True, requested_by=user, kind__in=kinds)",
        after="jobs.filter(connection__is_enabled=True, kind__in=kinds)",
        tests=(f"{BATCHES}::test_a_run_is_its_starters_and_the_owners_and_nobody_elses",),
    ),
    Mutant(
        name="runs.cancel_all_leaves_parts_running",
        file="integrations/services/jobs.py",
        before="_cancel_for(by, Job.objects.filter(batch=batch).exclude(kind=JobKind.EXPORT), ",
        after="_cancel_for(by, Job.objects.filter(batch=batch, status=JobStatus.QUEUED), ",
        tests=(f"{BATCHES}::test_cancel_all_ends_what_waits_and_asks_what_runs_to_stop",),
    ),
    Mutant(
        name="runs.what_may_have_been_sent_is_cancelled",
        file="integrations/services/export_cancel.py",
        before="return items.filter(status=ItemStatus.QUEUED, was_sent=False)",
        after="return items.filter(status=ItemStatus.QUEUED)",
        tests=(f"{CANCEL}::test_what_was_looked_for_in_vain_is_not_cancelled_either",),
    ),
    Mutant(
        name="runs.what_is_looked_up_is_cancelled",
        file="integrations/services/export_cancel.py",
        before="return items.filter(status=ItemStatus.QUEUED, was_sent=False)",
        after="return items.exclude(status__in=[ItemStatus.POSTED, ItemStatus.FAILED, ItemStatus.CANCELLED])",
        tests=(f"{CANCEL}::test_what_may_have_been_sent_is_looked_up_and_not_cancelled",),
    ),
    Mutant(
        name="runs.what_came_back_unsent_is_sent_later",
        file="integrations/services/exports.py",
        before="    export_cancel.cancel_what_came_back()\n",
        after="",
        tests=(f"{CANCEL}::test_what_a_worker_gives_back_unsent_is_cancelled_by_the_sweep",),
    ),
    Mutant(
        name="runs.clerks_cancel_exports",
        file="integrations/views/history.py",
        before="    if not can_manage_integrations(request.user):\n        raise Http404\n    count =",
        after="    count =",
        tests=(f"{CANCEL}::test_only_account_owners_cancel_exports",),
    ),
    Mutant(
        name="runs.cancelled_automatic_export_takes_more",
        file="integrations/services/exports.py",
        before="free = waiting.filter(is_cancel_requested=False)",
        after="free = waiting",
        tests=(f"{CANCEL}::test_an_automatic_export_that_was_cancelled_takes_no_further_invoices",),
    ),
    Mutant(
        name="runs.cancelled_export_is_told_nobody",
        file="integrations/services/export_jobs.py",
        before="            if job.is_cancel_requested:\n                export_mail",
        after="            if False:\n                export_mail",
        tests=(f"{CANCEL}::test_whoever_waits_for_it_is_told_who_cancelled_it",),
    ),
    Mutant(
        name="runs.cancel_all_mails_whoever_pressed_it",
        file="integrations/runner.py",
        before="if not (_is_known_to_be_left_out(job) or _is_known_to_be_cancelled(job)):",
        after="if not _is_known_to_be_left_out(job):",
        tests=(f"{MAILS}::test_cancel_all_tells_only_those_who_did_not_press_it",),
    ),
    Mutant(
        name="runs.export_of_one_company_hides_it",
        file="integrations/services/exports.py",
        before="job.company_id = min(company_ids) if len(company_ids) == 1 else None",
        after="job.company_id = None",
        tests=(f"{CANCEL}::test_an_export_says_of_which_company_it_is",),
    ),
]
