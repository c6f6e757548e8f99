"""The pinned requirements, and the tools that look after them; none of these tests asks a registry."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from planergy import embedded
from tools import lock, pins, vulnerabilities, wheels

ROOT = embedded.ROOT
INTEL, ARM, MAC = wheels.MACHINES


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small pair of each kind that agrees."""
    monkeypatch.setattr(pins, "ROOT", tmp_path)
    for name in pins.NAMES:
        pins.source(name).write_text('# why\nApe[more]==1.0  # climbs\nbee==2 ; python_version < "3.12"  # hums\n')
        pins.locked(name).write_text(
            f"# written\nape==1.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n    # via -r {name}.in, cat\n"
            f'bee==2 ; python_version < "3.12" \\\n    --hash=sha256:dd\n    # via -r {name}.in\n'
            "cat==3 \\\n    --hash=sha256:cc\n    # via ape\n"
        )
    return tmp_path


def change(path: Path, before: str, after: str) -> None:
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after))


@pytest.mark.parametrize("name", pins.NAMES)
def test_every_requirement_is_pinned_with_hashes_and_names_no_index(name: str) -> None:
    locked = pins.read(pins.locked(name))
    assert len(locked) > 20
    assert [pin.shown for pin in locked if not pin.hashes] == []
    for path in (pins.locked(name), pins.source(name)):
        assert [pin.shown for pin in pins.read(path) if not str(pin.requirement.specifier).startswith("==")] == []
        assert "://" not in path.read_text()
        assert "--index" not in path.read_text()


@pytest.mark.parametrize("name", pins.NAMES)
def test_every_pin_says_why_it_is_there(name: str) -> None:
    lines = [line for line in pins.source(name).read_text().splitlines() if "==" in line]
    assert [line for line in lines if "  # " not in line] == []


def test_the_locked_requirements_agree_with_their_sources() -> None:
    assert list(lock.disagreements()) == []


def test_files_that_agree_are_told_apart_from_those_that_do_not(files: Path) -> None:
    assert list(lock.disagreements()) == []
    assert lock.main(["--check"]) == 0


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("Ape[more]==1.0", "Ape[more]==1.1", "ape==1.1 stands in requirements.in, not in requirements.txt"),
        ("Ape[more]==1.0  # climbs\n", "", "ape==1.0 stands in requirements.txt, not in requirements.in"),
        ("# why\n", "dog==4  # barks\n", "dog==4 stands in requirements.in, not in requirements.txt"),
        (' ; python_version < "3.12"', "", "bee==2 stands in requirements.in, not in requirements.txt"),
    ],
)
def test_a_change_without_make_lock_is_noticed(
    files: Path, capsys: pytest.CaptureFixture[str], before: str, after: str, sentence: str
) -> None:
    change(pins.source("requirements"), before, after)
    assert sentence in lock.disagreements()
    assert lock.main(["--check"]) == 1
    assert "Run `make lock`." in capsys.readouterr().out


def test_a_pin_without_a_hash_is_noticed(files: Path) -> None:
    change(pins.locked("requirements"), "cat==3 \\\n    --hash=sha256:cc\n", "cat==3\n")
    assert list(lock.disagreements()) == ["cat==3 has no hash in requirements.txt"]


@pytest.mark.parametrize(
    ("marker", "wanted"),
    [
        ('sys_platform == "darwin"', {MAC.name}),
        ('platform_machine == "aarch64"', {ARM.name}),
        ('platform_system == "Linux" and platform_machine == "x86_64"', {INTEL.name}),
        ('sys_platform == "win32"', set()),
    ],
)
def test_markers_are_judged_for_the_machine_that_is_asked_about(marker: str, wanted: set[str]) -> None:
    requirement = Requirement(f"ape==1 ; {marker}")
    found = {machine.name for machine in wheels.MACHINES if wheels.Target("3.14", machine).wants(requirement)}
    assert found == wanted


@pytest.mark.parametrize(
    ("marker", "pythons"),
    [
        ('python_version < "3.12"', {"3.11"}),
        ('python_full_version < "3.11.3"', {"3.11"}),
        ('python_version >= "3.13"', {"3.13", "3.14"}),
    ],
)
def test_markers_are_judged_for_the_python_that_is_asked_about(marker: str, pythons: set[str]) -> None:
    requirement = Requirement(f"ape==1 ; {marker}")
    assert {target.python for target in wheels.targets() if target.wants(requirement)} == pythons


