"""How numbers are read, and what becomes of the minor units of currencies."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

READING = ("tests/invoices/test_amounts.py",)
UNITS = tuple(
    f"tests/invoices/test_minor_units.py::{name}"
    for name in ("test_refuses_what_cannot_be_paid_in_the_currency", "test_tax_is_rounded_to_the_minor_unit")
)

MUTANTS = [
    Mutant(
        name="amounts.two_readings_not_asked",
        file="organization/amounts.py",
        before="    if most is not None and as_thousands > most:\n",
        after="    if most is None or as_thousands > most:\n",
        tests=READING,
    ),
    Mutant(
        name="amounts.point_of_dinars_asked_about",
        file="organization/amounts.py",
        before='    elif "." in written.digits and of_currency == MOST_USUAL:\n',
        after='    elif "." in written.digits and of_currency is False:\n',
        tests=("tests/invoices/test_minor_units.py::test_a_point_before_three_digits_is_the_decimal_mark_of_dinars",),
    ),
    Mutant(
        name="amounts.quantity_read_as_dinars",
        file="invoices/forms.py",
        before="        quantity.shows, quantity.of_currency = 0, None\n",
        after="        quantity.shows = 0\n",
        tests=(
            "tests/invoices/test_minor_units.py"
            "::test_a_point_before_three_digits_stays_a_question_of_pounds_and_of_quantities",
        ),
    ),
    Mutant(
        name="amounts.brackets_not_negative",
        file="organization/amounts.py",
        before='    minuses = [is_bracketed, found["sign"] == "-",',
        after='    minuses = [found["sign"] == "-",',
        tests=READING,
    ),
    Mutant(
        name="amounts.other_currency_taken",
        file="organization/amounts.py",
        before='    return "" if currency in own else named.upper()\n',
        after='    return ""\n',
        tests=READING,
    ),
    Mutant(
        name="amounts.box_shows_what_is_doubtful",
        file="organization/amounts.py",
        before='    return f"{text}0" if is_doubtful else text\n',
        after="    return text\n",
        tests=READING,
    ),
    Mutant(
        name="amounts.form_reads_numbers_its_own_way",
        file="organization/reference/forms.py",
        before="            if type(field) is forms.DecimalField:\n",
        after="            if field is None:\n",
        tests=(
            "tests/organization/test_number_boxes.py::test_no_form_of_the_control_panel_has_a_number_box_of_its_own",
        ),
    ),
    Mutant(
        name="amounts.every_currency_has_cents",
        file="ledger/minor_units.py",
        before="    return MINOR_UNITS.get(str(currency), USUAL)\n",
        after="    return USUAL\n",
        tests=UNITS,
    ),
    Mutant(
        name="amounts.finer_than_payable_saved",
        file="invoices/services/entry.py",
        before="    if amount is None or not is_finer(amount, decimals):\n",
        after="    if amount is None or decimals:\n",
        tests=UNITS,
    ),
    Mutant(
        name="amounts.tax_always_in_cents",
        file="invoices/services/entry.py",
        before="    return rounded(net * tax_code.rate / 100, decimals)\n",
        after="    return rounded(net * tax_code.rate / 100)\n",
        tests=UNITS,
    ),
    Mutant(
        name="amounts.gateway_rounds",
        file="integrations/sage_intacct/mappers/bills.py",
        before="    if finer := amounts_too_fine(invoice):\n",
        after="    if finer := []:\n",
        tests=(
            "tests/integrations/sage_intacct/mappers/test_bills.py::test_nothing_is_sent_that_would_be_rounded_there",
        ),
    ),
    Mutant(
        name="amounts.preflight_silent",
        file="integrations/sage_intacct/exporters/preflight/__init__.py",
        before="    whole.amounts_can_be_kept,\n",
        after="",
        tests=(
            "tests/integrations/sage_intacct/exporters/test_preflight.py::test_names_the_problem_and_its_field[amount_too_fine]",
        ),
    ),
]
