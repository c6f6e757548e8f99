"""Ways round four eyes, limits and the sign-in that somebody tried by hand."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

WAYS = "tests/invoices/test_ways_round.py"
ASIDE = "tests/organization/test_doors_aside.py"
MASKING = "tests/integrations/sage_intacct/client/test_masking.py"
LINKS = "tests/organization/test_links_in_mails.py"
INTEGRATIONS = "tests/integrations/test_permissions_integrations.py"

MUTANTS = [
    Mutant(
        name="four_eyes.asked_before_the_permission_went",
        file="invoices/querysets.py",
        before="        if not grant.is_any:  # taken away since they were asked\n            return self.none()\n",
        after="",
        tests=(f"{WAYS}::test_who_lost_the_permission_does_not_authorize_what_still_waits_for_them",),
    ),
    Mutant(
        name="four_eyes.company_is_not_money",
        file="invoices/services/money.py",
        before='        "Company": str(invoice.company) if invoice.company_id else None,',
        after="",
        tests=(f"{WAYS}::test_a_supplier_of_the_same_name_in_another_company_is_another_supplier",),
    ),
    Mutant(
        name="four_eyes.edited_within_reach",
        file="invoices/services/entry.py",
        before="if not was_within and _is_within_authorization(invoice, by):",
        after="if False:",
        tests=(f"{WAYS}::test_nobody_moves_an_invoice_into_the_departments_that_they_authorize",),
    ),
    Mutant(
        name="four_eyes.rule_for_oneself",
        file="invoices/rules.py",
        before="    guard=changing_rule,\n",
        after="",
        tests=(f"{WAYS}::test_nor_restores_a_rule_that_does",),
    ),
    Mutant(
        name="sign_in.reset_link_follows_the_request",
        file="organization/adapters.py",
        before='"password_reset_url": LINK}',
        after='"password_reset_url": context["password_reset_url"]}',
        tests=("tests/organization/test_links_in_mails.py",),
    ),
    Mutant(
        name="documents.take_every_thread",
        file="documents/opening/process.py",
        before="    with room():\n        answer",
        after="    if True:\n        answer",
        tests=("tests/documents/test_process.py::test_documents_never_take_all_threads_of_the_web_server",),
    ),
    Mutant(
        name="support.lists_answer_every_question",
        file="organization/support.py",
        before="return is_offered and super()",
        after="return super()",
        tests=("tests/organization/test_support.py::test_no_list_answers_questions_about_what_it_does_not_show",),
    ),
    Mutant(
        name="sign_in.old_token_goes_round_the_second_step",
        file="planergy/views.py",
        before=" and not second_factors.is_missing(request, request.user)\n",
        after="\n",
        tests=(ASIDE,),
    ),
    Mutant(
        name="sign_in.four_eyes_change_without_a_proof",
        file="organization/views.py",
        before="@allowed(can_change_account_settings)\n@ask_first\n",
        after="@allowed(can_change_account_settings)\n",
        tests=(ASIDE,),
    ),
    Mutant(
        name="sign_in.way_back_to_another_host",
        file="organization/referring_page.py",
        before=" and url_has_allowed_host_and_scheme(page, allowed_hosts=None)",
        after="",
        tests=(f"{ASIDE}::test_who_was_signed_out_while_sending_comes_back_to_a_page_of_ours",),
    ),
    Mutant(
        name="sessions.of_somebody_else_are_ended",
        file="organization/sessions.py",
        before="rows = UserSession.objects.filter(user=user).exclude(",
        after="rows = UserSession.objects.exclude(",
        tests=("tests/organization/test_sessions.py::test_nobody_ends_the_session_of_somebody_else",),
    ),
    Mutant(
        name="texts.any_character_in_ones_own_name",
        file="organization/forms.py",
        before="class ProfileForm(PlainTextForm):",
        after="class ProfileForm(forms.ModelForm):",
        tests=(f"{ASIDE}::test_ones_own_name_obeys_the_rule_of_characters",),
    ),
    Mutant(
        name="permissions.preview_of_a_former_owner_is_applied",
        file="integrations/views/history.py",
        before="@allowed(can_manage_integrations)\ndef apply_preview(",
        after="def apply_preview(",
        tests=(
            "tests/integrations/test_permissions_integrations.py::"
            "test_an_owner_who_is_none_any_more_applies_no_preview_of_their_own",
        ),
    ),
    Mutant(
        name="people.saved_as_they_were_read",
        file="organization/saving.py",
        before="if update_fields is None and not self._state.adding:",
        after="if False:",
        tests=("tests/organization/test_read_before.py",),
    ),
    Mutant(
        name="addresses.letters_that_look_the_same",
        file="organization/models.py",
        before="return self.filter(email=email.strip().translate(_SMALL))",
        after="return self.filter(email__iexact=email.strip())",
        tests=(
            f"{LINKS}::test_a_letter_that_only_looks_the_same_is_another_mailbox",
            "tests/organization/test_single_sign_on.py::test_nobody_comes_in_who_was_not_invited_or_is_not_verified",
        ),
    ),
    Mutant(
        name="links.made_for_an_address_that_was_given_up",
        file="organization/invitations.py",
        before="LinkTokens()) if user.is_active and _is_read_by(user, notice) else None",
        after="LinkTokens()) if user.is_active else None",
        tests=(f"{LINKS}::test_an_address_that_was_given_up_gets_no_link_for_a_new_password",),
    ),
    Mutant(
        name="links.made_for_an_address_that_was_wrong",
        file="organization/invitations.py",
        before="if user.is_invited and _is_read_by(user, notice) else None",
        after="if user.is_invited else None",
        tests=(f"{LINKS}::test_a_wrong_address_that_was_corrected_gets_no_invitation",),
    ),
    Mutant(
        name="support.lets_people_in_without_a_fresh_proof",
        file="organization/support.py",
        before="return ask_first(view) if self.asks_first else view",
        after="return view",
        tests=("tests/organization/test_reauthentication.py::test_support_shows_it_too_before_it_lets_people_in",),
    ),
    Mutant(
        name="permissions.runs_stay_open_to_whoever_started_them",
        file="integrations/views/access.py",
        before="requested_by=user, kind__in=kinds)",
        after="requested_by=user)",
        tests=(f"{INTEGRATIONS}::test_what_a_person_started_is_closed_to_them_with_the_permission",),
    ),
    Mutant(
        name="permissions.runs_tell_of_invoices_out_of_reach",
        file="integrations/views/access.py",
        before="if job.kind not in OF_INVOICES or can_manage_integrations(user):",
        after="if job:",
        tests=(f"{INTEGRATIONS}::test_a_run_of_ones_own_tells_of_invoices_that_one_still_sees",),
    ),
    Mutant(
        name="pages.address_says_how_many_rows",
        file="organization/paging.py",
        before="table.paginate(per_page=per_page)",
        after='table.paginate(per_page=int(request.GET.get("per_page", per_page)))',
        tests=("tests/planergy/test_hostile_requests.py::test_no_address_says_how_many_rows_a_page_has",),
    ),
    Mutant(
        name="masking.long_words_hold_a_worker_up",
        file="integrations/sage_intacct/client/masking.py",
        before='_WORD.sub(_unless_address, kept) if "@" in kept',
        after='re.sub(f"{_WORD.pattern}@{_WORD.pattern}", MASK, kept) if "@" in kept',
        tests=(f"{MASKING}::test_no_answer_holds_its_worker_up",),
    ),
    Mutant(
        name="masking.files_that_never_begin_hold_a_worker_up",
        file="integrations/sage_intacct/client/exchange.py",
        before="(<attachmentdata\\b[^<>]*>)",
        after="(<attachmentdata\\b[^>]*>)",
        tests=(f"{MASKING}::test_no_answer_holds_its_worker_up",),
    ),
    Mutant(
        name="single_sign_on.silence_counts_as_a_proof",
        file="organization/single_sign_on.py",
        before="return asked_at is not None and time.time()",
        after="return asked_at is None or time.time()",
        tests=(
            "tests/organization/test_single_sign_on.py::TestShowingThatItIsThem"
            "::test_only_a_signed_time_of_just_now_is_a_proof",
        ),
    ),
    Mutant(
        name="sign_in.mails_as_files_readable_by_others",
        file="planergy/mail_files.py",
        before="0o700",
        after="0o755",
        tests=("tests/planergy/test_deployment.py::test_mails_as_files_are_only_for_whoever_runs_the_portal",),
    ),
    Mutant(
        name="support.takes_a_superusers_second_step_away",
        file="planergy/admin.py",
        before=" and (request.user.is_superuser or not is_superusers)",
        after="",
        tests=("tests/organization/test_support.py::test_that_of_a_superuser_only_another_one_takes_away",),
    ),
    Mutant(
        name="requests.any_charset",
        file="planergy/content_types.py",
        before=' or "charset" in _IN_UTF_8.sub("", told).lower()',
        after="",
        tests=("tests/planergy/test_strange_requests.py",),
    ),
    Mutant(
        name="requests.parameters_of_mail",
        file="planergy/content_types.py",
        before="not _PLAIN.fullmatch(told) or ",
        after="",
        tests=("tests/planergy/test_strange_requests.py",),
    ),
    Mutant(
        name="passkeys.broken_answers_break_the_page",
        file="organization/passkey_forms.py",
        before="BROKEN = (AttributeError, LookupError, TypeError, ValueError, RecursionError)",
        after="BROKEN = (LookupError, TypeError, ValueError)",
        tests=("tests/organization/test_passkey_answers.py",),
    ),
    Mutant(
        name="passkeys.json_without_end",
        file="organization/passkey_forms.py",
        before="except (ValueError, RecursionError) as error:",
        after="except UnicodeError as error:",
        tests=("tests/organization/test_passkey_answers.py",),
    ),
    Mutant(
        name="four_eyes.two_steps_by_one_person",
        file="invoices/services/authorization.py",
        before=".exclude(pk__in=authors.in_this_round(invoice))",
        after="",
        tests=(f"{WAYS}::test_who_authorised_the_first_step_is_not_sent_the_second",),
    ),
    Mutant(
        name="four_eyes.every_round_is_this_one",
        file="invoices/services/authors.py",
        before=", decided_at__gte=Subquery(submitted))",
        after=")",
        tests=(f"{WAYS}::test_an_earlier_round_keeps_nobody_out_of_this_one",),
    ),
    Mutant(
        name="two_tabs.old_page_brings_back_a_permission",
        file="organization/reference/views.py",
        before="not (stale.refuse(form) or self.is_not_sent)",
        after="not self.is_not_sent",
        tests=("tests/organization/test_two_tabs.py",),
    ),
    Mutant(
        name="two_tabs.chosen_rows_are_not_looked_at",
        file="organization/reference/stale.py",
        before='return ",".join(sorted(map(_text, value)))',
        after='return ""',
        tests=("tests/organization/test_two_tabs.py::test_it_sees_chosen_rows_and_amounts",),
    ),
    Mutant(
        name="two_tabs.pressed_twice_is_an_error",
        file="organization/reference/resource.py",
        before="except IntegrityError as error:",
        after="except ZeroDivisionError as error:",
        tests=("tests/organization/test_two_tabs.py::test_two_that_were_valid_at_the_same_moment",),
    ),
    Mutant(
        name="throttle.a_new_password_by_link_helps_nothing",
        file="organization/receivers.py",
        before="    request.came_by_link = user  # type: ignore[attr-defined]\n",
        after="",
        tests=(
            "tests/organization/test_throttles.py::test_who_chose_a_password_by_a_link_signs_in_with_it_however_many_guess",
        ),
    ),
    Mutant(
        name="throttle.links_by_the_minute",
        file="planergy/settings.py",
        before=', "reset_password": "20/m/ip,5/h/key"',
        after="",
        tests=("tests/organization/test_throttles.py::test_nobody_fills_a_mailbox_with_links",),
    ),
    Mutant(
        name="throttle.any_number_of_addresses_to_confirm",
        file="organization/throttles.py",
        before='ADDRESS_CHANGES = {"address_change": "5/h/user"}',
        after='ADDRESS_CHANGES = {"address_change": "50/h/user"}',
        tests=("tests/organization/test_throttles.py::test_nobody_sends_many_strangers_an_address_to_confirm",),
    ),
    Mutant(
        name="people.invited_for_another_company",
        file="organization/permissions.py",
        before="return own is None or (theirs is not None and set(theirs) <= set(own))",
        after="return True",
        tests=("tests/organization/test_address_change.py::TestByAnAdministrator",),
    ),
]
