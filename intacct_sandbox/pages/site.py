from __future__ import annotations

from intacct_sandbox.sandbox import Sandbox


def render(sandbox: Sandbox, path: str, query: dict[str, str]) -> tuple[int, str]:
    return 200, "<!doctype html><title>Sandbox</title>"


def carry_out(sandbox: Sandbox, fields: dict[str, str], origin: str | None, host: str) -> str:
    return "/"
