"""A stranger comes from the README and docker-compose.yml to a signed-in Account Owner, on processes of their own."""

from __future__ import annotations

import base64
import email
import hmac
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import policy
from pathlib import Path

import pytest
import requests

from planergy import embedded
from tests.planergy import compose

ROOT = embedded.ROOT
BIN = Path(sys.executable).parent
PASSWORD = "a-rather-long-pass-phrase"
PATIENCE = 120


def blocks_of_readme(heading: str) -> list[str]:
    """The commands that a section of the README tells a person to type, block by block."""
    section = (ROOT / "README.md").read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^```\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


def command_of_readme(heading: str, words: str) -> list[str]:
    """The one command with `words`, as it runs inside the container."""
    lines = [line for block in blocks_of_readme(heading) for line in block.replace("\\\n", " ").splitlines()]
    found = [line for line in lines if words in line]
    assert len(found) == 1, lines
    inside = shlex.split(found[0])
    assert inside[:4] == ["docker", "compose", "exec", "web"]
    return inside[4:]


@dataclass
class Deployment:
    """The services of docker-compose.yml as plain processes with exactly the environment that the file gives them."""

    folder: Path
    portal_url: str
    environment: dict[str, dict[str, str]]
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def mail_folder(self) -> Path:
        return self.folder / "mail"

    def run(self, service: str, command: list[str]) -> str:
        """Run to its end and return what it printed."""
        run = subprocess.run(
            command, cwd=ROOT, env=self.environment[service], capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    def start(self, service: str, command: list[str]) -> None:
        with (self.folder / f"{service}.log").open("wb") as log:
            self.processes.append(
                subprocess.Popen(
                    command,
                    cwd=ROOT,
                    env=self.environment[service],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            )

    def wait_for(self, what: str, is_there: Callable[[], bool]) -> None:
        give_up_at = time.monotonic() + PATIENCE
        while not is_there():
            logs = "".join(log.read_text(errors="replace")[-2000:] for log in self.folder.glob("*.log"))
            assert all(process.poll() is None for process in self.processes), f"A process ended.\n{logs}"
            assert time.monotonic() < give_up_at, f"{what} did not come.\n{logs}"
            time.sleep(0.1)

    def answers(self) -> bool:
        try:
            return requests.get(f"{self.portal_url}/health/", timeout=10).ok
        except requests.RequestException:
            return False

    def mails_to(self, address: str) -> list[str]:
        texts = [path.read_bytes() for path in sorted(self.mail_folder.glob("*"))]
        messages = [email.message_from_bytes(text, policy=policy.default) for text in texts]
        bodies = [(each, each.get_body(("plain",))) for each in messages if each["To"] == address]
        return [body.get_content() for _, body in bodies if body]

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _env_file(folder: Path, **more: str) -> dict[str, str]:
    """What the README's own lines write, and what they tell a person to add."""
    subprocess.run(["bash", "-euc", blocks_of_readme("First account")[0]], cwd=folder, check=True)
    return compose.env_file((folder / ".env").read_text()) | more


def _environment(service: dict[str, object], folder: Path) -> dict[str, str]:
    """The container's environment, with the servers' host names and the image's folders in this machine's places."""
    given = service["environment"]
    assert isinstance(given, dict)
    assert "@postgres:5432/" in given["DATABASE_URL"]
    assert given["REDIS_URL"].startswith("redis://redis:6379/")
    return {
        **{name: str(value) for name, value in given.items()},
        "DATABASE_URL": embedded.database_url(folder),
        "REDIS_URL": embedded.redis_urls("", folder).client,
        "DATA_DIR": str(folder),
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


@pytest.fixture
def deployment() -> Iterator[Deployment]:
    """Everything that `docker compose up` starts, on free ports, with servers of its own."""
    folder = Path(tempfile.mkdtemp(prefix="planergy-first-")).resolve()
    folder.chmod(0o711)  # as root, PostgreSQL runs as another user who has to pass through
    port = _free_port()
    portal_url = f"http://127.0.0.1:{port}"
    values = _env_file(folder, PORTAL_URL=portal_url, EMAIL_URL=f"filemail:///{folder}/mail")
    services = compose.services(values)
    ours = {name: each for name, each in services.items() if "DATABASE_URL" in each.get("environment", {})}
    made = Deployment(folder, portal_url, {name: _environment(each, folder) for name, each in ours.items()})
    try:
        embedded.ensure_postgres(folder, durable=False)
        embedded.ensure_redis(folder, durable=False)
        made.run("web", ["python", "manage.py", "collectstatic", "--noinput"])  # as the Dockerfile does
        made.run("migrate", ours["migrate"]["command"])
        web = [f"127.0.0.1:{port}" if word == "0.0.0.0:8000" else word for word in compose.web_command()]
        assert f"127.0.0.1:{port}" in web
        made.start("web", web)
        for name in ("worker", "beat"):
            made.start(name, ours[name]["command"])
        yield made
    finally:
        made.stop()
        embedded.reset(folder)
        shutil.rmtree(folder)


class Browser:
    """What a person's browser does with forms: keeps cookies, sends what the form hides, follows redirects."""

    def __init__(self, portal_url: str) -> None:
        self.portal_url = portal_url
        self.session = requests.Session()

    def open(self, address: str) -> str:
        answer = self.session.get(self._whole(address), timeout=PATIENCE)
        assert answer.status_code == 200, answer.text[:500]
        self.address = answer.url
        return answer.text

    def send(self, address: str, **fields: str) -> str:
        """Open the page, fill in its form, send it to the page's own address, and return the page that follows."""
        return self.fill(self.open(address), **fields)

    def fill(self, page: str, **fields: str) -> str:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token, page[:500]
        data = {"csrfmiddlewaretoken": token[1], **fields}
        answer = self.session.post(self.address, data, headers={"Referer": self.address}, timeout=PATIENCE)
        assert answer.status_code == 200, answer.text[:500]
        self.address = answer.url
        return answer.text

    def _whole(self, address: str) -> str:
        return address if address.startswith("http") else f"{self.portal_url}{address}"

    def choose_password(self, link: str) -> None:
        assert "Your password is saved" in self.send(link, password1=PASSWORD, password2=PASSWORD)

    def sign_in(self, address: str) -> str:
        """The page after signing in for the first time: with the second step that owners and support must set up."""
        page = self.send("/accounts/login/", login=address, password=PASSWORD)
        assert "second step" in page
        page = self.open("/accounts/2fa/totp/activate/")
        secret = re.search(r'class="secret">([A-Z2-7]{32})<', page)
        assert secret, "the page shows no secret to type into an authenticator app"
        self.fill(page, code=code_of_authenticator(secret[1]))
        return self.open("/")


def code_of_authenticator(secret: str) -> str:
    """What an authenticator app shows now. Reference: RFC 6238."""
    digest = hmac.digest(base64.b32decode(secret), int(time.time() // 30).to_bytes(8, "big"), "sha1")
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at : at + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


def link_in(text: str) -> str:
    found = re.search(r"https?://\S+/accounts/password/reset/key/\S+", text)
    assert found, text
    return found[0]


@pytest.mark.slow
def test_a_stranger_comes_from_the_readme_to_a_signed_in_account_owner(deployment: Deployment) -> None:
    deployment.wait_for("The portal", deployment.answers)
    printed = deployment.run("web", command_of_readme("First account", "create_account"))
    assert "The account Harbor Group with the company Harbor Retail Ltd is made" in printed

    deployment.wait_for("The invitation", lambda: bool(deployment.mails_to("owner@harbor.example")))
    (mail,) = deployment.mails_to("owner@harbor.example")
    browser = Browser(deployment.portal_url)
    browser.choose_password(link_in(mail))
    home = browser.sign_in("owner@harbor.example")
    assert "Ada Marsh" in home
    assert "Integrations" in browser.open("/control-panel/")  # an Account Owner's alone
    assert "Harbor Retail Ltd" in browser.open("/control-panel/companies/")

    # The link that was printed lets nobody else in afterwards.
    assert "This link no longer works" in Browser(deployment.portal_url).open(link_in(printed))
    assert "has chosen a password" in deployment.run("web", command_of_readme("First account", "create_account"))

    support = command_of_readme("First account", "createsuperuser")
    deployment.environment["web"]["DJANGO_SUPERUSER_PASSWORD"] = PASSWORD
    deployment.run("web", [*support, "--no-input"])
    desk = Browser(deployment.portal_url)
    desk.sign_in("support@harbor.example")
    assert "Harbor Group" in desk.open("/admin/organization/account/")
