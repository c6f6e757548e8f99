"""`make wheels`: is there a wheel of every pin for each Python and machine that the README promises?

pip asks the registry that this machine is set up for. Markers are evaluated here, for the target: pip would evaluate
them for the Python that it runs on.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools import pins

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
# glibc 2.28 is that of Debian 10 and RHEL 8; every older manylinux tag runs there too.
MANYLINUX = ("manylinux1", "manylinux2010", "manylinux2014", *(f"manylinux_2_{minor}" for minor in range(5, 29)))


@dataclass(frozen=True)
class Machine:
    """One of the promised machines: its name, its platform tags for pip, and what markers see there."""

    name: str
    tags: tuple[str, ...]
    markers: dict[str, str]


def _linux(name: str, architecture: str) -> Machine:
    tags = tuple(f"{tag}_{architecture}" for tag in MANYLINUX)
    return Machine(name, tags, _markers("linux", "Linux", architecture))


def _markers(sys_platform: str, system: str, machine: str) -> dict[str, str]:
    return {
        "os_name": "posix",
        "sys_platform": sys_platform,
        "platform_system": system,
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
    }


MACHINES = (
    _linux("Linux x86-64", "x86_64"),
    _linux("Linux arm64", "aarch64"),
    Machine("macOS arm64", ("macosx_14_0_arm64",), _markers("darwin", "Darwin", "arm64")),
)


@dataclass(frozen=True)
class Target:
    """One Python on one machine."""

    python: str
    machine: Machine

    def __str__(self) -> str:
        return f"Python {self.python} on {self.machine.name}"

    def wants(self, requirement: Requirement, extra: str = "") -> bool:
        # The first release of this Python: what only an early one needs, this one needs too.
        versions = {"python_version": self.python, "python_full_version": f"{self.python}.0"}
        environment = self.machine.markers | versions | {"implementation_version": versions["python_full_version"]}
        return requirement.marker is None or requirement.marker.evaluate(environment | {"extra": extra})


def targets() -> Iterator[Target]:
    return (Target(python, machine) for python in PYTHONS for machine in MACHINES)


def lacking(target: Target, requirements: Iterable[Requirement]) -> list[str]:
    """A sentence for each pin without a wheel for `target`, and for each need of a wheel that no pin names."""
    wanted = {_words(each): each for each in requirements if target.wants(each)}
    without_wheel = []
    while (report := _ask(target, sorted(wanted))) and "missing" in report:
        without_wheel.append(f"{report['missing']} has no wheel")
        del wanted[report["missing"]]
    return without_wheel + _not_pinned(target, report, list(wanted.values()))


def _words(requirement: Requirement) -> str:
    return f"{canonicalize_name(requirement.name)}{requirement.specifier}"


def _ask(target: Target, wanted: Sequence[str]) -> dict[str, Any]:
    """pip's report about all of `wanted`, or {"missing": the first that has no wheel}."""
    if not wanted:
        return {"install": []}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--no-deps", "--ignore-installed"]
        command += ["--only-binary=:all:", "--python-version", target.python, "--target", folder]
        command += [f"--platform={tag}" for tag in target.machine.tags]
        run = subprocess.run([*command, "--report", "-", *wanted], capture_output=True, text=True)
    if run.returncode == 0:
        return dict(json.loads(run.stdout))
    if found := re.search(r"No matching distribution found for (\S+)", run.stderr):
        return {"missing": found[1]}
    raise SystemExit(f"pip could not ask the registry:\n{run.stderr}")


def _not_pinned(target: Target, report: dict[str, Any], wanted: Sequence[Requirement]) -> list[str]:
    names = {canonicalize_name(each.name) for each in wanted}
    extras = {canonicalize_name(each.name): each.extras for each in wanted}
    sentences = []
    for found in report["install"]:
        name = canonicalize_name(found["metadata"]["name"])
        for need in map(Requirement, found["metadata"].get("requires_dist", ())):
            is_needed = any(target.wants(need, extra) for extra in ("", *extras[name]))
            if is_needed and canonicalize_name(need.name) not in names:
                sentences.append(f"{need.name} has no pin, {name} needs it")
    return sentences


def main() -> int:
    # The sources come last, for they name the extras that are asked for.
    files = [*map(pins.locked, pins.NAMES), *map(pins.source, pins.NAMES)]
    requirements = [pin.requirement for path in files for pin in pins.read(path)]
    is_complete = True
    for target in targets():
        sentences = lacking(target, requirements)
        is_complete = is_complete and not sentences
        print(f"{target}: {'; '.join(sentences) or 'a wheel of every pin'}", flush=True)
    return 0 if is_complete else 1


if __name__ == "__main__":
    raise SystemExit(main())
