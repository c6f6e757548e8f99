"""Files that strangers wrote."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

PROCESS = "tests/documents/test_process.py"
INSPECTION = "tests/documents/test_inspection.py"
DOCUMENTS = "tests/invoices/test_documents.py"
LIKENESS = "tests/documents/test_likeness.py"
SCANNED = "tests/invoices/test_scanned_again.py"

MUTANTS = [
    Mutant(
        name="documents.child_without_fences",
        file="documents/opening/confinement.py",
        before="    sys.addaudithook(_refuse)\n",
        after="",
        tests=(f"{PROCESS}::test_python_code_reaches_nothing",),
    ),
    Mutant(
        name="documents.native_code_opens_sockets",
        file="documents/opening/confinement.py",
        before="    limit()\n    refuse_system_calls()\n",
        after="    limit()\n",
        tests=(f"{PROCESS}::test_native_code_opens_no_socket_and_starts_no_program",),
    ),
    Mutant(
        name="documents.child_without_limits",
        file="documents/opening/confinement.py",
        before="    limit()\n    refuse_system_calls()\n",
        after="    refuse_system_calls()\n",
        tests=(f"{PROCESS}::test_the_limits_hold",),
    ),
    Mutant(
        name="documents.child_never_confined",
        file="documents/opening/child.py",
        before="    confinement.confine()\n",
        after="",
        tests=(f"{PROCESS}::test_the_child_is_confined_before_it_reads",),
    ),
    Mutant(
        name="documents.child_without_deadline",
        file="documents/opening/process.py",
        before="    timer.start()\n",
        after="",
        tests=(f"{PROCESS}::test_a_taken_over_reader_is_ended_at_the_deadline_with_all_it_started",),
    ),
    Mutant(
        name="documents.child_leaves_children",
        file="documents/opening/process.py",
        before="os.killpg(process.pid, signal.SIGKILL)",
        after="process.kill()",
        tests=(f"{PROCESS}::test_a_taken_over_reader_is_ended_at_the_deadline_with_all_it_started",),
    ),
    Mutant(
        name="documents.child_inherits_secrets",
        file="documents/opening/process.py",
        before='env={"PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}',
        after='env=os.environ | {"PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}',
        tests=(f"{PROCESS}::test_a_reader_sees_no_secret_and_no_open_file",),
    ),
    Mutant(
        name="documents.original_shown_inline",
        file="invoices/views/documents.py",
        before="as_attachment=True",
        after="as_attachment=False",
        tests=(f"{DOCUMENTS}::test_the_original_is_only_a_download_byte_for_byte",),
    ),
    Mutant(
        name="documents.macros_taken",
        file="documents/opening/compound.py",
        before="if names & _VBA or has_macro_sheet:",
        after="if has_macro_sheet:",
        tests=(f"{INSPECTION}::test_refuses_macros",),
    ),
    Mutant(
        name="documents.package_macros_taken",
        file="documents/opening/office.py",
        before='("vbaproject", "vbadata", "/activex/", "/macrosheets/")',
        after='("/activex/", "/macrosheets/")',
        tests=(f"{INSPECTION}::test_refuses_macros",),
    ),
    Mutant(
        name="documents.programs_taken",
        file="documents/opening/programs.py",
        before="    if system:\n",
        after="    if False:\n",
        tests=(f"{INSPECTION}::test_refuses_programs_wherever_they_hide",),
    ),
    Mutant(
        name="documents.programs_inside_taken",
        file="documents/opening/text.py",
        before="            if inner.is_dangerous:\n",
        after="            if False:\n",
        tests=(f"{INSPECTION}::test_refuses_programs_wherever_they_hide",),
    ),
    Mutant(
        name="documents.absurd_pictures_taken",
        file="documents/opening/pictures.py",
        before="    if width * height > MOST_PIXELS:\n",
        after="    if False:\n",
        tests=(f"{INSPECTION}::test_refuses_with_the_true_reason_and_the_way_out",),
    ),
    Mutant(
        name="documents.marks_not_set",
        file="documents/opening/pdf.py",
        before="if pattern.search(plain)",
        after="if pattern.search(data)",
        tests=(f"{INSPECTION}::test_marks_what_a_pdf_would_do",),
    ),
    Mutant(
        name="documents.marks_not_told",
        file="templates/invoices/document_remarks.html",
        before="{% if file.remarks %}",
        after="{% if False %}",
        tests=(f"{DOCUMENTS}::test_a_marked_pdf_is_kept_and_its_approver_is_told",),
    ),
    Mutant(
        name="documents.files_readable",
        file="planergy/settings.py",
        before="FILE_UPLOAD_PERMISSIONS = 0o600\n",
        after="FILE_UPLOAD_PERMISSIONS = 0o644\n",
        tests=(f"{DOCUMENTS}::test_no_stored_file_is_readable_by_others",),
    ),
    Mutant(
        name="documents.folders_readable",
        file="planergy/settings.py",
        before="FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700\n",
        after="FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o755\n",
        tests=(f"{DOCUMENTS}::test_no_stored_file_is_readable_by_others",),
    ),
    Mutant(
        name="documents.quota_off",
        file="invoices/services/pending.py",
        before="if _kept_bytes(folder) + checked.size > settings.PENDING_MAX_BYTES:",
        after="if checked.size > settings.PENDING_MAX_BYTES:",
        tests=(f"{DOCUMENTS}::test_nobody_keeps_more_than_their_share",),
    ),
    Mutant(
        name="documents.scanner_fails_open",
        file="documents/scanning.py",
        before='    raise ScannerUnavailable(answer[:200] or "no answer")\n',
        after='    return ""\n',
        tests=(f"{DOCUMENTS}::test_without_a_clear_answer_nothing_is_taken",),
    ),
    Mutant(
        name="documents.sweep_takes_documents",
        file="invoices/services/sweeping.py",
        before="        if path.removesuffix(SUFFIX) not in known and default_storage",
        after="        if default_storage",
        tests=(f"{DOCUMENTS}::test_stray_files_are_swept_and_those_of_documents_are_not",),
    ),
    Mutant(
        name="documents.pending_shown_to_others",
        file="invoices/services/pending.py",
        before="pending.user_id == by.pk and ",
        after="",
        tests=("tests/invoices/test_pending_documents.py",),
    ),
    Mutant(
        name="documents.form_scripts_not_marked",
        file="documents/opening/pdf.py",
        before=" or (mark == JAVASCRIPT and has_form_script)",
        after="",
        tests=(f"{INSPECTION}::test_marks_what_a_pdf_would_do",),
    ),
    Mutant(
        name="documents.pages_drawn_without_bounds",
        file="documents/opening/pdf.py",
        before="            scale = min(longest_side / max(*page.get_size(), 1), LARGEST_ENLARGEMENT)\n",
        after="            scale = LARGEST_ENLARGEMENT / 2\n",
        tests=(f"{PROCESS}::test_a_page_of_any_size_is_drawn_within_bounds",),
    ),
    Mutant(
        name="documents.more_pages_drawn_than_shown",
        file="documents/opening/pdf.py",
        before="        for index in range(min(len(document), most)):\n",
        after="        for index in range(len(document)):\n",
        tests=(f"{PROCESS}::test_draws_so_many_pages_and_no_more",),
    ),
    Mutant(
        name="documents.next_month_is_the_same_page",
        file="documents/likeness.py",
        before="        if differing > MOST_DIFFERING:\n",
        after="        if differing > 1000 * MOST_DIFFERING:\n",
        tests=(LIKENESS,),
    ),
    Mutant(
        name="documents.scans_not_straightened",
        file="documents/opening/ink.py",
        before="    dark = dark.rotate(_askew(dark), Image.Resampling.BICUBIC)\n",
        after="",
        tests=(LIKENESS,),
    ),
    Mutant(
        name="documents.ink_of_other_suppliers_compared",
        file="invoices/services/inks.py",
        before='document__invoice__in=recent).exclude(packed=b"")',
        after='document__invoice__account=invoice.account).exclude(packed=b"").exclude(document__invoice=invoice)',
        tests=(f"{SCANNED}::test_other_suppliers_are_not_looked_at",),
    ),
    Mutant(
        name="documents.only_the_newest_scans_compared",
        file="invoices/services/inks.py",
        before="MOST_INVOICES, MOST_ALIKE = 300, 16\n",
        after="MOST_INVOICES, MOST_ALIKE = 300, 8\n",
        tests=(f"{SCANNED}::test_it_is_found_among_a_year_of_pages_on_the_same_form",),
    ),
    Mutant(
        name="documents.scan_found_late_not_told",
        file="invoices/tasks.py",
        before="        twins.tell_of_late_scans(document.invoice)\n",
        after="        pass\n",
        tests=(f"{SCANNED}::test_what_is_compared_after_it_was_submitted_is_told_to_the_approver",),
    ),
    Mutant(
        name="documents.lost_ink_never_made_up_for",
        file="invoices/tasks.py",
        before="        take_ink.delay(pk)\n",
        after="        pass\n",
        tests=(f"{SCANNED}::test_lost_tasks_are_made_up_for_and_old_ink_is_forgotten",),
    ),
]
