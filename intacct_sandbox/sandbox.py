"""Everything behind the HTTP server: companies, gateway, faults, and the record of what was served."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from intacct_sandbox import errors
from intacct_sandbox.company import SITE, Company
from intacct_sandbox.errors import Refused
from intacct_sandbox.faults import Fault, Faults, refusal_of
from intacct_sandbox.gateway import Answer, Call, Gateway, Request, read_request, refusal
from intacct_sandbox.late import Clock
from intacct_sandbox.seed import SENDERS, make_companies
from intacct_sandbox.sessions import Session, Sessions
from intacct_sandbox.writes import Write, Writes, answer

LOG_LENGTH = 60
logger = logging.getLogger(__name__)
HTML_BY_STATUS = {
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
    524: "A timeout occurred",
}


@dataclass(frozen=True)
class Options:
    seed: str = "small"
    vendors: int = 0
    gl_accounts: int = 0
    latency_ms: int = 0
    random_seed: int = 1
    site: str = SITE

    @classmethod
    def from_json(cls, data: dict[str, Any], latency_ms: int = 0, site: str = SITE) -> Options:
        """Raises ValueError for an option that is not known or of the wrong kind. `site` is where its pages are."""
        unknown = set(data) - {"seed", "vendors", "gl_accounts", "latency_ms", "random_seed"}
        if unknown:
            raise ValueError(f"Unknown option: {', '.join(sorted(unknown))}.")
        numbers = {name: int(value) for name, value in data.items() if name != "seed"}
        seed = str(data.get("seed", "small"))
        if seed not in {"small", "large"}:
            raise ValueError("seed is small or large.")
        return cls(seed, **({"latency_ms": latency_ms} | numbers), site=site)


@dataclass
class Delivery:
    """What goes back over the wire. `drop` closes without an answer; `cut` sends only part of the body; `is_spoiled`
    when the caller cannot know from it what was executed.
    """

    answer: Answer | None
    drop: bool = False
    cut: bool = False
    is_spoiled: bool = False

    @property
    def is_whole(self) -> bool:
        return self.answer is not None and not (self.drop or self.cut or self.is_spoiled)


@dataclass(frozen=True)
class Served:
    at: str
    functions: str
    company: str
    status: str
    milliseconds: int


class Sandbox:
    def __init__(self, options: Options) -> None:
        self.options = options
        self.faults = Faults(options.random_seed)
        self._lock = threading.Lock()
        self.stopping = threading.Event()
        self.reset(options)

    def reset(self, options: Options) -> None:
        """Start afresh: records, sessions, faults and counters."""
        sizes = (options.vendors, options.gl_accounts)
        companies = make_companies(options.seed, *sizes, options.random_seed, site=options.site)
        self.options = options
        self.faults.clear()
        self.companies: dict[str, Company] = companies
        self.sessions = Sessions()
        self.gateway = Gateway(companies, dict(SENDERS), self.sessions)
        self.functions: Counter[str] = Counter()
        self.log: deque[Served] = deque(maxlen=LOG_LENGTH)
        self.writes = Writes()
        self.clock = Clock(self._age)
        self.requests = self.active = self.max_concurrent = 0

    @property
    def company(self) -> Company:
        return self.companies["demo"]

    def _age(self, seconds: float) -> None:
        for company in self.companies.values():
            company.put_forward(seconds)

    def functions_served(self) -> dict[str, int]:
        with self._lock:
            return dict(self.functions)

    # -- one request

    def deliver(self, body: bytes, endpoint: str, address: str) -> Delivery:
        started = time.monotonic()
        self.clock.run_due()
        with self._lock:
            self.requests += 1
            self.active += 1
            self.max_concurrent = max(self.max_concurrent, self.active)
            now_active = self.active
        request: Request | None = None
        delivery = Delivery(None, drop=True)
        try:
            request = read_request(body)
            self._note_writes(request)
            delivery = self._with_faults(request, endpoint, address, now_active)
        except Refused as refused:
            delivery = Delivery(refusal(refused, request))
        except Exception:
            logger.exception("A request ended in an error that was not foreseen")
            delivery = Delivery(refusal(errors.processing_error(), request))
        finally:
            with self._lock:
                self.active -= 1
                self._note(request, delivery, started)
                if request and delivery.is_whole:
                    answer(call.write for call in request.calls)
        return delivery

    def _note_writes(self, request: Request) -> None:
        is_unique, now = request.is_on("uniqueid", "true"), self.clock.now()
        with self._lock:
            for call in request.calls:
                named = call.objects[0].upper() if call.objects else ""
                call.write = self.writes.note(Write(now, call.name, named, call.controlid, is_unique))

    def _note(self, request: Request | None, delivery: Delivery, started: float) -> None:
        calls = list(request.calls) if request else []
        self.functions.update(call.name for call in calls)
        names = Counter(" ".join([call.name, *call.objects[:1]]) for call in calls)
        listed = ", ".join(f"{count} × {name}" if count > 1 else name for name, count in names.items())
        company = request.root.findtext(".//login/companyid") if request else ""
        if request and not company:
            session = self.sessions._sessions.get((request.root.findtext(".//sessionid") or "").strip())
            company = (
                session.company.id + (f" / {session.entity}" if session and session.entity else "") if session else ""
            )
        status = "no answer" if delivery.drop or delivery.answer is None else _status_of(delivery.answer)
        took = int((time.monotonic() - started) * 1000)
        self.log.appendleft(Served(time.strftime("%H:%M:%S"), listed or "not a request", company or "", status, took))

    def _with_faults(self, request: Request, endpoint: str, address: str, active: int) -> Delivery:
        struck = self.faults.for_request(request)
        if self.options.latency_ms:
            self.stopping.wait(self.options.latency_ms / 1000)
        execute = partial(self._execute, request, endpoint, address)
        early = self._before(struck, request, active, execute)
        if early is not None:
            return early
        answer = execute()
        if any(fault.kind == "duplicate" for fault in struck):
            second = execute()
            answer = (
                answer if any(f.params.get("answer") == "first" for f in struck if f.kind == "duplicate") else second
            )
        return self._after(struck, answer)

    def _before(
        self, struck: list[Fault], request: Request, active: int, execute: Callable[[], Answer]
    ) -> Delivery | None:
        """Faults before anything is executed; an answer when nothing will be."""
        for fault in struck:
            if fault.kind == "drop_before":
                return Delivery(None, drop=True)
            if fault.kind == "delay" and not fault.flag("after", False):
                self.stopping.wait(fault.seconds(1))
            if fault.kind == "late":
                self.clock.later(fault.seconds(900), execute)
                return Delivery(None, drop=True)
            if fault.kind == "timeout" and not fault.flag("executed", True):
                self.stopping.wait(fault.seconds(3600))
                return Delivery(None, drop=True)
            if fault.kind == "expire_session":
                self._expire(request)
            if fault.kind == "throttle" and active > int(fault.params.get("limit", 1)):
                return Delivery(_throttled(fault))
            if fault.kind == "html" and not fault.flag("executed", False):
                return Delivery(_html_answer(200, "Just a moment..."), is_spoiled=True)
            if fault.kind == "status" and not fault.flag("executed", int(fault.params.get("status", 500)) == 524):
                return Delivery(_status_answer(fault), is_spoiled=int(fault.params.get("status", 500)) >= 500)
        return None

    def _after(self, struck: list[Fault], answer: Answer) -> Delivery:
        """Faults on the way back, after the request was executed."""
        for fault in struck:
            if fault.kind in {"timeout", "delay"} and (fault.kind == "timeout" or fault.flag("after", False)):
                self.stopping.wait(fault.seconds(3600 if fault.kind == "timeout" else 1))
            changed = _spoiled(fault, answer)
            if changed is not None:
                changed.is_spoiled = True
                return changed
        return Delivery(answer)

    def _expire(self, request: Request) -> None:
        for identifier in request.root.findall(".//authentication/sessionid"):
            self.sessions.expire((identifier.text or "").strip())

    def _execute(self, request: Request, endpoint: str, address: str) -> Answer:
        """One execution. Faults that only strike single functions happen in here."""
        pending: dict[str, list[Fault]] = {}

        def before(call: Call, session: Session) -> None:
            struck = self.faults.for_call(call)
            for fault in struck:
                if fault.kind == "fail_function":
                    raise refusal_of(fault)
                if fault.kind == "delay":
                    self.stopping.wait(fault.seconds(1))
            pending[call.controlid] = struck

        def after(call: Call, session: Session, inner: str) -> None:
            if call.write is not None:
                call.write.executed += 1
            for fault in pending.pop(call.controlid, []):
                if fault.kind == "eventual":
                    self._hide(call, session, inner, fault)

        return self.gateway.execute(request, endpoint, address, before, after)

    def _hide(self, call: Call, session: Session, inner: str, fault: Fault) -> None:
        found = re.findall(r"<RECORDNO>(\d+)</RECORDNO>|<key>(\d+)</key>", inner)
        name = call.objects[0].upper() if call.objects else ""
        if not found or name not in session.company.tables:
            return
        recordno = found[0][0] or found[0][1]
        reads = int(fault.params.get("after_requests", 0))
        session.company.hide_fresh(name, recordno, 0 if reads else fault.seconds(2), reads)


def _spoiled(fault: Fault, answer: Answer) -> Delivery | None:
    """What becomes of an answer on its way; None when it arrives."""
    match fault.kind:
        case "drop_after" | "timeout":
            return Delivery(None, drop=True)
        case "status":
            return Delivery(_status_answer(fault))
        case "html":
            return Delivery(_html_answer(200, "Just a moment..."))
        case "truncate":
            return Delivery(answer, cut=True)
        case "malformed" if without := fault.params.get("without"):
            name = re.escape(str(without).encode())
            unnamed = re.sub(rb"(<result>(?:(?!</result>).)*?)<%b>[^<]*</%b>" % (name, name), rb"\1", answer.body)
            return Delivery(Answer(unnamed))
        case "malformed":
            return Delivery(Answer(re.sub(rb"</(result|operation|control)>", b"<\\1>", answer.body, count=1)))
        case "empty":
            return Delivery(Answer(b""))
    return None


def _status_of(answer: Answer) -> str:
    if answer.status != 200:
        return f"HTTP {answer.status}"
    if b"<status>failure</status>" in answer.body:
        return "failure"
    return "aborted" if b"<status>aborted</status>" in answer.body else "success"


def _throttled(fault: Fault) -> Answer:
    answer = refusal(errors.rate_limited())
    if "retry_after" in fault.params:
        answer.headers["Retry-After"] = str(fault.params["retry_after"])
    return answer


def _status_answer(fault: Fault) -> Answer:
    status = int(fault.params.get("status", 500))
    if status == 429 and not fault.flag("html", False):
        answer = _throttled(fault)
    elif status < 500 and not fault.flag("html", True):
        answer = refusal(
            Refused(errors.Error("GW-0011", description="Invalid Request"), level="gateway", status=status)
        )
    else:
        answer = _html_answer(status, HTML_BY_STATUS.get(status, "Error"))
    if "retry_after" in fault.params:
        answer.headers["Retry-After"] = str(fault.params["retry_after"])
    return answer


def _html_answer(status: int, title: str) -> Answer:
    body = (
        f'<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title>{status} {title}</title></head><body>'
        f'<div class="cf-error-details"><h1>{title}</h1></div></body></html>'
    )
    return Answer(body.encode(), status, "text/html; charset=UTF-8")
