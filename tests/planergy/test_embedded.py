from __future__ import annotations

from planergy import embedded


def test_smoke(embedded_postgres):
    assert "host=" in embedded_postgres
