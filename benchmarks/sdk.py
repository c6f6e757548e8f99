"""Reading vendors with sageintacctsdk and saving them with the ORM, row by row, as its users do."""

from __future__ import annotations

import time
from unittest.mock import patch

from organization.models import Company
from suppliers.models import Supplier


def read_and_save(url: str, company: Company, credentials: dict[str, str]) -> float:
    """Seconds from the sign-in to the last row."""
    from sageintacctsdk import SageIntacctSDK
    from sageintacctsdk.apis.api_base import ApiBase

    plain = ApiBase.__init__

    def pointed_at_the_sandbox(self: ApiBase, *args: object, **options: object) -> None:
        plain(self, *args, **options)
        self._ApiBase__api_url = url

    start = time.perf_counter()
    with patch.object(ApiBase, "__init__", pointed_at_the_sandbox):
        sdk = SageIntacctSDK(entity_id="100", **credentials)
    for vendors in sdk.vendors.get_all_generator(order_by_field="RECORDNO", order="ascending"):
        for vendor in vendors:
            _save(company, vendor)
    return time.perf_counter() - start


def _save(company: Company, vendor: dict[str, str | None]) -> None:
    Supplier.objects.update_or_create(
        company=company,
        code=vendor["VENDORID"],
        defaults={
            "name": vendor["NAME"],
            "is_active": vendor.get("STATUS") == "active",
            "contact_name": vendor.get("DISPLAYCONTACT.PRINTAS") or "",
            "email": vendor.get("DISPLAYCONTACT.EMAIL1") or "",
            "phone": vendor.get("DISPLAYCONTACT.PHONE1") or "",
        },
    )
