"""Try every mutant, or those whose names hold one of the words; ends with 1 when one survives."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from queue import Queue

from tests import mutants
from tests.mutants.mutant import STORM, Mutant, NotApplicable
from tests.mutants.tree import Tree

PREFIX = "planergy-mutant-"


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


def chosen_by(names: Sequence[str]) -> list[Mutant]:
    chosen = [each for each in collect() if not names or any(word in each.name for word in names)]
    if not chosen:
        raise SystemExit("No mutant has such a name.")
    return chosen


def try_mutant(mutant: Mutant, tree: Tree) -> tuple[bool, str]:
    """Whether it was killed, and what to say of it."""
    killers: list[str] = []
    try:
        with tree.holding(mutant):
            for tests in mutant.runs:
                killer = tree.first_failure(tests)
                if not killer:
                    return False, f"SURVIVED {' '.join(tests)}"
                killers.append(killer)
    except NotApplicable as error:
        return False, f"NOT TRIED, {error}"
    return True, f"killed by {', '.join(killers)}"


@contextmanager
def a_tree() -> Iterator[Tree]:
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        tree = Tree(Path(folder))
        try:
            yield tree
        finally:
            tree.end()


def try_all(chosen: Sequence[Mutant], jobs: int) -> Iterator[bool]:
    """Several at a time, each in a tree of its own."""
    with ExitStack() as stack, ThreadPoolExecutor(jobs) as pool:
        trees: Queue[Tree] = Queue()
        for _ in range(jobs):
            trees.put(stack.enter_context(a_tree()))

        def in_a_tree(mutant: Mutant) -> bool:
            tree, began = trees.get(), time.monotonic()
            try:
                is_killed, words = try_mutant(mutant, tree)
            finally:
                trees.put(tree)
            print(f"{mutant.name}: {words} ({time.monotonic() - began:.0f} s)", flush=True)
            return is_killed

        yield from pool.map(in_a_tree, chosen)


def failing_anyway(chosen: Sequence[Mutant]) -> str:
    """A test that fails without any mutant kills nothing."""
    tests = {test: None for mutant in chosen for run in mutant.runs for test in run}
    with a_tree() as tree:
        return tree.first_failure(list(tests))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=mutants.__doc__)
    parser.add_argument("names", nargs="*", help="any part of a mutant's name; all when none is given")
    parser.add_argument("--list", action="store_true", help="name them, and the tests that should notice")
    parser.add_argument("--jobs", type=int, default=2, help="how many are tried at a time (2)")
    parser.add_argument("--storm", action="store_true", help="let the storm blow over them instead of their own tests")
    parser.add_argument("--trust", action="store_true", help="do not run the tests without a mutant first")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the trees and their servers go as after Ctrl-C
    chosen = chosen_by(options.names)
    if options.storm:
        chosen = [replace(each, tests=STORM, also=()) for each in chosen]
    if options.list:
        for mutant in chosen:
            print(f"{mutant.name}: {' '.join([*mutant.tests, *mutant.also])}")
        return 0
    if not options.trust and (failed := failing_anyway(chosen)):
        print(f"{failed} fails without any mutant; mend that first.")
        return 1
    killed = sum(try_all(chosen, options.jobs))
    print(f"{killed} of {len(chosen)} mutants killed.")
    return 0 if killed == len(chosen) else 1


if __name__ == "__main__":
    raise SystemExit(main())
