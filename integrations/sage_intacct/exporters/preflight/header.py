"""What Sage Intacct would refuse in the header of a bill, beside what every invoice must have."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from integrations.sage_intacct.classification.bills import (
    CURRENCY_NOT_ENABLED,
    ENABLE_CURRENCY,
    IMPORT_TERMS,
    INVOICE_DATE_CLOSED,
    OPEN_PERIOD,
    PERIOD_CLOSED,
    REFUSED_IN_NUMBER,
    TERMS_UNKNOWN,
)
from integrations.sage_intacct.classification.entry import render
from integrations.sage_intacct.classification.master_data import TAKE_OFF_HOLD, VENDOR_ON_HOLD
from integrations.sage_intacct.exporters.context import CONNECT_ADVICE, not_connected
from integrations.sage_intacct.exporters.preflight.facts import IMPORT_AGAIN, Facts, is_fresh, lines_of
from integrations.services.preflight import Problem, Severity
from invoices.models import Invoice
from organization.spelling import day_in_words

NUMBER_LENGTH = 30
PO_NUMBER_LENGTH = 30


def company_is_linked(invoice: Invoice, facts: Facts) -> Iterator[Problem]:
    if invoice.company_id not in facts.links:
        yield Problem(
            "company_not_linked",
            not_connected(invoice.company),
            CONNECT_ADVICE,
            "company",
            subject=str(invoice.company),
        )


def supplier_is_usable(invoice: Invoice, facts: Facts) -> Iterator[Problem]:
    supplier = invoice.supplier
    if supplier is None:
        return
    if supplier.company_id != invoice.company_id:
        yield Problem(
            "supplier_foreign",
            f"The supplier {supplier} belongs to another company.",
            f"Choose a supplier of {invoice.company}.",
            "supplier",
            subject=supplier.code,
        )
    if facts.is_missing_there("VENDOR", supplier.pk):
        yield Problem(
            "supplier_unknown",
            f"The supplier {supplier} is not known to Sage Intacct.",
            IMPORT_AGAIN.format("suppliers"),
            "supplier",
            subject=supplier.code,
        )
    if supplier.is_on_hold:
        yield Problem(
            "supplier_on_hold",
            render(VENDOR_ON_HOLD, {"value": str(supplier)}),
            render(TAKE_OFF_HOLD, {"value": supplier.code}),
            "supplier",
            subject=supplier.code,
        )


def number_is_acceptable(invoice: Invoice, facts: Facts) -> Iterator[Problem]:
    if len(invoice.number) > NUMBER_LENGTH:
        yield Problem(
            "number_too_long",
            f"The number has {len(invoice.number)} characters; Sage Intacct takes {NUMBER_LENGTH}.",
            "Shorten the number.",
            "number",
        )
    refused = sorted({one for one in invoice.number if one in REFUSED_IN_NUMBER or not one.isprintable()})
    if refused:
        shown = " ".join(one if one.isprintable() else f"U+{ord(one):04X}" for one in refused)
        yield Problem(
            "number_characters",
            f"Sage Intacct refuses these characters in a bill number: {shown}",
            "Take them out of the number.",
            "number",
        )
    if len(invoice.po_number) > PO_NUMBER_LENGTH:
        yield Problem(
            "po_number_too_long",
            f"The PO number has {len(invoice.po_number)} characters; Sage Intacct takes {PO_NUMBER_LENGTH}.",
            "Shorten the PO number.",
            "po_number",
        )


def texts_can_be_sent(invoice: Invoice, facts: Facts) -> Iterator[Problem]:
    texts = [("description", invoice.description), ("po_number", invoice.po_number)]
    texts += [(f"line-{line.position}-description", line.description) for line in lines_of(invoice)]
    for anchor, text in texts:
        bad = next((one for one in text if (ord(one) < 32 and one not in "\t\r\n") or ord(one) in (0xFFFE, 0xFFFF)), "")
        if bad:
            yield Problem(
                "bad_character",
                f"A text holds a character that cannot be sent (U+{ord(bad):04X}).",
                "Type the text anew, without pasting.",
                anchor,
            )


def period_is_open(invoice: Invoice, facts: Facts) -> Iterator[Problem]:
    if invoice.invoice_date is None:
        return
    closed = facts.closed.get(invoice.company_id)
    posting_date = invoice.posting_date or invoice.invoice_date
    if closed is not None and posting_date <= closed.closed_to:
        known = {"open_words": day_in_words(closed.closed_to + dt.timedelta(days=1))}
        yield Problem(
            "period_closed",
            render(PERIOD_CLOSED if invoice.posting_date else INVOICE_DATE_CLOSED, known),
            render(OPEN_PERIOD, known),
            "posting_date",
            Severity.ERROR if is_fresh(closed.learnt_at) else Severity.WARNING,
            subject=str(invoice.company),
        )


def currency_is_enabled(invoice: Invoice, facts: Facts) -> Iterator[Problem]:
    currency, link = invoice.currency, facts.links.get(invoice.company_id)
    if currency is None:
        return
    base = link.base_currency if link else ""
    if not facts.is_multi_currency and base and currency.code != base:
        yield Problem(
            "currency_not_enabled",
            f"This Sage Intacct company keeps its books in {base} only; the invoice is in {currency}.",
            "Switch multi-currency on in Sage Intacct, then synchronize; or enter the invoice in the base currency.",
            "currency",
            subject=currency.code,
        )
    elif currency.code != base and (not currency.is_active or facts.is_missing_there("TRXCURRENCIES", currency.pk)):
        yield Problem(
            "currency_not_enabled",
            render(CURRENCY_NOT_ENABLED, {"currency": currency.code}),
            render(ENABLE_CURRENCY, {"currency": currency.code}),
            "currency",
            subject=currency.code,
        )


def terms_are_known(invoice: Invoice, facts: Facts) -> Iterator[Problem]:
    terms = invoice.terms
    if terms is not None and (not terms.is_active or facts.is_missing_there("APTERM", terms.pk)):
        yield Problem(
            "terms_unknown",
            render(TERMS_UNKNOWN, {"terms": str(terms)}),
            IMPORT_TERMS,
            "terms",
            subject=terms.name,
        )
