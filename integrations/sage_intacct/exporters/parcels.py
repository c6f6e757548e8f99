"""One invoice made ready to be sent: its attachment record and its bill, with their control ids."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, overload

from lxml import etree

from integrations.errors import RecordError
from integrations.models import ExportItem
from integrations.sage_intacct.client import Attachment, CreateBill, CreateSupdoc, DeleteSupdoc, InvalidRequest
from integrations.sage_intacct.client.functions import Function
from integrations.sage_intacct.mappers.attachments import (
    File,
    attachment_from_file,
    attachment_id,
    attachment_names,
    supdoc_from_files,
)
from integrations.sage_intacct.mappers.bills import BillContext, bill_from_invoice
from invoices.models import Document, Invoice

# Files of one invoice beyond this go one by one, before its bill. Bytes, before they are encoded.
LARGE = 6_000_000
MAX_CONTROL_ID = 256


@dataclass(frozen=True)
class WrittenBill(Function):
    """A bill and what it comes to as `text`, which tells its size and its fingerprint."""

    name: ClassVar[str] = CreateBill.name
    is_write: ClassVar[bool] = True
    bill: CreateBill
    text: bytes

    @property
    def label(self) -> str:
        return self.bill.label

    def body(self) -> etree._Element:
        return self.bill.body()

    def estimated_bytes(self) -> int:
        return len(self.text) + MAX_CONTROL_ID


@dataclass(frozen=True)
class Parcel(Sequence[Function]):
    """The functions of one invoice in the order in which they are sent; the bill comes last."""

    item: ExportItem
    invoice: Invoice
    functions: tuple[Function, ...]
    control_ids: tuple[str, ...]
    attachment_id: str
    fingerprint: str
    is_large: bool

    @overload
    def __getitem__(self, index: int) -> Function: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Function]: ...

    def __getitem__(self, index: int | slice) -> Function | Sequence[Function]:
        return self.functions[index]

    def __len__(self) -> int:
        return len(self.functions)


def make_parcel(item: ExportItem, invoice: Invoice, context: BillContext) -> Parcel:
    """Reads the files. Raises RecordError for what cannot be sent."""
    documents = list(invoice.documents.all())
    supdoc_id = attachment_id(item.uid, documents)
    bill = _written(CreateBill(bill_from_invoice(invoice, context, attachment_id=supdoc_id)), invoice)
    is_large = len(documents) > 1 and sum(document.size for document in documents) > LARGE
    functions: list[Function] = []
    control_ids: list[str] = []
    if item.attachment_id and item.attachment_id != supdoc_id and not item.was_sent:
        # Of an earlier try that was refused; the documents have been changed since.
        functions.append(DeleteSupdoc(item.attachment_id))
        control_ids.append(f"{item.attachment_control_id}-old")
    if documents and not is_large:
        functions.append(CreateSupdoc(supdoc_from_files(supdoc_id, invoice, attachments(documents))))
        control_ids.append(attachment_control_id(item, supdoc_id))
    functions.append(bill)
    control_ids.append(item.bill_control_id)
    fingerprint = hashlib.sha256(bill.text).hexdigest()
    return Parcel(item, invoice, tuple(functions), tuple(control_ids), supdoc_id, fingerprint, is_large)


def attachment_control_id(item: ExportItem, supdoc_id: str, file_number: int = 0) -> str:
    """The same for the same documents; `file_number` for a file that goes by itself."""
    return f"{item.attachment_control_id}-{supdoc_id}" + (f"-{file_number}" if file_number else "")


def attachments(documents: Sequence[Document]) -> Iterator[Attachment]:
    """One after another, so that whoever takes them one by one holds one file at a time."""
    for document, (name, extension) in zip(documents, attachment_names(documents), strict=True):
        yield attachment_from_file(File(name, extension, _content(document)))


def _content(document: Document) -> bytes:
    try:
        with document.file.open("rb") as file:
            content: bytes = file.read()
    except FileNotFoundError as error:
        raise RecordError(
            f"The document {document.name} cannot be read from the file store.",
            advice="Attach it again, have the invoice approved again, then export it.",
            code="document_unreadable",
        ) from error
    if hashlib.sha256(content).hexdigest() != document.sha256:
        raise RecordError(
            f"The document {document.name} is not what was attached: its contents have changed in the file store.",
            advice="Attach it again, have the invoice approved again, then export it.",
            code="document_changed",
        )
    return content


def _written(bill: CreateBill, invoice: Invoice) -> WrittenBill:
    """Raises RecordError when a text holds a character that cannot be sent."""
    try:
        return WrittenBill(bill, etree.tostring(bill.to_element("")))
    except InvalidRequest as error:
        raise RecordError(
            f"Invoice {invoice.number} holds a character that cannot be sent: {error}",
            advice="Type the texts of the invoice anew, without pasting.",
            code="bad_character",
        ) from error
