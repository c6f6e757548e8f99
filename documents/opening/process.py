"""The trusted side: starts the child process, hands it the file, ends it at the deadline, and reads its answer."""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO

from documents.kinds import suffix_of
from documents.opening.findings import Finding, Unacceptable

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[2]
DEADLINE = 10.0  # seconds
AT_ONCE = 2  # children of one web or worker process
MOST_ANSWER = 32 * 1024 * 1024
MOST_PAGES_DRAWN = 20
MOST_INK = 256 * 1024  # packed; a page of text has 10 KB
LENGTH_BYTES = 4
CHILD = "documents.opening.child"
BROKE_OFF = (
    "cannot be opened: it takes too long or too much memory, or breaks its reader."
    " Print it to a new PDF, or scan it once more, and attach that."
)
BUSY = "could not be looked at, since too many documents are being opened right now. Try again in a minute."
_slots = threading.BoundedSemaphore(AT_ONCE)
# Threads of one process that open documents or wait for it: half of them, so that the rest go on answering pages.
MOST_INSIDE = 8
_room = threading.BoundedSemaphore(MOST_INSIDE)


class Busy(Unacceptable):
    """Not the file's fault: the same file may be taken a minute later."""

    def __init__(self) -> None:
        super().__init__(BUSY)


def inspect(file: IO[bytes], name: str) -> Finding:
    """What the file is. Raises Unacceptable with the reason, also for what crashes or outlasts its reader."""
    with room():
        answer = _ask(file, "inspect", suffix_of(name)[:10])
    try:
        found = json.loads(answer)
    except ValueError as error:
        raise Unacceptable(BROKE_OFF) from error
    if problem := found.get("problem"):
        raise Unacceptable(problem)
    return Finding(found["kind"], found["pages"], tuple(found["marks"]), tuple(found["contents"]))


def draw(file: IO[bytes], kind: str) -> bytes:
    """Pictures of the first pages (WebP), each after its length in four bytes; those that were ready in time."""
    return _ask(file, "draw", kind, str(MOST_PAGES_DRAWN))


def ink(file: IO[bytes], kind: str) -> bytes:
    """The ink of the first page, packed (documents.likeness reads it); empty for what has none. Raises Busy."""
    answer = _ask(file, "ink", kind)
    return answer if len(answer) <= MOST_INK else b""


@contextmanager
def room() -> Iterator[None]:
    """Raises Busy at once where so many threads are at documents that one more could be missed elsewhere."""
    if not _room.acquire(blocking=False):
        raise Busy
    try:
        yield
    finally:
        _room.release()


def pictures_in(answer: IO[bytes]) -> Iterator[bytes]:
    """The pictures of an answer, without one that the deadline cut off."""
    while length := int.from_bytes(answer.read(LENGTH_BYTES)):
        picture = answer.read(length)
        if len(picture) == length:
            yield picture


def _ask(file: IO[bytes], *arguments: str) -> bytes:
    with _slot(), tempfile.TemporaryDirectory(prefix="planergy-opening-") as room, tempfile.TemporaryFile() as copy:
        file.seek(0)
        shutil.copyfileobj(file, copy)
        file.seek(0)
        copy.seek(0)
        return _run(copy, room, arguments)


@contextmanager
def _slot() -> Iterator[None]:
    if not _slots.acquire(timeout=DEADLINE):
        raise Busy
    try:
        yield
    finally:
        _slots.release()


def _run(copy: BinaryIO, room: str, arguments: tuple[str, ...]) -> bytes:
    process = subprocess.Popen(
        [sys.executable, "-P", "-B", "-s", "-m", CHILD, *arguments],
        stdin=copy,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=room,
        env={"PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"},
        start_new_session=True,
    )
    timer = threading.Timer(DEADLINE, _kill, [process])
    timer.start()
    try:
        assert process.stdout is not None  # noqa: S101 - a pipe, as asked for above
        with process.stdout:
            answer = process.stdout.read(MOST_ANSWER)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=1)
    finally:
        timer.cancel()
        _kill(process)
        process.wait()
    if process.returncode:
        log.warning("A document's reader ended with %s after %s bytes of answer.", process.returncode, len(answer))
    return answer


def _kill(process: subprocess.Popen[bytes]) -> None:
    """The whole group, however the child has multiplied."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
