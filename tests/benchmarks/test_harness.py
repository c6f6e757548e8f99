"""The table and the file of results; what is measured is tried by `make bench`."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from benchmarks import __main__ as harness
from benchmarks.imports import _row

ROWS = [
    {"name": "import_first_ratio", "value": 2.5, "unit": "×", "target": 3, "ok": True},
    {"name": "import_peak_mb", "value": 151, "unit": "MB", "target": 150, "ok": False},
]


def test_the_table_names_what_was_missed() -> None:
    head, first, second = harness.table(ROWS).splitlines()
    assert head.split() == ["measure", "value", "target"]
    assert first.split() == ["import_first_ratio", "2.5", "×", "3", "×", "ok"]
    assert second.split() == ["import_peak_mb", "151", "MB", "150", "MB", "MISSED"]


def test_a_run_that_is_too_small_to_tell_is_not_judged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    rows = [_row("import_first_ratio", 3.2, "×", 3, is_telling=False)]
    assert rows[0]["ok"] is None
    assert harness.table(rows).endswith("not judged: too small a run to tell")
    monkeypatch.setattr(harness, "throw_away_servers", nullcontext)
    monkeypatch.setattr(harness, "measure", lambda names, scale: rows)
    monkeypatch.setattr(harness, "RESULTS", tmp_path / "results.json")
    assert harness.main() == 0


@pytest.mark.parametrize(
    ("value", "is_least", "ok"), [(2.9, False, True), (3.1, False, False), (2.9, True, False), (3.1, True, True)]
)
def test_a_target_is_the_most_or_the_least_that_is_right(value: float, is_least: bool, ok: bool) -> None:
    assert _row("import_vs_sdk_ratio", value, "×", 3, is_least=is_least)["ok"] is ok


def test_results_are_written_and_a_miss_ends_with_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[list[str], str]] = []

    def measure(names: list[str], scale: str) -> list[dict[str, Any]]:
        asked.append((names, scale))
        return ROWS

    monkeypatch.setattr(harness, "throw_away_servers", nullcontext)
    monkeypatch.setattr(harness, "measure", measure)
    monkeypatch.setattr(harness, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr("sys.argv", ["benchmarks", "imports"])
    monkeypatch.setenv("BENCH_SCALE", "small")
    assert harness.main() == 1
    assert asked == [(["imports"], "small")]
    assert json.loads((tmp_path / "results.json").read_text(encoding="utf-8")) == ROWS
    assert "MISSED" in capsys.readouterr().out


def test_an_unknown_benchmark_is_refused() -> None:
    with pytest.raises(SystemExit, match="no benchmark called wishes"):
        harness.measure(["wishes"], "small")
