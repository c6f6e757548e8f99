"""Pages made of the generic templates alone, over real rows, to look at and to test them."""

from __future__ import annotations

import django_filters
import django_tables2 as tables
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from organization.models import Department
from organization.paging import show_page
from planergy.urls import urlpatterns as portal


class Filters(django_filters.FilterSet):
    q = django_filters.CharFilter(field_name="name", lookup_expr="icontains", label="Search departments")
    is_active = django_filters.BooleanFilter(label="Active")

    class Meta:
        model = Department
        fields = ["q", "is_active"]


class DepartmentTable(tables.Table):
    selected = tables.CheckBoxColumn(
        accessor="pk",
        attrs={
            "th": {"class": "select"},
            "td": {"class": "select"},
            "td__input": {"aria-label": lambda record: f"Select {record.name}"},
        },
    )

    class Meta:
        model = Department
        fields = ["selected", "code", "name"]
        template_name = "generic/table.html"
        attrs = {"class": "compact", "aria-label": "Departments"}


class DepartmentForm(forms.ModelForm):
    fieldsets = (("Names", ("code", "name"), "As on the organization chart."),)

    class Meta:
        model = Department
        fields = ["code", "name", "is_active"]


def department_list(request: HttpRequest) -> HttpResponse:
    found = Filters(request.GET, queryset=Department.objects.filter(account=request.user.account))
    table = DepartmentTable(found.qs)
    show_page(request, table, per_page=10)
    context = {
        "title": "Departments",
        "filter": found,
        "table": table,
        "bulk_url": "/sample/",
        "create_url": "/sample/form/",
    }
    return render(request, "generic/object_list.html", context)


def department_form(request: HttpRequest) -> HttpResponse:
    form = DepartmentForm(request.POST or None)
    return render(
        request, "generic/object_form.html", {"title": "Add department", "form": form, "cancel_url": "/sample/"}
    )


def detail(request: HttpRequest) -> HttpResponse:
    context = {"title": "Purchasing", "details": [("Code", "PUR"), ("Manager", None)], "edit_url": "/sample/form/"}
    return render(request, "generic/object_detail.html", context)


def confirm(request: HttpRequest) -> HttpResponse:
    context = {
        "title": "Disable?",
        "question": "This permanently removes the connection.",
        "consequences": ["Suppliers stay.", "History stays."],
        "confirm_label": "Disable",
        "tone": "danger",
        "cancel_url": "/sample/",
    }
    return render(request, "generic/confirm.html", context)


urlpatterns = [
    *portal,
    path("sample/", department_list),
    path("sample/form/", department_form),
    path("sample/detail/", detail),
    path("sample/confirm/", confirm),
]
