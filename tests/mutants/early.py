"""What is corrected and said before, and after, an export."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

BOOKKEEPING = "tests/invoices/test_bookkeeping.py"
FIXED = "tests/integrations/test_fixed_since.py"
MUTANTS = [
    Mutant(
        name="bookkeeping.everything_keeps_the_authorisation",
        file="invoices/services/bookkeeping.py",
        before="bool(changed) and set(changed) <= set(invoice.account.bookkeeping_fields)",
        after="bool(changed)",
        tests=(BOOKKEEPING,),
    ),
    Mutant(
        name="bookkeeping.nothing_keeps_the_authorisation",
        file="invoices/services/bookkeeping.py",
        before="return is_authorized and bool(changed) and",
        after="return not is_authorized and bool(changed) and",
        tests=(BOOKKEEPING,),
    ),
    Mutant(
        name="bookkeeping.documents_keep_the_authorisation",
        file="invoices/services/entry.py",
        before="if not moved and bookkeeping.keeps_authorization",
        after="if bookkeeping.keeps_authorization",
        tests=(BOOKKEEPING,),
    ),
    Mutant(
        name="bookkeeping.not_in_the_audit_trail",
        file="invoices/services/bookkeeping.py",
        before="    audit.record(AuditAction.INVOICE_CORRECTED, account=invoice.account, target=invoice, changes=told, actor=by)\n",
        after="",
        tests=(BOOKKEEPING,),
    ),
    Mutant(
        name="fixed.refusal_shown_after_the_fix",
        file="integrations/panel.py",
        before="is_failed = _is_failed(invoice, item) and fixed is None",
        after="is_failed = _is_failed(invoice, item)",
        tests=(FIXED,),
    ),
    Mutant(
        name="fixed.said_of_any_change",
        file="integrations/panel.py",
        before="if fixed is None or not fixed.touches(MENDED_BY.get(code)):",
        after="if fixed is None:",
        tests=(FIXED,),
    ),
]
