"""Invoices out as bills: what is unknown is looked up first, then what is due is sent, until nothing is."""

from integrations.sage_intacct.exporters.delivery import deliver
from integrations.sage_intacct.exporters.linking import standing_bill

__all__ = ["deliver", "standing_bill"]