class TestWheels:
    @pytest.fixture
    def registry(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A folder of wheels that pip looks into, instead of any registry."""
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        return tmp_path

    def put(self, registry: Path, tags: str, name: str = "ape", metadata: str = "") -> None:
        with zipfile.ZipFile(registry / f"{name}-1-{tags}.whl", "w") as wheel:
            info = f"{name}-1.dist-info"
            wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n{metadata}")
            wheel.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tags}\n")
            wheel.writestr(f"{info}/RECORD", "")

    def test_names_the_targets_that_lack_one(self, registry: Path) -> None:
        self.put(registry, "cp311-cp311-manylinux_2_17_x86_64")
        self.put(registry, "py3-none-any", "bee")
        asked = [Requirement("ape==1"), Requirement("bee==1")]
        assert wheels.lacking(wheels.Target("3.11", INTEL), asked) == []
        for target in (wheels.Target("3.12", INTEL), wheels.Target("3.11", ARM), wheels.Target("3.11", MAC)):
            assert wheels.lacking(target, asked) == ["ape==1 has no wheel"]

    def test_what_is_not_wanted_there_lacks_nothing(self, registry: Path) -> None:
        assert wheels.lacking(wheels.Target("3.14", MAC), [Requirement('ape==1 ; sys_platform == "linux"')]) == []

    def test_names_what_a_wheel_needs_and_no_pin_gives(self, registry: Path) -> None:
        needs = (
            'Requires-Dist: cat; sys_platform == "darwin"\nProvides-Extra: fast\nRequires-Dist: dog; extra == "fast"\n'
        )
        self.put(registry, "py3-none-any", metadata=needs)
        assert wheels.lacking(wheels.Target("3.11", INTEL), [Requirement("ape==1")]) == []
        assert wheels.lacking(wheels.Target("3.11", MAC), [Requirement("ape==1")]) == ["cat has no pin, ape needs it"]
        assert wheels.lacking(wheels.Target("3.11", INTEL), [Requirement("ape[fast]==1")]) == [
            "dog has no pin, ape needs it"
        ]

    def test_make_wheels_ends_with_1_when_one_lacks(
        self,
        registry: Path,
        files: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setattr(wheels, "MACHINES", [ARM])
        monkeypatch.setattr(wheels, "PYTHONS", ["3.13"])
        assert wheels.main() == 1
        said = "Python 3.13 on Linux arm64: ape==1.0 has no wheel; cat==3 has no wheel\n"
        assert capsys.readouterr().out == said

    def test_the_promised_pythons_and_machines_are_asked_about(self) -> None:
        assert len({str(target) for target in wheels.targets()}) == 12


class TestVulnerabilities:
    SOUND: dict[str, Any] = {"name": "ape", "version": "1.0", "vulns": []}
    UNKNOWN: dict[str, Any] = {"name": "bee", "skip_reason": "not found"}
    FOUND: dict[str, Any] = {"name": "cat", "version": "3", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3.1"]}]}

    @pytest.mark.parametrize(
        ("dependencies", "code", "said"),
        [
            ([SOUND], 0, "Vulnerabilities: none known."),
            ([SOUND, FOUND], 1, "cat 3: PYSEC-1, mended in 3.1"),
            ([UNKNOWN], 0, vulnerabilities.UNREACHABLE),
            ([SOUND, UNKNOWN], 0, "not checked, unknown to their database: bee."),
            ([FOUND, UNKNOWN], 1, "cat 3: PYSEC-1, mended in 3.1"),
        ],
    )
    def test_a_found_one_fails_and_an_unknown_pin_is_named(
        self, dependencies: Any, code: int, said: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert vulnerabilities.judge(json.loads(json.dumps(dependencies))) == code
        assert said in capsys.readouterr().out

    def test_without_the_database_it_says_so_and_passes(self) -> None:
        environment = os.environ | {"HTTPS_PROXY": "http://127.0.0.1:9"}
        command = [sys.executable, "-m", "tools.vulnerabilities"]
        run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        assert (run.returncode, run.stdout.strip()) == (0, vulnerabilities.UNREACHABLE)
