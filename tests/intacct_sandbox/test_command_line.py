from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests


@contextmanager
def process(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "intacct_sandbox", "--port", "0", "--quiet", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            yield running, running.stdout.readline()
        finally:
            if running.poll() is None:
                running.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_says_where_it_listens_and_ends_when_told(number: signal.Signals) -> None:
    with process("--vendors", "1000") as (running, line):
        start = "Sage Intacct sandbox on http://127.0.0.1:"
        assert line.startswith(start)
        assert line.endswith("/ia/xml/xmlgw.phtml\n")
        state = requests.get(line.split(" on ")[1].split("/ia/")[0] + "/sandbox/state.json", timeout=30).json()
        assert state["counts"]["VENDOR"] == 1000
        running.send_signal(number)
        assert running.wait(timeout=10) == 0
        assert running.stderr is not None
        assert running.stderr.read() == ""


def test_says_when_the_port_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [sys.executable, "-m", "intacct_sandbox", "--port", str(taken.getsockname()[1])]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "Cannot listen on" in done.stderr
