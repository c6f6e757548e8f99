"""Who may do what, and who must not decide alone."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

RULES = "organization/permissions.py"
QUERIES = "invoices/querysets.py"
DECISIONS = "invoices/services/authorization.py"
SCOPES = "tests/planergy/test_scopes.py"
EVERY_URL = "tests/planergy/test_every_url.py"
INTEGRATIONS = "tests/integrations/test_permissions_integrations.py"
REFERENCE = "tests/organization/test_reference_pages.py"
USERS = "tests/organization/test_users.py"
MAIL = "tests/invoices/test_rules_and_mail.py"

MUTANTS = [
    Mutant(
        name="permissions.integrations_for_everybody",
        file=RULES,
        before="manage_integrations(user: User) -> bool:\n    return user.is_active and user.is_account_owner\n",
        after="manage_integrations(user: User) -> bool:\n    return user.is_active\n",
        tests=(f"{INTEGRATIONS}::test_for_colleagues_integrations_do_not_exist",),
    ),
    Mutant(
        name="permissions.organization_for_everybody",
        file=RULES,
        before="user.account_id and user.role and (user.role.is_account_owner or user.role.can_manage_organization)\n",
        after="user.account_id and user.role\n",
        tests=(f"{USERS}::TestInvitation::test_is_not_for_a_colleague_or_outsider_to_send",),
    ),
    Mutant(
        name="permissions.reference_data_managed_by_everybody",
        file=RULES,
        before="    return _reference_access(user) == ReferenceAccess.MANAGE\n",
        after="    return _reference_access(user) != ReferenceAccess.NONE\n",
        tests=(f"{REFERENCE}::TestEveryResource::test_lets_reporters_change_nothing",),
    ),
    Mutant(
        name="permissions.reference_data_seen_by_everybody",
        file=RULES,
        before="    return _reference_access(user) != ReferenceAccess.NONE\n",
        after="    return True\n",
        tests=(f"{EVERY_URL}::test_the_admin_is_for_support_only",),
    ),
    Mutant(
        name="permissions.invoices_seen_by_everybody",
        file=RULES,
        before="    return visibility_of(user).is_any\n",
        after="    return True\n",
        tests=(f"{EVERY_URL}::test_the_admin_is_for_support_only",),
    ),
    Mutant(
        name="permissions.pages_open_to_everybody",
        file=RULES,
        before="            if not check(request.user):",
        after="            if False:",
        tests=(f"{EVERY_URL}::test_the_admin_is_for_support_only",),
    ),
    Mutant(
        name="permissions.roles_mean_nothing",
        file=RULES,
        before="    if user.is_account_owner:\n        return Grant(Scope.ALL)\n",
        after="    if user.account_id:\n        return Grant(Scope.ALL)\n",
        tests=(f"{SCOPES}::test_lists_and_files_hold_what_is_visible",),
    ),
    Mutant(
        name="permissions.the_archived_keep_their_rights",
        file=RULES,
        before="    if not (user.is_active and user.account_id):\n        return NOTHING\n",
        after="    if not user.account_id:\n        return NOTHING\n",
        tests=("tests/organization/test_permissions.py",),
    ),
    Mutant(
        name="permissions.ones_own_reach",
        file=RULES,
        before="    return user.is_account_owner or user != other\n",
        after="    return True\n",
        tests=(f"{USERS}::TestOnesOwnReach",),
    ),
    Mutant(
        name="permissions.ones_own_role",
        file=RULES,
        before="    return user.is_account_owner or not (role.is_account_owner or role.pk == user.role_id)\n",
        after="    return True\n",
        tests=(f"{USERS}::TestOnesOwnReach",),
    ),
    Mutant(
        name="accounts.rows_of_all_accounts",
        file="organization/querysets.py",
        before="        return self.filter(**{self.account_path: account})\n",
        after="        return self.all()\n",
        tests=(f"{EVERY_URL}::test_another_accounts_owner_finds_nothing_under_an_id",),
    ),
    Mutant(
        name="accounts.a_limit_to_companies_is_ignored_for_reference_data",
        file="organization/querysets.py",
        before="company_ids = user.limited_company_ids if self.company_path else None\n",
        after="company_ids = None\n",
        tests=(
            f"{USERS}::TestRolesAndPeople::test_who_is_limited_to_companies_opens_no_others",
            REFERENCE,
        ),
    ),
    Mutant(
        name="accounts.a_limit_to_companies_is_ignored_for_what_is_shared",
        file="organization/querysets.py",
        before="rows if company_ids is None else rows.filter(Q(company=None) | Q(company__in=company_ids))\n",
        after="rows\n",
        tests=("tests/organization/test_permissions.py",),
    ),
    Mutant(
        name="accounts.a_limit_to_companies_is_ignored_for_invoices",
        file=QUERIES,
        before="        return rows if company_ids is None else rows.filter(company__in=company_ids)\n",
        after="        return rows\n",
        tests=(f"{SCOPES}::test_who_is_limited_to_a_company_sees_nothing_of_others",),
    ),
    Mutant(
        name="accounts.runs_of_others_are_shown",
        file="integrations/views/access.py",
        before="jobs.filter(connection__is_enabled=True, requested_by=user, kind__in=kinds)",
        after="jobs.filter(connection__is_enabled=True, kind__in=kinds)",
        tests=(f"{INTEGRATIONS}::test_for_colleagues_integrations_do_not_exist",),
    ),
    Mutant(
        name="invoices.visible_without_permission",
        file=QUERIES,
        before="rows if grant.scope == Scope.ALL else rows.filter(within(grant, user) | Q(next_approver=user))\n",
        after="rows\n",
        tests=(f"{SCOPES}::test_lists_and_files_hold_what_is_visible",),
    ),
    Mutant(
        name="invoices.administered_without_permission",
        file=QUERIES,
        before="        return self.visible_to(user).filter(within(administration_of(user), user))\n",
        after="        return self.visible_to(user)\n",
        tests=(f"{SCOPES}::test_editing_and_submitting_reach_what_is_administered",),
    ),
    Mutant(
        name="invoices.exported_without_permission",
        file="integrations/views/access.py",
        before="    return Invoice.objects.administrable_by(user)\n",
        after="    return Invoice.objects.visible_to(user)\n",
        tests=(f"{SCOPES}::test_exports_take_what_is_administered",),
    ),
    Mutant(
        name="invoices.documents_of_all",
        file="invoices/views/documents.py",
        before='    visible = Invoice.objects.visible_to(request.user).values("pk")',
        after='    visible = Invoice.objects.values("pk")',
        tests=(f"{SCOPES}::test_pages_and_documents_are_those_of_visible_invoices",),
    ),
    Mutant(
        name="invoices.submitted_by_everybody",
        file=DECISIONS,
        before="    if not Invoice.objects.administrable_by(by).filter(pk=locked.pk).exists():\n",
        after="    if False:\n",
        tests=(f"{SCOPES}::test_editing_and_submitting_reach_what_is_administered",),
    ),
    Mutant(
        name="invoices.decided_by_everybody",
        file=DECISIONS,
        before="    if Invoice.objects.authorizable_by(by).filter(pk=locked.pk).exists():\n",
        after="    if Invoice.objects.visible_to(by).filter(pk=locked.pk).exists():\n",
        tests=(f"{SCOPES}::test_decisions_reach_what_may_be_authorised_but_never_ones_own",),
    ),
    Mutant(
        name="four_eyes.edited_after_it_was_looked_at",
        file=DECISIONS,
        before="    if version is not None and version != invoice.version:\n",
        after="    if False:\n",
        tests=(f"{MAIL}::test_nobody_authorises_what_was_edited_behind_their_back",),
    ),
    Mutant(
        name="limits.asked_above_the_limit",
        file=DECISIONS,
        before="    able = people.filter(owner | (granted & within), company).distinct()\n",
        after="    able = people.filter(owner | granted, company).distinct()\n",
        tests=(f"{MAIL}::test_refuses_to_ask_somebody_who_may_not_authorise_so_much",),
    ),
]
