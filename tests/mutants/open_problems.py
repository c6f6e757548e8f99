"""Imports: what stands open stays told, and what a person set here stays."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

IMPORTERS = "integrations/sage_intacct/importers"
TESTS = "tests/integrations/sage_intacct/importers"
LOST = "tests/integrations/test_lost_entities.py"
PROBLEMS = f"{TESTS}/test_problems.py"

MUTANTS = [
    Mutant(
        name="imports.later_run_closes_what_is_still_wrong",
        file=f"{IMPORTERS}/problems.py",
        before="(n.code = p.code OR (n.kind = 'failed' AND p.kind = 'warning'))",
        after="n.code <> p.code",
        tests=(f"{TESTS}/test_problems.py::test_a_run_without_changes_hides_none",),
    ),
    Mutant(
        name="imports.mended_record_stays_a_problem",
        file=f"{IMPORTERS}/running.py",
        before="frozenset() if source.is_preview else problems.records_with_some(job, source)",
        after="frozenset()",
        tests=(f"{TESTS}/test_problems.py::test_what_is_mended_there_is_closed_by_the_next_import",),
    ),
    Mutant(
        name="imports.deleted_record_stays_a_problem",
        file=f"{IMPORTERS}/removing.py",
        before="gone = [pk for pk, number in some if int(number) not in there]",
        after="gone: list[int] = []",
        tests=(f"{TESTS}/test_problems.py::test_what_is_gone_there_has_no_problem",),
    ),
    Mutant(
        name="imports.problem_is_closed_though_its_record_is_there",
        file=f"{IMPORTERS}/removing.py",
        before="gone = [pk for pk, number in some if int(number) not in there]",
        after="gone = [pk for pk, _ in some]",
        tests=(f"{TESTS}/test_problems.py::test_a_deleted_vendor_that_came_back_wrong_again_keeps_its_problem",),
    ),
    Mutant(
        name="imports.put_aside_without_a_reason",
        file="integrations/services/import_problems.py",
        before="    if not reason:\n",
        after="    if False:\n",
        tests=(
            "tests/integrations/test_pages_import_problems.py::test_it_is_put_aside_with_a_reason_and_taken_up_again",
        ),
    ),
    Mutant(
        name="imports.put_aside_hides_another_trouble",
        file=f"{IMPORTERS}/problems.py",
        before="put_aside_at = CASE WHEN p.message = EXCLUDED.message THEN p.put_aside_at END",
        after="put_aside_at = p.put_aside_at",
        tests=(f"{TESTS}/test_problems.py::test_put_aside_with_a_reason_until_something_else_is_wrong",),
    ),
    Mutant(
        name="imports.emptiness_there_wipes_what_was_set_here",
        file=f"{IMPORTERS}/targets.py",
        before="OR '{name}' = ANY(i.given) OR '{name}' = ANY(t.imported_fields)",
        after="OR true",
        tests=(f"{TESTS}/test_local_values.py::test_a_change_there_of_another_field_leaves_all_values_set_here",),
    ),
    Mutant(
        name="imports.emptied_there_stays_here",
        file=f"{IMPORTERS}/targets.py",
        before=" OR '{name}' = ANY(t.imported_fields)",
        after="",
        tests=(
            f"{TESTS}/test_local_values.py::"
            "test_the_value_there_wins_is_told_and_locked_and_goes_when_it_is_emptied_there",
        ),
    ),
    Mutant(
        name="imports.missing_permission_is_red",
        file=f"{IMPORTERS}/permissions.py",
        before="if data_set.is_optional and not _was_read(job):",
        after="if False:",
        tests=(f"{TESTS}/test_left_out.py::test_the_role_of_the_guide_makes_no_run_red",),
    ),
    Mutant(
        name="imports.right_that_was_taken_away_goes_unnoticed",
        file=f"{IMPORTERS}/permissions.py",
        before="if data_set.is_optional and not _was_read(job):",
        after="if data_set.is_optional:",
        tests=(
            f"{TESTS}/test_left_out.py::"
            "test_what_could_be_read_before_and_no_longer_can_is_a_problem_until_it_can_again",
        ),
    ),
    Mutant(
        name="imports.two_warnings_of_a_record_count_as_one",
        file="integrations/services/import_problems.py",
        before='annotate(Count("pk"))',
        after='annotate(Count("remote_id", distinct=True))',
        tests=("tests/integrations/test_pages_import_problems.py::test_every_place_counts_what_has_to_be_fixed",),
    ),
    Mutant(
        name="imports.set_by_hand_stays_a_problem",
        file="integrations/services/import_problems.py",
        before="    return bool(getattr(record, field, None)) and field not in record.imported_fields\n",
        after="    return False\n",
        tests=(f"{PROBLEMS}::test_what_a_person_sets_on_the_supplier_is_no_problem_any_more",),
    ),
    Mutant(
        name="imports.set_by_hand_is_told_again",
        file=f"{IMPORTERS}/targets.py",
        before="WHERE n.field IS NULL OR coalesce(to_jsonb(c) ->> ('old_' || n.field), '') = ''",
        after="WHERE true OR coalesce(to_jsonb(c) ->> ('old_' || n.field), '') = ''",
        tests=(f"{PROBLEMS}::test_what_a_person_sets_on_the_supplier_is_no_problem_any_more",),
    ),
    Mutant(
        name="imports.kept_from_there_passes_for_set_here",
        file=f"{IMPORTERS}/targets.py",
        before="    OR n.field = ANY(c.old_imported_fields)\n",
        after="",
        tests=(f"{PROBLEMS}::test_a_value_from_there_that_is_kept_stays_a_problem",),
    ),
    Mutant(
        name="imports.parent_set_here_is_told_again",
        file=f"{IMPORTERS}/finishing.py",
        before=" AND NOT is_own\n",
        after="\n",
        tests=(f"{PROBLEMS}::test_a_parent_set_here_ends_the_warning_about_it",),
    ),
    Mutant(
        name="imports.rows_of_a_file_close_nothing",
        file="organization/reference/csv_import.py",
        before="rows_written.send(sender=self.resource.model, rows=[form.instance for form, _ in self.pending])",
        after="pass",
        tests=(f"{PROBLEMS}::test_what_comes_as_a_file_ends_warnings_as_a_page_does",),
    ),
    Mutant(
        name="imports.unreadable_data_sets_share_one_row",
        file=f"{IMPORTERS}/permissions.py",
        before='            "object_type": job.data_set,  # what tells it from that of another data set\n',
        after='            "object_type": "",\n',
        tests=(f"{TESTS}/test_left_out.py::test_each_data_set_that_cannot_be_read_any_more_is_a_problem_of_its_own",),
    ),
    Mutant(
        name="imports.lost_entity_is_not_noted",
        file="integrations/services/lost_entities.py",
        before="        if company in had\n",
        after="        if False\n",
        tests=(f"{LOST}::test_it_is_said_on_every_page_and_by_mail",),
    ),
    Mutant(
        name="imports.every_company_without_an_entity_is_lost",
        file="integrations/services/lost_entities.py",
        before="        if company in had\n",
        after="",
        tests=(f"{LOST}::test_a_company_that_never_had_one_is_not_lost",),
    ),
    Mutant(
        name="imports.lost_entity_of_a_foreign_company_is_told",
        file="integrations/services/lost_entities.py",
        before="shown = active if companies is None else active.filter(pk__in=companies)",
        after="shown = active",
        tests=(f"{LOST}::test_who_does_not_work_in_that_company_is_not_told_of_it",),
    ),
    Mutant(
        name="imports.lost_entity_is_mailed_each_time",
        file="integrations/sage_intacct/synchronize.py",
        before="    if set(connection.remote_facts[LOST]) - known_to_be_lost:\n",
        after="    if connection.remote_facts[LOST]:\n",
        tests=(f"{LOST}::test_it_is_told_once_more_after_a_day_and_not_with_every_synchronization",),
    ),
    Mutant(
        name="imports.stepper_stays_green_without_an_entity",
        file="templates/integrations/system_settings.html",
        before="{% elif entities.lost %}",
        after="{% elif False %}",
        tests=(f"{LOST}::test_it_is_said_on_every_page_and_by_mail",),
    ),
    Mutant(
        name="imports.no_entity_left_and_work_goes_on",
        file="integrations/sage_intacct/synchronize.py",
        before="            if connection.is_synchronized:  # what is known of its entities holds no more\n",
        after="            if False:\n",
        tests=(f"{LOST}::test_where_no_company_has_an_entity_any_more_the_connection_is_paused",),
    ),
    Mutant(
        name="imports.mails_and_pages_forget_the_own_name",
        file="integrations/registry.py",
        before='replace(each, own_name=own.get(each.key, ""))',
        after="each",
        tests=(f"{TESTS}/test_own_names.py::test_what_may_not_be_read_any_more_is_called_so_too",),
    ),
    Mutant(
        name="imports.history_learns_the_own_name_each_time",
        file="integrations/services/jobs.py",
        before='    return {"name": name} if name else {}\n',
        after="    return {}\n",
        tests=(f"{TESTS}/test_own_names.py::test_a_page_a_mail_and_the_history_call_it_the_same",),
    ),
    Mutant(
        name="imports.mail_hides_whose_problem_it_is",
        file="templates/integrations/mail/still_open.txt",
        before="{% if problem.company %} ({{ problem.company }}){% endif %}",
        after="",
        tests=("tests/integrations/test_pages_import_problems.py::test_every_place_counts_what_has_to_be_fixed",),
    ),
    Mutant(
        name="imports.own_name_of_what_is_left_out_is_forgotten",
        file=f"{IMPORTERS}/running.py",
        before="        _learn_name(job.connection, job.data_set, name)\n",
        after="        pass\n",
        tests=(f"{TESTS}/test_own_names.py::test_what_was_never_read_is_called_so_too_and_after_synchronizing",),
    ),
    Mutant(
        name="imports.synchronizing_forgets_own_names",
        file="integrations/sage_intacct/synchronize.py",
        before="{LOST: lost, OWN_NAMES: row.own_names}",
        after="{LOST: lost}",
        tests=(f"{TESTS}/test_own_names.py::test_what_was_never_read_is_called_so_too_and_after_synchronizing",),
    ),
    Mutant(
        name="imports.all_entities_are_named_to_clerks",
        file="integrations/services/hindrances.py",
        before="whys = [each.why for each in lost] if companies is None else []",
        after="whys = [each.why for each in lost]",
        tests=(f"{LOST}::test_who_does_not_work_in_that_company_is_not_told_of_it",),
    ),
    Mutant(
        name="imports.removed_entity_is_reminded_after_it_is_fixed",
        file="integrations/hindrance_mail.py",
        before="if connection is not None and unconnected(connection) and not _has_left(notice)",
        after="if connection is not None and not _has_left(notice)",
        tests=(f"{LOST}::test_it_is_said_no_more_once_it_is_fixed",),
    ),
]
