"""Supplier invoices, their lines, documents, authorisations and activity."""

from __future__ import annotations

from decimal import Decimal
from pathlib import PurePath
from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Lower, Upper
from django.urls import reverse
from django.utils import timezone

from documents.kinds import DRAWN
from documents.remarks import remarks
from invoices.numbers import without_punctuation, without_zeros
from invoices.querysets import DiscardedQuerySet, InvoiceQuerySet
from invoices.words import WORDS
from ledger.minor_units import MOST, decimals_of, is_finer, rounded
from ledger.models import Currency, Dimension, DimensionValue, GLCode, TaxCode, Terms
from ledger.rates import converted
from organization.folding import DerivedField
from organization.models import Account, Company, Department, User
from organization.querysets import CompanyQuerySet
from suppliers.models import Supplier

ZERO = Decimal("0.00")


class ApprovalStatus(models.TextChoices):
    DRAFT = "draft", "Draft"
    WAITING = "waiting", "Waiting For Authorisation"
    REJECTED = "rejected", "Rejected"
    AUTHORIZED = "authorized", "Authorised"


class PostingStatus(models.TextChoices):
    NOT_POSTED = "not_posted", "Not Posted"
    POSTED = "posted", "Posted"


class ExportState(models.TextChoices):
    """Where an authorised invoice stands on its way out; kept here by the integration so that search can use it."""

    NONE = "none", "Not exported"
    QUEUED = "queued", "Queued"
    SENDING = "sending", "Sending"
    FAILED = "failed", "Failed"
    UNKNOWN = "unknown", "Unknown"
    EXPORTED = "exported", "Exported"


# Beside the status of the invoice, where nothing else says that it is the export which failed.
_EXPORT_LABELS = {
    ExportState.QUEUED: "Export queued",
    ExportState.SENDING: "Being exported",
    ExportState.FAILED: "Export failed",
    ExportState.UNKNOWN: "Export being looked up",
}


def _beginning(field: str, *, name: str) -> models.Index:
    """For "begins with", without case; what totals need is in the index too."""
    begins = OpClass(Upper(field), "text_pattern_ops")
    return models.Index("account", begins, include=[field, "currency", "kind", "total"], name=name)


