"""The audit log, and four eyes."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

CHAIN = "tests/organization/test_audit_chain.py"
PEOPLE = "tests/organization/test_audit_of_people.py"
FOUR_EYES = "tests/invoices/test_four_eyes.py"

MUTANTS = [
    Mutant(
        name="audit.trigger_dropped",
        file="organization/migrations/0005_audit_triggers.py",
        before="""CREATE TRIGGER audit_entry_delete BEFORE DELETE ON organization_auditentry
    FOR EACH ROW EXECUTE FUNCTION organization_audit_delete();
""",
        after="",
        tests=(f"{CHAIN}::test_postgresql_refuses_to_change_or_delete_what_was_written",),
    ),
    Mutant(
        name="audit.checkpoint_covers_everything",
        file="organization/migrations/0005_audit_triggers.py",
        before="\n                 AND through_id >= OLD.id",
        after="",
        tests=(f"{CHAIN}::test_nothing_goes_that_a_checkpoint_does_not_cover",),
    ),
    Mutant(
        name="audit.seal_ignores_a_field",
        file="organization/audit/sealing.py",
        before='if value not in (None, "", {})',
        after='if value not in (None, "", {}) and name != "address"',
        tests=(f"{CHAIN}::test_a_change_of_any_column_is_found",),
    ),
    Mutant(
        name="audit.late_commit_left_out",
        file="organization/audit/sealing.py",
        before="return int(drawn if announced is None else min(drawn, announced))",
        after="return int(drawn)",
        tests=(f"{CHAIN}::test_an_entry_that_commits_late_is_sealed_all_the_same_and_nobody_waits",),
    ),
    Mutant(
        name="audit.chains_not_woven",
        file="organization/audit/verification.py",
        before="seal.before_hash != walk.before_hash or ",
        after="",
        tests=(f"{CHAIN}::test_an_end_cut_off_with_its_seal_is_found",),
    ),
    Mutant(
        name="audit.erase_without_checkpoint",
        file="organization/audit/retention.py",
        before="    checkpoint = remove_entries(account.pk, through_id=through, by=by, reason=reason, now=now)\n",
        after="    checkpoint = None\n",
        tests=(f"{CHAIN}::test_an_erased_account_leaves_its_chain_and_who_erased_it",),
    ),
    Mutant(
        name="audit.page_shows_other_accounts",
        file="organization/audit/views.py",
        before="AuditEntry.objects.for_account(request.user.account)",
        after="AuditEntry.objects.all()",
        tests=("tests/organization/test_audit_page.py::test_two_accounts_never_see_each_others_entries",),
    ),
    Mutant(
        name="audit.page_for_everybody",
        file="organization/permissions.py",
        before="""def can_read_audit_log(user: User) -> bool:
    return user.is_active and user.is_account_owner
""",
        after="""def can_read_audit_log(user: User) -> bool:
    return user.is_active
""",
        tests=("tests/organization/test_audit_page.py::test_is_the_owners_alone",),
    ),
    Mutant(
        name="audit.typed_password_told",
        file="organization/audit/signals.py",
        before='shown = typed if "@" in typed else "(no e-mail address)"',
        after="shown = typed",
        tests=(f"{PEOPLE}::test_what_is_typed_in_the_admins_name_field_and_is_no_address_is_not_told",),
    ),
    Mutant(
        name="audit.credentials_untold",
        file="integrations/services/connections.py",
        before="    changes.record(row, AuditAction.CREDENTIALS_SAVED,",
        after="    dict(action=AuditAction.CREDENTIALS_SAVED,",
        tests=(f"{PEOPLE}::test_setting_up_credentials_and_disabling",),
    ),
    Mutant(
        name="audit.document_download_untold",
        file="invoices/views/documents.py",
        before='    file = document.file.open("rb")\n    _tell_of_download(document)\n',
        after='    file = document.file.open("rb")\n',
        tests=(f"{PEOPLE}::test_a_document_that_is_downloaded_but_not_what_is_refused",),
    ),
    Mutant(
        name="audit.tax_number_unmasked",
        file="organization/audit/changes.py",
        before='return f"•••• {text[-4:]}" if len(text) > 7 else "••••"',
        after="return text",
        tests=(f"{PEOPLE}::test_companies_rules_rates_and_suppliers",),
    ),
    Mutant(
        name="four_eyes.only_the_last_editor_counts",
        file="invoices/services/authors.py",
        before="    InvoiceAuthor.objects.create(invoice=invoice, user=by, deed=deed)\n",
        after="    invoice.authors.all().delete()\n"
        "    InvoiceAuthor.objects.create(invoice=invoice, user=by, deed=deed)\n",
        tests=(f"{FOUR_EYES}::test_everybody_who_changed_money_or_submitted_is_an_author_not_only_the_last",),
    ),
    Mutant(
        name="four_eyes.authors_not_asked_in_any_path",
        file="invoices/querysets.py",
        before="return Q(created_by=user) | Q(Exists(open_rows))",
        after="return Q(created_by=user)",
        tests=(f"{FOUR_EYES}::test_no_way_leads_round_it",),
    ),
    Mutant(
        name="four_eyes.sent_to_an_author",
        file="invoices/services/authorization.py",
        before="else able.exclude(pk__in=authors.author_ids(invoice))",
        after="else able.exclude(pk=invoice.created_by_id)",
        tests=(f"{FOUR_EYES}::test_no_way_leads_round_it",),
    ),
    Mutant(
        name="limits.without_currency",
        file="invoices/querysets.py",
        before="in_same = Q(currency__code=grant.limit_currency, total__lte=limit, total__gte=-limit)",
        after="in_same = Q(total__lte=limit, total__gte=-limit)",
        tests=(f"{FOUR_EYES}::test_without_a_rate_nothing_passes_and_the_reason_is_told",),
    ),
    Mutant(
        name="limits.rule_without_currency",
        file="invoices/models.py",
        before="total = invoice.total_in(invoice.company.base_currency)",
        after="total = invoice.total",
        tests=(f"{FOUR_EYES}::test_a_rules_bounds_are_in_the_companys_currency",),
    ),
    Mutant(
        name="invoices.activity_deletable",
        file="invoices/migrations/0010_activity_stays.py",
        before="""CREATE TRIGGER activity_delete BEFORE DELETE ON invoices_activity
    FOR EACH ROW EXECUTE FUNCTION invoices_activity_delete();
""",
        after="",
        tests=(f"{FOUR_EYES}::test_the_activity_tells_old_and_new_and_nobody_deletes_it",),
    ),
    Mutant(
        name="audit.support_person_added_unseen",
        file="organization/models.py",
        before="        audit.record(AuditAction.SUPPORT_ADDED, account=None, target=user, reason=audit.BY_COMMAND)\n",
        after="",
        tests=("tests/organization/test_audit_of_people.py::TestByCommand",),
    ),
    Mutant(
        name="audit.password_changed_by_command_unseen",
        file="organization/management/commands/changepassword.py",
        before="        audit.record(",
        after="        (lambda *told, **more: None)(",
        tests=("tests/organization/test_audit_of_people.py::TestByCommand",),
    ),
]
