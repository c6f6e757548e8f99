"""A person that was read before somebody else changed them: what is saved then undoes nothing of that change."""

from __future__ import annotations

import pytest
from allauth.account.adapter import get_adapter

from organization import views
from organization.forms import ProfileForm
from organization.models import User
from tests import factories

pytestmark = pytest.mark.django_db
FIELDS = {"first_name": "Ann", "last_name": "Read", "time_zone": "Europe/London", "spelling": "en-gb"}


@pytest.fixture
def person() -> User:
    return factories.owner(factories.owner().account)


def read_before(person: User) -> User:
    """As a request holds them that began a moment ago."""
    return User.objects.get(pk=person.pk)


def demote_archive_and_change_password(person: User) -> str:
    person.set_password("another-password-of-tests")
    person.role, person.is_active = factories.role(person.account, "Reporter"), False  # type: ignore[arg-type]
    person.save()
    return person.password


def test_saving_ones_details_brings_back_neither_role_nor_password_nor_access(person: User) -> None:
    stale = read_before(person)
    password = demote_archive_and_change_password(person)
    form = ProfileForm(FIELDS, instance=stale)
    assert form.is_valid()
    views._save_profile(form, stale)
    person.refresh_from_db()
    assert (person.first_name, person.role.name, person.is_active) == ("Ann", "Reporter", False)  # type: ignore[union-attr]
    assert person.password == password


def test_nor_does_choosing_a_password(person: User) -> None:
    stale = read_before(person)
    demote_archive_and_change_password(person)
    get_adapter().set_password(stale, "a-third-password-of-tests")
    person.refresh_from_db()
    assert (person.role.name, person.is_active) == ("Reporter", False)  # type: ignore[union-attr]
    assert person.check_password("a-third-password-of-tests")


def test_what_is_changed_twice_is_saved_twice(person: User) -> None:
    for name in ("Ann", "Bea", "Ann"):
        person.first_name = name
        person.save()
        assert User.objects.get(pk=person.pk).first_name == name


def test_what_was_read_again_counts_as_read(person: User) -> None:
    stale = read_before(person)
    User.objects.filter(pk=person.pk).update(first_name="Bea", last_name="Old")
    stale.refresh_from_db()
    User.objects.filter(pk=person.pk).update(last_name="New")
    stale.first_name = "Cleo"
    stale.save()
    person.refresh_from_db()
    assert (person.first_name, person.last_name) == ("Cleo", "New")