class Invoice(models.Model):
    """A supplier invoice or credit note. Amounts of a credit note are kept positive; `kind` gives them their sign.

    draft ──submit──▶ waiting ──authorize──▶ authorized ──post──▶ authorized + posted (read-only)
      ▲                  │ reject                │ edit
      └──────edit─── rejected ◀──────            └──▶ draft
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", "Invoice"
        CREDIT_NOTE = "credit_note", "Credit note"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="invoices")
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="invoices")
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="invoices", null=True, blank=True)
    kind = models.CharField(max_length=11, choices=Kind, default=Kind.INVOICE)
    number = models.CharField(max_length=60, blank=True)
    number_folded = DerivedField("number")
    number_without_zeros = DerivedField("number", without_zeros)
    number_without_punctuation = DerivedField("number", without_punctuation)
    invoice_date = models.DateField(null=True, blank=True)
    due_date = models.DateField(null=True, blank=True)
    posting_date = models.DateField(null=True, blank=True)
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    terms = models.ForeignKey(Terms, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    department = models.ForeignKey(Department, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    po_number = models.CharField("PO number", max_length=40, blank=True)
    description = models.CharField(max_length=400, blank=True)
    net = models.DecimalField(max_digits=17, decimal_places=4, default=ZERO)
    tax = models.DecimalField(max_digits=17, decimal_places=4, default=ZERO)
    total = models.DecimalField(max_digits=17, decimal_places=4, default=ZERO)

    approval_status = models.CharField(max_length=10, choices=ApprovalStatus, default=ApprovalStatus.DRAFT)
    posting_status = models.CharField(max_length=10, choices=PostingStatus, default=PostingStatus.NOT_POSTED)
    export_state = models.CharField(max_length=8, choices=ExportState, default=ExportState.NONE)
    posted_reference = models.CharField(max_length=60, blank=True)
    posted_url = models.URLField(max_length=500, blank=True)
    posted_at = models.DateTimeField(null=True, blank=True)
    authorized_at = models.DateTimeField(null=True, blank=True)

    approval_rule = models.ForeignKey(
        "ApprovalRule", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    next_approver = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", help_text="Empty: anybody who may."
    )
    has_documents = models.BooleanField(default=False, editable=False)

    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    version = models.PositiveIntegerField(default=1, help_text="Counts edits, so that a second editor is told.")
    form_token = models.CharField(
        max_length=64,
        blank=True,
        db_default="",
        editable=False,
        help_text="Of the form that entered it: sent twice, it makes one.",
    )

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        ordering = ["-invoice_date", "-pk"]
        indexes = [
            GinIndex(WORDS, name="invoice_words"),
            models.Index("account", "number", "id", name="invoice_by_number"),
            models.Index(
                "account",
                OpClass("number_folded", "text_pattern_ops"),
                include=["currency", "kind", "total"],
                name="invoice_number_folded_begins",
            ),
            _beginning("po_number", name="invoice_po_number_begins"),
            # What is often filtered while the newest come first can be told without the row.
            models.Index(
                fields=["account", "invoice_date", "id"],
                include=[
                    "due_date",
                    "posted_at",
                    "approval_status",
                    "posting_status",
                    "export_state",
                    "currency",
                    "kind",
                    "total",
                ],
                name="invoice_by_date",
            ),
            models.Index("account", "due_date", "id", name="invoice_by_due_date"),
            models.Index("account", "total", "id", name="invoice_by_total"),
            models.Index("account", "approval_status", "id", name="invoice_by_status"),
            models.Index("account", "export_state", "id", name="invoice_by_export_state"),
            models.Index("account", "po_number", "id", name="invoice_by_po_number"),
            models.Index("account", "created_at", "id", name="invoice_by_created_at"),
            models.Index(
                fields=["account", "posted_at", "id"],
                include=["currency", "kind", "total"],
                name="invoice_by_posted_at",
            ),
            models.Index("supplier", "id", name="invoice_by_supplier"),
            # For near twins.
            models.Index("supplier", "number_without_zeros", name="invoice_without_zeros"),
            models.Index("supplier", "number_without_punctuation", name="invoice_without_punctuation"),
            models.Index(
                fields=["supplier", "invoice_date"], include=["total", "net"], name="invoice_of_supplier_by_date"
            ),
            models.Index(
                "account", "next_approver", name="invoice_awaited", condition=models.Q(approval_status="waiting")
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                "company",
                "supplier",
                "number_folded",
                name="invoice_number_once_per_supplier",
                condition=models.Q(supplier__isnull=False) & ~models.Q(number=""),
            ),
            models.UniqueConstraint(
                "created_by", "form_token", name="invoice_once_per_form", condition=~models.Q(form_token="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number or self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("invoices:invoice_detail", args=[self.pk])

    @property
    def status_label(self) -> str:
        """Approval and posting status joined, in UK spelling: "Authorised, Not Posted"."""
        if self.approval_status != ApprovalStatus.AUTHORIZED:
            return self.get_approval_status_display()
        return f"{self.get_approval_status_display()}, {self.get_posting_status_display()}"

    @property
    def export_label(self) -> str:
        """What of its export is worth saying beside `status_label`; "" where that says it all."""
        return "" if self.is_posted else _EXPORT_LABELS.get(ExportState(self.export_state), "")

    @property
    def is_posted(self) -> bool:
        return self.posting_status == PostingStatus.POSTED

    @property
    def is_credit_note(self) -> bool:
        return self.kind == self.Kind.CREDIT_NOTE

    @property
    def is_awaiting_export(self) -> bool:
        """Credit notes never do: only invoices become bills."""
        return self.approval_status == ApprovalStatus.AUTHORIZED and not (self.is_posted or self.is_credit_note)

    @property
    def is_leaving(self) -> bool:
        """On its way out, outcome not known yet: it must not change now."""
        return self.export_state in (ExportState.SENDING, ExportState.UNKNOWN)

    @property
    def is_editable(self) -> bool:
        return not (self.is_posted or self.is_leaving)

    @property
    def signed_net(self) -> Decimal:
        return self._signed(self.net)

    @property
    def signed_tax(self) -> Decimal:
        return self._signed(self.tax)

    @property
    def signed_total(self) -> Decimal:
        return self._signed(self.total)

    def total_in(self, currency: str) -> Decimal:
        """By the rates on the invoice's date; of an invoice without one, today's. Raises NoRate."""
        own = self.currency.code if self.currency else currency
        on = self.invoice_date or timezone.localdate()
        return converted(self.account, self.total, currency=own, to=currency, on=on)

    def _signed(self, amount: Decimal) -> Decimal:
        return ZERO - amount if self.is_credit_note else amount  # -amount could be -0.00


class ExplainedTwin(models.Model):
    """Somebody's word that two invoices which look like one are two, and why."""

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="explained_twins")
    twin = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="+")
    likeness = models.CharField(max_length=200, help_text="Why the two look like one.")
    reason = models.CharField(max_length=400)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint("invoice", "twin", name="twin_explained_once")]

    def __str__(self) -> str:
        return f"{self.invoice_id} is not {self.twin_id}"


