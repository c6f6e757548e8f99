"""The entry form without script, as a plain POST, and what it refuses."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from invoices.models import ApprovalStatus, Invoice
from invoices.uploads import CappedUploadHandler
from tests import factories
from tests.documents import samples

pytestmark = pytest.mark.django_db


class Desk:
    """A clerk at the form, with one company's reference data."""

    def __init__(self) -> None:
        self.company = factories.company()
        self.account = self.company.account
        self.clerk = factories.user(self.account)
        self.gl_code = factories.gl_code(self.company, "6100", name="Office")
        self.tax_code = factories.tax_code(self.account, "VAT20")
        self.supplier = factories.supplier(
            self.company,
            "ALDER",
            name="Alder Ltd",
            currency=factories.currency(self.account),
            terms=factories.terms(self.account),
            default_gl_code=self.gl_code,
        )
        self.client = Client()
        self.client.force_login(self.clerk)

    def form(self, **changes: Any) -> dict[str, Any]:
        lines = {"lines-TOTAL_FORMS": "1", "lines-INITIAL_FORMS": "0", "lines-0-quantity": "1"}
        header = {
            "company": self.company.pk,
            "kind": "invoice",
            "supplier": "ALDER",
            "number": "A-1",
            "invoice_date": "2030-01-01",
            "action": "draft",
        }
        line = {"lines-0-gl_code": "6100", "lines-0-unit_price": "100", "lines-0-tax_code": "VAT20"}
        return lines | header | line | changes

    def post(self, invoice: Invoice | None = None, **changes: Any) -> Any:
        name, args = ("invoice_edit", [invoice.pk]) if invoice else ("invoice_add", [])
        return self.client.post(reverse(f"invoices:{name}", args=args), self.form(**changes))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_saves_a_draft_and_fills_in_from_the_supplier(desk: Desk) -> None:
    response = desk.post(**{"lines-0-gl_code": ""})
    invoice = Invoice.objects.get()
    assert response["Location"] == invoice.get_absolute_url()
    assert (str(invoice.currency), str(invoice.terms), str(invoice.due_date)) == ("GBP", "Net 30", "2030-01-31")
    assert invoice.lines.get().gl_code == desk.gl_code
    assert invoice.total == Decimal("120.00")


def test_submits(desk: Desk) -> None:
    desk.post(action="submit")
    assert Invoice.objects.get().approval_status == ApprovalStatus.WAITING


def test_keeps_a_draft_that_cannot_be_submitted_and_says_why(desk: Desk) -> None:
    response = desk.post(action="submit", net="99.99")
    invoice = Invoice.objects.get()
    assert invoice.approval_status == ApprovalStatus.DRAFT
    page = desk.client.get(response["Location"])
    assert "The lines add up to 100.00 net, but the invoice says 99.99." in page.text


@pytest.mark.parametrize("typed", ["1234.50", "1,234.50", "1.234,50", "1 234,50", "1234,5", "1’234.50"])
def test_reads_amounts_with_either_decimal_separator(desk: Desk, typed: str) -> None:
    desk.post(**{"lines-0-unit_price": typed, "lines-0-tax_code": ""})
    assert Invoice.objects.get().total == Decimal("1234.50")


def test_adds_lines_without_script(desk: Desk) -> None:
    page = desk.post(action="add_line")
    assert page.context["lines"].total_form_count() == 4
    assert not Invoice.objects.exists()


def test_skips_empty_and_removed_lines(desk: Desk) -> None:
    more = {"lines-1-quantity": "1", "lines-2-quantity": "1", "lines-2-unit_price": "5", "lines-2-DELETE": "on"}
    desk.post(**{"lines-TOTAL_FORMS": "3"} | more)
    assert Invoice.objects.get().lines.count() == 1


def test_enters_a_credit_note_with_a_negative_effect(desk: Desk) -> None:
    desk.post(kind="credit_note")
    assert Invoice.objects.get().signed_total == Decimal("-120.00")


