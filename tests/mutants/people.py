"""Who may do what."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = [
    Mutant(
        name="permissions.integrations_for_everybody",
        file="organization/permissions.py",
        before="return user.is_active and user.is_account_owner\n",
        after="return user.is_active\n",
        tests=("tests/integrations/test_permissions_integrations.py",),
    ),
]
