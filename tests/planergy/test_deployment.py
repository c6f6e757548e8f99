"""The containers cannot be built in a test; that their commands and settings exist can be known."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from planergy import embedded

ROOT = embedded.ROOT
BIN = Path(sys.executable).parent
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("image") == "planergy"}


def test_every_part_of_the_portal_has_a_service():
    assert set(SERVICES) == {"migrate", "web", "worker", "beat", "sandbox", "postgres", "redis"}
    assert SERVICES["sandbox"]["profiles"] == ["sandbox"]


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate"}))
def test_every_lasting_service_has_a_health_check(name):
    assert SERVICES[name]["healthcheck"]["test"]


@pytest.mark.parametrize("name", sorted(set(OURS) - {"web"}))
def test_every_command_exists(name):
    command = OURS[name]["command"]
    assert (BIN / command[0]).exists()
    if command[:2] == ["python", "-m"]:
        assert (ROOT / command[2] / "__main__.py").exists()


def test_the_containers_set_only_what_the_settings_read():
    settings = (ROOT / "planergy" / "settings.py").read_text()
    assert [name for name in OURS["web"]["environment"] if f'"{name}"' not in settings] == []


def test_worker_and_beat_run_alike_at_a_desk_and_in_containers():
    procfile = (ROOT / "Procfile").read_text()
    for name in ("worker", "beat"):
        words = [word for word in OURS[name]["command"] if word != "2"]
        line = re.search(rf"^{name}: exec (.*)$", procfile, re.MULTILINE)
        assert line is not None
        assert set(words) <= set(line[1].split())


def test_the_image_does_not_run_as_root():
    assert re.search(r"^USER planergy$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned_and_names_no_index(name):
    lines = [line for line in (ROOT / name).read_text().splitlines() if line and not line.startswith(("#", "-r "))]
    assert [line for line in lines if not re.match(r"[\w.-]+(\[\w+\])?==[\w.]+", line)] == []
    assert "://" not in "".join(lines)


def test_the_script_of_the_build_server_is_sound_and_runs_the_documented_commands():
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", str(script)], check=True)
    assert script.read_text().rstrip().endswith("make install\nmake check\nmake test")


@pytest.mark.parametrize(("proxies", "believed"), [("0", "None"), ("1", "('HTTP_X_FORWARDED_PROTO', 'https')")])
def test_forwarded_headers_are_believed_only_behind_a_proxy(proxies, believed):
    code = "from planergy import settings; print(settings.SECURE_PROXY_SSL_HEADER)"
    environment = os.environ | {"TRUSTED_PROXY_COUNT": proxies, "PORTAL_URL": "https://portal.example"}
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.stdout.strip() == believed


def test_the_web_server_itself_believes_none():
    words = (ROOT / "Procfile").read_text() + (ROOT / "Dockerfile").read_text()
    assert "--forwarded-allow-ips ''" in words
    assert '"--forwarded-allow-ips", ""' in words


def test_a_word_that_means_nobody_is_refused():
    """A typing mistake must not switch the second step off."""
    environment = os.environ | {"REQUIRE_SECOND_FACTOR": "owner"}
    command = [sys.executable, "-c", "from planergy import settings"]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert "it knows owners and support" in run.stderr
