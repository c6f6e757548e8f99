"""The one signal of this app."""

from django.dispatch import Signal

# Sent inside the transaction that authorises. Arguments: sender (Invoice), invoice, by (User).
invoice_authorized = Signal()
