"""Supplier invoices: entry, authorisation, search. Knows no accounting system; sends `invoice_authorized`."""

from django.apps import AppConfig


class InvoicesConfig(AppConfig):
    name = "invoices"
