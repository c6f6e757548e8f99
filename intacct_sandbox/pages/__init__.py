"""The page for people."""

from __future__ import annotations

from intacct_sandbox.pages.site import carry_out, render

__all__ = ["carry_out", "render"]
