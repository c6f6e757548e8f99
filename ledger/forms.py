"""Forms of reference data that invoices point at."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from ledger.models import Currency, Dimension, DimensionValue, ExchangeRate, GLCode, TaxCode, Terms
from organization.amount_fields import AmountField
from organization.parameters import is_whole_number
from organization.permissions import companies_of
from organization.reference import AccountForm
from organization.reference.choices import TypedChoiceField


def gl_code_field() -> TypedChoiceField:
    """A company has thousands of them."""
    return TypedChoiceField(GLCode.objects.all(), required=False, suggestions="ledger:glcode_suggest")


def offer_gl_codes_of_company(form: AccountForm, name: str) -> None:
    """The same code stands in several companies: the one that was chosen says which is meant. A file names keys."""
    chosen = form.instance.company_id or form.data.get("company")
    if is_whole_number(str(chosen or "")) and not form.is_of_file:
        form.offer_only(name, company=chosen)


class CurrencyForm(AccountForm):
    imported_fields = ("code", "name")
    optional_fields = ("name",)
    fixed_fields = ("code",)

    class Meta:
        model = Currency
        fields = ("code", "name")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and not self.instance.is_imported:
            self.fields["code"].help_text = "Invoices and rates are in it, so it stays. Archive it and add another one."

    def clean_code(self) -> str:
        code = self.cleaned_data["code"].upper()
        if not (len(code) == 3 and code.isalpha()):
            raise forms.ValidationError("A currency code is three letters, for example GBP.")
        return code


class ExchangeRateForm(AccountForm):
    class Meta:
        model = ExchangeRate
        fields = ("date", "currency", "rate")
        widgets = {"date": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        like = kwargs.get("like")
        self.codes: set[str] = like.codes if like else self._codes()
        base = self.user.account.base_currency if self.user.account else ""
        self.fields["rate"].help_text = f"What one unit is in {base}."

    def _codes(self) -> set[str]:
        return set(Currency.objects.for_user(self.user).values_list("code", flat=True))

    def clean_rate(self) -> Decimal:
        rate: Decimal = self.cleaned_data["rate"]
        if rate <= 0:
            raise forms.ValidationError("A rate is above zero.")
        return rate

    def clean_currency(self) -> str:
        code = self.cleaned_data["currency"].strip().upper()
        if self.user.account and code == self.user.account.base_currency:
            raise forms.ValidationError(f"{code} is the base currency: it needs no rate.")
        if code not in self.codes:
            raise forms.ValidationError(f"{code} is none of the account's currencies.")
        return code


class TermsForm(AccountForm):
    imported_fields = ("name", "description", "due_days", "due_from")
    optional_fields = ("description",)

    class Meta:
        model = Terms
        fields = ("name", "description", "due_days", "due_from")


class GLCodeForm(AccountForm):
    imported_fields = ("code", "name", "kind", "required_dimensions", "is_usable_on_invoices")
    optional_fields = ("required_dimensions", "is_usable_on_invoices")

    required_dimensions = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="A line that is booked to this code must carry these.",
    )

    class Meta:
        model = GLCode
        fields = ("company", "code", "name", "kind", "required_dimensions", "is_usable_on_invoices")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        like = kwargs.get("like")
        self.fields["required_dimensions"].choices = (
            like.fields["required_dimensions"].choices if like else self._dimension_choices()
        )
        propose_only_company(self)

    def _dimension_choices(self) -> list[tuple[str, str]]:
        return list(Dimension.objects.for_user(self.user).values_list("key", "name"))


class TaxCodeForm(AccountForm):
    imported_fields = ("code", "description", "rate", "is_reverse_charge")
    optional_fields = ("description",)

    gl_code = gl_code_field()
    rate = AmountField(label="Rate", max_value=100, max_digits=9, decimal_places=4, shows=0, unit="%", initial=0)

    class Meta:
        model = TaxCode
        fields = ("company", "code", "description", "rate", "gl_code", "is_reverse_charge")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_gl_codes_of_company(self, "gl_code")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        company, gl_code = cleaned.get("company"), cleaned.get("gl_code")
        if company and gl_code and gl_code.company_id != company.pk:
            self.add_error("gl_code", f"This GL code belongs to {gl_code.company}.")
        return cleaned


class DimensionForm(AccountForm):
    imported_fields = ("key", "name", "parent")

    class Meta:
        model = Dimension
        fields = ("key", "name", "parent", "position")
        help_texts = {"key": "A short word that stays the same, for example region."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["key"].disabled = True


class DimensionValueForm(AccountForm):
    imported_fields = ("company", "code", "name", "parent", "scope")
    optional_fields = ("parent",)

    parent = TypedChoiceField(DimensionValue.objects.all(), required=False, suggestions="ledger:dimensionvalue_suggest")

    class Meta:
        model = DimensionValue
        fields = ("dimension", "company", "code", "name", "parent")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not kwargs.get("like"):
            self._offer_one_dimension()

    def _offer_one_dimension(self) -> None:
        """The same code may stand in several."""
        chosen = self.instance.dimension_id or self.data.get("dimension")
        if is_whole_number(str(chosen or "")):
            parent = self.fields["parent"]
            parent.queryset = parent.queryset.filter(dimension=chosen)

    def clean_parent(self) -> DimensionValue | None:
        parent, dimension = self.cleaned_data["parent"], self.cleaned_data.get("dimension")
        if parent and dimension and parent.dimension_id != dimension.pk:
            raise forms.ValidationError("The parent must be a value of the same dimension.")
        if parent and parent.pk == self.instance.pk:
            raise forms.ValidationError("A value cannot be its own parent.")
        return parent


def propose_only_company(form: AccountForm) -> None:
    """An account with one company is not asked for it twice."""
    if form.is_bound or form.instance.pk:
        return
    companies = list(companies_of(form.user)[:2])
    if len(companies) == 1:
        form.fields["company"].initial = companies[0]