class InvoiceTally(models.Model):
    """Counts and sums of invoices by what Search filters, so that totals of a million need no million rows.

    Written by triggers in the statement that changes invoices, as differences: two writers never wait for each other.
    The truth is the sum over rows; `invoices.tallies.fold` adds old differences up. A facet fills its own columns only.

    An invoice counts once at each GL code of its lines, and once at each of its words. Words that begin with "ton" come
    one after the other in order, and only the first of them shares less than three letters with the one before it: so a
    beginning finds every invoice once.
    """

    class Facet(models.TextChoices):
        STATE = "state"
        DATE = "date"
        DUE = "due"
        POSTED = "posted"
        AMOUNT = "amount"
        SUPPLIER = "supplier"
        GL_CODE = "gl_code"
        WORD = "word"

    facet = models.CharField(max_length=8, choices=Facet)
    is_folded = models.BooleanField(default=False, db_default=False)
    account = models.ForeignKey(
        Account, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False
    )
    company = models.ForeignKey(
        Company, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False
    )
    currency = models.ForeignKey(
        Currency, on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=11)
    supplier = models.ForeignKey(
        Supplier, on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="+", db_index=False
    )
    approval_status = models.CharField(max_length=10, null=True)  # noqa: DJ001  not a column of every facet
    posting_status = models.CharField(max_length=10, null=True)  # noqa: DJ001
    export_state = models.CharField(max_length=8, null=True)  # noqa: DJ001
    department = models.ForeignKey(
        Department, on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="+", db_index=False
    )
    created_by = models.ForeignKey(
        User, on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="+", db_index=False
    )
    has_documents = models.BooleanField(null=True)
    invoice_date = models.DateField(null=True)
    due_date = models.DateField(null=True)
    posted_on = models.DateField(null=True, help_text="In UTC.")
    bucket = models.DecimalField(max_digits=17, decimal_places=4, null=True, help_text="The total's first two digits.")
    gl_code = models.ForeignKey(
        GLCode, on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="+", db_index=False
    )
    word = models.TextField(null=True)  # noqa: DJ001
    shared = models.SmallIntegerField(
        null=True,
        help_text="How many first letters of the word the one before it has too, among an invoice's in order.",
    )
    count = models.BigIntegerField()
    amount = models.DecimalField(max_digits=26, decimal_places=4)

    class Meta:
        indexes = [
            models.Index("account", "facet", name="invoice_tally_facet", condition=~models.Q(facet="word")),
            models.Index(
                "account",
                OpClass("word", "text_pattern_ops"),
                include=["shared", "company", "currency", "kind", "count", "amount"],
                name="invoice_tally_word",
                condition=models.Q(facet="word"),
            ),
            models.Index("account", name="invoice_tally_unfolded", condition=models.Q(is_folded=False)),
        ]

    def __str__(self) -> str:
        return f"{self.facet}: {self.count}"


