"""The form of approval rules: which invoices, and who authorises them in which order."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import transaction
from django.db.models import Q

from invoices.fields import AmountField
from invoices.models import ApprovalRule, ApprovalStep
from organization.models import Department, Scope, User
from organization.permissions import companies_of

STEPS = 5


class ApprovalRuleForm(forms.ModelForm):
    """Up to five approvers, asked one after the other. Without one, anybody who may authorise such an invoice."""

    minimum_total = AmountField(label="Total from", required=False, max_digits=14)
    maximum_total = AmountField(label="Total to", required=False, max_digits=14)

    class Meta:
        model = ApprovalRule
        fields = [
            "company",
            "name",
            "minimum_total",
            "maximum_total",
            "departments",
            "allows_own",
            "position",
            "is_active",
        ]
        labels = {"position": "Order", "is_active": "In use"}
        help_texts = {
            "position": "Of the rules that fit an invoice, the one with the lowest order applies.",
            "departments": "None ticked: all departments.",
        }
        widgets = {"departments": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["company"].queryset = companies_of(user)  # type: ignore[attr-defined]
        self.fields["departments"].queryset = Department.objects.for_user(user).active()  # type: ignore[attr-defined]
        people = approvers_of(user)
        chosen = [step.approver_id for step in self.instance.steps.all()] if self.instance.pk else []
        for number in range(1, STEPS + 1):
            self.fields[f"approver_{number}"] = forms.ModelChoiceField(
                people,
                required=False,
                label=f"{_ORDINALS[number - 1]} approver",
                initial=chosen[number - 1] if number <= len(chosen) else None,
                empty_label="—",
            )

    @property
    def fieldsets(self) -> list[tuple[Any, ...]]:
        approvers = [f"approver_{number}" for number in range(1, STEPS + 1)]
        own = ["allows_own"]
        return [
            ("Which invoices", ["company", "name", "minimum_total", "maximum_total", "departments"]),
            ("Who authorises them", approvers + own, "One after the other. Leave all empty for anybody who may."),
            ("Use", ["position", "is_active"]),
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        low, high = data.get("minimum_total"), data.get("maximum_total")
        if low is not None and high is not None and low > high:
            self.add_error("maximum_total", "This is below the lower bound.")
        approvers = self._approvers()
        if len(set(approvers)) < len(approvers):
            self.add_error(None, "The same person is asked twice.")
        return data

    def _approvers(self) -> list[User]:
        chosen = [self.cleaned_data.get(f"approver_{number}") for number in range(1, STEPS + 1)]
        return [approver for approver in chosen if approver]

    @transaction.atomic
    def save(self, commit: bool = True) -> ApprovalRule:
        rule = super().save(commit)
        rule.steps.all().delete()
        ApprovalStep.objects.bulk_create(
            ApprovalStep(rule=rule, position=position, approver=approver)
            for position, approver in enumerate(self._approvers(), start=1)
        )
        return rule


_ORDINALS = ("First", "Second", "Third", "Fourth", "Fifth")


def approvers_of(user: User) -> Any:
    """Who in the account may authorise anything at all."""
    scopes = [Scope.OWN, Scope.DEPARTMENTS, Scope.ALL]
    granted = Q(authorization__in=scopes) | Q(authorization="", role__authorization__in=scopes)
    people = User.objects.for_user(user).filter(is_active=True)
    return people.filter(granted | Q(role__is_account_owner=True))
