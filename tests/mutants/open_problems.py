"""Imports: what stands open stays told, and what a person set here stays."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

IMPORTERS = "integrations/sage_intacct/importers"
TESTS = "tests/integrations/sage_intacct/importers"

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
        name="imports.a_record_counts_once_for_all_companies",
        file="integrations/services/import_problems.py",
        before='annotate(Count("pk"))',
        after='annotate(Count("remote_id", distinct=True))',
        tests=("tests/integrations/test_pages_import_problems.py::test_every_place_counts_what_the_list_shows",),
    ),
]
