"""What a person set here stays while Sage Intacct has nothing; what came from there goes when it is emptied there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integrations.models import Connection, Cursor
from integrations.sage_intacct.importers import targets
from ledger.models import Currency, DimensionValue, GLCode, TaxCode, Terms
from organization.models import Company, User
from suppliers.forms import SupplierForm
from suppliers.models import Supplier
from tests import factories
from tests.integrations.importing import act, backdate, company_of, run_import

# A vendor without anything but its name.
BARE = {"VENDORID": "V95000", "NAME": "Bare Ltd", "STATUS": "active"}
FIELDS_THERE = {
    "tax_id": ("TAXID", "GB 111"),
    "email": ("DISPLAYCONTACT.EMAIL1", "there@example.com"),
    "phone": ("DISPLAYCONTACT.PHONE1", "+44 20 7000 0000"),
    "contact_name": ("DISPLAYCONTACT.PRINTAS", "Somebody there"),
    "address": ("DISPLAYCONTACT.MAILADDRESS.ADDRESS1", "1 Example Street"),
    "currency": ("CURRENCY", "EUR"),
    "terms": ("TERMNAME", "Net 30"),
    "default_gl_code": ("APACCOUNT", "6100"),
}


@pytest.fixture
def imported(intacct: Connection, portal_sandbox: Any) -> Connection:
    act(portal_sandbox, "create_record", object="VENDOR", fields=BARE)
    act(portal_sandbox, "update_record", object="VENDOR", key="V95000", fields={"DISPLAYCONTACT.PRINTAS": ""})
    run_import(intacct, "currencies", "terms")
    run_import(intacct, "gl_codes")
    run_import(intacct, "suppliers")
    return intacct


def _supplier(connection: Connection) -> Supplier:
    return Supplier.objects.get(company=company_of(connection), code="V95000")


def _set_by_hand(company: Company) -> dict[str, Any]:
    return {
        "tax_id": "GB 999",
        "email": "here@example.com",
        "phone": "+44 20 7999 9999",
        "contact_name": "Somebody here",
        "address": "9 Example Street",
        "currency": Currency.objects.get(account=company.account, code="GBP"),
        "terms": Terms.objects.get(account=company.account, name="Net 60"),
        "default_gl_code": GLCode.objects.get(company=company, code="6200"),
    }


def _edit(supplier: Supplier, by: User, **values: Any) -> None:
    """As the form of the page saves it."""
    held = {name: SupplierForm(instance=supplier, user=by).initial.get(name) for name in SupplierForm.Meta.fields}
    data = held | {name: getattr(value, "pk", value) for name, value in values.items()}
    form = SupplierForm({key: value for key, value in data.items() if value is not None}, instance=supplier, user=by)
    assert form.is_valid(), form.errors
    form.save()


def _held(supplier: Supplier) -> dict[str, Any]:
    supplier.refresh_from_db()
    return {name: getattr(supplier, name) for name in FIELDS_THERE}


@pytest.mark.parametrize("name", sorted(FIELDS_THERE))
def test_a_value_set_here_outlives_everything_being_read_again(imported: Connection, name: str) -> None:
    supplier, value = _supplier(imported), _set_by_hand(company_of(imported))[name]
    assert not getattr(supplier, name)
    _edit(supplier, factories.owner(imported.account), **{name: value})
    preview = run_import(imported, "suppliers", is_full=True, is_preview=True)[0]
    job = run_import(imported, "suppliers", is_full=True)[0]
    assert _held(supplier)[name] == value
    assert (preview.updated, job.updated) == (0, 0)


def test_a_change_there_of_another_field_leaves_all_values_set_here(imported: Connection, portal_sandbox: Any) -> None:
    supplier, values = _supplier(imported), _set_by_hand(company_of(imported))
    _edit(supplier, factories.owner(imported.account), **values)
    act(portal_sandbox, "update_record", object="VENDOR", key="V95000", fields={"NAME": "Renamed Ltd"})
    job = run_import(imported, "suppliers")[0]
    assert set(job.outcomes.get().changes) == {"Name"}
    assert _held(supplier) == values


@pytest.mark.parametrize("is_full", [False, True])
def test_the_value_there_wins_is_told_and_locked_and_goes_when_it_is_emptied_there(
    imported: Connection, portal_sandbox: Any, is_full: bool
) -> None:
    owner, supplier = factories.owner(imported.account), _supplier(imported)
    _edit(supplier, owner, **_set_by_hand(company_of(imported)))
    there = dict(FIELDS_THERE.values())
    act(portal_sandbox, "update_record", object="VENDOR", key="V95000", fields=there)
    preview = run_import(imported, "suppliers", is_full=is_full, is_preview=True)[0]
    job = run_import(imported, "suppliers", is_full=is_full)[0]
    told = job.outcomes.get(record_key="V95000")
    assert told.message.startswith("Sage Intacct has a value of its own, which replaced the one that stood here: ")
    assert "Default GL code" in told.message
    assert told.changes["Phone"] == ["+44 20 7999 9999", "+44 20 7000 0000"]
    assert preview.outcomes.get(record_key="V95000").changes == told.changes
    form = SupplierForm(instance=Supplier.objects.get(pk=supplier.pk), user=owner)
    assert all(form.fields[name].disabled for name in FIELDS_THERE)
    assert form.fields["terms"].help_text == "Comes from your accounting system."

    act(portal_sandbox, "update_record", object="VENDOR", key="V95000", fields=dict.fromkeys(there, ""))
    run_import(imported, "suppliers", is_full=is_full)
    assert not any(_held(supplier).values())
    form = SupplierForm(instance=Supplier.objects.get(pk=supplier.pk), user=owner)
    assert not any(form.fields[name].disabled for name in FIELDS_THERE)


def test_the_same_value_on_both_sides_comes_from_there_from_then_on(imported: Connection, portal_sandbox: Any) -> None:
    supplier = _supplier(imported)
    Supplier.objects.filter(pk=supplier.pk).update(tax_id="GB 111")
    act(portal_sandbox, "update_record", object="VENDOR", key="V95000", fields={"TAXID": "GB 111"})
    job = run_import(imported, "suppliers", is_full=True)[0]
    assert (job.updated, job.outcomes.filter(record_key="V95000").count()) == (0, 0)
    act(portal_sandbox, "update_record", object="VENDOR", key="V95000", fields={"TAXID": ""})
    run_import(imported, "suppliers", is_full=True)
    assert _held(supplier)["tax_id"] == ""


def test_rows_imported_before_origins_were_kept_are_read_once_more(imported: Connection, portal_sandbox: Any) -> None:
    """Nothing is known of them, so nothing is emptied before that."""
    backdate(portal_sandbox, "VENDOR")
    cursor = Cursor.objects.get(data_set="suppliers")
    del cursor.state["knows_origins"]
    cursor.save()
    Supplier.objects.update(imported_fields=[])
    job = run_import(imported, "suppliers")[0]
    assert (job.done, job.updated) == (182, 0)
    assert "tax_id" in Supplier.objects.get(code="V00001").imported_fields
    assert run_import(imported, "suppliers")[0].done == 0


def _currency(account: Any) -> tuple[Any, str, Any]:
    return Currency.objects.get(account=account, code="GBP"), "name", "Pound of ours"


def _terms(account: Any) -> tuple[Any, str, Any]:
    return Terms.objects.filter(account=account, description="").earliest("pk"), "description", "Ours"


def _required_dimensions(account: Any) -> tuple[Any, str, Any]:
    return GLCode.objects.get(company__account=account, code="6100"), "required_dimensions", ["department"]


def _usable(account: Any) -> tuple[Any, str, Any]:
    return GLCode.objects.get(company__account=account, code="6100"), "is_usable_on_invoices", False


def _tax(account: Any) -> tuple[Any, str, Any]:
    return TaxCode.objects.filter(account=account).earliest("pk"), "description", "Ours"


def _parent(account: Any) -> tuple[Any, str, Any]:
    values = DimensionValue.objects.filter(dimension__account=account, dimension__key="class", parent=None)
    child, parent = values.order_by("pk")[:2]
    return child, "parent_id", parent.pk


@pytest.mark.parametrize(
    ("data_set", "choose"),
    [
        ("currencies", _currency),
        ("terms", _terms),
        ("gl_codes", _required_dimensions),
        ("gl_codes", _usable),
        ("tax_codes", _tax),
        ("class", _parent),
    ],
)
def test_other_reference_data_keep_what_was_set_here_too(
    intacct: Connection, data_set: str, choose: Callable[[Any], tuple[Any, str, Any]], portal_sandbox: Any
) -> None:
    if data_set == "terms":
        act(portal_sandbox, "update_record", object="APTERM", key="Net 30", fields={"DESCRIPTION": ""})
    if data_set == "currencies":
        act(portal_sandbox, "update_record", object="TRXCURRENCIES", key="GBP", fields={"NAME": ""})
    run_import(intacct, data_set)
    if data_set == "tax_codes":
        first = TaxCode.objects.earliest("pk").code
        act(portal_sandbox, "update_record", object="TAXDETAIL", key=first, fields={"DESCRIPTION": ""})
        run_import(intacct, data_set, is_full=True)
    row, name, value = choose(intacct.account)
    type(row).objects.filter(pk=row.pk).update(**{name: value})
    job = run_import(intacct, data_set, is_full=True)[0]
    row.refresh_from_db()
    assert getattr(row, name) == value
    assert job.updated == 0


def test_every_column_that_may_be_empty_there_is_optional() -> None:
    """A new column is either always there, or stays as it was set here."""
    always_there = {
        "CURRENCIES": {"is_active"},
        "TERMS": {"name", "due_days", "due_from", "is_active"},
        "GL_CODES": {"name", "kind", "unusable_reason", "is_active"},
        "TAX_CODES": {"rate", "is_reverse_charge", "is_active"},
        "DIMENSION_VALUES": {"name", "is_active"},
        "SUPPLIERS": {"name", "is_on_hold", "is_active"},
    }
    for name, expected in always_there.items():
        target = getattr(targets, name)
        assert {column.name for column in target.columns if column.is_given is None} == expected