class InvoiceLine(models.Model):
    """Amounts in the invoice's currency; `net` is quantity × unit price, rounded to its minor unit."""

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    gl_code = models.ForeignKey(GLCode, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    description = models.CharField(max_length=400, blank=True)
    quantity = models.DecimalField(max_digits=14, decimal_places=4, default=1)
    unit_price = models.DecimalField(max_digits=16, decimal_places=4, default=0)
    net = models.DecimalField(max_digits=17, decimal_places=4, default=ZERO)
    tax_code = models.ForeignKey(TaxCode, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    tax = models.DecimalField(max_digits=17, decimal_places=4, default=ZERO)

    class Meta:
        ordering = ["position"]
        indexes = [models.Index("gl_code", "invoice", name="invoice_line_by_gl_code")]
        constraints = [models.UniqueConstraint("invoice", "position", name="invoice_line_position_once")]

    def __str__(self) -> str:
        return f"line {self.position} of {self.invoice_id}"

    @property
    def price_places(self) -> int:
        """Decimals that the unit price needs: its currency's, or four where it is finer."""
        decimals = decimals_of(self.invoice.currency)
        return MOST if is_finer(self.unit_price, decimals) else decimals

    @property
    def rounded_from(self) -> Decimal | None:
        """What quantity × unit price come to, where that was no amount of the currency and `net` is rounded."""
        exact = self.quantity * self.unit_price
        is_rounded = exact != self.net and rounded(exact, decimals_of(self.invoice.currency)) == self.net
        return exact if is_rounded else None


class LineDimension(models.Model):
    """The value that a line carries for one dimension."""

    line = models.ForeignKey(InvoiceLine, on_delete=models.CASCADE, related_name="dimensions")
    dimension = models.ForeignKey(Dimension, on_delete=models.PROTECT, related_name="+")
    value = models.ForeignKey(DimensionValue, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint("line", "dimension", name="line_dimension_once")]

    def __str__(self) -> str:
        return f"{self.dimension_id}={self.value_id}"


def document_path(document: Document, filename: str) -> str:
    """Stored under a random name: what the person called it is data, not a path."""
    return f"documents/{document.invoice.account_id}/{uuid4().hex}{PurePath(filename).suffix.lower()[:10]}"


class Document(models.Model):
    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="documents")
    file = models.FileField(upload_to=document_path, max_length=200)
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    page_count = models.PositiveIntegerField(null=True, help_text="Pages that can be shown. Empty: not looked at yet.")
    marks = ArrayField(models.CharField(max_length=20), default=list, help_text="What it holds besides its pages.")
    contents = ArrayField(models.CharField(max_length=80), default=list, help_text="Names of the files inside.")
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index("sha256", name="document_by_sha256")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_shown(self) -> bool:
        """Whether there are pictures of its pages."""
        return self.content_type in DRAWN and self.page_count != 0

    @property
    def remarks(self) -> list[str]:
        return list(remarks(self.marks, self.contents))


class DocumentInk(models.Model):
    """What is printed on the first page of a document, to know it again when it is scanned once more.

    Taken in the background, and forgotten when the document is older than a new scan of it is likely to be.
    """

    document = models.OneToOneField(Document, on_delete=models.CASCADE, primary_key=True, related_name="ink")
    packed = models.BinaryField(help_text="As the child process answers; empty where nothing is printed.")
    profile = models.BinaryField(help_text="How much ink each cell of the page has.")

    def __str__(self) -> str:
        return f"Ink of {self.document_id}"


class ApprovalRule(models.Model):
    """Who authorises which invoices, in order. The first active one that fits applies; without one, anybody who may."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="approval_rules")
    name = models.CharField(max_length=80)
    minimum_total = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    maximum_total = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    departments = models.ManyToManyField(Department, blank=True, help_text="Empty: all departments.")
    allows_own = models.BooleanField("may authorise one's own", default=False)
    position = models.PositiveSmallIntegerField(default=10)
    is_active = models.BooleanField(default=True)

    objects = CompanyQuerySet.as_manager()

    class Meta:
        ordering = ["company", "position", "pk"]

    def __str__(self) -> str:
        return self.name

    def fits(self, invoice: Invoice) -> bool:
        """Whether amount and department are the rule's; an empty bound or list of departments fits all.

        Bounds are in the base currency of the company. Raises NoRate where the amount cannot be judged by them.
        """
        departments = {department.pk for department in self.departments.all()}
        if departments and invoice.department_id not in departments:
            return False
        if self.minimum_total is None and self.maximum_total is None:
            return True
        total = invoice.total_in(invoice.company.base_currency)
        return (self.minimum_total is None or total >= self.minimum_total) and (
            self.maximum_total is None or total <= self.maximum_total
        )


class ApprovalStep(models.Model):
    rule = models.ForeignKey(ApprovalRule, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    approver = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint("rule", "position", name="approval_step_position_once")]

    def __str__(self) -> str:
        return f"{self.position}. {self.approver}"


class Authorization(models.Model):
    """One decision that an invoice waits for, or got. Only the pending one with the lowest position may be taken."""

    class Status(models.TextChoices):
        PENDING = "pending", "Waiting"
        QUEUED = "queued", "Not yet asked"
        AUTHORIZED = "authorized", "Authorised"
        REJECTED = "rejected", "Rejected"
        PASSED_ON = "passed_on", "Sent to another approver"
        DROPPED = "dropped", "Dropped"

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="authorizations")
    position = models.PositiveSmallIntegerField()
    approver = models.ForeignKey(User, on_delete=models.CASCADE, related_name="authorizations")
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering = ["position", "pk"]
        indexes = [
            models.Index("approver", "invoice", name="authorization_pending", condition=models.Q(status="pending")),
        ]

    def __str__(self) -> str:
        return f"{self.approver}: {self.get_status_display()}"


class InvoiceAuthor(models.Model):
    """Somebody who had a part in what an invoice asks to be paid: such a person does not authorise it.

    Rows are added, one for each deed, and closed by the authorisation (`authorized_at`): authors are those of the open
    rows, and whoever entered the invoice.
    """

    class Deed(models.TextChoices):
        MONEY = "money", "changed supplier, amounts or currency"
        CODING = "coding", "changed the coding"
        SUBMITTED = "submitted", "submitted it"
        REACH = "reach", "brought it within what they may authorise"

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="authors")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    deed = models.CharField(max_length=10, choices=Deed)
    at = models.DateTimeField(default=timezone.now)
    authorized_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index("user", "invoice", name="invoice_author_open", condition=models.Q(authorized_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.get_deed_display()}"


class Activity(models.Model):
    """What happened to an invoice, by whom and when. Only ever added to."""

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="activities")
    at = models.DateTimeField(default=timezone.now)
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=20)
    text = models.TextField()
    changes = models.JSONField(default=dict, blank=True, help_text="{field: [before, after]}, dates as 2030-12-31.")

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name_plural = "activities"

    def __str__(self) -> str:
        return self.text


class DiscardedInvoice(models.Model):
    """What is left of a discarded invoice: enough to tell those who could see it who discarded it, and when."""

    invoice_id = models.BigIntegerField(primary_key=True)
    name = models.CharField(max_length=80)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="+")
    department = models.ForeignKey(Department, on_delete=models.SET_NULL, null=True, related_name="+")
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    discarded_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    discarded_at = models.DateTimeField(default=timezone.now)

    objects = DiscardedQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class SavedSearch(models.Model):
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_searches")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=2000, help_text="The query string of Invoice Search.")

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "saved searches"
        constraints = [models.UniqueConstraint("user", Lower("name"), name="saved_search_name_once")]

    def __str__(self) -> str:
        return self.name
