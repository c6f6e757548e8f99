"""A sandbox that would take a second bill under the same number, so that nothing but our own care prevents one."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from integrations.models import Connection


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads are tried again at once, and an answer is waited for one second."""
    from integrations.sage_intacct import gateway
    from integrations.sage_intacct.client import ClientConfig

    config = functools.partial(
        ClientConfig, read_timeout=1.0, connect_timeout=1.0, backoff_base=0.001, backoff_cap=0.002, retry_after_cap=0.01
    )
    monkeypatch.setattr(gateway, "ClientConfig", config)


@pytest.fixture
def lenient_sandbox(portal_sandbox: Any) -> Any:
    from tests.integrations import exporting

    exporting.act(portal_sandbox, action="set_preference", name="duplicate_bill_numbers", value="allowed")
    return portal_sandbox


@pytest.fixture
def connection(db: None) -> Connection:
    from tests.integrations import exporting

    return exporting.exporting_connection()
