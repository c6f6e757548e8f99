"""What broke and where, without what anybody entered."""

from __future__ import annotations

import io
import logging

import pytest
from django.db import DataError, IntegrityError, transaction

from organization.tracebacks import Formatter, masked_message, traceback_of
from suppliers.models import Supplier
from tests import factories

PERSONAL = ("GB123456789", "ann@people.example", "+44 20 7946 0000", "12 Mill Lane")


def caught(text: str) -> BaseException:
    try:
        try:
            raise ValueError(text)
        except ValueError as error:
            raise KeyError(f"first {text}") from error
    except KeyError as error:
        return error


@pytest.mark.parametrize("value", PERSONAL)
def test_a_traceback_holds_no_value(value: str) -> None:
    said = traceback_of(caught(f"cannot read {value!r}"))
    assert value not in said
    assert "ValueError: cannot read '***'" in said
    assert said.index("ValueError") < said.index("KeyError")
    assert "test_tracebacks.py" in said


@pytest.mark.django_db
def test_the_databases_errors_quote_no_row() -> None:
    company = factories.company()
    fields = {"company": company, "code": "V1", "tax_id": PERSONAL[0], "email": PERSONAL[1], "phone": PERSONAL[2]}
    Supplier.objects.create(name="Amber", **fields)
    errors = []
    for wrong in ({"name": "Amber"}, {"name": None, "code": "V2"}):
        with pytest.raises((IntegrityError, DataError)) as error, transaction.atomic():
            Supplier.objects.create(**fields | wrong)
        errors.append(error.value)
    said = "".join(map(traceback_of, errors))
    assert not [value for value in PERSONAL if value in said]
    assert "suppliers_supplier" in said


def test_logs_hold_no_value_either() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Formatter("%(message)s"))
    log = logging.Logger("of this test")
    log.addHandler(handler)
    log.error("It broke.", exc_info=caught(f"no {PERSONAL[1]!r} of {PERSONAL[0]} and {PERSONAL[2]}"))
    assert "It broke." in stream.getvalue()
    assert not [value for value in PERSONAL if value in stream.getvalue()]


def test_names_of_the_code_stay() -> None:
    assert masked_message("'RECORDNO' is no field of 'VENDOR'\nDETAIL: secret") == "'RECORDNO' is no field of 'VENDOR'"
