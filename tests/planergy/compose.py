"""docker-compose.yml as Docker Compose would read it, with the values of one .env file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml

from planergy import embedded

ROOT = embedded.ROOT
# The innermost ${NAME}, ${NAME:-default} or ${NAME:?message}; $$ is a dollar sign.
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::?(?P<kind>[-?])(?P<word>[^${}]*))?\}")


class NotSet(Exception):
    """A variable that the file demands has no value; the message is the file's."""


def services(values: Mapping[str, str] | None = None) -> dict[str, dict[str, Any]]:
    """The services by name; with `values`, their variables are replaced. Raises NotSet."""
    text = (ROOT / "docker-compose.yml").read_text()
    return yaml.safe_load(text if values is None else interpolated(text, values))["services"]


def interpolated(text: str, values: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        if given := values.get(found["name"]):
            return given
        if found["kind"] == "?":
            raise NotSet(found["word"])
        return found["word"] or ""

    comments = re.compile(r"^\s*#.*\n", re.MULTILINE)
    text = comments.sub("", text).replace("$$", "\0")
    while VARIABLE.search(text):
        text = VARIABLE.sub(value, text)
    return text.replace("\0", "$")


def variables() -> set[str]:
    """Every name that the file asks .env for."""
    return set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))


def web_command() -> list[str]:
    """The image's own command: the service `web` has none."""
    found = re.search(r"^CMD (\[.*\])$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert found
    command: list[str] = json.loads(found[1])
    return command


def env_file(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))
