"""What goes in: one invoice once, and one supplier who stays one."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

RENAMING = "tests/integrations/sage_intacct/importers/test_renaming.py"
TWINS = "tests/invoices/test_twins.py"

MUTANTS = [
    Mutant(
        name="entry.unreadable_total_called_zero",
        file="invoices/views/pickers.py",
        before=' if total is not None or one[1] != "total")',
        after=")",
        tests=("tests/invoices/test_plausibility.py::test_no_total_is_called_zero_but_zero",),
    ),
    Mutant(
        name="entry.note_of_number_lost_after_refusal",
        file="planergy/static/planergy/invoices.js",
        before='    if (document.querySelector("[data-error-summary]")) checkNumber();\n',
        after="",
        tests=(
            "tests/invoices/test_remarks_in_browser.py"
            "::test_what_is_said_of_the_number_stands_there_again_after_a_refusal",
        ),
    ),
    Mutant(
        name="entry.renamed_vendor_becomes_another_supplier",
        file="integrations/sage_intacct/importers/targets.py",
        before="    follows_numbers=True,\n",
        after="",
        tests=(f"{RENAMING}::test_a_vendor_whose_id_changes_stays_one_supplier_with_its_invoices",),
    ),
    Mutant(
        name="entry.new_vendor_takes_over_an_old_supplier",
        file="integrations/sage_intacct/importers/renaming.py",
        before='return own is not None or fold(self.suppliers[holder.local_id].name) != fold(str(row["name"]))',
        after="return own is not None",
        tests=(f"{RENAMING}::test_another_vendor_under_an_old_id_is_another_supplier",),
    ),
    Mutant(
        name="entry.look_alike_numbers_pass",
        file="invoices/migrations/0012_folded.py",
        before='models.F("number_folded")',
        after='models.F("number")',
        tests=(f"{TWINS}::test_the_database_refuses_a_number_that_looks_the_same",),
    ),
    Mutant(
        name="entry.note_takes_the_click_of_a_button",
        file="planergy/static/planergy/invoices.js",
        before="    await released;\n",
        after="",
        tests=(
            "tests/invoices/test_bad_day_in_browser.py"
            "::test_a_note_that_comes_while_a_button_is_pressed_does_not_take_its_click",
        ),
    ),
    Mutant(
        name="entry.letters_of_other_scripts_hide_a_twin",
        file="invoices/numbers.py",
        before='    | str.maketrans("авекмнорстухіјѕ", "abekmh0pctyx1js")\n',
        after="",
        tests=("tests/invoices/test_numbers.py::test_slips_of_one_number_are_alike",),
    ),
    Mutant(
        name="entry.look_alike_numbers_are_not_looked_for",
        file="invoices/services/entry.py",
        before="number_folded=fold(invoice.number)",
        after="number=invoice.number",
        tests=(f"{TWINS}::test_a_number_that_looks_the_same_is_the_same",),
    ),
    Mutant(
        name="entry.twin_without_a_reason",
        file="invoices/services/twins.py",
        before="    if twins and not words:\n        raise TwinSuspected(twins)\n",
        after="",
        tests=(f"{TWINS}::test_it_is_submitted_only_with_a_reason_which_stands_in_the_activity",),
    ),
    Mutant(
        name="entry.twins_of_other_accounts",
        file="invoices/services/twins.py",
        before="return Supplier.objects.filter(same | Q(pk=supplier.pk), company__account=account_id)",
        after="return Supplier.objects.filter(same | Q(pk=supplier.pk))",
        tests=(f"{TWINS}::test_another_account_never_counts",),
    ),
    Mutant(
        name="entry.files_of_other_accounts",
        file="invoices/services/twins.py",
        before="rows = Document.objects.filter(sha256=digest, invoice__account=invoice.account_id)",
        after="rows = Document.objects.filter(sha256=digest)",
        tests=(f"{TWINS}::test_a_file_of_another_account_never_counts",),
    ),
    Mutant(
        name="entry.bills_looked_up_as_typed_only",
        file="integrations/sage_intacct/exporters/lookup.py",
        before="for spelling in (bill_number(number), fold(number))}",
        after="for spelling in (bill_number(number),)}",
        tests=("tests/faults/test_nets.py::test_a_bill_is_found_whichever_dash_its_number_has_there",),
    ),
    Mutant(
        name="entry.net_for_gross_not_told",
        file="invoices/services/twins.py",
        before="        elif invoice.total == other.net or other.total == invoice.net:\n",
        after="        elif False:\n",
        tests=(f"{TWINS}::test_net_for_gross_is_told",),
    ),
    Mutant(
        name="entry.halves_not_told",
        file="invoices/services/twins.py",
        before="    if len(halves) == 2:\n",
        after="    if False:\n",
        tests=(f"{TWINS}::test_an_invoice_and_its_two_halves_are_told",),
    ),
    Mutant(
        name="entry.habits_are_told",
        file="invoices/services/twins.py",
        before=".order_by()[:HABIT].count() >= HABIT for",
        after=".order_by()[:HABIT].count() > HABIT for",
        tests=(f"{TWINS}::test_a_total_that_comes_again_and_again_is_not",),
    ),
    Mutant(
        name="entry.form_sent_twice_makes_two",
        file="invoices/services/entry.py",
        before="form_token=form_token).first() if form_token else None",
        after="form_token=form_token).none().first()",
        tests=("tests/invoices/test_sent_twice.py",),
    ),
    Mutant(
        name="entry.remark_refuses",
        file="invoices/services/readiness.py",
        before="    yield from _header_problems(invoice)\n",
        after="    from invoices.services.plausibility import remarks\n"
        "    yield from (Finding('remark', said, name) for said, name in remarks(invoice))\n"
        "    yield from _header_problems(invoice)\n",
        tests=("tests/invoices/test_plausibility.py::test_it_refuses_nothing_and_the_approver_reads_it",),
    ),
    Mutant(
        name="entry.approver_reads_no_remark",
        file="invoices/views/detail.py",
        before="ApprovalStatus.REJECTED, ApprovalStatus.WAITING)",
        after="ApprovalStatus.REJECTED)",
        tests=("tests/invoices/test_plausibility.py::test_it_refuses_nothing_and_the_approver_reads_it",),
    ),
    Mutant(
        name="entry.what_is_not_read_yet_remarked_on_as_zero",
        file="planergy/static/planergy/invoices.js",
        before="before.invoice_date && /[1-9]/.test(before.total))",
        after="before.invoice_date && parse(before.total) !== 0)",
        tests=(
            "tests/invoices/test_minor_units_in_browser.py"
            "::test_an_amount_that_cannot_be_read_yet_is_not_remarked_on_as_zero",
        ),
    ),
    Mutant(
        name="entry.search_by_the_letter",
        file="invoices/filters.py",
        before="return rows.filter(number_folded__startswith=fold(value))",
        after="return rows.filter(number__istartswith=value)",
        tests=("tests/invoices/test_search_folded.py::test_a_number_is_found_by_how_it_begins_and_looks",),
    ),
    Mutant(
        name="entry.days_from_paper_refused",
        file="invoices/fields.py",
        before="super().to_python(_plain(value) if isinstance(value, str) else value)",
        after="super().to_python(value)",
        tests=("tests/invoices/test_days.py::test_what_is_copied_from_paper_is_read",),
    ),
]
