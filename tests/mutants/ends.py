"""Near misses and dead ends: entities by hand, the history of what is off, the mapping, asking support."""

from __future__ import annotations

from tests.mutants.mutant import Change, Mutant

ENTITIES = "tests/integrations/test_entities.py"
ELSEWHERE = "tests/integrations/test_another_entity.py"
CHANGES = "tests/integrations/test_changes_in_history.py"
SUPPORT = "tests/integrations/test_ask_support.py"
MAP = "tests/integrations/sage_intacct/test_field_map.py"
LINKS = "tests/integrations/sage_intacct/test_record_links.py"
REJECTION = "tests/invoices/test_rejection_banner.py"
MUTANTS = [
    Mutant(
        name="ends.sent_again_to_another_entity",
        file="integrations/models/outbox.py",
        before="(is_company and self.sent_entity in (None, entity_id))",
        after="is_company",
        tests=(f"{ELSEWHERE}::test_what_was_perhaps_sent_to_the_old_entity_is_not_sent_to_the_new_one",),
        also=(f"{ELSEWHERE}::test_a_bill_of_the_new_entity_cannot_be_taken_for_it",),
    ),
    Mutant(
        name="ends.the_entity_that_it_went_to_is_not_kept",
        file="integrations/services/outbox/claiming.py",
        before="                sent_entity=sent_entity,\n",
        after="",
        tests=(f"{ELSEWHERE}::test_what_was_perhaps_sent_to_the_old_entity_is_not_sent_to_the_new_one",),
    ),
    Mutant(
        name="ends.entity_chosen_while_under_way",
        file="integrations/services/entities.py",
        before="    _require_nothing_under_way(row, company, entity_id)\n",
        after="",
        tests=(f"{ENTITIES}::test_what_may_be_under_way_to_the_old_entity_holds_the_choice_back",),
    ),
    Mutant(
        name="ends.entity_of_two_companies",
        file="integrations/services/entities.py",
        before="    if taken is not None:\n",
        after="    if taken is None and False:\n",
        tests=(f"{ENTITIES}::test_an_entity_belongs_to_one_company",),
    ),
    Mutant(
        name="ends.choice_lost_when_synchronized",
        file="integrations/sage_intacct/synchronize.py",
        before="match_companies(row.account.companies.active(), remote, choices(row))",
        after="match_companies(row.account.companies.active(), remote)",
        tests=(f"{ENTITIES}::test_a_choice_is_linked_and_stays_when_synchronized_again",),
    ),
    Mutant(
        name="ends.choice_of_another_company_file",
        file="integrations/services/entities.py",
        before="connection.entity_choices.filter(remote_company__iexact=connection.remote_company)\n",
        after="connection.entity_choices.all()\n",
        tests=(f"{ENTITIES}::test_a_choice_counts_for_the_company_file_that_it_was_made_for",),
    ),
    Mutant(
        name="ends.no_did_you_mean",
        file="integrations/services/entities.py",
        before="NEAR = 0.75",
        after="NEAR = 1.0",
        tests=(f"{ENTITIES}::test_a_name_that_differs_by_a_letter_gets_did_you_mean",),
    ),
    Mutant(
        name="ends.every_name_is_near",
        file="integrations/services/entities.py",
        before="NEAR = 0.75",
        after="NEAR = 0.0",
        tests=(f"{ENTITIES}::test_another_name_gets_no_did_you_mean",),
    ),
    Mutant(
        name="ends.history_gone_while_disabled",
        file="integrations/views/access.py",
        before=" = Job.objects.for_account(user.account)\n",
        after=" = Job.objects.for_account(user.account).filter(connection__is_enabled=True)\n",
        tests=(f"{CHANGES}::test_the_history_is_readable_while_disabled",),
    ),
    Mutant(
        name="ends.runs_acted_on_while_disabled",
        file="integrations/views/access.py",
        before="    if not job.connection.is_enabled:\n",
        after="    if job.connection.is_enabled is None:\n",
        tests=(
            "tests/integrations/test_permissions_integrations.py::test_while_disabled_there_are_only_setup_and_the_history",
        ),
    ),
    Mutant(
        name="ends.switch_of_support_not_in_the_history",
        file="integrations/services/changes.py",
        before="    job = Job.objects.create(\n",
        after="    job = Job(\n",
        tests=(f"{CHANGES}::test_a_switch_of_supports_is_an_entry",),
        more=(Change("integrations/services/changes.py", "    if told:\n", "    if not job:\n"),),
    ),
    Mutant(
        name="ends.secret_in_a_question",
        file="integrations/services/questions.py",
        before="    for value in sorted(_stored_secrets(by), key=len, reverse=True):\n",
        after="    for value in ():\n",
        tests=(f"{SUPPORT}::test_no_stored_secret_leaves",),
        also=(f"{SUPPORT}::test_the_runs_own_words_hold_none_either",),
    ),
    Mutant(
        name="ends.typed_password_in_a_question",
        file="integrations/services/questions.py",
        before='_without_stored(_NAMED.sub(rf"\\g<name>\\g<between>{MASK}", text), by)',
        after="_without_stored(text, by)",
        tests=(f"{SUPPORT}::test_what_looks_like_a_secret_is_taken_out",),
    ),
    Mutant(
        name="ends.page_with_a_key_attached",
        file="integrations/services/questions.py",
        before='    return "" if "token" in match.kwargs else path[:300]',
        after="    return path[:300]",
        tests=(f"{SUPPORT}::test_only_pages_of_ours_that_hold_no_key_are_attached",),
    ),
    Mutant(
        name="ends.run_of_another_account_attached",
        file="integrations/views/support.py",
        before="            return Batch([job_or_404(request.user, int(key))])",
        after="            return Batch(list(Job.objects.filter(pk=int(key))))",
        more=(
            Change(
                "integrations/views/support.py",
                "from organization.models import User\n",
                "from integrations.models import Job\nfrom organization.models import User\n",
            ),
        ),
        tests=(f"{SUPPORT}::test_a_run_of_another_account_is_not_attached",),
    ),
    Mutant(
        name="ends.questions_without_end",
        file="integrations/services/questions.py",
        before="    _require_patience(by)\n",
        after="",
        tests=(f"{SUPPORT}::test_a_person_is_not_heard_endlessly",),
    ),
    Mutant(
        name="ends.field_read_that_no_row_names",
        file="integrations/sage_intacct/mappers/suppliers.py",
        before='        "is_on_hold": flag(vendor, "ONHOLD"),',
        after='        "is_on_hold": flag(vendor, "ONHOLD") or bool(get("TAXID")),',
        tests=(f"{MAP}::test_an_import_reads_and_writes_what_it_declares",),
    ),
    Mutant(
        name="ends.bill_made_of_what_no_row_names",
        file="integrations/sage_intacct/mappers/bills.py",
        before="lambda one, _: one.po_number or None",
        after="lambda one, _: one.po_number or one.number or None",
        tests=(f"{MAP}::test_what_is_sent_is_made_of_what_the_row_names",),
    ),
    Mutant(
        name="ends.link_to_any_port_of_this_machine",
        file="integrations/sage_intacct/record_links.py",
        before=" and urlsplit(address).port == gateway.port",
        after="",
        tests=(LINKS,),
    ),
    Mutant(
        name="ends.rejection_outlives_its_answer",
        file="invoices/services/rejections.py",
        before="    if last is None or last.kind != REJECTED:\n",
        after="    if last is None:\n",
        tests=(f"{REJECTION}::test_an_invoice_taken_back_after_it_was_submitted_again_is_answered",),
    ),
    Mutant(
        name="ends.imported_before_every_company_is",
        file="integrations/services/jobs.py",
        before="    return bool(companies) and read.count() == len(companies) * len(needed)",
        after="    return read.exists()",
        tests=("tests/integrations/test_pages_integrations.py::test_the_steps_end_with_data_imported",),
    ),
]
