"""Approval rules, in the Control Panel."""

from __future__ import annotations

import django_tables2 as tables
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from invoices.models import ApprovalRule
from invoices.rules import ApprovalRuleForm
from organization.permissions import allowed, can_manage_organization

PER_PAGE = 50


class ApprovalRuleTable(tables.Table):
    position = tables.Column(verbose_name="Order", attrs={"th": {"class": "num"}, "td": {"class": "num"}})
    name = tables.Column(linkify=lambda record: reverse("invoices:approval_rule_edit", args=[record.pk]))
    company = tables.Column()
    minimum_total = tables.TemplateColumn(
        "{{ value|amount }}", verbose_name="From", attrs={"th": {"class": "num"}, "td": {"class": "num"}}
    )
    maximum_total = tables.TemplateColumn(
        "{{ value|amount }}", verbose_name="To", attrs={"th": {"class": "num"}, "td": {"class": "num"}}
    )
    approvers = tables.TemplateColumn(
        "{% for step in record.steps.all %}{{ step.approver }}{% if not forloop.last %}, then {% endif %}"
        "{% empty %}Anybody who may{% endfor %}",
        orderable=False,
    )
    is_active = tables.TemplateColumn(
        "{% if value %}{% badge 'Active' %}{% else %}{% badge 'Archived' %}{% endif %}", verbose_name="State"
    )

    class Meta:
        template_name = "generic/table.html"
        order_by_field = "sort"
        attrs = {"class": "stacks", "aria-label": "Approval rules"}


@require_safe
@allowed(can_manage_organization)
def approval_rule_list(request: HttpRequest) -> HttpResponse:
    rules = ApprovalRule.objects.for_user(request.user).select_related("company")  # type: ignore[arg-type]
    table = ApprovalRuleTable(rules.prefetch_related("steps__approver"), order_by=request.GET.get("sort"))
    table.paginate(page=_page_number(request, rules.count()), per_page=PER_PAGE)
    context = {
        "title": "Approval Rules",
        "lede": "Who is asked to authorise which invoices. Where none fits, anybody who may authorise it.",
        "table": table,
        "object_name": "rule",
        "object_name_plural": "rules",
        "create_url": reverse("invoices:approval_rule_add"),
        "create_label": "Add rule",
        "empty_title": "No approval rules",
        "empty_text": "Every invoice may be authorised by anybody whose role allows it.",
    }
    return render(request, "invoices/rule_list.html", context)


def _page_number(request: HttpRequest, count: int) -> int:
    """The nearest page there is."""
    return Paginator(range(count), PER_PAGE).get_page(request.GET.get("page")).number


@require_http_methods(["GET", "HEAD", "POST"])
@allowed(can_manage_organization)
def approval_rule_add(request: HttpRequest) -> HttpResponse:
    return _edit(request, ApprovalRule(), "Add Approval Rule")


@require_http_methods(["GET", "HEAD", "POST"])
@allowed(can_manage_organization)
def approval_rule_edit(request: HttpRequest, pk: int) -> HttpResponse:
    rule = get_object_or_404(ApprovalRule.objects.for_user(request.user), pk=pk)  # type: ignore[arg-type]
    return _edit(request, rule, f"Edit {rule}")


def _edit(request: HttpRequest, rule: ApprovalRule, title: str) -> HttpResponse:
    user = request.user
    form = ApprovalRuleForm(request.POST or None, instance=rule, user=user)  # type: ignore[arg-type]
    if request.method == "POST" and form.is_valid():
        saved = form.save()
        messages.success(request, f"Saved the rule “{saved}”.")
        return redirect("invoices:approval_rule_list")
    cancel_url = reverse("invoices:approval_rule_list")
    return render(request, "invoices/rule_form.html", {"title": title, "form": form, "cancel_url": cancel_url})
