"""Runs one import job in a process of its own and prints what it cost, as a line of JSON."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import django

from benchmarks.memory import peak_mb


def main(job_id: int, page_size: int) -> None:
    django.setup()
    from django.db import connection

    from integrations import runner
    from integrations.models import Exchange
    from integrations.sage_intacct.importers import reading

    reading.PAGE_SIZE = page_size
    statements = 0

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal statements
        statements += 1
        return execute(sql, params, many, context)

    start = time.perf_counter()
    with connection.execute_wrapper(count):
        runner.run_job(job_id)
    seconds = time.perf_counter() - start
    exchanges = Exchange.objects.filter(job=job_id)
    cost = {
        "seconds": seconds,
        "peak_mb": peak_mb(),
        # The thread that fetches the next page writes each exchange down, over a database connection of its own.
        "statements": statements + exchanges.count(),
        "pages": exchanges.filter(functions=["query VENDOR"]).count() or exchanges.count(),
    }
    print(json.dumps(cost))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
