"""The envelope: control, authentication, functions, results, in both directions."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from lxml import etree

from intacct_sandbox import errors, grammar, xmltext
from intacct_sandbox.company import Company
from intacct_sandbox.errors import Error, Refused
from intacct_sandbox.functions import FUNCTIONS, Context, Raw
from intacct_sandbox.sessions import Session, Sessions, check_company, sign_in
from intacct_sandbox.values import iso_stamp
from intacct_sandbox.writes import Write
from intacct_sandbox.xmltext import element, elements, escape, is_true, line_of, text_of

XML_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
XML_TYPE = 'text/xml; encoding="UTF-8"'
CONTROL_ORDER = (
    "senderid",
    "password",
    "controlid",
    "uniqueid",
    "dtdversion",
    "policyid",
    "debug",
    "validate",
    "includewhitespace",
    "showadditionalerrorinfo",
)
MAX_POLICY_ID = 40
_support_numbers = itertools.count(1)
logger = logging.getLogger(__name__)


@dataclass
class Call:
    """One function of a request."""

    name: str
    controlid: str
    body: etree._Element
    objects: tuple[str, ...] = ()
    write: Write | None = None


@dataclass
class Request:
    root: etree._Element
    control: dict[str, str]
    operations: list[tuple[etree._Element, list[Call]]]
    sender: str = ""

    @property
    def calls(self) -> Iterable[Call]:
        return (call for _, calls in self.operations for call in calls)

    def is_on(self, name: str, default: str) -> bool:
        return is_true(self.control.get(name) or default)


@dataclass
class Answer:
    body: bytes
    status: int = 200
    content_type: str = XML_TYPE
    headers: dict[str, str] = field(default_factory=dict)


# -- reading


def read_request(body: bytes) -> Request:
    """Raises Refused (control level) for anything that does not keep the grammar."""
    root = xmltext.parse_request(body)
    if root.tag != "request":
        raise errors.element_not_expected(str(root.tag), "request")
    control = root.find("control")
    if control is None:
        raise errors.element_missing("request", "control")
    pairs = _control_pairs(control)
    operations = [_read_operation(operation) for operation in root.findall("operation")]
    return Request(root, pairs, operations, pairs.get("senderid", ""))


def _control_pairs(control: etree._Element) -> dict[str, str]:
    last = -1
    pairs: dict[str, str] = {}
    for child in control:
        name = str(child.tag)
        if name not in CONTROL_ORDER or CONTROL_ORDER.index(name) < last:
            raise errors.element_not_expected(name, ", ".join(CONTROL_ORDER), line_of(child))
        last = CONTROL_ORDER.index(name)
        pairs[name] = (child.text or "").strip()
    for name in ("senderid", "password", "controlid"):
        if name not in pairs:
            raise errors.element_missing("control", name)
    if not 1 <= len(pairs["controlid"]) <= 256:
        raise errors.parse_error("Fatal Error 1831: Element 'controlid': The length must be between 1 and 256.")
    if len(pairs.get("policyid", "")) > MAX_POLICY_ID:
        raise errors.parse_error("Fatal Error 1831: Element 'policyid': The length must be between 1 and 40.")
    if pairs.get("dtdversion") and pairs["dtdversion"] not in {"2.1", "3.0"}:
        raise errors.parse_error("Fatal Error 1840: Element 'dtdversion': The value must be 2.1 or 3.0.")
    return pairs


def _read_operation(operation: etree._Element) -> tuple[etree._Element, list[Call]]:
    if operation.find("authentication") is None:
        raise errors.element_missing("operation", "authentication")
    functions = operation.findall("content/function")
    if not functions:
        raise errors.element_missing("operation", "content")
    return operation, [_read_call(function) for function in functions]


def _read_call(function: etree._Element) -> Call:
    controlid = grammar.required_attribute(function, "controlid")
    if not 1 <= len(controlid) <= 256:
        raise errors.parse_error("Fatal Error 1831: attribute 'controlid': The length must be between 1 and 256.")
    if len(function) != 1:
        raise errors.parse_error("Fatal Error 1871: Element 'function': exactly one child element is expected.")
    body = function[0]
    name = str(body.tag)
    if name not in FUNCTIONS:
        raise errors.element_not_expected(name, line=line_of(body))
    grammar.check(body)
    return Call(name, controlid, body, _objects(name, body))


def _objects(name: str, body: etree._Element) -> tuple[str, ...]:
    if name in {"create", "update"}:
        return tuple(str(child.tag) for child in body)
    named = text_of(body, "object") or body.get("object", "")
    if named:
        return (named,)
    return ("SUPDOC",) if "supdoc" in name else ("APBILL",) if "bill" in name.lower() else ()


# -- answering


class Gateway:
    """Executes requests on a set of companies."""

    def __init__(self, companies: dict[str, Company], senders: dict[str, str], sessions: Sessions) -> None:
        self.companies, self.senders, self.sessions = companies, senders, sessions
        self._finished: set[tuple[str, str]] = set()
        self._running: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def execute(
        self,
        request: Request,
        endpoint: str,
        address: str = "127.0.0.1",
        before_call: Callable[[Call, Session], None] | None = None,
        after_call: Callable[[Call, Session, str], None] | None = None,
    ) -> Answer:
        try:
            self._check_control(request)
            run = _Run(self, request, endpoint, address, before_call, after_call)
            parts = [run.operation(operation, calls) for operation, calls in request.operations]
        except Refused as refused:
            return refusal(refused, request)
        except Raw as raw:
            if not request.control.get("policyid"):
                return Answer(raw.body.encode(), 200, raw.content_type)
            parts = []
        return _answer(request, _control(request, "success") + "".join(parts))

    def _check_control(self, request: Request) -> None:
        if self.senders.get(request.sender) != request.control["password"] or not request.sender:
            raise errors.wrong_sender()
        if not request.operations:
            raise errors.element_missing("request", "operation")

    def claim(self, key: tuple[str, str]) -> None:
        """Take a control id for execution. Raises Refused when it is done or in progress."""
        with self._lock:
            self._refuse_repeat(key)
            self._running.add(key)

    def refuse_repeats(self, keys: Iterable[tuple[str, str]]) -> None:
        """Raises Refused, for the request as a whole, when one of these is done or in progress."""
        with self._lock:
            for key in keys:
                self._refuse_repeat(key)

    def _refuse_repeat(self, key: tuple[str, str]) -> None:
        if key in self._running:
            raise Refused(errors.in_process(key[1]))
        if key in self._finished:
            raise Refused(errors.already_recorded(key[1]))

    def release(self, key: tuple[str, str], *, finished: bool) -> None:
        with self._lock:
            self._running.discard(key)
            if finished:
                self._finished.add(key)


class _Run:
    """The execution of one request."""

    def __init__(
        self,
        gateway: Gateway,
        request: Request,
        endpoint: str,
        address: str,
        before_call: Callable[[Call, Session], None] | None,
        after_call: Callable[[Call, Session, str], None] | None,
    ) -> None:
        self.gateway, self.request, self.endpoint, self.address = gateway, request, endpoint, address
        self.before_call, self.after_call = before_call, after_call
        self.space = "\n" if request.is_on("includewhitespace", "true") else ""
        self.unique = request.is_on("uniqueid", "true")
        self.verbose = request.is_on("showadditionalerrorinfo", "false")

    def operation(self, operation: etree._Element, calls: list[Call]) -> str:
        try:
            session = self._authenticate(operation)
        except Refused as refused:
            if refused.level != "authentication":
                raise
            return _auth_failure(operation, refused)
        if _reading(session) == "control":
            self.gateway.refuse_repeats((session.company.id, call.controlid) for call in calls if self.unique)
        shown = _authentication(session)
        if is_true(operation.get("transaction", "false")):
            return f"<operation>{shown}{self._together(session, calls)}</operation>"
        return f"<operation>{shown}{''.join(self._alone(session, call) for call in calls)}</operation>"

    def _authenticate(self, operation: etree._Element) -> Session:
        authentication = operation.find("authentication")
        assert authentication is not None
        login, sessionid = authentication.find("login"), authentication.find("sessionid")
        if login is not None:
            company, user, entity = sign_in(self.gateway.companies, login, self.request.sender, self.address)
            return self.gateway.sessions.open(company, user, entity)
        if sessionid is None:
            raise errors.element_missing("authentication", "login, sessionid")
        session = self.gateway.sessions.resume((sessionid.text or "").strip())
        check_company(session.company, self.request.sender, self.address)
        return session

    def _alone(self, session: Session, call: Call) -> str:
        try:
            inner = self._guarded(session, call)
        except Refused as refused:
            return self._failure(call, refused, "failure")
        return _success(call, inner)

    def _together(self, session: Session, calls: list[Call]) -> str:
        """All or nothing: on the first failure everything is undone and every result says so."""
        done: list[tuple[Call, str]] = []
        keys: list[tuple[str, str] | None] = []
        finished = False
        with session.company.lock:
            session.company.begin()
            try:
                for call in calls:
                    keys.append(self._claim(session, call))
                    done.append((call, self._called(session, call)))
                finished = True
            except Refused as refused:
                aborted = [self._failure(earlier, Refused(), "aborted") for earlier, _ in done]
                return "".join(aborted) + self._failure(calls[len(done)], refused, "failure", rolled_back=True)
            finally:
                if finished:
                    session.company.commit()
                else:
                    session.company.rollback()
                self._release(keys, finished=finished)
        for call, inner in done:
            self._announce(session, call, inner)
        return "".join(_success(call, inner) for call, inner in done)

    def _called(self, session: Session, call: Call) -> str:
        if self.before_call:
            self.before_call(call, session)
        return self._call(session, call)

    def _announce(self, session: Session, call: Call, inner: str) -> None:
        if self.after_call:
            self.after_call(call, session, inner)

    def _claim(self, session: Session, call: Call) -> tuple[str, str] | None:
        if not self.unique or call.name == "getAPISession" or _reading(session) == "forgotten":
            return None
        key = (session.company.id, call.controlid)
        self.gateway.claim(key)
        return key

    def _release(self, keys: list[tuple[str, str] | None], *, finished: bool) -> None:
        for key in keys:
            if key:
                self.gateway.release(key, finished=finished)

    def _guarded(self, session: Session, call: Call) -> str:
        key = self._claim(session, call)
        finished = False
        try:
            if self.before_call:
                self.before_call(call, session)
            with session.company.lock:
                session.company.begin()
                try:
                    inner = self._call(session, call)
                finally:
                    session.company.commit()
            finished = True
        finally:
            self._release([key], finished=finished or _reading(session) == "burned")
        self._announce(session, call, inner)
        return inner

    def _call(self, session: Session, call: Call) -> str:
        """Raises Refused, also for what nobody foresaw: undone, logged, and answered as the gateway does."""
        context = Context(session, self.endpoint, call.controlid, self.space, self._move)
        mark = session.company.savepoint()
        try:
            return FUNCTIONS[call.name](context, call.body)
        except (Refused, Raw):
            raise
        except Exception as error:
            session.company.rollback_to(mark)
            logger.exception("%s ended in an error that was not foreseen", call.name)
            raise errors.processing_error() from error

    def _move(self, session: Session, entity: str) -> Session:
        if entity == session.entity:
            return session
        try:
            return self.gateway.sessions.open(session.company, session.user, entity)
        except Refused as refused:
            first = refused.errors[0]
            raise Refused(Error("Get API Session Failed", first.description2)) from refused

    def _failure(self, call: Call, refused: Refused, status: str, *, rolled_back: bool = False) -> str:
        found = list(refused.errors)
        if rolled_back or status == "aborted":
            found.append(errors.ROLLED_BACK)
        data = refused.data if refused.data is not None and not rolled_back else None
        if call.name in {"create", "update"} and data is None:
            data = '<data listtype="objects" count="0"></data>'
        head = f"<status>{status}</status><function>{call.name}</function>{element('controlid', call.controlid)}"
        return f"<result>{head}{data or ''}{error_message(found, self.verbose)}</result>"


def _answer(request: Request, inner: str) -> Answer:
    """With a transport policy only the acknowledgement: the rest would be posted to the policy's address, later."""
    if request.control.get("policyid"):
        inner = f"<acknowledgement><status>success</status></acknowledgement>{_control(request, 'success')}"
    return Answer(f"{XML_HEAD}<response>{inner}</response>".encode("utf-8", "replace"))


