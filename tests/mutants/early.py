"""What is corrected and said before, and after, an export."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

BOOKKEEPING = "tests/invoices/test_bookkeeping.py"
EARLY = "tests/integrations/test_said_early.py"
WAITS = "tests/integrations/test_command_waits.py"
FIXED = "tests/integrations/test_fixed_since.py"
MUTANTS = [
    Mutant(
        name="bookkeeping.everything_keeps_the_authorisation",
        file="invoices/services/bookkeeping.py",
        before="bool(changed) and set(changed) <= set(invoice.account.bookkeeping_fields)",
        after="bool(changed)",
        tests=(f"{BOOKKEEPING}::test_anything_beside_it_drops_the_authorisation",),
    ),
    Mutant(
        name="bookkeeping.nothing_keeps_the_authorisation",
        file="invoices/services/bookkeeping.py",
        before="return is_authorized and bool(changed) and",
        after="return not is_authorized and bool(changed) and",
        tests=(f"{BOOKKEEPING}::test_a_posting_date_alone_keeps_the_authorisation",),
    ),
    Mutant(
        name="bookkeeping.documents_keep_the_authorisation",
        file="invoices/services/entry.py",
        before="if not moved and bookkeeping.keeps_authorization",
        after="if bookkeeping.keeps_authorization",
        tests=(f"{BOOKKEEPING}::test_a_document_beside_it_drops_the_authorisation",),
    ),
    Mutant(
        name="bookkeeping.not_in_the_audit_trail",
        file="invoices/services/bookkeeping.py",
        before="    audit.record(AuditAction.INVOICE_CORRECTED,",
        after="    dict(action=AuditAction.INVOICE_CORRECTED,",
        tests=(f"{BOOKKEEPING}::test_it_stands_in_the_activity_and_the_audit_trail",),
    ),
    Mutant(
        name="fixed.refusal_shown_after_the_fix",
        file="integrations/panel.py",
        before="is_failed = _is_failed(invoice, item) and fixed is None",
        after="is_failed = _is_failed(invoice, item)",
        tests=(f"{FIXED}::test_after_a_correction_it_says_fixed_since",),
    ),
    Mutant(
        name="fixed.said_of_any_change",
        file="integrations/panel.py",
        before="if fixed is None or not fixed.touches(MENDED_BY.get(code)):",
        after="if fixed is None:",
        tests=(f"{FIXED}::test_another_change_is_no_fix_of_a_closed_period",),
    ),
    Mutant(
        name="early.system_not_asked_at_submission",
        file="invoices/services/readiness.py",
        before="    yield from posting_rules.ask(invoice=invoice, is_header_only=False)\n",
        after="",
        tests=(f"{EARLY}::test_a_supplier_on_hold_is_said_early",),
    ),
    Mutant(
        name="early.asked_without_a_synchronized_connection",
        file="integrations/slots.py",
        before="connections.filter(synchronized_at__isnull=False)",
        after="connections",
        tests=(f"{EARLY}::test_without_a_synchronized_connection_nobody_speaks_of_it",),
    ),
    Mutant(
        name="early.location_of_the_entity_demanded",
        file="invoices/services/readiness.py",
        before="present = {one.dimension.key for one in line.dimensions.all()} | set(added)",
        after="present = {one.dimension.key for one in line.dimensions.all()}",
        tests=(f"{EARLY}::test_the_location_that_the_export_adds_is_not_demanded",),
    ),
    Mutant(
        name="commands.export_returns_before_it_is_settled",
        file="integrations/management/commands/intacct_export.py",
        before="(due if is_ready else Q(pk=None))",
        after="Q(pk=None)",
        tests=(f"{WAITS}::test_waits_for_what_another_is_about_to_send",),
    ),
    Mutant(
        name="commands.waiting_returns_at_once",
        file="integrations/management/waiting.py",
        before="        while not is_at_rest():\n",
        after="        while False:\n",
        tests=(f"{WAITS}::test_waiting_ends_when_its_time_is_up",),
    ),
    Mutant(
        name="early.warnings_are_called_a_hindrance",
        file="invoices/views/detail.py",
        before="    if not any(finding.is_error for finding in findings):\n",
        after="    if not findings:\n",
        tests=(f"{EARLY}::test_warnings_alone_are_not_called_a_hindrance",),
    ),
    Mutant(
        name="early.warnings_are_called_missing_in_the_form",
        file="invoices/views/entry.py",
        before='"missing": [one for one in found if one.is_error] if checks else [],',
        after='"missing": found if checks else [],',
        tests=(f"{EARLY}::test_warnings_alone_are_not_called_a_hindrance",),
    ),
]
