"""CSV files as spreadsheets of many countries write them, and what they do to codes."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from ledger.models import Currency, ExchangeRate, TaxCode
from organization.models import Account, Company, ListImport, User
from organization.reference import list_imports
from organization.reference.csv_cells import spreadsheet_harm
from suppliers.models import Supplier
from tests import factories
from tests.organization.bringing import apply, bring, choose, refused, step

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("owner")]
CURRENCY = "ledger:currency"
SUPPLIER = "suppliers:supplier"


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("organization.tasks.run_list_import.apply_async", lambda *args, **options: None)


@pytest.fixture
def account() -> Account:
    return factories.account()


@pytest.fixture
def owner(account: Account, client: Client) -> User:
    person = factories.owner(account)
    client.force_login(person)
    return person


@pytest.fixture
def company(account: Account) -> Company:
    return factories.company(account, name="Example Ltd")


@pytest.mark.parametrize(
    "content",
    [
        b"sep=;\r\ncode;name\r\nGBP;M\xc3\xbcller, z\r\n",
        b"\xef\xbb\xbfSEP=;\ncode;name\nGBP;M\xc3\xbcller, z\n",
        b'"sep=;"\ncode;name\nGBP;M\xc3\xbcller, z\n',
        b'sep=,\ncode,name\nGBP,"M\xc3\xbcller, z"\n',
        b"sep=|\ncode|name\nGBP|M\xc3\xbcller, z\n",
        b"\r\n\ncode;name\nGBP;M\xc3\xbcller, z\n",
        b";;;\ncode;name\nGBP;M\xc3\xbcller, z\n",
        b"\nsep=;\n\ncode;name\nGBP;M\xc3\xbcller, z\n",
        b"\xef\xbb\xbf\xef\xbb\xbfcode;name\nGBP;M\xc3\xbcller, z\n",
        "code\tname\nGBP\tMüller, z\n".encode("utf-16"),
        b"\xfe\xff" + "code\tname\nGBP\tMüller, z\n".encode("utf-16-be"),
        b"\xff\xfe" + "\ufeffcode;name\r\nGBP;Müller, z\r\n".encode("utf-16-le"),
        b'"code";"name"\rGBP;M\xc3\xbcller, z\r',
    ],
    ids=[
        "sep", "mark and sep", "quoted sep", "sep comma", "sep bar", "blank", "empty cells", "blank and sep",
        "two marks", "utf-16", "utf-16 big", "utf-16 two marks", "old mac",
    ],
)  # fmt: skip
def test_each_is_read(client: Client, content: bytes) -> None:
    assert apply(client, CURRENCY, content).added == 1
    assert Currency.objects.get().name == "Müller, z"


def test_lines_are_counted_from_the_top_of_the_file(client: Client) -> None:
    one = bring(client, CURRENCY, "\nsep=;\n\ncode;name\nGBP;Pound\nPOUNDS;Too long\n").context["one"]
    assert list(refused(one)) == [6]


class TestWindows:
    CONTENT = "code;name\r\nGBP;Müller & Söhne – 5 €\r\n".encode("cp1252")

    def test_asks_whether_the_letters_are_right(self, client: Client) -> None:
        answer = client.get(choose(client, CURRENCY, self.CONTENT)["Location"])
        assert "Are these letters right?" in answer.content.decode()
        assert answer.context["texts"] == ["GBP;Müller & Söhne – 5 €"]
        list_imports.run(answer.context["one"].pk)
        assert ListImport.objects.get().state == ListImport.State.ASKED

    def test_reads_on_when_they_are(self, client: Client) -> None:
        choose(client, CURRENCY, self.CONTENT)
        one = ListImport.objects.get()
        for name in ("read", "apply"):
            step(client, CURRENCY, one, name)
            list_imports.run(one.pk)
        assert Currency.objects.get().name == "Müller & Söhne – 5 €"

    def test_forgets_the_file_when_they_are_not(self, client: Client) -> None:
        choose(client, CURRENCY, self.CONTENT)
        one = ListImport.objects.get()
        step(client, CURRENCY, one, "cancel")
        assert step(client, CURRENCY, one, "read").status_code == 302
        list_imports.run(one.pk)
        one.refresh_from_db()
        assert (one.state, one.parts.count(), one.lines.count()) == (ListImport.State.CANCELLED, 0, 0)

    def test_what_is_no_text_at_all_is_refused(self, client: Client) -> None:
        answer = choose(client, CURRENCY, b"code;name\r\nGBP;\x81\x8d\r\n")
        assert "not text in UTF-8" in answer.content.decode()


@pytest.mark.parametrize(
    ("content", "rates"),
    [
        (";DE19;19,00\r\n;DE7;7\r\n", {"DE19": Decimal(19), "DE7": Decimal(7)}),
        (";A;0,125\r\n;B;7,125\r\n;C;19.5\r\n", {"A": Decimal("0.125"), "B": Decimal("7.125"), "C": Decimal("19.5")}),
    ],
)
def test_where_semicolons_separate_commas_are_decimal(client: Client, content: str, rates: dict[str, Decimal]) -> None:
    assert apply(client, "ledger:taxcode", f"company;code;rate\r\n{content}").refused == 0
    assert dict(TaxCode.objects.values_list("code", "rate")) == rates


@pytest.mark.parametrize(
    "text",
    ["1.23E+11", "1,23E+11", "4E+05", "6100.0", "6100,00", "01-Mar", "Mar-24", "2024-03-01 00:00:00", "1/3/24"],
)
def test_what_a_spreadsheet_does_to_codes_is_seen(text: str) -> None:
    assert spreadsheet_harm(text)


@pytest.mark.parametrize(
    "text", ["6100", "E100", "1E", "61.00.10", "A-1", "MAR-1", "12-345", "2024", "10.5", "+44 20 79"]
)
def test_sound_codes_are_left_in_peace(text: str) -> None:
    assert not spreadsheet_harm(text)


def test_damaged_codes_are_warned_of_in_the_preview_and_not_refused(client: Client, company: Company) -> None:
    factories.gl_code(company, "6100")
    content = f"company,code,name,default_gl_code\n{company},1.23E+11,One,6100\n{company},V2,Two,6100.0\n"
    answer = bring(client, SUPPLIER, content)
    first, second = answer.context["one"].lines.all()
    assert (first.outcome, second.outcome) == ("added", "refused")
    assert "shortened" in first.warnings[0]
    assert "took for an amount" in second.warnings[0]
    assert "“1.23E+11” looks like a long number" in answer.content.decode()


class TestPreview:
    def test_lists_every_row_with_what_becomes_of_it(self, client: Client, company: Company) -> None:
        factories.supplier(company, "V1", name="Old", email="kept@tests.example")
        factories.supplier(company, "V2", name="Same")
        content = f"company,code,name\n{company},V1,New\n{company},V2,Same\n{company},V3,Third\n{company},,None\n"
        answer = bring(client, SUPPLIER, content)
        lines = {line.number: line for line in answer.context["one"].lines.all()}
        assert [lines[n].outcome for n in (2, 3, 4, 5)] == ["changed", "left", "added", "refused"]
        assert lines[2].changes == {"Name": ["Old", "New"]}
        assert lines[4].changes["Name"] == ["", "Third"]
        page = " ".join(answer.content.decode().split())
        assert "<del>Old</del>" in page
        assert "<ins>New</ins>" in page
        only = client.get(answer.request["PATH_INFO"], {"outcome": "left"})
        assert [line.label for line, _, _ in only.context["rows"]] == ["V2 Same"]

    def test_is_paged(self, client: Client) -> None:
        codes = [f"{a}{b}X" for a in "ABCDEFGH" for b in "ABCDEFGH"]
        answer = bring(client, CURRENCY, "code\n" + "\n".join(codes))
        assert len(answer.context["rows"]) == 50
        more = client.get(answer.request["PATH_INFO"], {"page": 2})
        assert len(more.context["rows"]) == 14

    def test_refused_rows_are_downloaded_to_be_mended_and_brought_again(self, client: Client, company: Company) -> None:
        rows = "".join(f"{company},V{n},,=note {n}\n" for n in range(60))
        one = bring(client, SUPPLIER, f"company,code,name,contact_name\n{rows}").context["one"]
        answer = client.get(reverse(f"{SUPPLIER}_import_refused", args=[one.pk]))
        content = b"".join(answer.streaming_content).decode("utf-8-sig")
        lines = list(csv.DictReader(io.StringIO(content)))
        assert len(lines) == 60
        assert lines[0]["line"] == "2"
        assert "This field is required" in lines[0]["why"]
        names = [name for name in lines[0] if name in ("company", "code", "name", "contact_name", "line", "why")]
        mended = [dict(line, name="Mended") for line in lines]
        again = io.StringIO()
        writer = csv.DictWriter(again, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(mended)
        assert apply(client, SUPPLIER, again.getvalue()).added == 60
        assert Supplier.objects.get(code="V7").contact_name == "=note 7"


class TestOneDoor:
    @pytest.mark.parametrize(
        ("name", "sentence"),
        [
            ("two\nlines", "This must be one line"),
            ("a\u2028b", "This must be one line"),
            ("a\u200bb", "U+200B ZERO WIDTH SPACE"),
            ("a\u0001b", "U+0001 CONTROL CHARACTER"),
            ("a<b", "U+003C LESS-THAN SIGN"),
            ("x" * 201, "at most 200 characters"),
        ],
    )
    def test_files_and_forms_refuse_the_same(self, client: Client, company: Company, name: str, sentence: str) -> None:
        cells = io.StringIO()
        csv.writer(cells).writerows([["company", "code", "name"], [company, "V1", name]])
        assert sentence in " ".join(refused(bring(client, SUPPLIER, cells.getvalue()).context["one"]).values())
        typed = {"company": company.pk, "code": "V1", "name": name}
        answer = client.post(reverse(f"{SUPPLIER}_add"), typed)
        if "\n" not in name:  # browsers take it out of such a box
            assert sentence in " ".join(answer.context["form"].errors["name"])
        assert not Supplier.objects.exists()

    def test_an_address_of_several_lines_is_welcome(self, client: Client, company: Company) -> None:
        content = f'company,code,name,address\n{company},V1,One,"Street 1\nTown"\n'
        assert apply(client, SUPPLIER, content).added == 1

    @pytest.mark.parametrize("email", ["ask Anna", "a@b", "a@example.com; b@example.com"])
    def test_what_is_no_email_address_is_refused(self, client: Client, company: Company, email: str) -> None:
        one = bring(client, SUPPLIER, f"company,code,name,email\n{company},V1,One,{email}\n").context["one"]
        assert "no e-mail address" in refused(one)[2]

    def test_a_code_that_looks_the_same_is_the_same_row(self, client: Client, company: Company) -> None:
        factories.supplier(company, "DÜ-1", name="Old")
        one = bring(client, SUPPLIER, f"company,code,name\n{company},du–1,New\n").context["one"]
        assert one.lines.get().changes == {"Code": ["DÜ-1", "du–1"], "Name": ["Old", "New"]}
        twice = bring(client, SUPPLIER, f"company,code,name\n{company},X-1,A\n{company},x−1,B\n").context["one"]
        assert "The same as line 2" in refused(twice)[3]

    def test_a_form_refuses_a_code_that_looks_the_same(self, client: Client, company: Company) -> None:
        old = factories.supplier(company, "DÜ-1", name="Old")
        answer = client.post(reverse(f"{SUPPLIER}_add"), {"company": company.pk, "code": "du–1", "name": "New"})
        assert "its code looks the same" in " ".join(answer.context["form"].errors["code"])
        other = factories.company(company.account)
        typed = {"company": other.pk, "code": "du–1", "name": "New"}
        assert client.post(reverse(f"{SUPPLIER}_add"), typed).status_code == 302
        assert Supplier.objects.exclude(pk=old.pk).get().company == other

    @pytest.mark.parametrize("typed", ["MÜLLER-KONTO", "müller–konto", "Muller-Konto", "Büro für Łódź", "6100’1 x"])
    def test_what_cells_point_at_is_found_as_pickers_find_it(
        self, client: Client, company: Company, typed: str
    ) -> None:
        factories.gl_code(company, "Müller-Konto", name="Buro fur Lodz")
        factories.gl_code(company, "6100'1", name="X")
        content = f"company,code,name,default_gl_code\nEXAMPLE LTD,V1,One,{typed}\n"
        assert apply(client, SUPPLIER, content).refused == 0
        assert Supplier.objects.get().default_gl_code is not None

    def test_what_may_mean_two_is_refused(self, client: Client, company: Company) -> None:
        for code in ("6100", "6200"):
            factories.gl_code(company, code, name="Office")
        content = f"company,code,name,default_gl_code\n{company},V1,One,office\n"
        assert "may mean 6100 Office or 6200 Office" in refused(bring(client, SUPPLIER, content).context["one"])[2]


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (SUPPLIER, ["muller", "MÜLLER", "lodz obrien", "O’BRIEN", "de 12"]),
        ("organization:department", ["buro", "BÜRO"]),
    ],
)
def test_search_boxes_find_names_as_readers_do(client: Client, company: Company, page: str, words: list[Any]) -> None:
    factories.supplier(company, "V1", name="O'Brien Müller, ŁÓDŹ", tax_id="DE-123")
    factories.supplier(company, "V2", name="Other")
    factories.department(company.account, code="B", name="Büro")
    factories.department(company.account, code="O", name="Other")
    for word in [*words, "o'brien"] if page == SUPPLIER else words:
        word = word.replace("obrien", "o'brien")
        rows = client.get(reverse(f"{page}_list"), {"q": word}).context["table"].rows
        assert [str(row.record.name)[:2] for row in rows] == ["O'" if page == SUPPLIER else "Bü"], word


def test_days_are_read_with_points_as_spreadsheets_write_them(client: Client, account: Account) -> None:
    factories.currency(account, "USD")
    content = "currency,date,rate\nUSD,31.12.2029,1.5\nUSD,2030-01-01,1.5\nUSD,soon,1.5\n"
    one = apply(client, "ledger:exchangerate", content)
    assert sorted(str(day) for day in ExchangeRate.objects.values_list("date", flat=True)) == [
        "2029-12-31",
        "2030-01-01",
    ]
    assert refused(one) == {4: "Date: Enter a day like 2026-12-31 or 31.12.2026."}
