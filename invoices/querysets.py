"""Which invoices a user sees, administers or may authorise, and the states that lists are made of."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Self

from django.db.models import Exists, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from ledger.rates import rate_of, rate_of_column
from organization.models import Account, Scope, User
from organization.permissions import Grant, administration_of, authorization_of, visibility_of
from organization.querysets import AccountQuerySet

if TYPE_CHECKING:
    from invoices.models import Invoice


class InvoiceQuerySet(AccountQuerySet):
    def for_user(self, user: User) -> Self:
        """The account's invoices within the user's companies, before any of the three permissions."""
        rows = self.for_account(user.account)
        company_ids = user.limited_company_ids
        return rows if company_ids is None else rows.filter(company__in=company_ids)

    def visible_to(self, user: User) -> Self:
        """What the user may look at. Whoever an invoice waits for may look at it."""
        grant = visibility_of(user)
        rows = self.for_user(user)
        return rows if grant.scope == Scope.ALL else rows.filter(within(grant, user) | Q(next_approver=user))

    def administrable_by(self, user: User) -> Self:
        """What the user may edit and export: always a part of what is visible."""
        return self.visible_to(user).filter(within(administration_of(user), user))

    def authorizable_by(self, user: User) -> Self:
        """Waiting invoices that the user may decide on now: sent to them, or to nobody and within their permission.

        Those that the user is an author of only where the approval rule allows it. A limit judges invoices in other
        currencies by the account's rates; where one is missing, the invoice is not within it.
        """
        grant = authorization_of(user)
        if not grant.is_any:  # taken away since they were asked
            return self.none()
        asked = Q(next_approver=user) | (Q(next_approver=None) & within(grant, user))
        own_allowed = ~_authored_by(user) | Q(approval_rule__allows_own=True)
        rows = self.for_user(user).waiting().filter(asked, own_allowed)
        return rows if grant.limit is None else rows._within_limit(grant, user)

    def within_authorization_of(self, user: User) -> Self:
        """Those of the departments and up to the limit that the user authorises, in whatever state they are."""
        grant = authorization_of(user)
        rows = self.for_user(user).filter(within(grant, user))
        return rows if grant.limit is None else rows._within_limit(grant, user)

    def _within_limit(self, grant: Grant, user: User) -> Self:
        account, limit = user.account, grant.limit
        if account is None or limit is None:
            return self.none()
        on = OuterRef("judged_on")
        rows = self.alias(
            judged_on=Coalesce("invoice_date", timezone.localdate()),
            invoice_rate=rate_of_column(account, "currency__code", on),
            limit_rate=_rate_of_code(account, grant.limit_currency, on),
        )
        in_same = Q(currency__code=grant.limit_currency, total__lte=limit, total__gte=-limit)
        in_base = F("limit_rate") * Value(limit)
        converted = Q(in_base_currency__gte=-in_base, in_base_currency__lte=in_base)
        return rows.alias(in_base_currency=F("total") * F("invoice_rate")).filter(in_same | converted)

    def waiting(self) -> Self:
        return self.filter(approval_status="waiting")

    def not_posted(self) -> Self:
        return self.filter(approval_status="authorized", posting_status="not_posted")

    def awaiting_export(self) -> Self:
        """Credit notes never do: only invoices become bills."""
        return self.not_posted().filter(kind="invoice")

    def with_header(self) -> Self:
        """What a list row or an export mapper reads from the header, in one query."""
        return self.select_related("company", "supplier", "currency", "terms", "department", "created_by")

    def of_kind(self, kind: Invoice.Kind) -> Self:
        return self.filter(kind=kind)


class DiscardedQuerySet(AccountQuerySet):
    company_path = "company"

    def visible_to(self, user: User) -> Self:
        """What the user could look at before it was discarded."""
        return self.for_user(user).filter(within(visibility_of(user), user))


def _authored_by(user: User) -> Q:
    """What the user entered, or had a part in since it was last authorised."""
    from invoices.models import InvoiceAuthor

    open_rows = InvoiceAuthor.objects.filter(invoice=OuterRef("pk"), user=user, authorized_at=None)
    return Q(created_by=user) | Q(Exists(open_rows))


def _rate_of_code(account: Account, code: str, on: OuterRef) -> Value | Subquery:
    return Value(Decimal(1)) if code == account.base_currency else rate_of(account, code, on)


def within(grant: Grant, user: User) -> Q:
    """For invoices and their tallies by state."""
    match grant.scope:
        case Scope.ALL:
            return Q()
        case Scope.DEPARTMENTS:
            return Q(department__in=grant.department_ids) | Q(created_by=user)
        case Scope.OWN:
            return Q(created_by=user)
    return Q(pk__in=[])
