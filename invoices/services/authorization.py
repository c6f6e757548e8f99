"""Submitting, authorising, rejecting and passing on. Every step locks the invoice and stands in its activity."""

from __future__ import annotations

from contextlib import suppress

from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from invoices.errors import InvoiceChangedMeanwhile, InvoiceRefused
from invoices.models import ApprovalRule, ApprovalStatus, Authorization, ExportState, Invoice
from invoices.services import activity, authors, notifications, twins
from invoices.services.readiness import check_ready
from invoices.signals import invoice_authorized
from ledger.rates import NoRate
from organization.models import Scope, User
from organization.permissions import authorization_of

Status = Authorization.Status
NAMED = 5


def _locked(invoice: Invoice) -> Invoice:
    locked = Invoice.objects.select_for_update(no_key=True, of=("self",)).filter(pk=invoice.pk).first()
    if locked is None:
        raise InvoiceRefused("This invoice was discarded in the meantime.")
    return locked


def _refresh(invoice: Invoice, locked: Invoice) -> Invoice:
    """Let the caller's object show what happened, too."""
    for field in Invoice._meta.concrete_fields:
        setattr(invoice, field.attname, getattr(locked, field.attname))
    return invoice


@transaction.atomic
def submit_invoice(invoice: Invoice, *, by: User, version: int | None = None, twin_reason: str = "") -> Invoice:
    """Ask for authorisation: the approvers of the first rule that fits, in order; without one, anybody who may.

    `version` is the one that was looked at: nobody submits what was edited behind their back. `twin_reason` says why
    it is another invoice than those that it is much like. Raises InvoiceRefused; TwinSuspected where it is missing.
    """
    locked = _locked(invoice)
    if not Invoice.objects.administrable_by(by).filter(pk=locked.pk).exists():
        raise InvoiceRefused("You may not submit this invoice.")
    if locked.approval_status not in (ApprovalStatus.DRAFT, ApprovalStatus.REJECTED):
        raise InvoiceRefused(f"This invoice is {locked.status_label} already.")
    _refuse_other_version(locked, version)
    check_ready(locked)
    twins.explain(locked, by=by, reason=twin_reason)
    authors.note(locked, authors.Deed.SUBMITTED, by=by)
    locked.approval_rule = rule_for(locked)
    locked.approval_status = ApprovalStatus.WAITING
    _ask(locked)
    locked.save()
    activity.record(locked, by=by, kind="submitted", text=_asked_text(locked))
    notifications.ask_approvers(locked)
    return _refresh(invoice, locked)


def rule_for(invoice: Invoice) -> ApprovalRule | None:
    """Raises InvoiceRefused where a rule's bounds cannot be compared for want of an exchange rate."""
    rules = ApprovalRule.objects.filter(company=invoice.company_id, is_active=True).prefetch_related("departments")
    try:
        return next((rule for rule in rules if rule.fits(invoice)), None)
    except NoRate as missing:
        raise InvoiceRefused(f"The approval rules go by the amount. {missing}", "currency") from missing


def _ask(invoice: Invoice) -> None:
    rule = invoice.approval_rule
    if rule is None:
        invoice.next_approver = None
        return
    steps = rule.steps.select_related("approver")
    able = set(possible_approvers(invoice).values_list("pk", flat=True))
    own = set() if rule.allows_own else authors.author_ids(invoice)
    approvers = [step.approver for step in steps if step.approver_id not in own]
    for approver in approvers:
        if approver.pk not in able:
            raise InvoiceRefused(
                f"The approval rule “{rule}” asks {approver}, who may not authorise this invoice (left, amount, company"
                f" or permission).{_missing_rate(invoice, approver)} Ask whoever looks after the approval rules."
            )
    Authorization.objects.bulk_create(
        Authorization(
            invoice=invoice,
            position=position,
            approver=approver,
            status=Status.QUEUED if position > 1 else Status.PENDING,
        )
        for position, approver in enumerate(approvers, start=1)
    )
    invoice.next_approver = approvers[0] if approvers else None


def _asked_text(invoice: Invoice) -> str:
    if invoice.next_approver is None:
        return "Submitted for authorisation."
    return f"Submitted for authorisation to {invoice.next_approver}."


