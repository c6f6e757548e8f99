"""Reference data from CSV files, as spreadsheets and people write them: shown first, applied then, refused by line."""

from __future__ import annotations

import csv
import io

import pytest
from django.test import Client
from django.urls import reverse

from ledger.models import Currency, DimensionValue, GLCode
from notices.models import Notice
from organization.models import Account, Company, ListImport, ListImportPart, User
from organization.reference import list_imports
from organization.reference.csv_reading import LARGEST_FILE, MOST_LINES
from suppliers.models import Supplier
from tests import factories
from tests.organization.bringing import apply, bring, refused, step

pytestmark = pytest.mark.django_db


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
    return factories.company(account)


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test does the worker's part itself, when it wants to."""
    monkeypatch.setattr("organization.tasks.run_list_import.apply_async", lambda *args, **options: None)


@pytest.mark.usefixtures("owner")
class TestTwoSteps:
    def test_shows_first_and_changes_nothing(self, client: Client) -> None:
        answer = bring(client, "ledger:currency", "code,name\nGBP,Pound sterling\n")
        assert "What would become of each row" in answer.content.decode()
        assert answer.context["one"].added == 1
        assert not Currency.objects.exists()

    def test_applies_what_was_shown_once(self, client: Client) -> None:
        one = apply(client, "ledger:currency", "code,name\nGBP,Pound sterling\n")
        assert Currency.objects.get().name == "Pound sterling"
        Currency.objects.update(name="Changed since")
        step(client, "ledger:currency", one, "apply")
        list_imports.run(one.pk)
        assert Currency.objects.get().name == "Changed since"

    def test_nothing_is_kept_of_the_file_once_it_is_applied_or_given_up(self, client: Client) -> None:
        apply(client, "ledger:currency", "code,name\nGBP,Pound\n")
        one = bring(client, "ledger:currency", "code,name\nUSD,Dollar\n").context["one"]
        part = ListImportPart.objects.get()
        assert "Dollar" not in part.content
        step(client, "ledger:currency", one, "cancel")
        assert not ListImportPart.objects.exists()
        step(client, "ledger:currency", one, "apply")
        list_imports.run(one.pk)
        assert not Currency.objects.filter(code="USD").exists()

    def test_nobody_else_sees_or_applies_it(self, client: Client, account: Account) -> None:
        one = bring(client, "ledger:currency", "code,name\nGBP,Pound\n").context["one"]
        for person in (factories.owner(account), factories.owner()):
            client.force_login(person)
            for page in ("import_state", "import_refused"):
                assert client.get(reverse(f"ledger:currency_{page}", args=[one.pk])).status_code == 404
            assert step(client, "ledger:currency", one, "apply").status_code == 404
        assert ListImport.objects.get().state == ListImport.State.READY

    @pytest.mark.usefixtures("notices_wait")
    def test_invites_whom_a_file_adds_and_nobody_before(self, client: Client, account: Account) -> None:
        factories.role(account)
        content = (
            "email,first_name,role,time_zone,spelling\nnew@tests.example,Nia,Accounts Payable,Europe/London,en-us\n"
        )
        one = bring(client, "organization:user", content).context["one"]
        assert not Notice.objects.exists()
        step(client, "organization:user", one, "apply")
        list_imports.run(one.pk)
        assert Notice.objects.get().to == "new@tests.example"


