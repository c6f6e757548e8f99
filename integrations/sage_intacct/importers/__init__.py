"""Imports: one module per step, one `Source` per object. `run_imports` is what the system calls."""

from integrations.sage_intacct.importers.running import run_imports

__all__ = ["run_imports"]
