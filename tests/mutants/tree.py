"""A copy of the project to put mutants into, one after another, and to run its tests in."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psycopg2

from planergy import embedded, embedded_postgres
from tests.mutants.mutant import Mutant, NotApplicable

ROOT = Path(__file__).resolve().parents[2]
# The storm comes whole: every fault at least once, and every net alone.
ENVIRONMENT = {"STORM_FAULTS": "0", "COLUMNS": "250"}
# Loading these takes as long as the portal itself; tests that use Hypothesis load it by themselves.
LEFT_OUT = [word for plugin in ("cacheprovider", "faker", "hypothesispytest") for word in ("-p", f"no:{plugin}")]
# Seconds. What a mutant keeps from ever ending is noticed, too.
LONGEST_RUN = 900
# These restart the servers, and other migrations make other tables; all others share one PostgreSQL, made once.
OWN_SERVERS = ("tests/faults/test_storm.py", "tests/faults/test_killed")
# Whatever a test makes hangs on one of these.
ROOTS = ("organization_account", "organization_user")


class Tree:
    """Python takes a compiled file for fresh by its second and size, so every change gets a second of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._seconds = itertools.count(int(time.time()) + 10, 10)
        self._are_tables_changed = False
        self._is_database_clean = True
        for name in _tracked():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
        folder.chmod(0o711)  # as root, PostgreSQL runs as another user who has to pass through
        self._database_url = embedded.ensure_postgres(folder / ".data", durable=False)

    def end(self) -> None:
        embedded.reset(self.folder / ".data")

    @contextlib.contextmanager
    def holding(self, mutant: Mutant) -> Iterator[None]:
        """Raises NotApplicable."""
        texts = mutant.texts(self.folder)
        originals = {path: path.read_text() for path in texts}
        self._are_tables_changed = any(path.parent.name == "migrations" for path in texts)
        self._write(texts)
        try:
            yield
        finally:
            self._write(originals)
            self._are_tables_changed = False

    def _write(self, texts: Mapping[Path, str]) -> None:
        for path, text in texts.items():
            path.write_text(text)
            second = next(self._seconds)
            os.utime(path, (second, second))

    def first_failure(self, tests: Sequence[str]) -> str:
        """The first test that failed and what it said, or "" when none did. Raises NotApplicable."""
        command = [sys.executable, "-m", "pytest", "-x", "-q", *LEFT_OUT, *tests]
        # Importing `planergy` named the settings, which the tests do by themselves.
        environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        environment |= ENVIRONMENT
        if not (self._are_tables_changed or any(test.startswith(OWN_SERVERS) for test in tests)):
            command.append("--reuse-db" if self._is_database_clean else "--create-db")
            environment["DATABASE_URL"] = self._database_url
        try:
            run = subprocess.run(
                command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=LONGEST_RUN
            )
        except subprocess.TimeoutExpired:
            return f"{tests[0]} (it never ended)"
        finally:
            self._is_database_clean = self._holds_no_rows()
        if run.returncode == 0:
            return ""
        failed = re.search(r"^(?:FAILED|ERROR) (\S+::.{1,180})", run.stdout, re.MULTILINE)
        if run.returncode != 1 or failed is None:
            raise NotApplicable(f"pytest ended with {run.returncode}: {run.stdout[-500:]}{run.stderr[-500:]}")
        return failed[1]

    def _holds_no_rows(self) -> bool:
        """False when a test ended before its rows were taken away: the next would fail of them, not of its mutant."""
        try:
            connection = psycopg2.connect(self._database_url, dbname=f"test_{embedded_postgres.DATABASE}")
        except psycopg2.OperationalError:  # no test has needed it yet
            return True
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(f"(SELECT 1 FROM {table} LIMIT 1)" for table in ROOTS))
            return cursor.rowcount == 0


def _tracked() -> list[str]:
    """What git tracks, and what it would track, without what it ignores."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]
