"""The HTTP session: never retries, never redirects, and tells a failed handshake from a lost answer."""

from __future__ import annotations

import ssl
from typing import ClassVar

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError, SSLError
from urllib3.poolmanager import PoolManager

from .config import ClientConfig
from .errors import AnswerLost, ConnectionFailed, TransportError


class _Connection(HTTPSConnection):
    """Whatever breaks before TLS stands happened before any byte of the request was sent."""

    def connect(self) -> None:
        try:
            super().connect()
        except (OSError, SSLError) as error:
            raise NewConnectionError(self, f"TLS handshake failed: {error}") from error


class _Pool(HTTPSConnectionPool):
    ConnectionCls: ClassVar[type[_Connection]] = _Connection  # type: ignore[misc]


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: object, **kwargs: object) -> None:
        super().init_poolmanager(*args, **kwargs)  # type: ignore[arg-type]
        manager: PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = {"http": HTTPConnectionPool, "https": _Pool}


class _NoAuth(requests.auth.AuthBase):
    """Keeps a .netrc of the machine from adding an Authorization header."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def make_http_session(config: ClientConfig) -> requests.Session:
    session = requests.Session()
    session.auth = _NoAuth()
    session.verify = config.verify
    adapter = _Adapter(max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def transport_error(error: requests.RequestException) -> TransportError:
    """Whether the request was surely not executed, or nobody knows."""
    name = type(error).__name__
    if _was_never_sent(error):
        return ConnectionFailed(f"Sage Intacct could not be reached ({name}: {_reason(error)}).")
    return AnswerLost(f"The connection broke before the answer was complete ({name}).")


def _was_never_sent(error: requests.RequestException) -> bool:
    if isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.ProxyError):
        return True
    if isinstance(error, requests.exceptions.SSLError):
        return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error))
    if isinstance(error, requests.ConnectionError):
        return any(isinstance(cause, NewConnectionError | NameResolutionError) for cause in _causes(error))
    # What requests refuses to send at all (InvalidURL, MissingSchema, InvalidHeader) is a ValueError as well.
    return isinstance(error, ValueError) and not isinstance(error, requests.exceptions.ContentDecodingError)


def _causes(error: BaseException) -> list[BaseException]:
    """The exceptions that requests and urllib3 wrapped, found where each of them keeps its own."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        current = waiting.pop()
        if not isinstance(current, BaseException) or current in found:
            continue
        found.append(current)
        reason = current.reason if isinstance(current, MaxRetryError) else None
        waiting.extend((*current.args, reason, current.__cause__))
    return found


def _reason(error: BaseException) -> str:
    """In a few words and without addresses of objects."""
    text = str(_causes(error)[-1]) or type(error).__name__
    return text.rsplit("object at 0x", 1)[-1].partition(">: ")[2] or text
