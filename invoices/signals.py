"""The signals of this app."""

from django.dispatch import Signal

# Sent inside the transaction that authorises. Arguments: sender (Invoice), invoice, by (User).
invoice_authorized = Signal()
# Sent inside the transaction that corrects the book-keeping of an authorised invoice, which stays authorised.
# Arguments: sender (Invoice), invoice, by (User), was_refused (its last export failed for good).
invoice_corrected = Signal()
