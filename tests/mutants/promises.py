"""Promises about isolation, sign-in, audit log and deployment that nothing else here breaks."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

ISOLATION = "tests/integrations/test_isolation.py"
AUDIT = "tests/organization/test_audit_of_people.py"
STEPS = "tests/organization/test_second_factors.py"
USERS = "tests/organization/test_users.py"
SESSIONS = "tests/organization/test_sessions.py"
DEPLOYMENT = "tests/planergy/test_deployment.py"
FOUR_EYES = "tests/invoices/test_four_eyes.py"
ASK = "tests/integrations/test_ask_support.py"
SIGNALS = "organization/audit/signals.py"
SETTINGS = "planergy/settings.py"

MUTANTS = [
    Mutant(
        name="isolation.session_key_without_sender",
        file="integrations/sage_intacct/sessions.py",
        before="        credentials.sender_id,\n        credentials.sender_password,\n",
        after="",
        tests=(f"{ISOLATION}::test_every_part_of_the_credentials_is_in_the_key_of_a_session",),
    ),
    Mutant(
        name="isolation.gate_by_spelling",
        file="integrations/sage_intacct/gateway.py",
        before="company = connection.proven_company.casefold()",
        after="company = connection.proven_company",
        tests=(f"{ISOLATION}::test_a_company_has_one_gate_however_it_is_spelled_and_whoever_proved_it",),
    ),
    Mutant(
        name="isolation.exports_end_with_a_new_password",
        file="integrations/services/connections.py",
        before="    jobs.cancel_for_new_credentials(row)\n",
        after="    jobs.cancel_for_new_credentials(row)\n"
        "    __import__('integrations.services.exports').services.exports.cancel_after_disabling(row)\n",
        tests=(f"{ISOLATION}::test_exports_outlive_a_new_password_and_go_on_after_synchronizing",),
    ),
    Mutant(
        name="sign_in.admin_has_one_of_its_own",
        file="planergy/admin.py",
        before="admin.site.login = secure_admin_login(admin.site.login)",
        after="admin.site.login = admin.site.login",
        tests=(f"{STEPS}::TestPagesOfSigningIn::test_the_admin_has_no_sign_in_of_its_own",),
    ),
    Mutant(
        name="sign_in.pages_that_are_not_ours",
        file="organization/sign_in_urls.py",
        before='    path("login/", account.login, name="account_login"),\n',
        after='    path("login/", account.login, name="account_login"),\n    path("email/", account.email),\n',
        tests=(f"{STEPS}::TestPagesOfSigningIn::test_what_is_not_ours_is_not_there",),
    ),
    Mutant(
        name="sign_in.changes_are_told_nobody",
        file="organization/adapters.py",
        before="self.send_mail(template_prefix, email or str(user.email), facts | (context or {}))",
        after="str(facts)",
        tests=("tests/organization/test_address_change.py::TestNotices",),
    ),
    Mutant(
        name="sign_in.a_second_step_may_be_left_out_by_default",
        file=SETTINGS,
        before='env.list("REQUIRE_SECOND_FACTOR", default=["owners", "support"])',
        after='env.list("REQUIRE_SECOND_FACTOR", default=[])',
        tests=(f"{DEPLOYMENT}::test_owners_and_support_must_have_a_second_step_unless_it_is_said_otherwise",),
    ),
    Mutant(
        name="invitation.address_stays_unconfirmed",
        file="organization/receivers.py",
        before="    address_change.mark_as_confirmed(user)\n",
        after="",
        tests=(f"{USERS}::TestInvitation::test_confirms_the_address",),
    ),
    Mutant(
        name="invitation.works_for_a_month",
        file=SETTINGS,
        before="INVITATION_SECONDS = 3 * 24 * 3600",
        after="INVITATION_SECONDS = 30 * 24 * 3600",
        tests=(f"{USERS}::TestInvitation::test_works_for_three_days",),
    ),
    Mutant(
        name="passwords.short_ones_will_do",
        file=SETTINGS,
        before='{"min_length": 12}',
        after='{"min_length": 8}',
        tests=(f"{SESSIONS}::test_short_common_and_numeric_passwords_are_refused",),
    ),
    Mutant(
        name="passwords.common_ones_will_do",
        file=SETTINGS,
        before='        ("CommonPasswordValidator", {}),\n',
        after="",
        tests=(f"{SESSIONS}::test_short_common_and_numeric_passwords_are_refused",),
    ),
    Mutant(
        name="sessions.everywhere_leaves_the_others",
        file="organization/views.py",
        before='    sessions.end(request.user, reason="Signed out everywhere from My details.")\n',
        after="",
        tests=(f"{SESSIONS}::test_one_signs_out_everywhere",),
    ),
    Mutant(
        name="addresses.forwarded_scheme_is_believed_without_a_proxy",
        file=SETTINGS,
        before='("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY_COUNT > 0 else None',
        after='("HTTP_X_FORWARDED_PROTO", "https")',
        tests=(f"{DEPLOYMENT}::test_forwarded_headers_are_believed_only_behind_a_proxy",),
    ),
    Mutant(
        name="four_eyes.coding_never_counts",
        file="invoices/services/entry.py",
        before="counts_coding = by.account is not None and by.account.coding_makes_author",
        after="counts_coding = False",
        tests=(f"{FOUR_EYES}::test_coding_counts_where_the_account_says_so",),
    ),
    *(
        Mutant(name=f"audit.{name}_untold", file=file, before=before, after=after, tests=(f"{AUDIT}::{test}",))
        for name, file, before, after, test in (
            (
                "sign_in",
                SIGNALS,
                "    _hear(user_logged_in, AuditAction.SIGNED_IN)\n",
                "",
                "test_signing_in_names_the_person_and_the_address",
            ),
            (
                "refused_sign_in",
                SIGNALS,
                '    user_login_failed.connect(_sign_in_failed, dispatch_uid="audit_sign_in_failed")\n',
                "",
                "test_a_refused_sign_in_tells_the_typed_address_and_no_password",
            ),
            (
                "second_step",
                SIGNALS,
                "    _hear(mfa.authenticator_added, AuditAction.SECOND_FACTOR_ADDED)\n",
                "",
                "test_passwords_and_second_factors",
            ),
            (
                "reset_password",
                SIGNALS,
                "    _hear(password_reset, AuditAction.PASSWORD_RESET)\n",
                "",
                "test_a_password_chosen_by_a_link",
            ),
            (
                "role_and_limit",
                "organization/reference/resource.py",
                "        if is_new or changes:\n",
                "        if False:\n",
                "test_users_roles_permissions_and_limits",
            ),
            (
                "list_download",
                "organization/audit/__init__.py",
                "    return record(action, account=by.account, actor=by, changes=told)\n",
                "    return AuditEntry(account=by.account, changes=told)\n",
                "test_a_list_that_leaves_as_a_file",
            ),
            (
                "switch_of_support",
                "integrations/admin.py",
                "changes.record(obj, AuditAction.INTEGRATION_SWITCHED, by=request.user, changes=switched)",
                "pass",
                "test_what_support_switches_in_the_admin",
            ),
            (
                "undone_posting",
                "invoices/services/posting.py",
                "        AuditAction.POSTING_UNDONE,\n",
                "        AuditAction.INVOICE_CHANGED,\n",
                "test_an_undone_posting_and_one_settled_by_hand",
            ),
        )
    ),
    Mutant(
        name="audit.money_untold",
        file="invoices/services/entry.py",
        before="        audit.record(AuditAction.INVOICE_CHANGED,",
        after="        (lambda *args, **kwargs: None)(AuditAction.INVOICE_CHANGED,",
        tests=(f"{FOUR_EYES}::test_the_activity_tells_old_and_new_and_nobody_deletes_it",),
    ),
    Mutant(
        name="documents.partial_uploads_stay",
        file="invoices/services/sweeping.py",
        before="        path.unlink(missing_ok=True)\n    return len(stale)\n",
        after="        pass\n    return len(stale)\n",
        tests=("tests/invoices/test_documents.py::test_partial_uploads_are_swept_after_a_day",),
    ),
    Mutant(
        name="pages.powers_of_the_browser",
        file="planergy/page_headers.py",
        before='        response["Permissions-Policy"] = PERMISSIONS_POLICY\n',
        after="",
        tests=("tests/planergy/test_page_headers.py::test_so_do_pages_for_strangers",),
    ),
    Mutant(
        name="pins.a_pin_without_a_wheel_passes",
        file="tools/wheels.py",
        before="    return 0 if is_complete else 1\n",
        after="    return 0\n",
        tests=("tests/planergy/test_pins.py::TestWheels",),
    ),
    Mutant(
        name="deployment.cookies_over_http",
        file=SETTINGS,
        before="SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS",
        after="SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False",
        tests=(f"{DEPLOYMENT}::test_djangos_check_of_a_deployment_finds_nothing",),
    ),
    Mutant(
        name="ends.secret_copied_from_a_request",
        file="integrations/services/questions.py",
        before="kept = plain = html.unescape(text)",
        after="kept = plain = text",
        tests=(f"{ASK}::test_no_stored_secret_leaves_however_it_was_copied",),
    ),
    Mutant(
        name="ends.secret_with_letters_that_nobody_sees",
        file="integrations/services/questions.py",
        before='if unicodedata.category(letter) != "Cf"',
        after="if letter",
        tests=(f"{ASK}::test_no_stored_secret_leaves_however_it_was_copied",),
        also=(f"{ASK}::test_what_looks_like_a_secret_is_taken_out",),
    ),
    Mutant(
        name="isolation.history_says_no_reason",
        file="integrations/services/jobs.py",
        before='_cancel(_imports(connection), "New credentials were saved", advice=SYNCHRONIZE_AGAIN)',
        after='_cancel(_imports(connection), "Cancelled", advice="")',
        tests=(f"{ISOLATION}::test_an_import_that_waits_never_runs_over_another_accounts_session",),
    ),
    Mutant(
        name="audit.use_of_credentials_untold",
        file="integrations/sage_intacct/signing_in.py",
        before='self._record(AuditAction.REMOTE_SIGN_IN, "")',
        after="pass",
        tests=(f"{ISOLATION}::test_a_sign_in_that_works_is_in_the_audit_log",),
    ),
    Mutant(
        name="audit.refused_credentials_untold",
        file="integrations/sage_intacct/signing_in.py",
        before="self._record(AuditAction.REMOTE_SIGN_IN_REFUSED, verdict.message)",
        after="pass",
        tests=(f"{ISOLATION}::test_after_three_refused_sign_ins_no_more_are_sent",),
    ),
    Mutant(
        name="audit.kept_for_a_time_of_its_own",
        file="organization/audit/retention.py",
        before="days=settings.AUDIT_RETENTION_DAYS",
        after="days=3650",
        tests=(
            "tests/organization/test_audit_chain.py::test_what_is_older_than_the_retention_goes_and_leaves_a_checkpoint",
        ),
    ),
    Mutant(
        name="pages.synchronize_waits_for_the_gateway",
        file="integrations/views/system_settings.py",
        before="jobs.start_synchronize(connection, by=request.user)",
        after='__import__("integrations.runner").runner.run_job('
        "jobs.start_synchronize(connection, by=request.user).pk)",
        tests=("tests/integrations/test_held_gateway.py",),
    ),
    Mutant(
        name="masking.answers_kept_as_they_came",
        file="integrations/sage_intacct/client/exchange.py",
        before="return mask_values(mask_xml(_FILE_TEXT.sub(_mask_file, text), secrets), secrets) + cut + size",
        after="return text + cut + size",
        tests=("tests/integrations/test_nothing_leaks.py",),
    ),
    Mutant(
        name="demo.asks_for_a_second_step",
        file="planergy/demo_supervisor.py",
        before='"REQUIRE_SECOND_FACTOR": "",',
        after='"REQUIRE_SECOND_FACTOR": "owners",',
        tests=("tests/planergy/test_demo_supervisor.py::test_every_process_talks_to_the_sandbox",),
    ),
    Mutant(
        name="demo.needs_the_wheel_of_redis",
        file="planergy/embedded_binaries.py",
        before='candidates += [shutil.which("valkey-server"), shutil.which("redis-server")]',
        after="",
        tests=("tests/planergy/test_embedded.py::test_a_server_of_the_system_serves_where_the_wheel_is_missing",),
    ),
    Mutant(
        name="pins.without_a_hash_pass",
        file="tools/lock.py",
        before="for pin in locked if not pin.hashes",
        after="for pin in locked if not pin",
        tests=("tests/planergy/test_pins.py::test_a_pin_without_a_hash_is_noticed",),
    ),
]