@pytest.mark.usefixtures("owner")
class TestLines:
    def test_refused_ones_are_named_and_the_rest_is_taken(self, client: Client) -> None:
        report = apply(client, "ledger:currency", "code,name\nGBP,Pound sterling\nPOUNDS,Too long\nUSD,Dollar\n")
        assert report.added == 2
        assert list(refused(report)) == [3]
        assert set(Currency.objects.values_list("code", flat=True)) == {"GBP", "USD"}

    def test_are_counted_as_a_text_editor_does(self, client: Client, company: Company) -> None:
        content = f'company,code,name,address\n{company},V1,One,"Street 1\nTown"\n\n{company},,Two,\n'
        assert list(refused(apply(client, "suppliers:supplier", content))) == [5]
        assert Supplier.objects.get().address == "Street 1\nTown"

    def test_twice_the_same_is_refused_the_second_time(self, client: Client) -> None:
        report = apply(client, "ledger:currency", "code,name\ngbp,First\nGBP,Second\n")
        assert refused(report) == {3: "The same as line 2: GBP."}
        assert Currency.objects.get().name == "First"

    def test_too_few_or_too_many_cells_are_refused_not_blanked(self, client: Client, account: Account) -> None:
        factories.currency(account, "GBP", name="Pound")
        report = apply(client, "ledger:currency", "code,name\nGBP\nUSD,Dollar,more\nEUR,Euro,,\n")
        assert list(refused(report)) == [2, 3]
        assert Currency.objects.get(code="GBP").name == "Pound"
        assert Currency.objects.get(code="EUR").name == "Euro"

    def test_a_column_that_is_left_out_stays(self, client: Client, company: Company) -> None:
        factories.supplier(company, "V1", name="Old", email="kept@tests.example")
        report = apply(client, "suppliers:supplier", f"company,code,name\n{company},v1,New\n")
        assert report.changed == 1
        supplier = Supplier.objects.get()
        assert (supplier.code, supplier.name, supplier.email) == ("v1", "New", "kept@tests.example")

    def test_a_column_that_is_unknown_is_named(self, client: Client) -> None:
        answer = bring(client, "ledger:currency", "code,nmae\nGBP,Pound\n")
        assert answer.context["one"].unknown_columns == ["nmae"]
        assert "not known here, and were not read: nmae" in answer.content.decode()

    def test_what_is_unknown_is_refused_and_never_taken_for_an_id(self, client: Client, company: Company) -> None:
        currency = factories.currency(company.account, "GBP")
        content = f"company,code,name,currency\n{company},V1,One,{currency.pk}\n{company},V2,Two,EUR\n"
        report = apply(client, "suppliers:supplier", content)
        assert refused(report) == {
            2: f"Currency: “{currency.pk}” is not set up here, or archived.",
            3: "Currency: “EUR” is not set up here, or archived.",
        }

    def test_another_accounts_rows_do_not_exist(self, client: Client) -> None:
        foreign = factories.company()
        report = apply(client, "suppliers:supplier", f"company,code,name\n{foreign},V1,One\n")
        assert list(refused(report)) == [2]
        assert not Supplier.objects.exists()

    def test_the_same_code_of_two_companies_is_told_apart(self, client: Client, company: Company) -> None:
        other = factories.company(company.account)
        first, second = factories.gl_code(company, "6100"), factories.gl_code(other, "6100")
        content = f"company,code,name,default_gl_code\n{company},V1,One,6100\n{other},V1,Two,6100\n"
        assert apply(client, "suppliers:supplier", content).added == 2
        assert Supplier.objects.get(company=company).default_gl_code == first
        assert Supplier.objects.get(company=other).default_gl_code == second

    def test_yes_and_no_in_many_words_but_not_in_any(self, client: Client, company: Company) -> None:
        rows = "".join(f"{company},V{n},N,{word}\n" for n, word in enumerate(["yes", "No", "x", "", "TRUE", "perhaps"]))
        report = apply(client, "suppliers:supplier", f"company,code,name,is_on_hold\n{rows}")
        assert refused(report) == {7: "On hold: “perhaps” is neither yes nor no."}
        assert set(Supplier.objects.filter(is_on_hold=True).values_list("code", flat=True)) == {"V0", "V2", "V4"}

    def test_choices_by_their_words_too(self, client: Client, company: Company) -> None:
        content = f"company,code,name,kind\n{company},1,A,Balance sheet\n{company},2,B,income_statement\n"
        assert apply(client, "ledger:glcode", content).added == 2
        assert [code.kind for code in GLCode.objects.order_by("code")] == ["balance_sheet", "income_statement"]

    def test_imported_fields_stay_as_imported(self, client: Client, company: Company) -> None:
        factories.supplier(company, "V1", name="As imported", is_imported=True)
        factories.supplier(company, "V2", name="By hand")
        content = f"company,code,name\n{company},V1,Changed here\n{company},V2,Changed too\n"
        report = apply(client, "suppliers:supplier", content)
        assert report.changed == 1
        assert "kept in your accounting system" in report.lines.get(number=2).warnings[0]
        assert list(Supplier.objects.order_by("code").values_list("name", flat=True)) == ["As imported", "Changed too"]

    def test_values_that_share_a_code_are_left_to_their_pages(self, client: Client, account: Account) -> None:
        project, task = factories.dimension(account, "project"), factories.dimension(account, "task")
        for scope in (factories.dimension_value(project), factories.dimension_value(project)):
            factories.dimension_value(task, "T1", scope=scope)
        report = apply(client, "ledger:dimensionvalue", f"dimension,company,code,name\n{task},,T1,Changed\n")
        assert "Several rows" in refused(report)[2]
        assert not DimensionValue.objects.filter(name="Changed").exists()

    def test_an_address_that_is_taken_is_told_once(self, client: Client, owner: User) -> None:
        factories.role(owner.account)  # type: ignore[arg-type]
        elsewhere = factories.user(email="taken@tests.example")
        report = apply(client, "organization:user", f"email,role\n{elsewhere.email},Accounts Payable\n")
        assert refused(report)[2].count("Somebody already signs in with this address.") == 1

    def test_nobody_becomes_an_owner_or_loses_one_by_a_file(self, client: Client, owner: User) -> None:
        factories.role(owner.account)  # type: ignore[arg-type]
        report = apply(client, "organization:user", f"email,role\n{owner.email},Accounts Payable\n")
        assert "must keep an active Account Owner" in refused(report)[2]
        client.force_login(factories.user(owner.account, "System Admin"))
        report = apply(client, "organization:user", "email,role\nnew@tests.example,Account Owner\n")
        assert list(refused(report)) == [2]


