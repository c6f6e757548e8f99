"""Files that are too large to travel with their bill: one by one, before it, leaving out what is there."""

from __future__ import annotations

from dataclasses import replace

from integrations.errors import RecordError
from integrations.models import FailureKind
from integrations.sage_intacct.classification import integration_error
from integrations.sage_intacct.client import Client, CreateSupdoc, IntacctError, Result, ResultError, UpdateSupdoc
from integrations.sage_intacct.exporters.batch import repeatable
from integrations.sage_intacct.exporters.parcels import Parcel, attachment_control_id, attachments
from integrations.sage_intacct.mappers.attachments import supdoc_from_files
from integrations.services.outbox import Failure

ALREADY_EXISTS = ("BL34000061", "PL05000104")


def put_files(client: Client, parcel: Parcel) -> Failure | None:
    """The files of the parcel's attachment record, each under a control id of its own; why not, if not."""
    try:
        _put(client, parcel, _names_there(client, parcel.attachment_id))
    except RecordError as error:
        return Failure.from_error(error)
    except ResultError as error:
        failure = repeatable(Failure.from_error(integration_error(error)))
        if is_there_already(error.result):
            # It came into being since we looked, so we look again.
            return replace(failure, kind=FailureKind.TEMPORARY)
        return failure
    except IntacctError as error:
        return repeatable(Failure.from_error(integration_error(error)))
    return None


def _names_there(client: Client, supdoc_id: str) -> set[str] | None:
    """None without such a record."""
    try:
        stored = client.get_supdoc(supdoc_id)
    except ResultError:
        return None  # some companies answer a missing record with a failure; if it was another, creating fails
    return None if stored is None else {file.name for file in stored.attachments}


def _put(client: Client, parcel: Parcel, there: set[str] | None) -> None:
    documents = list(parcel.invoice.documents.all())
    for number, file in enumerate(attachments(documents), start=1):
        if there is not None and file.name in there:
            continue
        record = supdoc_from_files(parcel.attachment_id, parcel.invoice, [file])
        control_id = attachment_control_id(parcel.item, parcel.attachment_id, number)
        function = CreateSupdoc(record) if there is None else UpdateSupdoc(record)
        client.call(function, control_id=control_id, unique_id=True)
        there = (there or set()) | {file.name}


def is_there_already(result: Result) -> bool:
    """An attachment record of our id is ours and complete, for its id follows from what is in it."""
    return result.outcome_unknown or any(
        error.errorno in ALREADY_EXISTS or "already exists" in error.text for error in result.errors
    )
