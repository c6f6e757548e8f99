"""What one account's credentials opened stays its own; what may not be claimed, sent or cancelled."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

TESTS = "tests/integrations/test_isolation.py"
SESSIONS = "integrations/sage_intacct/sessions.py"
SIGNING_IN = "integrations/sage_intacct/signing_in.py"
CONNECTIONS = "integrations/services/connections.py"

MUTANTS = [
    Mutant(
        name="isolation.session_key_without_connection",
        file=SESSIONS,
        before='f"intacct:sessions:{connection_id}"',
        after='"intacct:sessions"',
        tests=(f"{TESTS}::test_the_same_credentials_on_two_connections_open_two_sessions",),
    ),
    Mutant(
        name="isolation.session_key_without_password",
        file=SESSIONS,
        before="        credentials.user_password,\n",
        after="",
        tests=(f"{TESTS}::test_a_session_is_not_found_with_other_credentials",),
    ),
    Mutant(
        name="isolation.sessions_dropped_by_pattern",
        file=SESSIONS,
        before="self._redis.delete(self._key)",
        after='[self._redis.delete(key) for key in self._redis.scan_iter("intacct:sessions:*")]',
        tests=(f"{TESTS}::test_a_company_of_any_name_ends_no_other_accounts_session",),
    ),
    Mutant(
        name="isolation.import_claimed_unready",
        file="integrations/runner.py",
        before="if not jobs.may_run(job, connection):",
        after="if False:",
        tests=(f"{TESTS}::test_no_import_is_claimed_over_a_connection_that_is_not_ready",),
    ),
    Mutant(
        name="isolation.export_claimed_unready",
        file="integrations/services/outbox/claiming.py",
        before="Connection.objects.ready()",
        after="Connection.objects.all()",
        tests=(f"{TESTS}::test_no_export_item_is_claimed_over_a_connection_that_is_not_ready",),
    ),
    Mutant(
        name="isolation.readiness_read_without_lock",
        file="integrations/services/outbox/claiming.py",
        before='ready.select_for_update(no_key=True, of=("self",)).first()',
        after="ready.first()",
        tests=(f"{TESTS}::test_a_claim_waits_for_whoever_is_changing_the_connection",),
    ),
    Mutant(
        name="isolation.gate_by_typed_company",
        file="integrations/sage_intacct/gateway.py",
        before="connection.proven_company.casefold()",
        after="connection.remote_company.casefold()",
        tests=(f"{TESTS}::test_nobody_takes_the_slots_of_a_company_that_he_only_named",),
    ),
    Mutant(
        name="isolation.sign_ins_never_stop",
        file=SIGNING_IN,
        before="        connections.require_sign_in_allowed(row)\n",
        after="",
        tests=(f"{TESTS}::test_after_three_refused_sign_ins_no_more_are_sent",),
    ),
    Mutant(
        name="isolation.sign_ins_at_once",
        file=SIGNING_IN,
        before="with _one_at_a_time(self._connection.pk):",
        after="if True:",
        tests=(f"{TESTS}::test_workers_that_sign_in_at_once_are_refused_three_times_together",),
    ),
    Mutant(
        name="isolation.imports_outlive_their_credentials",
        file=CONNECTIONS,
        before="    jobs.cancel_for_new_credentials(row)\n",
        after="",
        tests=(f"{TESTS}::test_an_import_that_waits_never_runs_over_another_accounts_session",),
    ),
    Mutant(
        name="isolation.exports_follow_to_another_company",
        file=CONNECTIONS,
        before="    exports.cancel_for_another_company(connection, before)\n",
        after="",
        tests=(f"{TESTS}::test_another_company_there_ends_what_waits_but_not_what_was_perhaps_sent",),
    ),
    Mutant(
        name="isolation.what_was_sent_is_cancelled",
        file="integrations/services/export_cancel.py",
        before="items.filter(status=ItemStatus.QUEUED, was_sent=False)",
        after="items.filter(status__in=[ItemStatus.QUEUED, ItemStatus.UNKNOWN])",
        tests=(f"{TESTS}::test_another_company_there_ends_what_waits_but_not_what_was_perhaps_sent",),
    ),
    Mutant(
        name="isolation.linked_though_sent_elsewhere",
        file="integrations/services/outbox/ending.py",
        before="if item.was_sent and item.sent_to.casefold() != here.casefold():",
        after="if False:",
        tests=(
            "tests/integrations/test_export_services.py::test_what_is_known_here_is_told_before_anything_is_asked_there",
        ),
    ),
    Mutant(
        name="isolation.cache_key_without_account",
        file="integrations/views/export_check.py",
        before='f"account:{user.account_id}:export-check:',
        after='f"export-check:',
        tests=("tests/integrations/test_names_of_what_is_kept.py",),
    ),
    Mutant(
        name="pages.link_waits_for_the_gateway",
        file="integrations/views/exporting.py",
        before='linking.start_link(item, by=request.user, record_no=form.cleaned_data["record_no"])',
        after='__import__("integrations.runner").runner.run_job('
        'linking.start_link(item, by=request.user, record_no=form.cleaned_data["record_no"]).pk)',
        tests=("tests/integrations/test_held_gateway.py",),
    ),
]
