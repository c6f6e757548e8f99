"""The least that anybody could do with the same pages and columns: parse with lxml, COPY into a staging table, one
INSERT … ON CONFLICT … WHERE distinct per page. No outcomes, progress, links to records or checks, and no network.
"""

from __future__ import annotations

import io
import time
from pathlib import Path

from django.db import connection, transaction
from lxml import etree

from integrations.sage_intacct.client import Client, ClientConfig, Credentials, Query
from integrations.sage_intacct.mappers.suppliers import VENDOR_FIELDS
from organization.models import Company

COLUMNS = (
    "code",
    "name",
    "is_active",
    "is_on_hold",
    "currency",
    "terms",
    "tax_id",
    "account",
    "first_name",
    "last_name",
    "print_as",
    "email",
    "phone",
    "address1",
    "address2",
    "city",
    "state",
    "zip",
    "country",
)
FIELDS = tuple(field for field in VENDOR_FIELDS if field != "RECORDNO")
_WRITTEN = (
    "name",
    "is_active",
    "is_on_hold",
    "currency_id",
    "terms_id",
    "default_gl_code_id",
    "tax_id",
    "contact_name",
    "email",
    "phone",
    "address",
)
_STAGE = f"CREATE TEMP TABLE IF NOT EXISTS staging ({', '.join(f'{name} text' for name in COLUMNS)})"
_MERGE = f"""
INSERT INTO suppliers_supplier AS t
  (company_id, code, {", ".join(_WRITTEN)}, is_imported, code_folded, name_folded, tax_id_bare)
SELECT %(company)s, s.code, s.name, s.is_active = 'active', s.is_on_hold = 'true', c.id, n.id, g.id, s.tax_id,
  concat_ws(' ', s.first_name, s.last_name), s.email, s.phone,
  concat_ws(E'\\n', s.address1, s.address2, concat_ws(' ', s.city, s.state, s.zip), s.country), true,
  lower(s.code), lower(s.name), lower(s.tax_id)
FROM staging s
LEFT JOIN ledger_currency c ON c.account_id = %(account)s AND c.code = s.currency
LEFT JOIN ledger_terms n ON n.account_id = %(account)s AND n.name = s.terms
LEFT JOIN ledger_glcode g ON g.company_id = %(company)s AND g.code = s.account
ON CONFLICT (company_id, code) DO UPDATE SET {", ".join(f"{name} = EXCLUDED.{name}" for name in _WRITTEN)}
WHERE ({", ".join(f"t.{name}" for name in _WRITTEN)})
  IS DISTINCT FROM ({", ".join(f"EXCLUDED.{name}" for name in _WRITTEN)})
"""  # noqa: S608 (our own columns)


def save_pages(url: str, folder: Path, page_size: int) -> list[Path]:
    """The answers as the gateway sent them."""
    bodies: list[bytes] = []
    client = Client(
        Credentials("demo", "xml_user", "xml_password", "demo_sender", "sender_password"),
        entity_id="100",
        config=ClientConfig(endpoint=url, exchange_limit=100_000_000),
        on_exchange=lambda record: bodies.append(record.response_xml.encode()),
    )
    paths = []
    client.open_session()
    bodies.clear()
    for number, _ in enumerate(client.query_pages(Query("VENDOR", VENDOR_FIELDS, page_size=page_size))):
        path = folder / f"{number:06}.xml"
        path.write_bytes(bodies.pop())
        paths.append(path)
    return paths


def load(pages: list[Path], company: Company) -> float:
    """Seconds for all pages. Reading the files is not counted, as nothing of the network is."""
    seconds = 0.0
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        for path in pages:
            body = path.read_bytes()
            start = time.perf_counter()
            _load_page(cursor, body, company)
            seconds += time.perf_counter() - start
    return seconds


def _load_page(cursor: object, body: bytes, company: Company) -> None:
    root = etree.fromstring(body)
    lines = io.StringIO()
    for vendor in root.iter("VENDOR"):
        texts = {field.tag: field.text for field in vendor}
        lines.write("\t".join([_escaped(texts.get(name) or "") for name in FIELDS]) + "\n")
    lines.seek(0)
    with transaction.atomic():
        cursor.execute("TRUNCATE staging")  # type: ignore[attr-defined]
        cursor.copy_from(lines, "staging", columns=COLUMNS)  # type: ignore[attr-defined]
        cursor.execute(_MERGE, {"company": company.pk, "account": company.account_id})  # type: ignore[attr-defined]


def _escaped(text: str) -> str:
    return (
        text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n") if "\\" in text or "\t" in text else text
    )
