"""The demo's account with something on every page, made in this process over the sandbox; and the way to every page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from django.db.models import Model
from django.utils import timezone

from integrations.models import Connection, Job
from integrations.services import connections, exports, jobs
from invoices.models import ApprovalRule, ApprovalStatus, Invoice, SavedSearch
from invoices.services.authorization import reject_invoice, submit_invoice
from invoices.services.entry import LineData, create_invoice
from ledger.models import Dimension, GLCode
from organization.models import User
from planergy.demo.account import DemoAccount, make_account
from planergy.demo.documents import invoice_pdf
from planergy.demo.invoices import make_invoices
from planergy.demo.main_job import CREDENTIALS
from suppliers.models import Supplier
from tests import factories
from tests.integrations.exporting import deliver
from tests.integrations.importing import run

LONG_NAME = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
DESCRIPTION = "Paper, pens, and a description that goes on for quite a while before it comes to its end"


@dataclass(frozen=True)
class World:
    demo: DemoAccount
    connection: Connection
    reporter: User
    support: User
    invoices: dict[str, Invoice]
    jobs: dict[str, Job]

    @property
    def owner(self) -> User:
        return self.demo.owner

    @property
    def rows(self) -> dict[str, Model | None]:
        """What stands for the id in an address, by how the address' name begins."""
        company, gl_code = self.demo.companies[0], GLCode.objects.first()
        dimension = Dimension.objects.get(key="task")
        return {
            "company": company,
            "choose_entity": company,
            "department": self.owner.home_department,
            "role": self.demo.clerk.role,
            "user": self.demo.clerk,
            "glcode": gl_code,
            "currency": company.account.currencies.first(),
            "exchangerate": factories.exchange_rate(company.account, "NOK", "0.07"),
            "terms": company.account.terms.first(),
            "taxcode": company.account.tax_codes.first(),
            "dimension": dimension,
            "dimensionvalue": dimension.values.first(),
            "supplier": Supplier.objects.filter(company=company).first(),
            "document": self.invoices["posted"].documents.first(),
            "saved_search": SavedSearch.objects.first(),
            "approval_rule": ApprovalRule.objects.first(),
            "job": self.jobs["suppliers"],
            "preview": self.jobs["preview"],
            "exchange": self.jobs["suppliers"],
        }


def make_world() -> World:
    demo = make_account()
    connection = connections.enable(demo.account, "sage_intacct", by=demo.owner)
    connections.save_credentials(connection, CREDENTIALS | {"user_password": "wrong"}, by=demo.owner)
    run([jobs.start_synchronize(connection, by=demo.owner)])
    connections.save_credentials(connection, CREDENTIALS, by=demo.owner)
    run([jobs.start_synchronize(connection, by=demo.owner)])
    connection.refresh_from_db()
    imported = run(jobs.start_imports(connection, by=demo.owner))
    preview = run(jobs.start_imports(connection, by=demo.owner, data_sets=["suppliers"], is_preview=True))[0]
    invoices = _invoices(demo)
    exports.export_invoices(connection, [invoices["posted"], invoices["failed"]], by=demo.owner)
    deliver(connection)
    SavedSearch.objects.create(user=demo.owner, name="Waiting for me", query="status=waiting")
    return World(
        demo=demo,
        connection=connection,
        reporter=User.objects.get(email="reporter@demo.example"),
        support=User.objects.get(email="support@demo.example"),
        invoices={name: Invoice.objects.get(pk=invoice.pk) for name, invoice in invoices.items()},
        jobs={"suppliers": next(job for job in imported if job.data_set == "suppliers"), "preview": preview},
    )


def _invoices(demo: DemoAccount) -> dict[str, Invoice]:
    """One in every state, besides those of the demo."""
    first, second = demo.companies
    posted, *_ = make_invoices(demo, first, timezone.localdate())
    make_invoices(demo, second, timezone.localdate())
    pounds = demo.account.currencies.get(code="GBP")
    long_name = factories.supplier(first, "LONG-SUPPLIER-CODE-000000000001", name=LONG_NAME, currency=pounds)
    unknown = factories.supplier(first, "NOT-THERE", name="Not in the books Ltd", currency=pounds)
    rule = ApprovalRule.objects.create(company=first, name="Above 1,000", minimum_total=1000)
    rule.steps.create(position=1, approver=demo.approver)
    draft = _entered(demo, "DRAFT-1", supplier=long_name)
    waiting = submit_invoice(_entered(demo, "WAIT-1", price="2400"), by=demo.clerk)
    rejected = submit_invoice(_entered(demo, "REJ-1"), by=demo.clerk)
    reject_invoice(rejected, by=demo.approver, reason="The purchase order is missing.")
    failed = _entered(demo, "FAIL-1", supplier=unknown)
    Invoice.objects.filter(pk=failed.pk).update(approval_status=ApprovalStatus.AUTHORIZED)
    return {"posted": posted, "draft": draft, "waiting": waiting, "rejected": rejected, "failed": failed}


def _entered(demo: DemoAccount, number: str, *, supplier: Supplier | None = None, price: str = "12.50") -> Invoice:
    company, today = demo.companies[0], timezone.localdate()
    supplier = supplier or Supplier.objects.get(company=company, code="V00001")
    line = LineData(
        gl_code=GLCode.objects.get(company=company, code="6100"), description=DESCRIPTION, unit_price=Decimal(price)
    )
    printed = [(line.description[:40], line.net)]
    file = invoice_pdf(number=number, supplier=supplier.name, company=company.name, date=today, lines=printed)
    return create_invoice(
        company=company,
        supplier=supplier,
        by=demo.clerk,
        number=number,
        invoice_date=today,
        description=DESCRIPTION,
        lines=[line, replace(line, quantity=Decimal(3))],
        documents=[file],
    )