def possible_approvers(invoice: Invoice) -> QuerySet[User]:
    """Everybody who may be asked about this invoice, by permission, amount and company."""
    scopes = [Scope.OWN, Scope.DEPARTMENTS, Scope.ALL]
    owner = Q(role__is_account_owner=True)
    granted = Q(authorization__in=scopes) | Q(authorization="", role__authorization__in=scopes)
    people = User.objects.filter(account=invoice.account_id, is_active=True).annotate(
        own_limit=Coalesce("authorization_limit", "role__authorization_limit"),
        limit_currency=Case(
            When(authorization_limit=None, then=F("role__authorization_limit_currency")),
            default=F("authorization_limit_currency"),
        ),
    )
    within = Q(own_limit=None)
    for currency in set(people.exclude(own_limit=None).order_by().values_list("limit_currency", flat=True)):
        with suppress(NoRate):  # then nobody with a limit in this currency may: no silent pass
            total = invoice.total_in(currency or invoice.account.base_currency)
            within |= Q(limit_currency=currency, own_limit__gte=abs(total))
    company = Q(companies=None) | Q(companies=invoice.company_id)
    able = people.filter(owner | (granted & within), company).distinct()
    return able if _allows_own(invoice) else able.exclude(pk__in=authors.author_ids(invoice))


def others_to_ask(invoice: Invoice) -> QuerySet[User]:
    """Those of them who have no part in this round yet: each of its decisions is another person's."""
    return possible_approvers(invoice).exclude(pk__in=authors.in_this_round(invoice))


def able_without_being_asked(invoice: Invoice) -> QuerySet[User]:
    """Who may decide while the invoice waits for nobody by name: within their departments, too."""
    scope = Case(When(authorization="", then=F("role__authorization")), default=F("authorization"))
    own = User.departments.through.objects.filter(user=OuterRef("pk"))
    named = Q(departments=invoice.department_id) | (~Exists(own) & Q(role__departments=invoice.department_id))
    covers = Q(scope=Scope.ALL) | (Q(scope=Scope.DEPARTMENTS) & named) | Q(pk=invoice.created_by_id)
    people = possible_approvers(invoice).annotate(scope=scope)
    return people.filter(Q(role__is_account_owner=True) | covers).distinct()


def _allows_own(invoice: Invoice) -> bool:
    return invoice.approval_rule is not None and invoice.approval_rule.allows_own


@transaction.atomic
def authorize_invoice(invoice: Invoice, *, by: User, version: int | None = None) -> Invoice:
    """Authorise, or hand on to the rule's next approver. The last one authorises and sends `invoice_authorized`.

    `version` is the one that was looked at: nobody authorises what was edited behind their back.
    """
    locked = _locked_for_decision(invoice, by, version)
    _decide(locked, by, Status.AUTHORIZED)
    following = locked.authorizations.filter(status=Status.QUEUED).select_related("approver").first()
    if following is not None:
        return _refresh(invoice, _hand_on(locked, following, by=by))
    locked.approval_status = ApprovalStatus.AUTHORIZED
    locked.authorized_at = timezone.now()
    locked.next_approver = None
    locked.export_state = ExportState.NONE
    locked.save()
    authors.close(locked, at=locked.authorized_at)
    activity.record(locked, by=by, kind="authorized", text="Authorised.")
    invoice_authorized.send(sender=Invoice, invoice=locked, by=by)
    locked.refresh_from_db()
    return _refresh(invoice, locked)


def _hand_on(invoice: Invoice, following: Authorization, *, by: User) -> Invoice:
    following.status = Status.PENDING
    following.save()
    invoice.next_approver = following.approver
    invoice.save()
    activity.record(invoice, by=by, kind="authorized_step", text=f"Authorised. Next is {following.approver}.")
    notifications.ask_approvers(invoice)
    return invoice


def _locked_for_decision(invoice: Invoice, by: User, version: int | None = None) -> Invoice:
    locked = _locked(invoice)
    if locked.approval_status != ApprovalStatus.WAITING:
        raise InvoiceRefused(f"This invoice is not waiting for authorisation; it is {locked.status_label}.")
    _refuse_other_version(locked, version)
    if Invoice.objects.authorizable_by(by).filter(pk=locked.pk).exists():
        return locked
    if (part := authors.part_of(locked, by)) and not _allows_own(locked):
        raise InvoiceRefused(f"You {part}, so somebody else has to decide on it.")
    if not authorization_of(by).is_any:
        raise InvoiceRefused("You may not decide on invoices.")
    if locked.next_approver_id not in (None, by.pk):
        raise InvoiceRefused(f"This invoice waits for {locked.next_approver}.")
    missing = _missing_rate(locked, by)
    why = (
        f" it is not known to be within your limit.{missing}"
        if missing
        else (" it is outside your departments or above your limit.")
    )
    raise InvoiceRefused(f"You may not decide on this invoice:{why}")


