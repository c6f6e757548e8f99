"""Files that go into lists, and files that lists go out as."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

DIALECTS = "tests/organization/test_csv_dialects.py"
IMPORTS = "tests/organization/test_list_imports.py"
DOWNLOADS = "tests/organization/test_list_downloads.py"
STEPS = "tests/organization/test_csv.py::TestTwoSteps"

MUTANTS = [
    Mutant(
        name="csv.any_number_of_columns",
        file="organization/reference/csv_reading.py",
        before="if len(head) > MOST_COLUMNS:",
        after="if len(head) > 10 * MOST_COLUMNS:",
        tests=("tests/organization/test_csv.py::TestFiles",),
    ),
    Mutant(
        name="csv.preview_writes",
        file="organization/reference/csv_import.py",
        before="                if not is_preview:\n                    self._write()\n",
        after="                self._write()\n",
        tests=(f"{STEPS}::test_shows_first_and_changes_nothing",),
    ),
    Mutant(
        name="csv.somebody_elses_file",
        file="organization/reference/import_views.py",
        before="for_user(user).filter(by=user, list_name=",
        after="for_user(user).filter(list_name=",
        tests=(f"{STEPS}::test_nobody_else_sees_or_applies_it",),
    ),
    Mutant(
        name="csv.file_kept_in_plain_text",
        file="organization/reference/kept_files.py",
        before="content = secrets.encrypt(base64.b64encode(piece).decode())",
        after="content = piece.decode()",
        tests=(f"{STEPS}::test_nothing_is_kept_of_the_file_once_it_is_applied_or_given_up",),
    ),
    Mutant(
        name="csv.guesses_the_encoding",
        file="organization/reference/list_imports.py",
        before="is_guess = encoding == csv_reading.WINDOWS\n",
        after="is_guess = False\n",
        tests=(f"{DIALECTS}::TestWindows::test_asks_whether_the_letters_are_right",),
    ),
    Mutant(
        name="csv.sep_line_read_as_columns",
        file="organization/reference/csv_reading.py",
        before='if plain[:4].lower() == "sep=" and',
        after="if False and",
        tests=(f"{DIALECTS}::test_each_is_read",),
    ),
    Mutant(
        name="csv.batch_done_twice_after_a_kill",
        file="organization/reference/list_imports.py",
        before="islice(sheet.lines, one.done, None)",
        after="sheet.lines",
        tests=(f"{IMPORTS}::test_a_killed_worker_is_followed_by_another",),
    ),
    Mutant(
        name="csv.two_workers_at_one_file",
        file="organization/reference/list_imports.py",
        before="free = Q(claim=None) | Q(heartbeat_at__lt=now - GONE_AFTER)",
        after="free = Q()",
        tests=(f"{IMPORTS}::test_a_killed_worker_is_followed_by_another",),
    ),
    Mutant(
        name="csv.cancelled_goes_on",
        file="organization/reference/list_imports.py",
        before="mine = ListImport.objects.filter(pk=one.pk, claim=one.claim, state=one.state)\n    more",
        after="mine = ListImport.objects.filter(pk=one.pk, claim=one.claim)\n    more",
        tests=(f"{IMPORTS}::test_cancelled_while_it_is_applied_it_ends_behind_the_batch",),
    ),
    Mutant(
        name="csv.applied_without_the_right",
        file="organization/reference/list_imports.py",
        before="if not resource.can_manage(one.by):",
        after="if False:",
        tests=(f"{IMPORTS}::test_whoever_may_no_longer_change_the_list_applies_nothing",),
    ),
    Mutant(
        name="csv.formula_written_as_it_is",
        file="organization/reference/csv_files.py",
        before='return text.lstrip("\'").startswith(FORMULA_STARTS)',
        after="return False",
        tests=(f"{DOWNLOADS}::test_no_text_begins_a_formula_and_each_comes_back",),
    ),
    Mutant(
        name="csv.escaped_once_only",
        file="organization/reference/csv_files.py",
        before='return text.lstrip("\'").startswith(FORMULA_STARTS)',
        after="return text.startswith(FORMULA_STARTS) or text[1:].startswith(FORMULA_STARTS)",
        tests=(f"{DOWNLOADS}::test_no_text_begins_a_formula_and_each_comes_back",),
    ),
    Mutant(
        name="csv.what_one_row_locks_is_locked_in_all",
        file="organization/reference/forms.py",
        before="return {name: copy.copy(field) for name, field in self.items()}",
        after="return dict(self)",
        tests=("tests/organization/test_csv.py::TestLines::test_imported_fields_stay_as_imported",),
    ),
    Mutant(
        name="texts.any_character_in_forms",
        file="organization/reference/forms.py",
        before="return objection(text, may_break_lines=isinstance(widget, forms.Textarea))",
        after='return ""',
        tests=(f"{DIALECTS}::TestOneDoor::test_files_and_forms_refuse_the_same",),
    ),
    Mutant(
        name="texts.look_alike_codes",
        file="organization/reference/forms.py",
        before="        if twin is not None:\n",
        after="        if False:\n",
        tests=(f"{DIALECTS}::TestOneDoor::test_a_form_refuses_a_code_that_looks_the_same",),
    ),
]
