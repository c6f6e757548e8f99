"""Which texts may stand in reference data."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from organization.plain_text import is_email


@given(st.one_of(st.emails(), st.text("aZ9.-_+@é\n ", max_size=30), st.from_regex(r"[a-z.-]{0,70}@[a-z.-]{0,70}")))
@example("a@" + "b" * 63 + ".example")
@example("a@" + "b" * 64 + ".example")
@example("a@b.example\n")
@example("a@-b.example")
@example("a@b.e")
@example("a@" + "b." * 130 + "example")
@example("a" * 320 + "@b.example")
@example("\N{KELVIN SIGN}@b.example")
def test_an_address_is_judged_as_django_judges_it(text: str) -> None:
    try:
        validate_email(text)
    except ValidationError:
        assert not is_email(text)
    else:
        assert is_email(text)


@pytest.mark.parametrize("text", ["ap@supplier.example", "A.B+c_d@mail.supplier.example"])
def test_an_address_is_one(text: str) -> None:
    assert is_email(text)
