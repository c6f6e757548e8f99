"""What people are told: written first, sent whatever happens, once it is needed; and what holds work back."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

SENDING = "tests/notices/test_sending.py"
HINDRANCES = "tests/integrations/test_hindrances.py"
REDIS = "tests/faults/test_redis_down.py"

MUTANTS = [
    Mutant(
        name="notices.refused_address_holds_up_the_others",
        file="notices/sending.py",
        before="        _not_taken(notice, error)\n        return True\n",
        after="        _not_taken(notice, error)\n        return False\n",
        tests=(f"{SENDING}::test_an_address_that_takes_no_mail_holds_nobody_up_and_is_given_up",),
    ),
    Mutant(
        name="notices.refused_address_is_tried_for_ever",
        file="notices/sending.py",
        before="    if _code(error) >= 500:\n",
        after="    if False:\n",
        tests=(f"{SENDING}::test_an_address_that_takes_no_mail_holds_nobody_up_and_is_given_up",),
    ),
    Mutant(
        name="notices.full_mailbox_is_given_up",
        file="notices/sending.py",
        before="    if _code(error) >= 500:\n",
        after="    if True:\n",
        tests=(f"{SENDING}::test_a_mailbox_that_is_full_for_now_is_tried_again",),
    ),
    Mutant(
        name="notices.sent_without_a_claim",
        file="notices/sending.py",
        before='            notice.save(update_fields=["due_at", "tries"])\n',
        after="",
        tests=(f"{SENDING}::test_an_error_of_ours_over_one_holds_nobody_up_for_long",),
    ),
    Mutant(
        name="notices.away_server_is_asked_for_each",
        file="notices/sending.py",
        before="        _waits(notice, error)\n        return False\n",
        after="        _waits(notice, error)\n        return True\n",
        tests=(f"{SENDING}::test_a_mail_server_that_is_away_is_asked_once_in_a_round_and_ever_less_often",),
    ),
    Mutant(
        name="notices.another_message_id_each_time",
        file="notices/sending.py",
        before='f"<notice-{notice.pk}@{host}>"',
        after='f"<notice-{notice.pk}-{notice.tries}@{host}>"',
        tests=(
            f"{SENDING}::test_a_worker_that_dies_behind_the_mail_server_sends_twice_under_one_id_and_loses_nothing",
        ),
    ),
    Mutant(
        name="notices.too_late_is_sent_all_the_same",
        file="notices/sending.py",
        before="    if notice.expires_at <= now:\n",
        after="    if False:\n",
        tests=(f"{SENDING}::test_what_is_of_no_use_any_more_is_given_up_with_the_last_reason",),
    ),
    Mutant(
        name="notices.sent_though_nobody_needs_it",
        file="notices/sending.py",
        before="    if link is None:\n",
        after="    if False:\n",
        tests=(f"{SENDING}::test_what_nobody_needs_any_more_is_dropped",),
    ),
    Mutant(
        name="notices.decided_invoices_are_asked_about",
        file="invoices/mail.py",
        before="        rows &= Invoice.objects.authorizable_by(user)\n",
        after="        pass\n",
        tests=("tests/invoices/test_rules_and_mail.py::test_whom_a_decision_overtakes_is_not_asked_any_more",),
    ),
    Mutant(
        name="notices.link_of_an_invitation_is_kept",
        file="organization/invitations.py",
        before='        "button_url": LINK,\n',
        after='        "button_url": link_for(user),\n',
        tests=(
            "tests/organization/test_users.py::TestInvitation"
            "::test_is_written_down_with_whom_it_invites_and_without_its_link",
        ),
    ),
    Mutant(
        name="notices.stay_when_the_account_is_erased",
        file="organization/receivers.py",
        before="    Notice.objects.filter(account_number=instance.pk).delete()\n",
        after="",
        tests=(f"{SENDING}::test_goes_with_its_account_to_whomever_it_was_told",),
    ),
    Mutant(
        name="notices.told_before_it_is_true",
        file="notices/after_commit.py",
        before="    transaction.on_commit(call, robust=True)\n",
        after="    call()\n",
        tests=("tests/organization/test_accounts.py::test_what_fails_after_the_commit_is_logged_and_stops_nobody",),
    ),
    Mutant(
        name="notices.support_reads_them",
        file="organization/admin.py",
        before='    exclude = ["text", "html", "user"]\n',
        after='    exclude = ["user"]\n',
        tests=("tests/notices/test_admin.py::test_shows_why_it_did_not_leave_and_never_what_it_says",),
    ),
    Mutant(
        name="notices.sent_again_without_a_reason",
        file="organization/admin.py",
        before="            require_reason(request, self.account_of(notice))\n",
        after="            pass\n",
        tests=("tests/notices/test_admin.py::test_sends_it_again_with_a_reason_and_leaves_a_trace",),
    ),
    Mutant(
        name="redis.a_saved_page_breaks_without_it",
        file="notices/after_commit.py",
        before="    transaction.on_commit(call, robust=True)\n",
        after="    transaction.on_commit(call)\n",
        tests=(
            "tests/organization/test_accounts.py::test_without_a_broker_the_account_stands_and_the_link_is_printed",
        ),
    ),
    Mutant(
        name="redis.every_message_waits_for_it",
        file="notices/after_commit.py",
        before='        gone["until"] = time.monotonic() + GONE_SECONDS\n',
        after="        pass\n",
        tests=(f"{REDIS}::test_a_list_of_messages_that_cannot_be_sent_costs_the_time_of_one",),
    ),
    Mutant(
        name="redis.sign_in_without_words",
        file="planergy/redis_away.py",
        before="        if not isinstance(exception, RedisError):\n",
        after="        if True:\n",
        tests=(f"{REDIS}::test_nobody_signs_in_while_wrong_passwords_cannot_be_counted",),
    ),
    Mutant(
        name="hindrances.pause_tells_nobody",
        file="integrations/services/connections.py",
        before="            mail.safely(hindrance_mail.tell, connection.pk)\n",
        after="            pass\n",
        tests=(f"{HINDRANCES}::test_is_told_once_more_after_a_day_and_never_of_an_earlier_pause",),
    ),
    Mutant(
        name="hindrances.whoever_started_it_hears_nothing",
        file="integrations/hindrance_mail.py",
        before="    return {pk for pk in (*jobs.distinct(), *items.distinct()) if pk is not None}\n",
        after="    return set()\n",
        tests=(
            f"{HINDRANCES}::test_an_export_that_pauses_the_connection_tells_owners_starter_and_support"
            "_and_goes_on_when_resumed",
        ),
    ),
    Mutant(
        name="hindrances.reminded_of_what_is_fixed",
        file="integrations/hindrance_mail.py",
        before="    is_so = since is not None and since <= notice.created_at\n",
        after="    is_so = True\n",
        tests=(
            f"{HINDRANCES}::test_an_export_that_pauses_the_connection_tells_owners_starter_and_support"
            "_and_goes_on_when_resumed",
        ),
    ),
    Mutant(
        name="hindrances.reminded_twice",
        file="integrations/hindrance_mail.py",
        before="    _drop_reminders(connection, HELD_STILL, OVERDUE_STILL)\n",
        after="",
        tests=(f"{HINDRANCES}::test_there_is_one_reminder_however_often_it_came_about",),
    ),
    Mutant(
        name="hindrances.run_goes_on_running_while_paused",
        file="integrations/models/history.py",
        before='            return "Paused"\n',
        after="            pass\n",
        tests=(
            f"{HINDRANCES}::test_an_export_that_pauses_the_connection_tells_owners_starter_and_support"
            "_and_goes_on_when_resumed",
        ),
    ),
    Mutant(
        name="hindrances.overdue_is_told_with_every_sweep",
        file="integrations/services/hindrances.py",
        before="    for connection in connections.filter(pk__in=since, overdue_since=None):\n",
        after="    Connection.objects.update(overdue_since=None)\n"
        "    for connection in connections.filter(pk__in=since, overdue_since=None):\n",
        tests=(f"{HINDRANCES}::test_an_invoice_that_waits_for_an_hour_is_told_once_and_again_after_a_day",),
    ),
    Mutant(
        name="hindrances.schedule_that_could_not_start_is_silent",
        file="integrations/services/hindrances.py",
        before='(late, "next_run_at"), (refused, "last_run_at")',
        after='(late, "next_run_at")',
        tests=(f"{HINDRANCES}::test_a_schedule_that_has_not_started_is_overdue",),
    ),
    Mutant(
        name="hindrances.standstill_is_silent",
        file="integrations/services/hindrances.py",
        before="    if last is None or last > now - IDLE_AFTER:\n",
        after="    if True:\n",
        tests=(f"{HINDRANCES}::test_where_no_worker_gives_a_sign_of_life_the_pages_say_so",),
    ),
    Mutant(
        name="hindrances.busy_workers_count_as_gone",
        file="integrations/services/hindrances.py",
        before="    if Job.objects.unfinished().filter(heartbeat_at__gt=now - GONE_AFTER).exists():\n",
        after="    if False:\n",
        tests=(f"{HINDRANCES}::test_workers_that_are_all_busy_are_no_standstill",),
    ),
    Mutant(
        name="notices.rejection_does_not_say_why_it_came",
        file="invoices/mail.py",
        before='        "reason": spell(REASONS[mail], user.spelling),\n',
        after='        "reason": words.get("why", ""),\n',
        tests=("tests/invoices/test_rules_and_mail.py::test_the_mail_of_a_rejection_holds_the_reason",),
    ),
]
