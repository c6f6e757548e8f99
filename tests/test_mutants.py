"""Every mutant can be put into the tree as it stands: one that cannot proves nothing."""

from __future__ import annotations

import pytest

from tests.mutants.__main__ import ROOT, collect
from tests.mutants.mutant import Mutant


@pytest.mark.parametrize("mutant", collect(), ids=lambda mutant: mutant.name)
def test_its_text_stands_once_and_its_tests_exist(mutant: Mutant) -> None:
    assert (ROOT / mutant.file).read_text().count(mutant.before) == 1
    assert mutant.before != mutant.after
    assert all((ROOT / test.partition("::")[0]).exists() for test in mutant.tests)