def _reading(session: Session) -> str:
    """How this company takes a control id that comes again; no source says, so every reading can be tried."""
    return session.company.preferences.get("repeated_control_ids", "result")


def _success(call: Call, inner: str) -> str:
    head = f"<status>success</status><function>{call.name}</function>{element('controlid', call.controlid)}"
    return f"<result>{head}{inner}</result>"


def _control(request: Request | None, status: str) -> str:
    control = request.control if request else {}
    pairs = {
        "status": status,
        "senderid": control.get("senderid", ""),
        "controlid": control.get("controlid", ""),
        "uniqueid": control.get("uniqueid", "true" if request else "").lower(),
        "dtdversion": control.get("dtdversion", "3.0" if request else ""),
    }
    if status == "failure":
        pairs = {name: pairs[name] for name in ("status", "senderid", "controlid")}
    return f"<control>{elements(pairs)}</control>"


def _authentication(session: Session) -> str:
    pairs = {
        "status": "success",
        "userid": session.user.login,
        "companyid": session.company.id,
        "locationid": session.entity,
        "sessiontimestamp": iso_stamp(session.started),
        "sessiontimeout": iso_stamp(session.expires),
    }
    return f"<authentication>{elements(pairs)}</authentication>"


def _auth_failure(operation: etree._Element, refused: Refused) -> str:
    login = operation.find("authentication/login")
    names = {name: text_of(login, name) if login is not None else "" for name in ("userid", "companyid")}
    shown = f"<authentication>{elements({'status': 'failure', **names})}</authentication>"
    return f"<operation>{shown}{error_message(refused.errors, False)}</operation>"