def _missing_rate(invoice: Invoice, user: User) -> str:
    """The sentence about the rate without which the user's limit says nothing, after a blank; else nothing."""
    grant = authorization_of(user)
    if grant.limit is None:
        return ""
    try:
        invoice.total_in(grant.limit_currency)
    except NoRate as missing:
        return f" {missing}"
    return ""


def objection_of(user: User, invoice: Invoice) -> str:
    """Why somebody who authorises invoices may not decide on this one that waits, and who may; empty for all others."""
    if not authorization_of(user).is_any or invoice.next_approver_id not in (None, user.pk):
        return ""
    part = "" if _allows_own(invoice) else authors.part_of(invoice, user)
    if part:
        return f"You {part}, so somebody else has to decide on it. {_who_could(invoice)}"
    missing = _missing_rate(invoice, user)
    return (
        f"It is not known whether this invoice is within your limit.{missing} {_who_could(invoice)}" if missing else ""
    )


def _who_could(invoice: Invoice) -> str:
    """Who may decide, or what would let somebody."""
    able = [str(person) for person in able_without_being_asked(invoice).select_related("role")[:NAMED]]
    if able:
        return f"These may: {', '.join(able)}."
    return (
        "At present nobody else may. An Account Owner can give somebody the permission, or allow people to authorise"
        " their own by an approval rule."
    )


def _refuse_other_version(invoice: Invoice, version: int | None) -> None:
    if version is not None and version != invoice.version:
        raise InvoiceChangedMeanwhile("This invoice was edited after you had opened it. Look at it again, then decide.")


def _decide(invoice: Invoice, by: User, status: Authorization.Status, reason: str = "") -> None:
    pending = invoice.authorizations.filter(status=Status.PENDING).first()
    if pending is None:
        last = invoice.authorizations.order_by("-position").values_list("position", flat=True).first() or 0
        pending = Authorization(invoice=invoice, position=last + 1, approver=by)
    pending.status, pending.reason, pending.decided_at = status, reason, timezone.now()
    pending.save()


def _reason(text: str) -> str:
    reason = text.replace("\x00", "").strip()
    if not reason:
        raise InvoiceRefused("Say why, so that it can be corrected.", "reason")
    if len(reason) > 400:
        raise InvoiceRefused("Keep the reason within 400 characters.", "reason")
    return reason


@transaction.atomic
def reject_invoice(invoice: Invoice, *, by: User, reason: str, version: int | None = None) -> Invoice:
    reason = _reason(reason)
    locked = _locked_for_decision(invoice, by, version)
    _decide(locked, by, Status.REJECTED, reason)
    locked.authorizations.filter(status=Status.QUEUED).update(status=Status.DROPPED)
    locked.approval_status = ApprovalStatus.REJECTED
    locked.next_approver = None
    locked.save()
    activity.record(locked, by=by, kind="rejected", text=f"Rejected: {reason}")
    notifications.tell_rejection(locked, by=by, reason=reason)
    return _refresh(invoice, locked)


@transaction.atomic
def send_to_another(invoice: Invoice, *, by: User, approver: User) -> Invoice:
    """Ask `approver` instead. Whoever may decide now may do so, and an account owner, so that nothing waits forever."""
    locked = _locked(invoice)
    if not (by.is_account_owner and Invoice.objects.visible_to(by).waiting().filter(pk=locked.pk).exists()):
        locked = _locked_for_decision(invoice, by)
    if not possible_approvers(locked).filter(pk=approver.pk).exists():
        raise InvoiceRefused(f"{approver} may not authorise this invoice. Choose somebody else.", "approver")
    if locked.next_approver_id == approver.pk:
        raise InvoiceRefused(f"This invoice already waits for {approver}.", "approver")
    if not others_to_ask(locked).filter(pk=approver.pk).exists():
        sentence = f"{approver} authorised it in this round already, or is asked next. Choose somebody else."
        raise InvoiceRefused(sentence, "approver")
    pending = locked.authorizations.filter(status=Status.PENDING).first()
    position = pending.position if pending else locked.authorizations.count() + 1
    if pending:
        pending.status, pending.decided_at = Status.PASSED_ON, timezone.now()
        pending.save()
    Authorization.objects.create(invoice=locked, position=position, approver=approver)
    locked.next_approver = approver
    locked.save()
    activity.record(locked, by=by, kind="sent_to_another", text=f"Sent to {approver} for authorisation.")
    notifications.ask_approvers(locked)
    return _refresh(invoice, locked)
