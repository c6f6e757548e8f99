"""Programs, recognized by what they begin with, and by names that a machine would run."""

from __future__ import annotations

from documents.kinds import suffix_of
from documents.opening.findings import Unacceptable

_MAGIC = {
    b"\x7fELF": "Linux",
    b"\xfe\xed\xfa\xce": "macOS",
    b"\xfe\xed\xfa\xcf": "macOS",
    b"\xce\xfa\xed\xfe": "macOS",
    b"\xcf\xfa\xed\xfe": "macOS",
    b"\xca\xfe\xba\xbe": "macOS or Java",
    b"dex\n": "Android",
    b"\x4c\x00\x00\x00\x01\x14\x02\x00": "a Windows shortcut",
    b"MSCF": "a Windows cabinet",
}
LONGEST_MAGIC = 64
SUFFIXES = frozenset(
    [
        "apk",
        "app",
        "appimage",
        "bat",
        "chm",
        "cmd",
        "com",
        "command",
        "cpl",
        "deb",
        "desktop",
        "dll",
        "dmg",
        "exe",
        "gadget",
        "hta",
        "iso",
        "jar",
        "js",
        "jse",
        "lnk",
        "msi",
        "msix",
        "msp",
        "pif",
        "pkg",
        "ps1",
        "psm1",
        "py",
        "reg",
        "rpm",
        "scf",
        "scr",
        "sh",
        "so",
        "sys",
        "url",
        "vb",
        "vbe",
        "vbs",
        "ws",
        "wsf",
        "wsh",
        "xll",
    ]
)
_TEXT = frozenset(range(32, 256)) | frozenset(b"\t\n\r\x0c\x1b")


def is_text(data: bytes) -> bool:
    return _TEXT.issuperset(data)


def refuse_program(head: bytes, name: str) -> None:
    """`head` is the beginning of the file, LONGEST_MAGIC bytes or more. Raises Unacceptable."""
    system = _system_of(head)
    if system:
        raise _refused(f"is a program ({system}), whatever its name says.")
    if suffix_of(name) in SUFFIXES:
        raise _refused(f"is named like a program (.{suffix_of(name)}).")


def _refused(problem: str) -> Unacceptable:
    return Unacceptable(f"{problem} Programs are never taken. Attach the invoice itself, as a PDF.", is_dangerous=True)


def _system_of(head: bytes) -> str:
    if head.startswith(b"MZ") and not is_text(head[:LONGEST_MAGIC]):
        return "Windows"
    if head.startswith(b"#!"):
        return "a script"
    return next((system for magic, system in _MAGIC.items() if head.startswith(magic)), "")
