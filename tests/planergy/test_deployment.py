"""The containers cannot be built in a test; that their commands and settings exist can be known."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core import mail

from planergy import embedded
from planergy import settings as portal_settings
from tests.planergy import compose

ROOT = embedded.ROOT
BIN = Path(sys.executable).parent
SERVICES: dict[str, dict[str, Any]] = compose.services()
OURS = {name: service for name, service in SERVICES.items() if service.get("image") == "planergy"}


def test_every_part_of_the_portal_has_a_service():
    assert set(SERVICES) == {"migrate", "proxy", "web", "worker", "beat", "sandbox", "postgres", "redis"}
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


def test_the_script_of_the_build_server_is_sound_and_runs_the_documented_commands():
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", str(script)], check=True)
    assert script.read_text().rstrip().endswith("make install\nmake check\nmake test")


# What the containers must not or need not be told, each with its reason.
NOT_CARRIED = {
    "DEBUG",  # never in a deployment
    "DATA_DIR",  # the image's own folder
    "MEDIA_ROOT",  # below it, on the volume
}


def _settings_read() -> set[str]:
    text = (ROOT / "planergy" / "settings.py").read_text()
    return set(re.findall(r'(?:env\.\w+|_secret)\(\s*"([A-Z_]+)"', text))


def _settings_of_the_readme() -> set[str]:
    table = (ROOT / "README.md").read_text().split("\n## Settings\n")[1].split("\n## ")[0]
    first_cells = re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE)
    return {name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)}


def test_the_readme_explains_every_setting_that_is_read_and_no_other():
    assert _settings_of_the_readme() == _settings_read() | {"SANDBOX_PORT"}  # read by the demo and by compose


def test_the_containers_carry_every_setting_of_the_readme():
    carried = set(OURS["web"]["environment"]) | compose.variables()
    assert _settings_of_the_readme() - carried == NOT_CARRIED
    for name in ("worker", "beat", "migrate"):
        assert OURS[name]["environment"] == OURS["web"]["environment"]


@pytest.mark.parametrize("name", ["POSTGRES_PASSWORD", "SECRET_KEY", "FIELD_ENCRYPTION_KEYS"])
def test_the_containers_do_not_start_without_a_secret(name):
    values = {"POSTGRES_PASSWORD": "a", "SECRET_KEY": "b", "FIELD_ENCRYPTION_KEYS": "c"}
    compose.services(values)
    with pytest.raises(compose.NotSet, match=f"set {name} in .env"):
        compose.services({key: value for key, value in values.items() if key != name})


def test_forms_of_a_public_address_are_trusted_without_saying_it_twice():
    values = {"POSTGRES_PASSWORD": "a", "SECRET_KEY": "b", "FIELD_ENCRYPTION_KEYS": "c"}
    values["PORTAL_URL"] = "https://portal.example"
    assert compose.services(values)["web"]["environment"]["CSRF_TRUSTED_ORIGINS"] == "https://portal.example"


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


def test_mails_as_files_are_only_for_whoever_runs_the_portal(tmp_path: Path, settings: Any) -> None:
    """Links stand in them that choose a password."""
    folder = tmp_path / "mail"
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = "planergy.mail_files.EmailBackend", str(folder)
    mail.send_mail("Subject", "Text", None, ["ann@tests.example"])
    assert len(list(folder.iterdir())) == 1
    assert folder.stat().st_mode & 0o777 == 0o700


def test_without_a_mail_server_mails_are_files() -> None:
    assert portal_settings.EMAIL_BACKEND == "planergy.mail_files.EmailBackend"


def as_deployed(*command: str) -> subprocess.CompletedProcess[str]:
    """With the settings of a server, none of which is reached."""
    environment = {name: value for name, value in os.environ.items() if name != "REQUIRE_SECOND_FACTOR"} | {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "PORTAL_URL": "https://portal.example",
        "ALLOWED_HOSTS": "portal.example",
    }
    return subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True)


def test_djangos_check_of_a_deployment_finds_nothing() -> None:
    run = as_deployed("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert (run.returncode, "no issues" in run.stdout) == (0, True), run.stderr


def test_owners_and_support_must_have_a_second_step_unless_it_is_said_otherwise() -> None:
    run = as_deployed("-c", "from planergy import settings; print(sorted(settings.REQUIRE_SECOND_FACTOR))")
    assert run.stdout.strip() == "['owners', 'support']"
