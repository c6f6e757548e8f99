"""Every error the gateway can answer, in its documented words, and the levels at which they appear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["gateway", "control", "authentication", "result"]

CHECK_TRANSACTION = "Check the transaction for errors or inconsistencies, then try again."


@dataclass(frozen=True, slots=True)
class Error:
    errorno: str
    description2: str = ""
    correction: str = ""
    description: str = ""
    errorid: str = ""
    category: str = ""


class Refused(Exception):
    """An answer with `errors`, most specific first, at one of the four levels."""

    def __init__(self, *errors: Error, level: Level = "result", status: int = 200, data: str | None = None) -> None:
        super().__init__(errors[0].description2 or errors[0].description if errors else "")
        self.errors = list(errors)
        self.level: Level = level
        self.status = status
        self.data = data


def parse_error(message: str, line: int = 1, column: int = 1) -> Refused:
    text = f"XML Parse schema error: {message} Line: {line}, column: {column}."
    return Refused(Error("XL03000003", text, description="XML Parse schema error"), level="control")


def element_not_expected(name: str, expected: str = "", line: int = 1) -> Refused:
    hint = f" Expected is ( {expected} )." if expected else ""
    return parse_error(f"Fatal Error 1871: Element '{name}': This element is not expected.{hint}", line)


def element_missing(parent: str, expected: str, line: int = 1) -> Refused:
    return parse_error(
        f"Fatal Error 1871: Element '{parent}': Missing child element(s). Expected is ( {expected} ).", line
    )


def wrong_sender() -> Refused:
    return Refused(Error("XL03000006", "Incorrect Intacct XML Partner ID or password."), level="control")


def company_expired() -> Refused:
    return Refused(Error("PL04000055", "This company is a demo company and has expired."), level="control")


def rate_limited() -> Refused:
    text = "API rate limit exceeded. No slots are left for this company, try again later."
    return Refused(Error("GW-0010", description=text), level="gateway", status=429)


def sign_in_failed() -> Refused:
    return Refused(Error("XL03000006", "Sign-in information is incorrect"), level="authentication")


def sender_not_authorized(sender: str, company: str) -> Refused:
    text = f"The sender ID '{sender}' is not authorized to make Web Services requests to company ID '{company}'."
    fix = "Contact the company administrator to grant Web Services authorization to this sender ID."
    error = Error("XL03000006", text, fix, description="Invalid Web Services Authorization")
    return Refused(error, level="authentication")


def not_subscribed() -> Refused:
    text = "This company is not authorized for XML transactions. Please subscribe to the XML Gateway."
    return Refused(Error("XL03000006", text), level="authentication")


def invalid_session(session_id: str) -> Refused:
    return Refused(Error("XL03000006", f"Invalid session {session_id[:8]}...."), level="authentication")


def invalid_entity(entity: str) -> Refused:
    text = f"Sign-in information is incorrect. The location '{entity}' is not an entity that this user can access."
    return Refused(Error("XL03000006", text), level="authentication")


def no_permission(operation: str, object_name: str) -> Refused:
    text = f"You do not have permission for API operation {operation} on objects of type {object_name.lower()}"
    return Refused(Error("PL04000005", text))


def no_audit_permission() -> Refused:
    return Refused(Error("", "You do not have permission to view audit history for this object."))


def operation_not_possible(operation: str, object_name: str) -> Refused:
    text = f"API operation '{operation}' cannot be performed on objects of type {object_name.lower()}"
    return Refused(Error("PL04000005", text))


def unknown_object(name: str) -> Refused:
    return Refused(Error("Query Failed", f"Object definition {name} not found"))


def unknown_fields(object_name: str, names: list[str]) -> Refused:
    listed = ", ".join(names)
    text = f"There was an error processing the request. Field(s) {listed} not found on object {object_name}"
    return Refused(Error("XL03000010", text, "Use lookup to see the fields of the object."))


def fields_cannot_be_queried(object_name: str, names: list[str]) -> Refused:
    listed = ", ".join(names)
    text = f"The following fields cannot be queried:\n\t{object_name}: [{listed}]"
    return Refused(Error("XL03000006", text))


def invalid_fields_list(fields: str) -> Refused:
    return Refused(
        Error(f"Invalid fields list {fields}", "Invalid fields list", "Name fields of the object, or use *.")
    )


def processing_error(detail: str = "") -> Refused:
    text = "There was an error processing the request." + (f" {detail}" if detail else "")
    return Refused(Error("DL02000001", text, description="Error"))


def already_recorded(control_id: str) -> Error:
    text = f"A successful transaction has already been recorded with the control id {control_id}"
    return Error("XL03000008", text, "Use a new control id.")


def in_process(control_id: str) -> Error:
    text = f"There is a concurrent request in process with the control id {control_id}"
    return Error("XL03000008", text, "Wait for the first request to end.")


ROLLED_BACK = Error("XL03000009", "The entire transaction in this operation has been rolled back due to an error.")


def invalid(detail: str, correction: str = "", errorno: str = "BL01001973") -> Error:
    return Error(errorno, detail, correction)


def could_not(verb: str, object_name: str) -> Error:
    return Error("BL01001973", f"Could not {verb} {object_name} record!", errorid="GL-0504")


def cannot_create_transaction(verb: str, number: str) -> Error:
    named = f" '{number}'" if number else ""
    return Error("BL01001973", f"Currently, we can't {verb} the transaction{named}.", CHECK_TRANSACTION)


def already_exists(label: str, value: str) -> Error:
    text = f"Another {label} with the given value(s) {value} already exists"
    return Error(
        "BL34000061", text, "Use a unique value instead.", errorid="GL-0493", category="Duplication Prevention"
    )


def record_not_found(object_name: str, key: str) -> Error:
    text = f"Oops, we can't find this transaction; enter a valid {object_name} record number. Value: {key}"
    return Error("BL01001973", text, "Enter a valid record number, then try again.")
