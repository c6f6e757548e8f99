"""`python -m intacct_sandbox`: serve until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import signal
import sys
import threading

from intacct_sandbox.server import serve


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="intacct_sandbox", description="A stand-alone sandbox of the Sage Intacct XML gateway."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8900, help="0 takes a free port")
    parser.add_argument("--seed", choices=("small", "large"), default="small")
    parser.add_argument("--vendors", type=int, default=0, metavar="N")
    parser.add_argument("--gl-accounts", type=int, default=0, metavar="N")
    parser.add_argument("--latency-ms", type=int, default=0, metavar="N", help="wait this long before every answer")
    parser.add_argument("--quiet", action="store_true", help="do not log requests")
    given = parser.parse_args(arguments)
    try:
        running = serve(
            given.host,
            given.port,
            given.seed,
            quiet=given.quiet,
            vendors=given.vendors,
            gl_accounts=given.gl_accounts,
            latency_ms=given.latency_ms,
        )
    except OSError as error:
        print(f"Cannot listen on {given.host}:{given.port}: {error.strerror}", file=sys.stderr)
        return 1
    for table in running.company.tables.values():
        table.warm()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    print(f"Sage Intacct sandbox on {running.url}", flush=True)
    stop.wait()
    running.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