@pytest.mark.usefixtures("owner")
class TestFiles:
    @pytest.mark.parametrize("content", ["code;name\nGBP;Pound, sterling\n", "code\tname\nGBP\tPound, sterling\n"])
    def test_of_other_countries_separate_otherwise(self, client: Client, content: str) -> None:
        apply(client, "ledger:currency", content)
        assert Currency.objects.get().name == "Pound, sterling"

    def test_with_a_byte_order_mark_quotes_and_windows_lines(self, client: Client) -> None:
        apply(client, "ledger:currency", '\ufeff"Code", NAME\r\n"GBP","The ""pound"""\r\n\r\n')
        assert Currency.objects.get().name == 'The "pound"'

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (b"", "file is empty"),
            (b"name\nx\n", "missing: code"),
            (b"code,name,Code\nGBP,a,b\n", "names a column twice: code"),
            (b"code,name\n\0,x\n", "not a CSV file"),
            (b"PK\x03\x04\x14\0", "is a workbook of a spreadsheet"),
            (b'code,name\nGBP,"never closed\n', "a quotation mark is opened and never closed"),
            (b'code,name\nGBP,"Pound" x\n', "at line 2: a quotation mark stands within a cell"),
            (b"code,name\nGBP," + b"x" * 200_000 + b"\n", "at line 2: a cell has more than 131,072 characters"),
            (b"code,name," + b",".join(b"c%d" % each for each in range(999)) + b"\nGBP,x\n", "names 1,001 columns"),
            (b"code,name\n" + b"GBP,x\n" * (MOST_LINES + 1), "more than 200,000 rows"),
            (b"code,name\n" + b"x" * LARGEST_FILE, "larger than 20 MB"),
        ],
        ids=["empty", "column", "twice", "nul", "workbook", "quote", "inner quote", "cell", "columns", "rows", "bytes"],
    )
    def test_that_cannot_be_read_are_refused_as_a_whole(self, client: Client, content: bytes, sentence: str) -> None:
        answer = bring(client, "ledger:currency", content)
        assert answer.status_code == 422
        assert sentence in answer.content.decode()
        assert not Currency.objects.exists()

    def test_of_refused_rows_alone_leave_no_others_to_apply(self, client: Client) -> None:
        page = bring(client, "ledger:currency", "code,name\n,Pound\n").content.decode()
        assert "There is nothing to apply." in page
        assert "You can apply the others" not in page
        assert (
            "You can apply the others"
            in bring(client, "ledger:currency", "code,name\n,x\nGBP,Pound\n").content.decode()
        )

    def test_formulas_are_disarmed_and_come_back_as_they_were(self, client: Client, company: Company) -> None:
        names = ["=HYPERLINK(1)", "+44 20 7946 0000", "-1", "@cmd", "<script>alert(1)</script>"]
        for number, name in enumerate(names):
            factories.supplier(company, f"V{number}", name=name)
        content = b"".join(client.get(reverse("suppliers:supplier_export")).streaming_content)
        cells = [row["name"] for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig")))]
        assert not [cell for cell in cells if cell[0] in "=@+"]
        assert apply(client, "suppliers:supplier", content.replace(b"V0", b"X0")).added == 1
        assert Supplier.objects.get(code="X0").name == "=HYPERLINK(1)"
        assert set(Supplier.objects.values_list("name", flat=True)) == set(names)
