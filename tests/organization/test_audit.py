"""The audit log's one door."""

from __future__ import annotations

import pytest

from organization import audit
from organization.models import AuditAction
from tests import factories

pytestmark = pytest.mark.django_db


def test_an_entry_names_who_acts_from_where_and_what_changed() -> None:
    owner = factories.owner(first_name="Ada", last_name="Owner")
    with audit.acting(owner, address="192.0.2.7"):
        entry = audit.record(
            AuditAction.SIGNED_IN, account=owner.account, target=owner, changes={"Limit": (None, "100.00")}
        )
    entry.refresh_from_db()
    assert (entry.actor, entry.address) == (f"Ada Owner <{owner.email}>", "192.0.2.7")
    assert (entry.target_type, entry.target_id, entry.changes) == (
        "organization.User",
        owner.pk,
        {"Limit": [None, "100.00"]},
    )


def test_outside_a_request_nobody_is_named() -> None:
    entry = audit.record(AuditAction.SIGN_IN_FAILED, account=None)
    assert (entry.actor_id, entry.actor, entry.address) == (None, "", None)
