"""`python -m benchmarks [name …]`: measure, print a table, write benchmarks/results.json. BENCH_SCALE=small is quick,
BENCH_SCALE=huge imports a million vendors, too.

Servers of its own, thrown away at the end: nothing of yours is read or written. Each ratio compares two things that ran
in the same minute on the same machine.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
MODULES = ("imports", "exports", "search", "twins", "reference_csv")
RESULTS = FOLDER / "results.json"
VERDICTS = {True: "ok", False: "MISSED", None: "not judged: too small a run to tell"}


@contextmanager
def throw_away_servers() -> Iterator[None]:
    from planergy import embedded

    folder = Path(tempfile.mkdtemp(prefix="planergy-bench-")).resolve()
    folder.chmod(0o711)  # as root, PostgreSQL runs as another user who has to pass through
    os.environ["DATA_DIR"] = str(folder)
    os.environ["DATABASE_URL"] = embedded.database_url(folder)
    os.environ["REDIS_URL"] = embedded.redis_urls("", folder).client
    os.environ.setdefault("SECRET_KEY", "only-for-benchmarks")
    os.environ.setdefault("FIELD_ENCRYPTION_KEYS", "YmVuY2gtb25seS1rZXktYmVuY2gtb25seS1rZXktMDA=")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "planergy.settings")
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    try:
        embedded.ensure_postgres(folder, durable=False)
        embedded.ensure_redis(folder, durable=False)
        yield
    finally:
        embedded.reset(folder)
        shutil.rmtree(folder)


def measure(names: list[str], scale: str) -> list[dict[str, Any]]:
    import django

    django.setup()
    rows: list[dict[str, Any]] = []
    for name in names:
        if not (FOLDER / f"{name}.py").exists():
            raise SystemExit(f"There is no benchmark called {name}.")
        print(f"· {name} …", file=sys.stderr, flush=True)
        rows += importlib.import_module(f"benchmarks.{name}").run(scale)
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    width = max(len(row["name"]) for row in rows)
    lines = [f"{'measure':<{width}}  {'value':>12}  {'target':>12}"]
    for row in rows:
        value, target = f"{row['value']:g} {row['unit']}", f"{row['target']:g} {row['unit']}"
        lines.append(f"{row['name']:<{width}}  {value:>12}  {target:>12}  {VERDICTS[row['ok']]}")
    return "\n".join(lines)


def main() -> int:
    scale = os.environ.get("BENCH_SCALE", "full")
    names = sys.argv[1:] or [name for name in MODULES if (FOLDER / f"{name}.py").exists()]
    with throw_away_servers():
        rows = measure(names, scale)
    RESULTS.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    print(table(rows))
    return 1 if any(row["ok"] is False for row in rows) else 0


if __name__ == "__main__":
    raise SystemExit(main())