def wrong_fields(response: Any) -> set[str]:
    wrong = set(response.context["form"].errors) | set(response.context["documents_form"].errors)
    return wrong | {name for form in response.context["lines"] for name in form.errors}


@pytest.mark.parametrize(
    "changes, field",
    [
        ({"supplier": "NOBODY"}, "supplier"),
        ({"invoice_date": "yesterday"}, "invoice_date"),
        ({"invoice_date": "0001-01-01"}, "invoice_date"),
        ({"invoice_date": "12/31/2030"}, "invoice_date"),
        ({"number": "A\x01B"}, "number"),
        ({"number": "A\x07B"}, "number"),
        ({"number": "9" * 61}, "number"),
        ({"net": "twelve"}, "net"),
        ({"net": "1e5"}, "net"),
        ({"net": "NaN"}, "net"),
        ({"net": "99999999999999999"}, "net"),
        ({"net": "1.234"}, "net"),
        ({"lines-0-unit_price": "1,234,50"}, "unit_price"),
        ({"lines-0-unit_price": "1.23456"}, "unit_price"),
        ({"lines-0-unit_price": "9999999999", "lines-0-quantity": "9999999999"}, "total"),
        ({"lines-0-gl_code": "nothing"}, "gl_code"),
        ({"lines-0-tax_code": "nothing"}, "tax_code"),
        ({"company": "0"}, "company"),
        ({"currency": "999999"}, "currency"),
    ],
)
def test_refuses_on_the_form(desk: Desk, changes: dict[str, str], field: str) -> None:
    response = desk.post(**changes)
    assert response.status_code == 200
    assert field in wrong_fields(response)
    assert not Invoice.objects.exists()


def test_refuses_what_belongs_to_another_company(desk: Desk) -> None:
    other = factories.company(desk.account)
    factories.gl_code(other, "9999")
    factories.supplier(other, "THEIRS")
    assert wrong_fields(desk.post(**{"lines-0-gl_code": "9999"})) == {"gl_code"}
    assert wrong_fields(desk.post(supplier="THEIRS")) == {"supplier"}
    assert wrong_fields(desk.post(company=factories.company().pk)) == {"company"}


def test_refuses_what_is_archived(desk: Desk) -> None:
    factories.gl_code(desk.company, "7777", is_active=False)
    assert wrong_fields(desk.post(**{"lines-0-gl_code": "7777"})) == {"gl_code"}


def test_refuses_a_number_that_the_supplier_has_used(desk: Desk) -> None:
    desk.post()
    assert wrong_fields(desk.post(number="a-1")) == {"number"}
    assert Invoice.objects.count() == 1


def test_the_second_editor_is_told_and_keeps_what_was_typed(desk: Desk) -> None:
    desk.post()
    invoice = Invoice.objects.get()
    desk.post(invoice, version="1", po_number="FIRST")
    page = desk.post(invoice, version="1", po_number="SECOND")
    assert "This invoice was saved elsewhere" in page.text
    assert "SECOND" in page.text
    invoice.refresh_from_db()
    assert invoice.po_number == "FIRST"
    desk.post(invoice, version=page.context["form"]["version"].value(), po_number="SECOND")
    invoice.refresh_from_db()
    assert invoice.po_number == "SECOND"


@pytest.mark.parametrize(
    "name, content, reason",
    [
        ("bill.exe", b"MZ", "is named like a program (.exe). Programs are never taken."),
        ("bill.html", b"<script>alert(1)</script>", "is a web page"),
        ("bill.svg", b"<svg onload='alert(1)'/>", "is an SVG drawing"),
        ("bill.dat", b"Invoice 7", "type that is not accepted"),
        ("bill.pdf", b"<html>%%EOF", "is a web page"),
        ("bill.pdf", b"%PDF-1.7 cut off", "no reader can open"),
        ("bill.png", b"GIF89a", "is a GIF picture"),
        ("bill.csv", b"MZ\x00\x01", "is a program (Windows)"),
        ("bill.csv", b"a\x00\x01", "is not plain text"),
        ("bill.xlsx", b"PK nothing", "is named like an Excel workbook, but no reader can open it as one"),
        ("bill.docx", samples.package({"xl/workbook.xml": b"<workbook/>"}), "is a zip archive, no Office document"),
        ("bill.xlsx", samples.office(xl__vbaProject_dot_bin=b"x"), "holds macros"),
        ("bomb.xlsx", samples.office(xl__sheet_dot_xml=b"0" * 20_000_000), "zip bomb"),
        ("absurd.png", samples.absurd_png(), "measures 60,000 × 60,000 pixels"),
    ],
)
def test_refuses_a_document_by_its_content(desk: Desk, name: str, content: bytes, reason: str) -> None:
    response = desk.post(documents=SimpleUploadedFile(name, content))
    assert reason in response.text
    assert not Invoice.objects.exists()


