"""Try every mutant, or those whose names hold one of the words; ends with 1 when one survives."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests import mutants
from tests.mutants.mutant import Mutant, NotApplicable

ROOT = Path(__file__).resolve().parents[2]


def collect() -> list[Mutant]:
    """Those of every module of this package that has a list MUTANTS, in the order of the modules' names."""
    modules = (
        importlib.import_module(f"tests.mutants.{found.name}")
        for found in pkgutil.iter_modules(mutants.__path__)
        if found.name != "__main__"
    )
    every = [mutant for module in modules for mutant in getattr(module, "MUTANTS", ())]
    if len({mutant.name for mutant in every}) != len(every):
        raise SystemExit("Two mutants have one name.")
    return every


def copy_tree(target: Path) -> None:
    """What git tracks, and what it would track, without what it ignores."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)


def try_mutant(mutant: Mutant) -> str:
    """The name of the first test that failed, or "" when none did. Raises NotApplicable."""
    with tempfile.TemporaryDirectory(prefix="planergy-mutant-") as folder:
        tree = Path(folder)
        copy_tree(tree)
        mutant.put_into(tree)
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *mutant.tests]
        run = subprocess.run(command, cwd=tree, capture_output=True, text=True)
    if run.returncode not in (0, 1):
        raise NotApplicable(f"pytest ended with {run.returncode}: {run.stdout[-500:]}{run.stderr[-500:]}")
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", run.stdout, re.MULTILINE)
    return failed.group(1) if failed else ""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=mutants.__doc__)
    parser.add_argument("names", nargs="*", help="any part of a mutant's name; all when none is given")
    options = parser.parse_args(arguments)
    chosen = [each for each in collect() if not options.names or any(word in each.name for word in options.names)]
    if not chosen:
        raise SystemExit("No mutant has such a name.")
    survivors = 0
    for mutant in chosen:
        try:
            killer = try_mutant(mutant)
        except NotApplicable as error:
            print(f"{mutant.name}: NOT TRIED, {error}", flush=True)
            survivors += 1
            continue
        print(f"{mutant.name}: {f'killed by {killer}' if killer else 'SURVIVED'}", flush=True)
        survivors += not killer
    print(f"{len(chosen) - survivors} of {len(chosen)} mutants killed.")
    return 1 if survivors else 0


if __name__ == "__main__":
    raise SystemExit(main())
