"""What the child process gives up before it reads the first byte of a file that a stranger wrote.

Two fences: an audit hook against Python code, and on Linux a seccomp filter against native code. Neither needs rights.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import struct
import sys
from typing import Any

MEMORY = 1024 * 1024 * 1024
CPU_SECONDS = 10
OPEN_FILES = 32
LIMITS = {
    "RLIMIT_AS": MEMORY,
    "RLIMIT_CPU": CPU_SECONDS,
    "RLIMIT_FSIZE": 0,  # answers go through a pipe
    "RLIMIT_NOFILE": OPEN_FILES,
    "RLIMIT_NPROC": 0,
    "RLIMIT_CORE": 0,
}
# macOS knows the name, but cannot hold a process to it.
MISSING: dict[str, set[str]] = {"darwin": {"RLIMIT_AS"}}
REFUSED_EVENTS = (
    "socket.",
    "subprocess.",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "os.kill",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.mkdir",
    "os.link",
    "os.symlink",
    "os.chmod",
    "os.chown",
    "os.truncate",
    "shutil.",
    "ctypes.dlopen",
    "sqlite3.",
    "urllib.",
    "http.",
)
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# The numbers of socket, connect, bind, listen, socketpair, fork, vfork, execve, execveat, kill, ptrace and io_uring.
ARCHITECTURES = {
    "x86_64": (0xC000003E, (41, 42, 49, 50, 53, 57, 58, 59, 62, 101, 310, 311, 322, 425)),
    "aarch64": (0xC00000B7, (117, 129, 198, 199, 200, 201, 203, 221, 270, 271, 281, 425)),
}
FIRST_X32_NUMBER = 0x40000000  # on x86-64 the same calls once more, under other numbers


class Refused(PermissionError):
    """The code that reads the file tried to reach out."""


def confine() -> None:
    """For the rest of this process. Whatever a reader needs to load must be loaded before."""
    limit()
    refuse_system_calls()
    sys.addaudithook(_refuse)


def missing() -> set[str]:
    return MISSING.get(sys.platform, set())


def limit() -> None:
    for name, most in LIMITS.items():
        if name not in missing():
            resource.setrlimit(getattr(resource, name), (most, most))


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event.startswith(REFUSED_EVENTS) or (event == "open" and _writes(*arguments[1:])):
        raise Refused(f"{event} is not allowed while a document is read")


def _writes(mode: str | None, flags: int) -> bool:
    return bool(flags & WRITES) or bool(set(mode or "") & set("wax+"))


def refuse_system_calls() -> None:
    """A filter of the kernel (seccomp): no socket and no program, whatever native code tries. Linux only."""
    if sys.platform != "linux" or platform.machine() not in ARCHITECTURES:
        return
    architecture, numbers = ARCHITECTURES[platform.machine()]
    program = _filter(architecture, numbers)
    code = ctypes.create_string_buffer(program, len(program))

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]

    header = Program(len(program) // 8, ctypes.addressof(code))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]
    no_new_privileges, set_seccomp, filter_mode = 38, 22, 2
    prctl(no_new_privileges, 1, 0, 0, 0)
    prctl(set_seccomp, filter_mode, ctypes.addressof(header), 0, 0)


def _filter(architecture: int, numbers: tuple[int, ...]) -> bytes:
    """In the kernel's little language: another architecture or a refused number ends in EPERM, all else goes on."""
    load, equal, at_least, answer = 0x20, 0x15, 0x35, 0x06
    allow, refuse = 0x7FFF0000, 0x00050001
    most = len(numbers)
    lines = [(load, 0, 0, 4), (equal, 1, 0, architecture), (answer, 0, 0, refuse), (load, 0, 0, 0)]
    lines += [(at_least, most + 1, 0, FIRST_X32_NUMBER)]
    lines += [(equal, most - index, 0, number) for index, number in enumerate(numbers)]
    lines += [(answer, 0, 0, allow), (answer, 0, 0, refuse)]
    return b"".join(struct.pack("HBBI", *line) for line in lines)
