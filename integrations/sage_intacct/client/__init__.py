"""A client of Sage Intacct's XML gateway in plain Python; see README.md. Imports nothing of the portal."""

from . import filters, values
from .answers import Acknowledgement, Page, Result
from .batching import pack
from .client import Client
from .config import ClientConfig
from .credentials import Credentials
from .errors import (
    AnswerLost,
    ApiError,
    AuthenticationError,
    ConnectionFailed,
    ControlError,
    IntacctError,
    InvalidRequest,
    MalformedResponse,
    ResponseError,
    ResultError,
    Throttled,
    TransportError,
)
from .exchange import ExchangeRecord
from .filters import Filter
from .functions import *  # noqa: F403
from .functions import __all__ as _functions
from .gate import Gate, NullGate
from .judging import results_of
from .records import (
    Address,
    APAdjustment,
    APBill,
    APBillLine,
    Attachment,
    Contact,
    StoredSupdoc,
    Supdoc,
    TaxEntry,
    Vendor,
)
from .sessions import InMemorySessionStore, Session, SessionStore
from .shortcuts import (
    CompanyInfo,
    DimensionInfo,
    Entity,
    FinancialSetup,
    UserFormatting,
    UserPermission,
    stored_supdocs,
)

__all__ = [
    "APAdjustment",
    "APBill",
    "APBillLine",
    "Address",
    "Acknowledgement",
    "AnswerLost",
    "ApiError",
    "Attachment",
    "AuthenticationError",
    "Client",
    "ClientConfig",
    "CompanyInfo",
    "ConnectionFailed",
    "Contact",
    "ControlError",
    "Credentials",
    "DimensionInfo",
    "Entity",
    "ExchangeRecord",
    "Filter",
    "FinancialSetup",
    "Gate",
    "InMemorySessionStore",
    "IntacctError",
    "InvalidRequest",
    "MalformedResponse",
    "NullGate",
    "Page",
    "ResponseError",
    "Result",
    "ResultError",
    "Session",
    "SessionStore",
    "StoredSupdoc",
    "Supdoc",
    "TaxEntry",
    "Throttled",
    "TransportError",
    "UserFormatting",
    "UserPermission",
    "Vendor",
    "filters",
    "pack",
    "results_of",
    "stored_supdocs",
    "values",
    *_functions,
]
