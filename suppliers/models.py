"""Suppliers of a company. Archived, never deleted."""

from __future__ import annotations

from django.db import models

from ledger.models import Currency, GLCode, Terms
from organization.folding import DerivedField, bare
from organization.imported import imported_fields_column
from organization.models import Company
from organization.querysets import CompanyQuerySet


class Supplier(models.Model):
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="suppliers")
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    currency = models.ForeignKey(Currency, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    terms = models.ForeignKey(Terms, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    default_gl_code = models.ForeignKey(GLCode, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    tax_id = models.CharField("tax ID", max_length=40, blank=True)
    code_folded = DerivedField("code")
    name_folded = DerivedField("name")
    tax_id_bare = DerivedField("tax_id", bare)
    contact_name = models.CharField(max_length=200, blank=True)
    email = models.CharField("e-mail", max_length=200, blank=True)
    phone = models.CharField(max_length=60, blank=True)
    address = models.TextField(blank=True)
    is_on_hold = models.BooleanField("on hold", default=False)
    is_active = models.BooleanField(default=True)
    is_imported = models.BooleanField(default=False, editable=False)
    imported_fields = imported_fields_column()

    objects = CompanyQuerySet.as_manager()

    class Meta:
        ordering = ["name", "code"]
        constraints = [
            models.UniqueConstraint(
                "company",
                "code",
                name="supplier_code_once_per_company",
                violation_error_message="This company has a supplier with this code already.",
            )
        ]
        indexes = [
            models.Index("company", "name", name="supplier_company_name"),
            models.Index("company", "name_folded", name="supplier_by_folded_name"),
            models.Index("company", "tax_id_bare", name="supplier_by_bare_tax_id", condition=~models.Q(tax_id_bare="")),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"
