"""One delivery in a process of its own, as a worker would: prints what it cost as a line of JSON."""

from __future__ import annotations

import json
import sys
import time

from benchmarks.memory import peak_mb


def main(connection_id: int, company_id: int) -> None:
    import django

    django.setup()
    from django.db import connection

    from integrations.services import exports, outbox

    _warm_up()
    statements = 0
    settled_in_first_claim: list[float] = []
    settle = outbox.settle

    def count(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        nonlocal statements
        statements += 1
        return execute(sql, params, many, context)

    def settle_and_look(*args: object) -> None:
        settle(*args)  # type: ignore[arg-type]
        if args[1] and not settled_in_first_claim:
            settled_in_first_claim.append(peak_mb())

    outbox.settle = settle_and_look  # type: ignore[assignment]
    start = time.process_time()
    with connection.execute_wrapper(count):
        exports.deliver_due(connection_id, company_id)
    told = {
        "statements": statements,
        "cpu_seconds": time.process_time() - start,
        "growth_mb": peak_mb() - settled_in_first_claim[0],
        "peak_mb": peak_mb(),
    }
    print(json.dumps(told))


def _warm_up() -> None:
    """What a worker loads with its first delivery only; the SDK beside it is loaded before its clock starts, too."""
    from django.urls import get_resolver

    import integrations.sage_intacct.exporters
    from integrations import registry

    assert integrations.sage_intacct.exporters.deliver
    assert registry.all_systems()
    assert get_resolver().reverse_dict


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
