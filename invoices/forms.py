"""The entry form: header, lines, documents. It turns what was typed into what `save_invoice` takes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet, Sum

from documents.kinds import CHOSEN
from invoices import picking
from invoices.errors import InvoiceRefused
from invoices.fields import DayField
from invoices.models import ZERO, Document, Invoice, InvoiceLine
from invoices.services import pending
from invoices.services.documents import CheckedFile, check_document
from invoices.services.entry import LineData, proposed_tax
from invoices.services.pending import PendingFile
from ledger.minor_units import decimals_of
from ledger.models import Currency, Dimension, Terms
from organization.amount_fields import AmountField, MoneyField
from organization.folding import fold
from organization.models import Company, Department, User
from organization.parameters import is_whole_number
from organization.permissions import companies_of

MOST_LINES = 500
MOST_LINES_SHOWN = 1_500  # more lines than this are not shown again when a form with too many comes back
CONTROL = {character for character in map(chr, range(32)) if character not in "\t\n\r"}


class PlainCharField(forms.CharField):
    """Refuses control characters, which no accounting system and no CSV reader takes. Written in either direction."""

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return super().widget_attrs(widget) | {"dir": "auto"}

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        if CONTROL & set(text):
            raise ValidationError("Take out the control characters.", code="invalid")
        return text


class PickField(PlainCharField):
    """A text box with suggestions. `kind` names the picker; the form looks the text up."""

    def __init__(self, kind: str, *, attrs: Mapping[str, str] | None = None, **options: Any) -> None:
        attrs = {"data-pick": kind, "autocomplete": "off", "spellcheck": "false"} | dict(attrs or {})
        super().__init__(widget=forms.TextInput(attrs), required=False, max_length=280, **options)


def choose(text: str, found: dict[str, list[Any]], what: str) -> Any:
    """The one row that `text` means. Raises ValidationError."""
    if not text:
        return None
    unknown = f"No {what} of this company is called “{text}”. Type its code or choose from the list."
    return picking.choose(text, found.get(fold(text), []), unknown)


class HeaderForm(forms.Form):
    """The header. Net, tax and total may stay empty: then the lines decide."""

    company = forms.ModelChoiceField(Company.objects.none(), empty_label=None)
    kind = forms.ChoiceField(choices=Invoice.Kind.choices, initial=Invoice.Kind.INVOICE)
    supplier = PickField("supplier", help_text="Type a code or a part of the name.")
    number = PlainCharField(label="Invoice number", max_length=60, required=False)
    invoice_date = DayField(required=False)
    terms = forms.ModelChoiceField(Terms.objects.none(), required=False)
    due_date = DayField(required=False)
    currency = forms.ModelChoiceField(Currency.objects.none(), required=False, empty_label="Choose one")
    po_number = PlainCharField(label="PO number", max_length=40, required=False)
    department = forms.ModelChoiceField(Department.objects.none(), required=False)
    posting_date = DayField(required=False)
    description = PlainCharField(max_length=400, required=False)
    net = MoneyField(required=False)
    tax = MoneyField(required=False)
    total = MoneyField(required=False)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    form_number = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: User, invoice: Invoice | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.user, self.invoice = user, invoice
        own = companies_of(user)
        kept = Company.objects.for_user(user).filter(pk=invoice.company_id if invoice else None)
        self.fields["company"].queryset = own | kept  # type: ignore[attr-defined]
        # A list: a box that must be filled looks at its first choice before it is written, each time anew.
        self.fields["company"].widget.choices = list(self.fields["company"].choices)  # type: ignore[attr-defined]
        for name, model in (("currency", Currency), ("terms", Terms), ("department", Department)):
            kept_id = getattr(invoice, f"{name}_id") if invoice else None
            rows = model.objects.for_user(user).filter(Q(is_active=True) | Q(pk=kept_id))
            self.fields[name].queryset = rows  # type: ignore[attr-defined]
        _use_currency(self, invoice.currency if invoice else None)

    def decimals(self) -> str:
        """For the script: how many decimals each currency has, by its key."""
        return json.dumps({row.pk: decimals_of(row) for row in self.fields["currency"].queryset})  # type: ignore[attr-defined]

    def clean_currency(self) -> Currency | None:
        """Cleaned before the amounts, which are read by it."""
        currency: Currency | None = self.cleaned_data["currency"]
        _use_currency(self, currency)
        return currency

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        company = data.get("company")
        text = data.get("supplier")
        data["supplier"] = None
        if company and text:
            choices = picking.suppliers(self.user, company, self.invoice)
            try:
                data["supplier"] = choose(text, choices.meant([text]), "supplier")
            except ValidationError as error:
                self.add_error("supplier", error)
        self._take_from_supplier(data)
        return data

    def _take_from_supplier(self, data: dict[str, Any]) -> None:
        """What a page without script cannot propose while typing."""
        supplier = data.get("supplier")
        if supplier and not data.get("currency") and "currency" not in self.errors:
            data["currency"] = supplier.currency
        if supplier and not data.get("terms") and "terms" not in self.errors:
            data["terms"] = supplier.terms
        if (
            data.get("terms")
            and data.get("invoice_date")
            and not data.get("due_date")
            and "due_date" not in self.errors
        ):
            data["due_date"] = data["terms"].due_date(data["invoice_date"])

    def header(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name not in ("version", "form_number")}


def _use_currency(form: forms.Form, currency: Currency | None) -> None:
    for field in form.fields.values():
        if isinstance(field, AmountField):
            field.in_currency(currency.code if currency else "", decimals_of(currency))


class LineForm(forms.Form):
    """One line. A field per active dimension of the account, named dimension_<pk>."""

    gl_code = PickField("gl_code", label="GL code")
    description = PlainCharField(max_length=400, required=False)
    quantity = AmountField(decimal_places=4, max_digits=14, required=False, initial=Decimal(1), shows=0)
    unit_price = AmountField(decimal_places=4, required=False)
    tax_code = PickField("tax_code")
    tax = MoneyField(required=False)

    def __init__(
        self, *args: Any, dimensions: Iterable[Dimension] = (), currency: Currency | None = None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        _use_currency(self, currency)
        quantity: AmountField = self.fields["quantity"]  # type: ignore[assignment]
        quantity.shows, quantity.of_currency = 0, None
        self.dimensions = list(dimensions)
        for dimension in self.dimensions:
            self.fields[f"dimension_{dimension.pk}"] = PickField(
                f"dimension-{dimension.pk}", attrs={"data-dimension": dimension.key}, label=dimension.name
            )

    def dimension_fields(self) -> list[forms.BoundField]:
        return [self[f"dimension_{dimension.pk}"] for dimension in self.dimensions]

    @property
    def holds_dimensions(self) -> bool:
        """Whether there is something to see among the dimensions."""
        return any(field.value() or field.errors for field in self.dimension_fields())

    def main_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("gl_code", "description", "quantity", "unit_price", "tax_code", "tax")]


class BaseLineFormSet(forms.BaseFormSet):
    """Looks up what all lines name with one query per kind, and gives `LineData` for the lines that hold something."""

    deletion_widget = forms.CheckboxInput
    default_error_messages: ClassVar = {
        **forms.BaseFormSet.default_error_messages,
        "too_many_forms": f"An invoice has at most {MOST_LINES} lines. Remove some of these, and enter them as another"
        " invoice or as one sum.",
        "missing_management_form": "The lines of this form did not arrive. Enter them again, and send it once more.",
    }

    def kept(self) -> list[LineForm]:
        """The lines that are on the page: all but the removed ones."""
        return [form for form in self.forms if not self._should_delete_form(form)]

    def filled(self) -> list[LineForm]:
        """The lines that say more than how many of nothing."""
        return [form for form in self.kept() if set(form.changed_data) - {"quantity"}]

    def resolve(self, company: Company, invoice: Invoice | None, default_gl_code: Any) -> list[LineData]:
        """Adds an error to the line whose text means nothing. Call after is_valid."""
        gl_codes = self._meant(picking.gl_codes(company, invoice), "gl_code")
        tax_codes = self._meant(picking.tax_codes(company, invoice), "tax_code")
        values = {
            dimension: self._meant(picking.dimension_values(dimension, company, invoice), f"dimension_{dimension.pk}")
            for dimension in self.form_kwargs["dimensions"]
        }
        return [self._line(form, gl_codes, tax_codes, values, default_gl_code) for form in self.filled()]

    def _meant(self, choices: picking.Choices, name: str) -> dict[str, list[Any]]:
        return choices.meant(form.cleaned_data.get(name, "") for form in self.filled())

    def _line(self, form: LineForm, gl_codes: Any, tax_codes: Any, values: Any, default_gl_code: Any) -> LineData:
        data = form.cleaned_data
        return LineData(
            gl_code=self._chosen(form, "gl_code", gl_codes, "GL code") or default_gl_code,
            description=data.get("description", ""),
            quantity=Decimal(1) if data.get("quantity") is None else data["quantity"],
            unit_price=data.get("unit_price") or Decimal(0),
            tax_code=self._chosen(form, "tax_code", tax_codes, "tax code"),
            dimensions=self._dimensions(form, values),
            tax=data.get("tax"),
        )

    def _dimensions(self, form: LineForm, values: dict[Dimension, dict[str, list[Any]]]) -> dict[Dimension, Any]:
        """Values that belong to another one (a task to its project) are looked for within it."""
        chosen: dict[Dimension, Any] = {}
        for dimension, found in sorted(values.items(), key=lambda pair: pair[0].parent_id is not None):
            owners = {value.pk for value in chosen.values()}
            within = {
                text: [row for row in rows if row.scope_id is None or row.scope_id in owners] or rows
                for text, rows in found.items()
            }
            value = self._chosen(form, f"dimension_{dimension.pk}", within, dimension.name)
            if value is not None:
                chosen[dimension] = value
        return chosen

    @staticmethod
    def _chosen(form: LineForm, name: str, found: dict[str, list[Any]], what: str) -> Any:
        try:
            return choose(form.cleaned_data.get(name, ""), found, what)
        except ValidationError as error:
            form.add_error(name, error)
            return None


class ManyFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        return list(data or [])


class RemovedField(forms.ModelMultipleChoiceField):
    """What somebody else removed in the meantime is gone, as was wished: no mistake."""

    def clean(self, value: Any) -> QuerySet:
        return self.queryset.filter(pk__in=[key for key in value or [] if is_whole_number(key)])


class DocumentsForm(forms.Form):
    """Files chosen now, files that an earlier refusal kept, and documents to remove."""

    documents = ManyFilesField(
        required=False,
        widget=ManyFilesInput({"multiple": True, "accept": ",".join(f".{suffix}" for suffix in CHOSEN)}),
    )
    remove = RemovedField(Document.objects.none(), required=False)

    def __init__(self, *args: Any, user: User, invoice: Invoice | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.user = user
        self.chosen: list[CheckedFile] = []
        self.pending: list[PendingFile] = []
        if invoice:
            self.fields["remove"].queryset = invoice.documents.all()  # type: ignore[attr-defined]

    def clean_documents(self) -> list[CheckedFile]:
        """Each file on its own: the good ones are taken although others are refused."""
        files, most = self.cleaned_data["documents"], settings.DOCUMENTS_AT_ONCE
        if len(files) > most:
            others = "the other one" if len(files) == most + 1 else f"the other {len(files) - most}"
            told = f"{len(files)} documents were chosen, and {most} are taken at a time. Choose {others} again."
            self.add_error("documents", told)
        for file in files[:most]:
            try:
                self.chosen.append(check_document(file))
            except InvoiceRefused as refused:
                self.add_error("documents", refused.message)
        return self.chosen

    def clean(self) -> dict[str, Any]:
        tokens = dict.fromkeys(self.data.getlist("pending"))
        wanted = [token for token in tokens if token not in self.data.getlist("drop")]
        found = [pending.find(token, by=self.user) for token in wanted]
        self.pending = [file for file in found if file is not None]
        if len(self.pending) < len(found):
            self.add_error("documents", "A document was kept for a day only and is gone. Choose it again.")
        return super().clean() or self.cleaned_data

    def uploads(self) -> list[Any]:
        return [file.checked() for file in self.pending] + self.chosen

    def notes(self) -> list[str]:
        """What was changed on files that came with the form itself; of the kept ones it was said before."""
        return [checked.note for checked in self.chosen if checked.note]

    def keep(self) -> None:
        """Store what was chosen, since the browser forgets it when the form comes back."""
        for checked in self.chosen:
            try:
                self.pending.append(pending.keep(checked, by=self.user))
            except InvoiceRefused as refused:
                self.add_error("documents", refused.message)
        self.chosen = []

    def forget(self) -> None:
        for file in self.pending:
            pending.forget(file)


def line_form_set(*, extra: int) -> type[BaseLineFormSet]:
    return forms.formset_factory(
        LineForm,
        formset=BaseLineFormSet,
        extra=extra,
        can_delete=True,
        max_num=MOST_LINES,
        validate_max=True,
        absolute_max=MOST_LINES_SHOWN,
    )


def header_initial(invoice: Invoice) -> dict[str, Any]:
    names = [name for name in HeaderForm.base_fields if name not in ("supplier", "form_number")]
    values = {name: getattr(invoice, name) for name in names} | {"supplier": picking.label(invoice.supplier or "")}
    return values | dict.fromkeys(_left_to_lines(invoice))


def _left_to_lines(invoice: Invoice) -> list[str]:
    """Which of net, tax and total say nothing else than the lines: left empty, they follow when a line is corrected."""
    sums = invoice.lines.aggregate(net=Sum("net", default=ZERO), tax=Sum("tax", default=ZERO))
    names = [name for name in ("net", "tax") if getattr(invoice, name) == sums[name]]
    follows = len(names) == 2 and invoice.total == sums["net"] + sums["tax"]
    return [*names, "total"] if follows else names


def lines_initial(invoice: Invoice) -> list[dict[str, Any]]:
    lines = invoice.lines.select_related("gl_code", "tax_code").prefetch_related("dimensions__value")
    return [line_initial(line, invoice.currency) for line in lines]


def line_initial(line: InvoiceLine, currency: Currency | None) -> dict[str, Any]:
    own = {f"dimension_{one.dimension_id}": picking.label(one.value) for one in line.dimensions.all()}
    return own | {
        "gl_code": picking.label(line.gl_code or ""),
        "description": line.description,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "tax_code": picking.label(line.tax_code or ""),
        # Left to the tax code, so that it follows when the amount is changed.
        "tax": None if line.tax == proposed_tax(line.net, line.tax_code, decimals_of(currency)) else line.tax,
    }
