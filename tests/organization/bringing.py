"""CSV files brought to a list by a person, with the worker's part done in between."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from organization.models import ListImport
from organization.reference import list_imports


def choose(client: Client, page: str, content: str | bytes, name: str = "rows.csv") -> Any:
    data = content.encode() if isinstance(content, str) else content
    return client.post(reverse(f"{page}_import"), {"file": SimpleUploadedFile(name, data)})


def step(client: Client, page: str, one: ListImport, name: str) -> Any:
    return client.post(reverse(f"{page}_import_go", args=[one.pk, name]))


def bring(client: Client, page: str, content: str | bytes) -> Any:
    """Choose the file, and see what it would do: nothing is changed yet."""
    answer = choose(client, page, content)
    if answer.status_code != 302:
        return answer
    list_imports.run(ListImport.objects.latest("pk").pk)
    return client.get(answer["Location"])


def apply(client: Client, page: str, content: str | bytes) -> ListImport:
    """Choose the file, and apply what was shown."""
    one: ListImport = bring(client, page, content).context["one"]
    foreseen = [(line.number, line.outcome) for line in one.lines.all()]
    step(client, page, one, "apply")
    list_imports.run(one.pk)
    one.refresh_from_db()
    assert one.state == ListImport.State.DONE
    assert [(line.number, line.outcome) for line in one.lines.all()] == foreseen
    return one


def refused(one: ListImport) -> dict[int, str]:
    return {line.number: " ".join(line.refusals) for line in one.lines.filter(outcome="refused")}
