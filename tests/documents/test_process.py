"""The child process: what it may not do, what ends it, and what it answers."""

from __future__ import annotations

import io
import re
import resource
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from PIL import Image

from documents.opening import confinement, process
from documents.opening.child import LONGEST_SIDE
from documents.opening.findings import Finding, Unacceptable
from tests.documents import samples

ROOT = Path(__file__).resolve().parents[2]
CONFINED = "from documents.opening.confinement import confine; import ctypes, os, socket, subprocess; confine(); "


def confined(code: str) -> subprocess.CompletedProcess[str]:
    """What becomes of code that would like to do harm, in a process that has given up its rights."""
    command = [sys.executable, "-P", "-B", "-c", CONFINED + code]
    return subprocess.run(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60)


def child_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: str) -> None:
    """A reader that a hostile file has taken over."""
    (tmp_path / "taken_over.py").write_text(code)
    monkeypatch.setattr(process, "ROOT", tmp_path)
    monkeypatch.setattr(process, "CHILD", "taken_over")


@pytest.mark.parametrize(
    "code",
    [
        "socket.socket()",
        "socket.getaddrinfo('example.com', 80)",
        "subprocess.Popen(['true'])",
        "os.system('true')",
        "os.fork()",
        "os.execv('/bin/true', ['true'])",
        "open('/tmp/planergy-escaped', 'w')",
        "os.open('/tmp/planergy-escaped', os.O_WRONLY | os.O_CREAT)",
        "os.remove('/tmp/planergy-escaped')",
        "os.mkdir('/tmp/planergy-escaped')",
        "os.kill(os.getppid(), 0)",
    ],
)
def test_python_code_reaches_nothing(code: str) -> None:
    done = confined(code)
    assert done.returncode == 1
    assert "Refused" in done.stderr
    assert not Path("/tmp/planergy-escaped").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's filter is Linux's")
