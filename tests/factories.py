"""The least valid objects for tests. Each function makes what it needs; pass what the test is about."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile

from invoices.models import ApprovalStatus, Document, Invoice, InvoiceLine
from ledger.models import Currency, Dimension, DimensionValue, ExchangeRate, GLCode, TaxCode, Terms
from organization.models import Account, Company, Department, Role, User
from organization.services import STANDARD_ROLES
from suppliers.models import Supplier

_number = itertools.count(1)
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 280]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)


def account(**fields: Any) -> Account:
    return Account.objects.create(**{"name": f"Account {next(_number)}"} | fields)


def company(account_: Account | None = None, **fields: Any) -> Company:
    owner = account_ or account()
    return Company.objects.create(**{"account": owner, "name": f"Company {next(_number)}"} | fields)


def department(account_: Account, **fields: Any) -> Department:
    number = next(_number)
    return Department.objects.create(
        **{"account": account_, "code": f"D{number}", "name": f"Department {number}"} | fields
    )


def role(account_: Account, name: str = "Accounts Payable", **fields: Any) -> Role:
    found = Role.objects.filter(account=account_, name=name).first()
    return found or Role.objects.create(**{"account": account_, "name": name} | STANDARD_ROLES[name] | fields)


def user(account_: Account | None = None, role_name: str = "Accounts Payable", **fields: Any) -> User:
    account_ = account_ or account()
    email = fields.pop("email", f"person{next(_number)}@tests.example")
    fields.setdefault("role", role(account_, role_name))
    return User.objects.create_user(email, "password-of-tests", account=account_, **fields)


def owner(account_: Account | None = None, **fields: Any) -> User:
    return user(account_, "Account Owner", **fields)


def currency(account_: Account, code: str = "GBP", **fields: Any) -> Currency:
    return Currency.objects.get_or_create(account=account_, code=code, defaults={"name": code} | fields)[0]


def exchange_rate(account_: Account, currency_: str = "USD", rate: str = "0.8", **fields: Any) -> ExchangeRate:
    currency(account_, currency_)
    key = {"account": account_, "currency": currency_, "date": fields.pop("date", dt.date(2030, 1, 1))}
    return ExchangeRate.objects.update_or_create(**key, defaults={"rate": Decimal(rate)} | fields)[0]


def terms(account_: Account, name: str = "Net 30", **fields: Any) -> Terms:
    return Terms.objects.get_or_create(account=account_, name=name, defaults={"due_days": 30} | fields)[0]


def gl_code(company_: Company, code: str | None = None, **fields: Any) -> GLCode:
    code = code or str(70_000 + next(_number))  # no code that a test names itself
    return GLCode.objects.create(**{"company": company_, "code": code, "name": f"Costs {code}"} | fields)


def tax_code(account_: Account, code: str = "Standard", **fields: Any) -> TaxCode:
    return TaxCode.objects.create(**{"account": account_, "code": code, "rate": Decimal(20)} | fields)


def dimension(account_: Account, key: str = "department", **fields: Any) -> Dimension:
    defaults = {"name": key.title()} | fields
    return Dimension.objects.get_or_create(account=account_, key=key, defaults=defaults)[0]


def dimension_value(dimension_: Dimension, code: str | None = None, **fields: Any) -> DimensionValue:
    code = code or f"V{next(_number)}"
    return DimensionValue.objects.create(**{"dimension": dimension_, "code": code, "name": f"Value {code}"} | fields)


def supplier(company_: Company, code: str | None = None, **fields: Any) -> Supplier:
    code = code or f"S{next(_number):05}"
    return Supplier.objects.create(**{"company": company_, "code": code, "name": f"Supplier {code}"} | fields)


def invoice(
    company_: Company, *, net: Decimal = Decimal("100.00"), tax: Decimal = Decimal("0.00"), **fields: Any
) -> Invoice:
    """A draft with one line that adds up. `gl_code=` goes to the line."""
    line_gl_code = fields.pop("gl_code", None) or gl_code(company_)
    made = Invoice.objects.create(
        **{
            "account": company_.account,
            "company": company_,
            "supplier": fields.pop("supplier", None) or supplier(company_),
            "number": f"INV-{next(_number)}",
            "invoice_date": dt.date(2030, 1, 15),
            "due_date": dt.date(2030, 2, 14),
            "currency": currency(company_.account),
            "net": net,
            "tax": tax,
            "total": net + tax,
            "created_by": fields.pop("created_by", None) or user(company_.account),
        }
        | fields
    )
    InvoiceLine.objects.create(
        invoice=made, position=1, gl_code=line_gl_code, description="Goods", unit_price=net, net=net, tax=tax
    )
    return made


def authorized_invoice(company_: Company, **fields: Any) -> Invoice:
    return invoice(company_, **{"approval_status": ApprovalStatus.AUTHORIZED} | fields)


def document(invoice_: Invoice, name: str = "invoice.pdf", content: bytes = PDF, **fields: Any) -> Document:
    made = Document(
        invoice=invoice_,
        name=name,
        content_type=fields.pop("content_type", "application/pdf"),
        page_count=fields.pop("page_count", 1),
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        uploaded_by=fields.pop("uploaded_by", None) or invoice_.created_by,
        **fields,
    )
    made.file.save(name, ContentFile(content))
    return made
