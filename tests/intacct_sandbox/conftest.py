from __future__ import annotations

from collections.abc import Iterator

import pytest

from intacct_sandbox.server import Running, serve
from tests.intacct_sandbox.caller import Caller


@pytest.fixture
def running() -> Iterator[Running]:
    with serve() as sandbox:
        yield sandbox


@pytest.fixture
def caller(running: Running) -> Caller:
    return Caller(running)


@pytest.fixture(scope="module")
def shared_caller() -> Iterator[Caller]:
    """For tests that only read."""
    with serve() as sandbox:
        yield Caller(sandbox)
