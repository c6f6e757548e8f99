from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from integrations.models import Connection


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests run jobs themselves."""
    from integrations import runner

    monkeypatch.setattr(runner, "wake", lambda job_id, *, trigger: None)


@pytest.fixture
def intacct(transactional_db: None, portal_sandbox: Any) -> Connection:
    """A connection with one company, over the sandbox."""
    from integrations.sage_intacct.gateway import redis_client
    from tests.integrations.importing import connected

    redis_client().flushdb()
    return connected()
