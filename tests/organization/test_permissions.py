"""The rules about people by themselves: whoever left may nothing, and a limit to companies holds for what is shared."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ledger.models import TaxCode
from organization import permissions
from organization.models import User
from tests import factories

pytestmark = pytest.mark.django_db
CHECKS: list[Callable[[User], bool]] = [
    permissions.can_see_accounts_payable,
    permissions.can_manage_integrations,
    permissions.can_manage_organization,
    permissions.can_view_reference_data,
    permissions.can_manage_reference_data,
    permissions.can_use_control_panel,
    lambda user: permissions.administration_of(user).is_any,
    lambda user: permissions.authorization_of(user).is_any,
]


@pytest.mark.parametrize("check", CHECKS)
def test_an_owner_may_everything_until_they_are_archived_or_have_no_account(check: Callable[[User], bool]) -> None:
    owner = factories.owner()
    assert check(owner)
    owner.is_active = False
    assert not check(owner)
    owner.is_active, owner.account = True, None
    assert not check(owner)


def test_who_is_limited_to_a_company_sees_what_is_shared_and_nothing_of_others() -> None:
    own = factories.company()
    other = factories.company(own.account)
    factories.tax_code(own.account, "Shared")
    factories.tax_code(own.account, "Own", company=own)
    factories.tax_code(own.account, "Other", company=other)
    limited = factories.user(own.account)
    limited.companies.add(own)

    assert set(TaxCode.objects.for_user(limited).values_list("code", flat=True)) == {"Shared", "Own"}
    assert TaxCode.objects.for_user(factories.user(own.account)).count() == 3
