"""The request envelope, in grammar order.

Reference: https://developer.intacct.com/web-services/requests/
"""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from .config import ClientConfig
from .credentials import Credentials
from .elements import add, add_required, element
from .errors import InvalidRequest
from .exchange import SecretBytes, mask_tree, mask_values
from .functions import Function, GetAPISession
from .sessions import Session

MAX_CONTROL_ID = 256


@dataclass(frozen=True)
class Batch:
    """Functions that travel in one request."""

    functions: tuple[Function, ...]
    control_ids: tuple[str, ...]
    transaction: bool = False
    unique_id: bool = False

    def __post_init__(self) -> None:
        if not self.functions:
            raise InvalidRequest("A request needs at least one function.")
        if len(self.functions) != len(self.control_ids) or len(set(self.control_ids)) != len(self.control_ids):
            raise InvalidRequest("Every function needs a control id of its own.")
        if not all(1 <= len(control_id) <= MAX_CONTROL_ID for control_id in self.control_ids):
            raise InvalidRequest(f"A control id has 1 to {MAX_CONTROL_ID} characters.")
        if len(self.functions) > 1 and any(isinstance(function, GetAPISession) for function in self.functions):
            raise InvalidRequest("getAPISession must be alone in its request.")

    @property
    def is_write(self) -> bool:
        return any(function.is_write for function in self.functions)

    @property
    def is_repeatable(self) -> bool:
        return all(function.is_repeatable for function in self.functions)


@dataclass(frozen=True)
class Request:
    """A request written down, ready to be sent to `endpoint`, and what may be shown of it."""

    endpoint: str
    body: SecretBytes
    masked_xml: str
    functions: tuple[str, ...]
    control_ids: tuple[str, ...]
    is_write: bool
    secrets: SecretValues


class SecretValues(tuple[str, ...]):
    """Values to be blotted out wherever they turn up; does not show them itself."""

    def __repr__(self) -> str:
        return f"<{len(self)} secrets>"


def write_request(
    batch: Batch,
    *,
    request_id: str,
    credentials: Credentials,
    config: ClientConfig,
    session: Session | None,
    entity_id: str | None,
    policy_id: str | None = None,
) -> Request:
    """With a session the request goes to the session's endpoint; without one it logs in, into the entity if any.
    With a policy it is to be answered later, and elsewhere."""
    root = element("request")
    root.append(_control(batch, request_id, credentials, config, policy_id))
    operation = element("operation", transaction="true" if batch.transaction else "false")
    operation.append(_authentication(credentials, session, entity_id))
    content = element("content")
    for function, control_id in zip(batch.functions, batch.control_ids, strict=True):
        content.append(function.to_element(control_id))
    operation.append(content)
    root.append(operation)
    body = SecretBytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))
    masked, quotable = mask_tree(root)
    own = (*credentials.secrets, *((session.session_id,) if session else ()))
    return Request(
        endpoint=session.endpoint if session else config.endpoint,
        body=body,
        masked_xml=mask_values(masked, own),
        functions=tuple(function.label for function in batch.functions),
        control_ids=batch.control_ids,
        is_write=batch.is_write,
        secrets=SecretValues({*own, *quotable}),
    )


def _control(
    batch: Batch, request_id: str, credentials: Credentials, config: ClientConfig, policy_id: str | None
) -> etree._Element:
    control = element("control")
    add_required(control, "senderid", credentials.sender_id)
    add_required(control, "password", credentials.sender_password)
    add(control, "controlid", request_id)
    # Omitted, it would count as true.
    add(control, "uniqueid", batch.unique_id)
    add(control, "dtdversion", "3.0")
    add(control, "policyid", policy_id)
    add(control, "includewhitespace", False)
    if config.show_additional_error_info:
        add(control, "showadditionalerrorinfo", True)
    return control


def _authentication(credentials: Credentials, session: Session | None, entity_id: str | None) -> etree._Element:
    authentication = element("authentication")
    if session is not None:
        add(authentication, "sessionid", session.session_id)
        return authentication
    login = element("login")
    add_required(login, "userid", credentials.user_id)
    add_required(login, "companyid", credentials.company_id)
    add_required(login, "password", credentials.user_password)
    add(login, "locationid", entity_id)
    authentication.append(login)
    return authentication
