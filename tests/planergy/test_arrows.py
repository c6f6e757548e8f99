"""What may import what beyond the layers, which `lint-imports` holds: two packages that could be published alone."""

from __future__ import annotations

import sys

import grimp
import pytest


def _imports_from_outside(package: str, root: str) -> set[str]:
    graph = grimp.build_graph(root, include_external_packages=True)
    modules = {package, *graph.find_descendants(package)}
    imported = {name for module in modules for name in graph.find_modules_directly_imported_by(module)} - modules
    return {name if name.startswith(f"{root}.") else name.partition(".")[0] for name in imported}


@pytest.mark.parametrize(
    ("package", "root", "allowed"),
    [
        ("integrations.sage_intacct.client", "integrations", {"requests", "urllib3", "lxml"}),
        ("intacct_sandbox", "intacct_sandbox", {"lxml"}),
    ],
)
def test_the_client_and_the_sandbox_import_only_the_standard_library_and_these(package, root, allowed):
    imported = _imports_from_outside(package, root)
    assert "lxml" in imported  # the graph is not empty
    assert imported - allowed - sys.stdlib_module_names == set()
