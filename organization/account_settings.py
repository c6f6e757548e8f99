"""What an Account Owner decides for the whole account."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import translation

from organization.accounts import currency_code
from organization.models import Account, BookkeepingField
from organization.spelling import spell


class AccountSettingsForm(forms.ModelForm):
    bookkeeping_fields = forms.MultipleChoiceField(
        label="Book-keeping fields",
        choices=BookkeepingField.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="An authorised invoice on which only these are corrected stays authorised.",
    )

    class Meta:
        model = Account
        fields = ("base_currency", "coding_makes_author", "bookkeeping_fields")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        currency, coding = self.fields["base_currency"], self.fields["coding_makes_author"]
        currency.help_text = "Three letters. Limits that name no currency are in it. Exchange rates convert to it."
        coding.label = "Whoever changes GL codes or dimensions counts as an author"
        coding.help_text = "Authors of an invoice may not authorise it."
        for field in self.fields.values():
            field.help_text = spell(str(field.help_text), translation.get_language() or "en-gb")

    def clean_base_currency(self) -> str:
        """Every rate leads to it: with another one, each would say something else."""
        code = currency_code(self.cleaned_data["base_currency"])
        if code != self.initial["base_currency"] and self.instance.exchange_rates.exists():
            raise forms.ValidationError(
                "There are exchange rates to the present base currency, so it cannot be changed any more."
            )
        return code
