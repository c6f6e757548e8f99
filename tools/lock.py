"""`make lock`: write requirements*.txt from requirements*.in with pip-tools. `--check` compares them, offline.

pip-tools resolves for the machine that it runs on and drops what this one does not need. A pin with a marker therefore
travels without it, and gets it back in the locked file.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools import pins

OPTIONS = (
    "--generate-hashes",
    "--allow-unsafe",
    "--strip-extras",
    "--annotation-style=line",
    "--no-header",
    "--no-emit-options",
    "--quiet",
)
HEADER = "# Written by `make lock` from {source}, which says what each is for. Do not edit.\n"


def lock(upgrade: Sequence[str] = ()) -> None:
    """Versions that stand in the locked files stay, unless their pin changed or `upgrade` names them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for each in pins.NAMES:
            if pins.locked(each).exists():
                shutil.copy(pins.locked(each), folder)
        for each in pins.NAMES:
            _compile(each, folder, upgrade)
        for each in pins.NAMES:
            shutil.copy(pins.locked(each, folder), pins.locked(each))


def _compile(name: str, folder: Path, upgrade: Sequence[str]) -> None:
    source, target = pins.source(name, folder), pins.locked(name, folder)
    source.write_text(re.sub(r" *; [^#\n]*", " ", pins.source(name).read_text()))
    words = [word for package in upgrade for word in ("--upgrade-package", package)]
    command = [sys.executable, "-m", "piptools", "compile", *OPTIONS, *words, "-o", target.name, source.name]
    if subprocess.run(command, cwd=folder).returncode:
        raise SystemExit(f"{source.name} could not be resolved; pip-tools says why above.")
    text = target.read_text()
    for pin in pins.read(pins.source(name)):
        if pin.requirement.marker:
            text = re.sub(rf"^({re.escape(pin.name)}==\S+)", rf"\1 ; {pin.requirement.marker}", text, flags=re.M)
    target.write_text(HEADER.format(source=source.name) + text)


def disagreements() -> Iterator[str]:
    """A sentence for each place where a locked file is not what its source would give."""
    for name in pins.NAMES:
        source, target = pins.source(name), pins.locked(name)
        asked = {pin.shown for pin in pins.read(source)}
        locked = pins.read(target)
        given = {pin.shown for pin in locked if pin.is_direct}
        yield from (f"{shown} stands in {source.name}, not in {target.name}" for shown in sorted(asked - given))
        yield from (f"{shown} stands in {target.name}, not in {source.name}" for shown in sorted(given - asked))
        yield from (f"{pin.shown} has no hash in {target.name}" for pin in locked if not pin.hashes)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.lock", description="Lock the requirements.")
    parser.add_argument("upgrade", nargs="*", help="packages that may get a newer version than the locked one")
    parser.add_argument("--check", action="store_true", help="only compare; ends with 1 when the files disagree")
    options = parser.parse_args(arguments)
    if not options.check:
        lock(options.upgrade)
    sentences = list(disagreements())
    print("\n".join(sentences) if sentences else "The locked requirements agree with their sources.")
    if sentences:
        print("Run `make lock`.")
    return 1 if sentences else 0


if __name__ == "__main__":
    raise SystemExit(main())
