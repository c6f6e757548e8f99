"""Approval rules in the Control Panel: which invoices, and who authorises them in which order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import django_filters
import django_tables2 as tables
from django import forms
from django.db import transaction
from django.db.models import Q

from invoices.models import ApprovalRule, ApprovalStep
from organization.amount_fields import AmountField
from organization.models import Company, Scope, User
from organization.permissions import can_manage_organization, may_allow_own
from organization.reference import AccountForm, ReferenceFilter, ReferenceTable, Resource
from organization.reference.errors import ChangeRefused
from organization.spelling import spell

APPROVERS = {
    f"approver_{n}": f"{word} approver" for n, word in enumerate(["First", "Second", "Third", "Fourth", "Fifth"], 1)
}


class ApprovalRuleForm(AccountForm):
    """Up to five approvers, asked one after the other. Without one, anybody who may authorise such an invoice."""

    further_columns = tuple(APPROVERS)
    fieldsets = (
        ("Which invoices", ("company", "name", "minimum_total", "maximum_total", "departments")),
        (
            "Who authorises them",
            (*APPROVERS, "allows_own"),
            "One after the other. Leave all empty for anybody who may.",
        ),
        ("Use", ("position",)),
    )

    minimum_total = AmountField(label="Total from", required=False, max_digits=14)
    maximum_total = AmountField(label="Total to", required=False, max_digits=14)

    class Meta:
        model = ApprovalRule
        fields = ("company", "name", "minimum_total", "maximum_total", "departments", "allows_own", "position")
        labels = {"position": "Order", "allows_own": "May authorise their own invoices"}
        help_texts = {
            "position": "Of the rules that fit an invoice, the one with the lowest order applies.",
            "departments": "None ticked: all departments.",
        }
        widgets = {"departments": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = approvers_of(self.user)
        chosen = approvers_in(self.instance) if self.instance.pk else {}
        for name, label in APPROVERS.items():
            self.fields[name] = forms.ModelChoiceField(
                people, required=False, label=label, initial=chosen.get(name), empty_label="Nobody"
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        low, high = data.get("minimum_total"), data.get("maximum_total")
        if low is not None and high is not None and low > high:
            self.add_error("maximum_total", "This is below the lower bound.")
        approvers = self._approvers()
        if len(set(approvers)) < len(approvers):
            self.add_error(None, "The same person is asked twice.")
        return data

    def _approvers(self) -> list[User]:
        return [approver for name in APPROVERS if (approver := self.cleaned_data.get(name))]

    @transaction.atomic
    def save(self, commit: bool = True) -> ApprovalRule:
        rule = super().save(commit)
        rule.steps.all().delete()
        ApprovalStep.objects.bulk_create(
            ApprovalStep(rule=rule, position=position, approver=approver)
            for position, approver in enumerate(self._approvers(), start=1)
        )
        return rule


def approvers_of(user: User) -> Any:
    """Who in the account may authorise anything at all."""
    scopes = [Scope.OWN, Scope.DEPARTMENTS, Scope.ALL]
    granted = Q(authorization__in=scopes) | Q(authorization="", role__authorization__in=scopes)
    people = User.objects.for_user(user).filter(is_active=True)
    return people.filter(granted | Q(role__is_account_owner=True))


def approvers_in(rule: ApprovalRule) -> dict[str, User]:
    """The rule's approvers under the names of the form's fields."""
    steps: Iterable[ApprovalStep] = rule.steps.all()
    return dict(zip(APPROVERS, (step.approver for step in steps), strict=False))


@contextmanager
def changing_rule(rule: ApprovalRule, by: User) -> Iterator[None]:
    """Around every change of a rule, from a page or a file. Raises ChangeRefused."""
    allows_own = rule.allows_own or ApprovalRule.objects.filter(pk=rule.pk, allows_own=True).exists()
    if allows_own and not may_allow_own(by):
        raise ChangeRefused(
            spell("You authorise invoices, so only an Account Owner can let people authorise their own.", by.spelling)
        )
    with transaction.atomic():
        yield


class ApprovalRuleTable(ReferenceTable):
    name = tables.Column()
    position = tables.Column(verbose_name="Order", attrs={"th": {"class": "num"}, "td": {"class": "num"}})
    minimum_total = tables.TemplateColumn(
        "{{ value|amount_of:record.company.base_currency }}",
        verbose_name="From",
        attrs={"th": {"class": "num"}, "td": {"class": "num"}},
    )
    maximum_total = tables.TemplateColumn(
        "{{ value|amount_of:record.company.base_currency }}",
        verbose_name="To",
        attrs={"th": {"class": "num"}, "td": {"class": "num"}},
    )
    approvers = tables.TemplateColumn(
        "{% for step in record.steps.all %}{{ step.approver }}{% if not forloop.last %}, then {% endif %}"
        "{% empty %}Anybody who may{% endfor %}",
        orderable=False,
    )

    class Meta(ReferenceTable.Meta):
        model = ApprovalRule
        fields = ("name", "company", "position", "minimum_total", "maximum_total", "approvers")


class ApprovalRuleFilter(ReferenceFilter):
    company = django_filters.ModelChoiceFilter(queryset=Company.objects.all())


class ApprovalRuleResource(Resource):
    def cell(self, record: Any, column: str) -> Any:
        if column not in APPROVERS:
            return super().cell(record, column)
        approver = approvers_in(record).get(column)
        return approver.email if approver else ""


approval_rules = ApprovalRuleResource(
    app="invoices",
    name="approval_rule",
    audited="approval_rule",
    segment="rules",
    title="Approval Rules",
    singular="rule",
    plural="rules",
    model=ApprovalRule,
    form=ApprovalRuleForm,
    table=ApprovalRuleTable,
    filter=ApprovalRuleFilter,
    key_fields=("company", "name"),
    related=("company",),
    prefetched=("departments", "steps__approver"),
    can_view=can_manage_organization,
    can_manage=can_manage_organization,
    guard=changing_rule,
    asks_first=True,
    lede="Who is asked to authorise which invoices. Where none fits, anybody who may authorise it.",
    empty_text="Every invoice may be authorised by anybody whose role allows it.",
)
