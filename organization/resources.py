"""The reference pages of this app."""

from __future__ import annotations

import django_tables2 as tables

from organization import forms, invitations
from organization.models import Company, Department, Role, User
from organization.permissions import can_manage_organization
from organization.reference import ReferenceFilter, ReferenceTable, Resource
from organization.services import changing_role, changing_user


class CompanyTable(ReferenceTable):
    requires_documents = tables.TemplateColumn("{{ value|yesno:'Required,—' }}", verbose_name="Documents")

    class Meta(ReferenceTable.Meta):
        model = Company
        fields = ("name", "base_currency", "requires_documents")


class DepartmentTable(ReferenceTable):
    class Meta(ReferenceTable.Meta):
        model = Department
        fields = ("code", "name")


class RoleTable(ReferenceTable):
    authorization = tables.Column(verbose_name="Authorisation")
    authorization_limit = tables.TemplateColumn(
        "{{ value|money:record.authorization_limit_currency }}",
        verbose_name="Authorisation limit",
        attrs={"th": {"class": "num"}, "td": {"class": "num"}},
    )

    class Meta(ReferenceTable.Meta):
        model = Role
        fields = ("name", "visibility", "administration", "authorization", "authorization_limit", "reference_data")


class UserTable(ReferenceTable):
    name = tables.Column(accessor="get_full_name", order_by=("first_name", "last_name", "email"))
    email = tables.Column()
    last_login = tables.TemplateColumn("{{ value|moment|default:'Never' }}", verbose_name="Last sign-in")
    state = tables.TemplateColumn(
        "{% if not record.is_active %}{% badge 'Archived' 'neutral' %}"
        "{% elif record.is_invited %}{% badge 'Invited' 'info' %}{% endif %}",
        orderable=False,
    )

    class Meta(ReferenceTable.Meta):
        model = User
        fields = ("name", "email", "role", "home_department", "last_login")


class CodeFilter(ReferenceFilter):
    search_fields = ("code", "name")


class UserFilter(ReferenceFilter):
    search_fields = ("email", "first_name", "last_name")

    class Meta:
        model = User
        fields = ("role",)


def invite(user: User, by: User) -> str:
    invitations.invite(user, by=by)
    return f"{user.email} was added; an invitation is on its way by e-mail."


companies = Resource(
    app="organization",
    name="company",
    audited="company",
    segment="companies",
    title="Companies",
    singular="company",
    plural="companies",
    model=Company,
    form=forms.CompanyForm,
    table=CompanyTable,
    filter=ReferenceFilter,
    key_fields=("name",),
    can_view=can_manage_organization,
    can_manage=can_manage_organization,
    lede="The legal entities that invoices belong to.",
)
departments = Resource(
    app="organization",
    name="department",
    audited="department",
    segment="departments",
    title="Departments",
    singular="department",
    plural="departments",
    model=Department,
    form=forms.DepartmentForm,
    table=DepartmentTable,
    filter=CodeFilter,
    key_fields=("code",),
    can_view=can_manage_organization,
    can_manage=can_manage_organization,
    lede="Who an invoice is for; permissions can be limited to departments.",
)
roles = Resource(
    app="organization",
    name="role",
    audited="role",
    segment="roles",
    title="Roles",
    singular="role",
    plural="roles",
    model=Role,
    form=forms.RoleForm,
    table=RoleTable,
    filter=ReferenceFilter,
    key_fields=("name",),
    prefetched=("departments",),
    guard=changing_role,
    asks_first=True,
    can_view=can_manage_organization,
    can_manage=can_manage_organization,
    lede="Templates of what people may do. What is set on a person wins.",
)
users = Resource(
    app="organization",
    name="user",
    audited="user",
    segment="users",
    title="Users",
    singular="user",
    plural="users",
    model=User,
    form=forms.UserForm,
    table=UserTable,
    filter=UserFilter,
    key_fields=("email",),
    related=("role", "home_department"),
    prefetched=("departments", "companies"),
    can_view=can_manage_organization,
    can_manage=can_manage_organization,
    after_create=invite,
    guard=changing_user,
    asks_first=True,
    form_template="organization/user_form.html",
    lede="People of this account. Adding somebody sends an invitation by e-mail.",
)

ALL = (companies, departments, roles, users)