def refusal(refused: Refused, request: Request | None = None) -> Answer:
    """The answer to a request that was refused as a whole, before any function."""
    if refused.level == "gateway":
        number = next(_support_numbers)
        shown = [
            Error(e.errorno, "", "", f"{e.description or e.description2} [Request ID: {number:08x}]")
            for e in refused.errors
        ]
        body = f"<response><control><status>failure</status></control>{error_message(shown, False)}</response>"
    else:
        anonymous = refused.errors[0].errorno == "PL04000055"
        control = _control(None if anonymous else request, "failure")
        body = f"<response>{control}{error_message(refused.errors, False)}</response>"
    return Answer((XML_HEAD + body).encode("utf-8", "replace"), refused.status)


def error_message(found: list[Error], verbose: bool) -> str:
    return f"<errormessage>{''.join(_error(error, verbose) for error in found)}</errormessage>"


def _error(error: Error, verbose: bool) -> str:
    text = error.description2
    if text:
        text += f" [Support ID: {next(_support_numbers):06x}%7ESandbox]"
    extra = _additional(error) if verbose else ""
    pairs = {
        "errorno": error.errorno,
        "description": error.description,
        "description2": text,
        "correction": error.correction,
    }
    return f"<error>{elements(pairs)}{extra}</error>"


def _additional(error: Error) -> str:
    blocks = "".join(
        f'<{name} messageid="IA.{name.upper()}"><placeholders></placeholders></{name}>'
        for name in ("description", "cdescription", "correction")
    )
    target = '<target domain="" requestinfo="" object="" field="" businessinfo=""></target>'
    head = elements({"errorid": error.errorid, "category": escape(error.category)})
    return f"<additionalinfo>{head}{target}{blocks}</additionalinfo>"
