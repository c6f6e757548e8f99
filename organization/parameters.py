"""What an address or a form may say in a parameter that a person does not type."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def is_whole_number(text: str) -> bool:
    """Whether it can be a key, a version or a count: digits, and no more of them than the database counts with."""
    return text.isdecimal() and len(text) < 19


def way_back(request: HttpRequest, otherwise: str) -> str:
    """The page of ours that the form's `next` names, as a path; `otherwise` when it names anything else."""
    target = request.POST.get("next", "")
    is_ours = target.startswith("/") and url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    return target if is_ours else otherwise