@pytest.mark.parametrize(
    "name, content", [("a.xlsx", samples.office()), ("a.csv", b"a;b\r\n1;2"), ("a.pdf", factories.PDF)]
)
def test_accepts_documents(desk: Desk, name: str, content: bytes) -> None:
    desk.post(documents=SimpleUploadedFile(name, content))
    assert Invoice.objects.get().documents.get().name == name


def test_refuses_a_file_that_is_too_large(desk: Desk, settings: Any) -> None:
    settings.DOCUMENT_MAX_BYTES = 1024 * 1024
    response = desk.post(documents=SimpleUploadedFile("big.pdf", b"%PDF-" + b"0" * 6_000_000))
    assert "larger than 1 MB" in response.text


def test_a_huge_upload_does_not_fill_the_disk(settings: Any) -> None:
    settings.DOCUMENT_MAX_BYTES = 1000
    handler = CappedUploadHandler()
    handler.new_file("documents", "big.pdf", "application/pdf", None)
    for start in range(0, 100_000, 500):
        handler.receive_data_chunk(b"0" * 500, start)
    file = handler.file_complete(100_000)
    assert (file.size, len(file.read())) == (100_000, 1500)


def test_removes_a_document(desk: Desk) -> None:
    desk.post(documents=SimpleUploadedFile("a.pdf", factories.PDF))
    invoice = Invoice.objects.get()
    desk.post(invoice, version="1", remove=invoice.documents.get().pk)
    invoice.refresh_from_db()
    assert not invoice.has_documents


def test_a_document_that_a_colleague_removed_meanwhile_is_no_mistake_of_the_second(desk: Desk) -> None:
    desk.post(documents=SimpleUploadedFile("a.pdf", factories.PDF))
    invoice = Invoice.objects.get()
    document = invoice.documents.get().pk
    desk.post(invoice, version="1", remove=document)
    page = desk.post(invoice, version="1", remove=document, po_number="MINE")
    first, second = (problem.message for problem in page.context["problems"])
    assert first.startswith("This invoice was saved elsewhere while you were editing it.")
    assert second == "You: Edited: removed a.pdf."
    desk.post(invoice, version=page.context["form"]["version"].value(), remove=document, po_number="MINE")
    invoice.refresh_from_db()
    assert invoice.po_number == "MINE"


def test_removes_no_document_of_another_invoice(desk: Desk) -> None:
    desk.post()
    other = factories.document(factories.invoice(desk.company))
    desk.post(Invoice.objects.get(number="A-1"), version="1", remove=[other.pk, "x", "9" * 40])
    assert other.file.storage.exists(other.file.name)
    other.refresh_from_db()


def test_what_was_ticked_to_be_removed_stays_ticked_when_the_form_comes_back(desk: Desk) -> None:
    desk.post(documents=[SimpleUploadedFile(name, factories.PDF) for name in ("a.pdf", "b.pdf")])
    invoice = Invoice.objects.get()
    first, second = invoice.documents.all()
    page = desk.post(invoice, version="1", remove=first.pk, invoice_date="yesterday").text
    assert f'name="remove" value="{first.pk}" checked' in page
    assert f'name="remove" value="{second.pk}">' in page


