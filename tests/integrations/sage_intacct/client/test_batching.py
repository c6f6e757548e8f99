from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from integrations.sage_intacct.client import Attachment, ClientConfig, Create, CreateSupdoc, Function, Supdoc, pack
from integrations.sage_intacct.client.batching import ENVELOPE_BYTES

from .gateway import make_client

SMALL = Create("CLASS", {"CLASSID": "C"})


def file_of(size: int) -> CreateSupdoc:
    return CreateSupdoc(Supdoc("S", "n", "f", attachments=(Attachment("a", "pdf", b"x" * size),)))


def sizes(groups: list[list[Function]], max_bytes: int = 1_000_000, max_functions: int = 100) -> list[list[int]]:
    return [[len(group) for group in batch] for batch in pack(groups, max_bytes, max_functions)]


def test_fills_requests_up_to_the_budget_of_functions() -> None:
    assert sizes([[SMALL, SMALL]] * 5, max_functions=5) == [[2, 2], [2, 2], [2]]


def test_fills_requests_up_to_the_budget_of_bytes() -> None:
    assert sizes([[file_of(30_000), SMALL]] * 3, max_bytes=100_000) == [[2, 2], [2]]


def test_lets_an_oversized_group_go_alone() -> None:
    groups: list[list[Function]] = [[SMALL], [file_of(500_000), SMALL], [SMALL]]
    assert sizes(groups, max_bytes=100_000) == [[1], [2], [1]]


def test_packs_nothing_into_nothing() -> None:
    assert sizes([]) == []


def test_reads_groups_only_as_it_needs_them() -> None:
    taken = 0

    def groups() -> Iterator[list[Function]]:
        nonlocal taken
        for _ in range(10):
            taken += 1
            yield [SMALL]

    next(pack(groups(), 1_000_000, 2))
    assert taken == 3


def test_a_client_packs_to_its_own_budget() -> None:
    client = make_client(config=ClientConfig(max_functions=1))
    assert len(list(client.pack([[SMALL], [SMALL]]))) == 2


@given(st.lists(st.lists(st.integers(0, 5_000), min_size=1, max_size=3), max_size=15), st.integers(1, 6))
def test_loses_no_group_and_breaks_no_budget(shapes: list[list[int]], max_functions: int) -> None:
    groups: list[list[Function]] = [[file_of(size) for size in shape] for shape in shapes]
    batches = list(pack(groups, 12_000, max_functions))
    assert [group for batch in batches for group in batch] == groups
    for batch in batches:
        functions = [function for group in batch for function in group]
        size = ENVELOPE_BYTES + sum(function.estimated_bytes() for function in functions)
        assert len(batch) == 1 or (size <= 12_000 and len(functions) <= max_functions)
