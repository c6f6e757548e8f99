"""Filling requests up to a budget without parting what belongs together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from .functions import Function

Group = TypeVar("Group", bound=Sequence[Function])
ENVELOPE_BYTES = 2_000


def pack(groups: Iterable[Group], max_bytes: int, max_functions: int) -> Iterator[list[Group]]:
    """Lists of groups, in order, each list one request's worth. A group that is too large by itself goes alone.

    Reads the groups as it goes, so that the files of one request at a time are in memory.
    """
    batch: list[Group] = []
    used_bytes, used_functions = ENVELOPE_BYTES, 0
    for group in groups:
        size = sum(function.estimated_bytes() for function in group)
        if batch and (used_bytes + size > max_bytes or used_functions + len(group) > max_functions):
            yield batch
            batch, used_bytes, used_functions = [], ENVELOPE_BYTES, 0
        batch.append(group)
        used_bytes += size
        used_functions += len(group)
    if batch:
        yield batch