def test_totals_follow_a_corrected_line_unless_they_were_typed_apart(desk: Desk) -> None:
    desk.post()
    desk.post(number="A-2", tax="19.99", total="119.99")
    following, apart = Invoice.objects.order_by("number")
    header = desk.client.get(reverse("invoices:invoice_edit", args=[following.pk])).context["form"].initial
    assert [header[name] for name in ("net", "tax", "total")] == [None, None, None]
    header = desk.client.get(reverse("invoices:invoice_edit", args=[apart.pk])).context["form"].initial
    assert [header[name] for name in ("net", "tax", "total")] == [None, Decimal("19.99"), Decimal("119.99")]


def test_a_total_that_is_not_net_and_tax_stays(desk: Desk) -> None:
    desk.post(net="90", total="120")
    header = desk.client.get(reverse("invoices:invoice_edit", args=[Invoice.objects.get().pk])).context["form"].initial
    assert (header["net"], header["total"]) == (Decimal("90.00"), Decimal("120.00"))


class TestAPartOfAName:
    def test_is_enough_where_one_thing_only_can_be_meant(self, desk: Desk) -> None:
        factories.supplier(desk.company, "BIRCH", name="Birch Bros", is_active=False)
        desk.post(supplier="der l", **{"lines-0-gl_code": "offi"})
        invoice = Invoice.objects.get()
        assert (invoice.supplier, invoice.lines.get().gl_code) == (desk.supplier, desk.gl_code)

    def test_names_those_that_may_be_meant(self, desk: Desk) -> None:
        for number in range(7):
            factories.supplier(desk.company, f"ELM{number}", name=f"Elm {number}")
        factories.supplier(factories.company(desk.account), "ELSEWHERE", name="Elm elsewhere")
        page = desk.post(supplier="elm")
        assert page.context["form"].errors["supplier"] == [
            "“elm” may mean ELM0 Elm 0, ELM1 Elm 1, ELM2 Elm 2, ELM3 Elm 3, ELM4 Elm 4 or others. Type the code of one."
        ]
        assert not Invoice.objects.exists()

    def test_a_whole_code_is_meant_before_the_names_that_hold_it(self, desk: Desk) -> None:
        factories.supplier(desk.company, "OTHER", name="Alder & Sons")
        desk.post(supplier="alder")
        assert Invoice.objects.get().supplier == desk.supplier

    def test_warns_of_no_number_before_it_is_clear_whose_it_is(self, desk: Desk) -> None:
        desk.post()
        factories.supplier(desk.company, "ALDERSON", name="Alderson plc")
        url = reverse("invoices:number_check")
        query = {"company": desk.company.pk, "number": "a-1"}
        assert desk.client.get(url, query | {"supplier": "lder"}).json()["message"] == ""
        assert "A-1" in desk.client.get(url, query | {"supplier": "lder lt"}).json()["message"]

    def test_does_not_cost_a_query_per_line(self, desk: Desk, django_assert_max_num_queries: Any) -> None:
        lines: dict[str, str] = {"lines-TOTAL_FORMS": "60"}
        for index in range(60):
            lines |= {f"lines-{index}-gl_code": f"nonsense {index}", f"lines-{index}-unit_price": "1"}
        with django_assert_max_num_queries(60):
            desk.post(**lines)


def test_serves_documents_so_that_a_browser_cannot_run_them(desk: Desk) -> None:
    invoice = factories.invoice(desk.company)
    document = factories.document(invoice, "ключ\u202e.txt", b"<script>", content_type="text/plain")
    response = desk.client.get(reverse("invoices:document_download", args=[document.pk]))
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"].startswith("sandbox;")
    assert response["Content-Disposition"].startswith("attachment")
    assert response["Content-Type"] == "application/octet-stream"


def test_escapes_scripts_in_whatever_people_type(desk: Desk) -> None:
    invoice = factories.invoice(desk.company, description="<script>alert(1)</script>", number="<b>")
    factories.document(invoice, "<img src=x>.pdf")
    page = desk.client.get(invoice.get_absolute_url()).text
    assert "<script>alert(1)" not in page
    assert "<img src=x>" not in page


