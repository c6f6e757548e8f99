"""Nothing imported twice, nothing missed, no work of another worker overwritten."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

RUNNER = "integrations/runner.py"
READING = "integrations/sage_intacct/importers/reading.py"
JOBS = "tests/integrations/test_jobs.py"
CHANGES = "tests/integrations/sage_intacct/importers/test_changes.py"
TROUBLE = "tests/integrations/sage_intacct/importers/test_trouble.py"
COMPLETENESS = "tests/integrations/sage_intacct/importers/test_completeness.py"

MUTANTS = [
    Mutant(
        name="jobs.two_workers_at_one",
        file=RUNNER,
        before="or any(_is_held(each) for each in group)",
        after="or False",
        tests=(f"{JOBS}::test_nobody_claims_what_another_worker_holds",),
    ),
    Mutant(
        name="jobs.a_worker_that_was_taken_over_ends_it",
        file=RUNNER,
        before="        held = Job.objects.filter(pk=job.pk, claim=job.claim, status",
        after="        held = Job.objects.filter(pk=job.pk, status",
        tests=(f"{JOBS}::test_a_worker_that_was_taken_over_writes_nothing_more",),
    ),
    Mutant(
        name="jobs.a_killed_worker_is_mourned_for_ever",
        file=RUNNER,
        before=" | Q(heartbeat_at__lt=now - GONE_AFTER)\n",
        after="\n",
        tests=(f"{JOBS}::test_the_sweep_wakes_what_lost_its_message_or_its_worker",),
    ),
    Mutant(
        name="imports.the_watermark_has_no_overlap",
        file=READING,
        before="    since = values.in_zone(watermark - OVERLAP, offset)\n",
        after="    since = values.in_zone(watermark, offset)\n",
        tests=(f"{CHANGES}::test_what_changed_while_the_last_import_ran_is_read",),
    ),
    Mutant(
        name="imports.the_watermark_ignores_the_users_zone",
        file=READING,
        before="    since = values.in_zone(watermark - OVERLAP, offset)\n",
        after="    since = values.in_zone(watermark - OVERLAP, datetime.resolution * 0)\n",
        tests=(f"{CHANGES}::test_the_zone_of_the_api_user_moves_no_change_out_of_sight",),
    ),
    Mutant(
        name="imports.a_page_that_comes_again_counts_again",
        file=READING,
        before="        for key in numbers:\n            if key <= after:\n                del records[key]\n",
        after="",
        tests=(f"{TROUBLE}::test_a_page_that_begins_with_the_end_of_the_one_before_counts_nothing_again",),
    ),
    Mutant(
        name="imports.a_page_that_does_not_lead_on_is_taken",
        file=READING,
        before=" if leads_on else None\n",
        after="\n",
        tests=(f"{TROUBLE}::test_a_page_that_leads_nowhere_ends_the_read",),
    ),
    Mutant(
        name="imports.nothing_visible_makes_all_inactive",
        file="integrations/sage_intacct/importers/removing.py",
        before='    if total == 0 and after == 0 and source.record_field != "id":\n',
        after="    if False:\n",
        tests=(f"{CHANGES}::test_when_nothing_is_shown_nothing_is_made_inactive",),
    ),
    Mutant(
        name="imports.what_is_missing_is_gone_without_asking",
        file="integrations/sage_intacct/importers/removing.py",
        before="        there = set(_still_there(source, client, numbers)) if numbers else set()\n",
        after="        there = set()\n",
        tests=(f"{CHANGES}::test_a_full_import_finds_what_is_gone_and_asks_before_it_believes", COMPLETENESS),
    ),
    Mutant(
        name="imports.look_alike_codes_without_a_word",
        file="integrations/sage_intacct/importers/look_alikes.py",
        before='    return "code_folded" in source.target.derived_names\n',
        after="    return False\n",
        tests=("tests/integrations/sage_intacct/importers/test_look_alikes.py",),
    ),
    Mutant(
        name="imports.look_alike_codes_forgotten_by_the_next_read",
        file="integrations/sage_intacct/importers/problems.py",
        before="p.code NOT IN ('{NO_PARENT}', '{LOOK_ALIKE}')",
        after="p.code <> '{NO_PARENT}'",
        tests=(
            "tests/integrations/sage_intacct/importers/test_look_alikes.py"
            "::test_it_stays_open_until_one_is_renamed_or_inactive",
        ),
    ),
]
