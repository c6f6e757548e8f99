"""The form of a supplier."""

from __future__ import annotations

from typing import Any

from django import forms

from ledger.forms import gl_code_field, offer_gl_codes_of_company, propose_only_company
from organization.plain_text import is_email
from organization.reference import AccountForm
from suppliers.models import Supplier


class SupplierForm(AccountForm):
    imported_fields = (
        "code",
        "name",
        "currency",
        "terms",
        "default_gl_code",
        "tax_id",
        "contact_name",
        "email",
        "phone",
        "address",
        "is_on_hold",
    )
    optional_fields = (
        "currency",
        "terms",
        "default_gl_code",
        "tax_id",
        "contact_name",
        "email",
        "phone",
        "address",
    )
    fieldsets = (
        ("Supplier", ("company", "code", "name", "tax_id", "is_on_hold")),
        ("Proposed on invoices", ("currency", "terms", "default_gl_code")),
        ("Contact", ("contact_name", "email", "phone", "address")),
    )

    default_gl_code = gl_code_field()

    class Meta:
        model = Supplier
        fields = (
            "company",
            "code",
            "name",
            "tax_id",
            "is_on_hold",
            "currency",
            "terms",
            "default_gl_code",
            "contact_name",
            "email",
            "phone",
            "address",
        )
        widgets = {"address": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        propose_only_company(self)
        offer_gl_codes_of_company(self, "default_gl_code")

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if email and "email" in self.changed_data and not is_email(email):
            raise forms.ValidationError("This is no e-mail address. Write it like accounts@example.com.")
        return email

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        company, gl_code = cleaned.get("company"), cleaned.get("default_gl_code")
        if company and gl_code and gl_code.company_id != company.pk:
            self.add_error("default_gl_code", f"This GL code belongs to {gl_code.company}.")
        return cleaned
