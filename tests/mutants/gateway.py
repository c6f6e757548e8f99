"""What Sage Intacct's gateway may leave unsaid: fields that it drops, results that name nothing."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

LINE_FIELDS = "integrations/sage_intacct/exporters/line_fields.py"
TEST_LINE_FIELDS = "tests/integrations/sage_intacct/exporters/test_line_fields.py"
TEST_ANSWERS = "tests/integrations/sage_intacct/client/test_answers.py"
TEST_CLASSIFICATION = "tests/integrations/sage_intacct/test_classification.py"

MUTANTS = [
    Mutant(
        name="gateway.field_that_the_line_lacks_is_sent",
        file=LINE_FIELDS,
        before="State.LISTED if name in listed else State.MISSING",
        after="State.LISTED",
        tests=(f"{TEST_LINE_FIELDS}::test_a_dimension_that_the_line_lacks_stops_the_invoice_before_it_is_sent",),
    ),
    Mutant(
        name="gateway.first_bill_is_not_read_back",
        file="integrations/sage_intacct/exporters/batch.py",
        before="if settlement.result in (Outcome.POSTED, Outcome.FOUND):\n                self._read_back(settlement)",
        after="if False:\n                self._read_back(settlement)",
        tests=(f"{TEST_LINE_FIELDS}::test_a_bill_that_lost_its_dimension_stands_and_everybody_is_told",),
    ),
    Mutant(
        name="gateway.all_bills_go_before_one_is_read_back",
        file="integrations/sage_intacct/exporters/sending.py",
        before="        self._send_probes()\n",
        after="",
        tests=(f"{TEST_LINE_FIELDS}::test_a_bill_that_lost_its_dimension_stands_and_everybody_is_told",),
    ),
    Mutant(
        name="gateway.dropped_dimension_goes_unnoticed",
        file=LINE_FIELDS,
        before="if sum(bool(line.get(each.field)) for line in lines) < each.lines]",
        after="if sum(bool(line.get(each.field)) for line in lines) < 0]",
        tests=(f"{TEST_LINE_FIELDS}::test_a_bill_that_lost_its_dimension_stands_and_everybody_is_told",),
    ),
    Mutant(
        name="gateway.bill_that_cannot_be_read_is_not_read_later",
        file=LINE_FIELDS,
        before="State.LISTED, now, unread=item.pk)",
        after="State.KEPT, now)",
        tests=(f"{TEST_LINE_FIELDS}::test_a_bill_that_cannot_be_read_back_stands_and_is_read_later",),
    ),
    Mutant(
        name="gateway.result_without_a_name_is_taken",
        file="integrations/sage_intacct/client/judging.py",
        before="    if not function or not control_id:\n",
        after="    if not function and not control_id:\n",
        tests=(TEST_ANSWERS,),
    ),
    Mutant(
        name="gateway.result_without_a_name_is_a_refusal",
        file="integrations/sage_intacct/client/judging.py",
        before='raise MalformedResponse("A result does not say which function it is of.")',
        after='raise MalformedResponse("A result does not say which function it is of.", outcome_unknown=False)',
        tests=(TEST_ANSWERS,),
    ),
    Mutant(
        name="gateway.restriction_of_several_accounts_is_guessed",
        file="integrations/sage_intacct/exporters/learning.py",
        before="if len(pairs) == 1:",
        after="if pairs:",
        tests=("tests/integrations/sage_intacct/exporters/test_learning.py",),
    ),
    Mutant(
        name="gateway.processing_error_with_a_cause_is_retried",
        file="integrations/sage_intacct/classification/judging.py",
        before="if _find(CATALOGUE, error, level) or not _find(VAGUE, error, level)]",
        after="if not _find(VAGUE, error, level)]",
        tests=(TEST_CLASSIFICATION,),
    ),
    Mutant(
        name="gateway.processing_error_is_retried_for_ever",
        file="integrations/sage_intacct/exporters/sending.py",
        before="item.attempts_count > 1:",
        after="item.attempts_count > 99:",
        tests=(
            "tests/integrations/sage_intacct/exporters/test_learning.py::"
            "test_an_answer_that_says_nothing_is_tried_again_once",
        ),
    ),
]
