"""Every mutant can be put into the tree as it stands: one that cannot proves nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.mutants.__main__ import collect
from tests.mutants.mutant import Change, Mutant, NotApplicable
from tests.mutants.tree import ROOT


@pytest.mark.parametrize("mutant", collect(), ids=lambda mutant: mutant.name)
def test_its_texts_stand_once_and_its_tests_exist(mutant: Mutant) -> None:
    texts = mutant.texts(ROOT)
    assert all(path.read_text() != text for path, text in texts.items())
    for test in (test for run in mutant.runs for test in run):
        file, *names = test.partition("[")[0].split("::")
        assert (ROOT / file).exists()
        for name in names:
            text = (ROOT / file).read_text()
            assert re.search(rf"^ *(?:def|class) {re.escape(name)}\b", text, re.MULTILINE), name


def test_all_changes_of_a_mutant_are_put_in_or_none(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one\ntwo\n")
    mutant = Mutant("x.y", "a.py", "one", "1", ("t.py",), more=(Change("a.py", "two", "2"),))
    assert mutant.texts(tmp_path) == {tmp_path / "a.py": "1\n2\n"}
    with pytest.raises(NotApplicable):
        Mutant("x.z", "a.py", "three", "3", ("t.py",)).texts(tmp_path)