def test_picks_only_what_the_company_may_use(desk: Desk) -> None:
    factories.gl_code(factories.company(desk.account), "6101")
    factories.gl_code(desk.company, "6102", is_active=False)
    url = reverse("invoices:pick", args=["gl_code"])
    found = desk.client.get(url, {"company": desk.company.pk, "q": "61"}).json()
    assert [one["value"] for one in found["results"]] == ["6100 Office"]


def test_a_task_is_chosen_within_its_project(desk: Desk) -> None:
    project = factories.dimension(desk.account, "project", position=1)
    task = factories.dimension(desk.account, "task", position=2, parent=project)
    first, second = (factories.dimension_value(project, code) for code in ("P1", "P2"))
    tasks = [factories.dimension_value(task, "T", name="Paint", scope=owner) for owner in (first, second)]
    fields = {f"lines-0-dimension_{project.pk}": "P2", f"lines-0-dimension_{task.pk}": "T"}
    desk.post(**fields)
    chosen = {one.value for one in Invoice.objects.get().lines.get().dimensions.all()}
    assert chosen == {second, tasks[1]}


def test_warns_of_a_number_in_use_while_typing(desk: Desk) -> None:
    desk.post()
    url = reverse("invoices:number_check")
    query = {"company": desk.company.pk, "supplier": "ALDER Alder Ltd", "number": "a-1"}
    assert "already is an invoice A-1" in desk.client.get(url, query).json()["message"]
    own = Invoice.objects.get().pk
    assert desk.client.get(url, query | {"invoice": own}).json()["message"] == ""


def test_entering_does_not_cost_a_query_per_line(desk: Desk, django_assert_max_num_queries: Any) -> None:
    lines: dict[str, str] = {"lines-TOTAL_FORMS": "60"}
    for index in range(60):
        lines |= {f"lines-{index}-gl_code": "6100", f"lines-{index}-unit_price": "1", f"lines-{index}-quantity": "1"}
    with django_assert_max_num_queries(60):
        desk.post(**lines)
    assert Invoice.objects.get().lines.count() == 60


@pytest.mark.parametrize("name", ["İstanbul Kağıt A.Ş.", "ΟΔΟΣ ΑΕ ΕΚΔΟΣΕΙΣ", "École Ét Cie", "STRAẞE GmbH", "ǅungla"])
def test_takes_a_name_of_any_script_as_the_list_writes_it(desk: Desk, name: str) -> None:
    """Python and the database do not agree on every small letter."""
    supplier = factories.supplier(desk.company, "ODD", name=name)
    typed = {"company": desk.company.pk, "q": name}
    offered = desk.client.get(reverse("invoices:pick", args=["supplier"]), typed).json()["results"]
    assert [one["value"] for one in offered] == [str(supplier)]
    for number, text in enumerate((name, str(supplier))):
        desk.post(supplier=text, number=f"A-{number}")
    assert list(Invoice.objects.values_list("supplier", flat=True)) == [supplier.pk] * 2


@pytest.mark.parametrize(
    "again", ["A\u00a0-\u00a01", "A  -  1", "A - 1\u200b", "\u200ea - 1", "A \u00ad- 1", "A\u202f-\u202f1"]
)
def test_finds_a_number_again_however_it_was_pasted(desk: Desk, again: str) -> None:
    """A number copied from a PDF brings characters along that nobody sees."""
    desk.post(number="A - 1")
    typed = {"company": desk.company.pk, "supplier": "ALDER", "number": again}
    assert "There already is an invoice" in desk.client.get(reverse("invoices:number_check"), typed).json()["message"]
    assert wrong_fields(desk.post(number=again)) == {"number"}
    assert Invoice.objects.get().number == "A - 1"


def test_a_form_whose_lines_did_not_arrive_says_so(client: Client) -> None:
    client.force_login(factories.user(factories.company().account))
    page = client.post(reverse("invoices:invoice_add"), {"action": "draft", "number": "KEPT-1"}).text
    assert "The lines of this form did not arrive." in page
    assert "KEPT-1" in page
    assert "tampered" not in page