@pytest.mark.parametrize(
    "call",
    [
        "socket(2, 1, 0)",
        "socketpair(1, 1, 0, (ctypes.c_int * 2)())",
        "execl(b'/bin/true', b'true', None)",
        "kill(1, 0)",
    ],
)
def test_native_code_opens_no_socket_and_starts_no_program(call: str) -> None:
    """No audit hook sees these: the kernel refuses them with EPERM."""
    library = "library = ctypes.CDLL(None, use_errno=True); "
    command = f"{library}confinement.confine(); answer = library.{call}; print(answer, ctypes.get_errno())"
    start = "import ctypes; from documents.opening import confinement; "
    run = [sys.executable, "-P", "-B", "-c", start + command]
    done = subprocess.run(run, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["-1", "1"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows the limits of another process")
def test_the_child_is_confined_before_it_reads() -> None:
    """Started as the portal starts it; whoever looks at it while it waits for its file sees its limits."""
    command = [sys.executable, "-P", "-B", "-s", "-m", process.CHILD, "inspect", "pdf"]
    environment = {"PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(samples.pdf())
        child.stdin.flush()
        held = _limit_of(child.pid, resource.RLIMIT_FSIZE)
        child.stdin.close()
        assert b'"kind": "pdf"' in child.stdout.read()
    assert held == 0


def _limit_of(pid: int, limit: int) -> int:
    """As soon as it is lowered; the last one seen otherwise."""
    seen = -1
    for _ in range(500):
        seen = resource.prlimit(pid, limit)[1]
        if seen == 0:
            break
        time.sleep(0.01)
    return seen


def test_the_limits_hold() -> None:
    limits = {name: most for name, most in confinement.LIMITS.items() if name not in confinement.missing()}
    code = f"import resource; print(*[resource.getrlimit(getattr(resource, name))[1] for name in {list(limits)}])"
    assert [int(most) for most in confined(code).stdout.split()] == list(limits.values())


def test_a_reader_that_takes_too_much_memory_is_stopped() -> None:
    assert "MemoryError" in confined("bytearray(2 * 1024 ** 3)").stderr


def test_a_taken_over_reader_is_ended_at_the_deadline_with_all_it_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(process, "DEADLINE", 0.5)
    code = f"""
import os, pathlib, time
if os.fork() == 0:
    pathlib.Path('{tmp_path}/inner').write_text(str(os.getpid()))
    os.close(1)
    time.sleep(600)
time.sleep(8)
print('{{"kind": "pdf", "pages": 1, "marks": [], "contents": []}}')
"""
    child_of(monkeypatch, tmp_path, code)
    with pytest.raises(Unacceptable, match="takes too long"):
        process.inspect(io.BytesIO(b"x"), "a.pdf")
    inner = int((tmp_path / "inner").read_text())
    for _ in range(200):
        if not _is_running(inner):
            break
        time.sleep(0.01)
    assert not _is_running(inner)


def _is_running(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_reader_that_answers_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(process, "MOST_ANSWER", 1000)
    child_of(monkeypatch, tmp_path, "while True: print('0' * 1000)")
    with pytest.raises(Unacceptable, match="cannot be opened"):
        process.inspect(io.BytesIO(b"x"), "a.pdf")


def test_a_reader_that_crashes_is_a_refusal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    child_of(monkeypatch, tmp_path, "import os; os.abort()")
    with pytest.raises(Unacceptable, match="breaks its reader"):
        process.inspect(io.BytesIO(b"x"), "a.pdf")


def test_a_reader_sees_no_secret_and_no_open_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SECRET_KEY", "never-told")
    code = """
import json, os
seen = [dict(os.environ), os.listdir('/proc/self/fd'), os.listdir('.')]
print(json.dumps({'problem': repr(seen)}))
"""
    child_of(monkeypatch, tmp_path, code)
    with (tmp_path / "open").open("w"), pytest.raises(Unacceptable) as told:
        process.inspect(io.BytesIO(b"x"), "a.pdf")
    assert "never-told" not in told.value.problem
    assert "DATABASE_URL" not in told.value.problem
    assert "['0', '1', '2', '3'], []]" in told.value.problem  # the three, the listing itself, and an empty folder


def test_never_more_than_a_few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "DEADLINE", 0.1)
    for _ in range(process.AT_ONCE):
        process._slots.acquire()
    try:
        with pytest.raises(process.Busy, match="Try again in a minute"):
            process.inspect(io.BytesIO(samples.pdf()), "a.pdf")
    finally:
        for _ in range(process.AT_ONCE):
            process._slots.release()


def test_every_reader_works_within_the_fences() -> None:
    found = {name: process.inspect(io.BytesIO(content), name) for name, content in EVERY.items()}
    assert found == {name: Finding(kind, pages) for name, (kind, pages) in EXPECTED.items()}


EVERY = {
    "a.pdf": samples.pdf(),
    "a.png": samples.picture("PNG"),
    "a.jpg": samples.picture("JPEG"),
    "a.tif": samples.picture("TIFF", mode="1", compression="group4"),
    "a.webp": samples.picture("WEBP"),
    "a.heic": samples.HEIC,
    "a.xlsx": samples.office(),
    "a.doc": samples.compound("WordDocument"),
    "a.xml": samples.CROSS_INDUSTRY,
    "a.eml": samples.mail(),
    "a.csv": b"a;b",
}
DRAWN = {"a.pdf": "pdf", "a.png": "png", "a.jpg": "jpeg", "a.tif": "tiff", "a.webp": "webp", "a.heic": "heic"}
EXPECTED = {name: (DRAWN[name], 1) for name in DRAWN} | {
    "a.xlsx": ("xlsx", 0),
    "a.doc": ("doc", 0),
    "a.xml": ("xml", 0),
    "a.eml": ("eml", 0),
    "a.csv": ("csv", 0),
}


@pytest.mark.parametrize("name", DRAWN)
def test_draws_pages_as_pictures(name: str) -> None:
    drawn = list(process.pictures_in(io.BytesIO(process.draw(io.BytesIO(EVERY[name]), DRAWN[name]))))
    assert len(drawn) == 1
    with Image.open(io.BytesIO(drawn[0])) as picture:
        assert picture.format == "WEBP"
        assert picture.size == ((600, 840) if name == "a.pdf" else (16, 16) if name == "a.heic" else (12, 8))


def test_draws_so_many_pages_and_no_more() -> None:
    answer = process.draw(io.BytesIO(samples.pdf(process.MOST_PAGES_DRAWN + 5)), "pdf")
    assert len(list(process.pictures_in(io.BytesIO(answer)))) == process.MOST_PAGES_DRAWN


def test_what_was_drawn_before_the_deadline_is_not_lost(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(process, "DEADLINE", 1.0)
    code = """
import sys, time
sys.stdout.buffer.write(b'\\0\\0\\0\\3abc' b'\\0\\0\\0\\5de')
sys.stdout.flush()
time.sleep(600)
"""
    child_of(monkeypatch, tmp_path, code)
    assert list(process.pictures_in(io.BytesIO(process.draw(io.BytesIO(b"x"), "pdf")))) == [b"abc"]


def test_paper_shows_through_what_is_transparent() -> None:
    content = samples.picture("PNG", mode="RGBA")
    drawn = next(process.pictures_in(io.BytesIO(process.draw(io.BytesIO(content), "png"))))
    with Image.open(io.BytesIO(drawn)) as picture:
        assert min(picture.convert("RGB").getpixel((1, 1))) > 250


def test_documents_never_take_all_threads_of_the_web_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sends one slow document after the other takes half of them: the rest go on answering pages."""
    monkeypatch.setattr(process, "_slots", None)  # nobody waits for one
    with ExitStack() as inside:
        for _ in range(process.MOST_INSIDE):
            inside.enter_context(process.room())
        with pytest.raises(process.Busy):
            process.inspect(io.BytesIO(samples.pdf()), "a.pdf")
    for name in ("Procfile", "Dockerfile"):
        threads = re.search(r"--threads\W+(\d+)", (ROOT / name).read_text())
        assert threads is not None
        assert int(threads[1]) >= 2 * process.MOST_INSIDE


LINE = 14_400  # the longest page that PDF knows, 200 inches; files say more


@pytest.mark.parametrize(
    "size",
    [(LINE, LINE), (1, LINE), (LINE, 1), (10**7, 10**7), (0.001, 0.001)],
    ids=lambda size: f"{size[0]}x{size[1]}",
)
def test_a_page_of_any_size_is_drawn_within_bounds(size: tuple[float, float]) -> None:
    made = samples.writer(0)
    made.add_blank_page(*size)
    drawn = list(process.pictures_in(io.BytesIO(process.draw(io.BytesIO(samples.written(made)), "pdf"))))
    assert len(drawn) == 1
    with Image.open(io.BytesIO(drawn[0])) as picture:
        assert max(picture.size) <= LONGEST_SIDE
    assert len(process.ink(io.BytesIO(samples.written(made)), "pdf")) < 1000


def test_nothing_is_drawn_of_a_picture_that_claims_to_be_absurd() -> None:
    """Nine billion pixels: memory for them is never asked for."""
    absurd = samples.absurd_png(90_000, 100_000)
    assert process.draw(io.BytesIO(absurd), "png") == b""
    assert process.ink(io.BytesIO(absurd), "png") == b""
