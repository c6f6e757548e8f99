"""What refusals teach about closed periods, so that the next invoice is stopped before it is sent."""

from __future__ import annotations

import datetime as dt

from integrations.sage_intacct.classification import classify
from integrations.sage_intacct.client import ResultError
from ledger.models import ClosedPeriod
from organization.models import Company


def learn_closed_period(company: Company, error: ResultError) -> None:
    open_from = getattr(classify(error), "open_from", None)
    if open_from is not None:
        ClosedPeriod.objects.update_or_create(company=company, defaults={"closed_to": open_from - dt.timedelta(days=1)})
