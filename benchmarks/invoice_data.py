"""A million invoices of three million lines in one account, written as fast as PostgreSQL takes them.

Without indexes and triggers, which are put back at the end: the tallies are then counted once for all.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from django.db import connection

from ledger.models import Currency, GLCode
from organization.models import Account, Company, Department, Role, Scope, User
from suppliers.models import Supplier

SUPPLIERS, GL_CODES, DEPARTMENTS = 2_000, 400, 10
TABLES = ("invoices_invoice", "invoices_invoiceline")
TALLIES = ("0004_tally_triggers", "0005_word_tallies", "0006_gl_code_tallies", "0007_posting_tallies")

# Every fifth invoice says "toner", all say "inv" and "batch"; dates over the last three years; 85 % are posted.
_INVOICES = """
INSERT INTO invoices_invoice (account_id, company_id, supplier_id, kind, number, number_folded,
    number_without_zeros, number_without_punctuation, invoice_date, due_date, currency_id,
    department_id, po_number, description, net, tax, total, approval_status, posting_status, export_state,
    posted_reference, posted_url, posted_at, has_documents, created_by_id, created_at, updated_at, version)
SELECT %(account)s, s.company_id, s.id, CASE WHEN n %% 25 = 0 THEN 'credit_note' ELSE 'invoice' END, 'INV-' || n,
    'inv-' || n, n::text, n::text,
    day, day + 30, (%(currencies)s::bigint[])[1 + (n %% 10) / 7 + (n %% 10) / 9],
    (%(departments)s::bigint[])[1 + n %% 10], 'PO-' || n %% 50000,
    (ARRAY['Office paper', 'Toner cartridges', 'Consulting hours', 'Freight and customs', 'Cleaning'])[1 + n %% 5]
        || ' batch ' || n / 100, amount, 0, amount,
    (ARRAY['draft', 'waiting', 'rejected', 'authorized', 'authorized'])[LEAST(1 + n %% 100 / 3, 5)],
    CASE WHEN n %% 100 >= 15 THEN 'posted' ELSE 'not_posted' END,
    CASE WHEN n %% 100 >= 15 THEN 'exported' WHEN n %% 100 = 14 THEN 'failed' ELSE 'none' END,
    '', '', CASE WHEN n %% 100 >= 15 THEN day + interval '3 days' END, n %% 3 > 0,
    (%(users)s::bigint[])[1 + n %% 5], day, day, 1
FROM (SELECT n, CURRENT_DATE - (n::bigint * 7919 %% 1095)::int AS day,
        (n::bigint * 31 %% 1000000)::numeric / 100 + 1 AS amount
      FROM generate_series(1, %(count)s) n) numbered
JOIN (SELECT id, company_id, row_number() OVER (ORDER BY id) - 1 AS place FROM suppliers_supplier
      WHERE company_id = ANY(%(companies)s)) s ON s.place = (n * 13 %% %(suppliers)s);
"""
# The first line of half of all invoices goes to one GL code, as in real books; the others are spread.
_LINES = """
INSERT INTO invoices_invoiceline (invoice_id, position, gl_code_id, description, quantity, unit_price, net, tax)
SELECT i.id, p,
    (%(gl_codes)s::bigint[])[CASE WHEN p = 1 AND i.id %% 2 = 0 THEN 1 ELSE 1 + (i.id * 3 + p) %% %(size)s END],
    'Line ' || p, 1, i.net / 3, i.net / 3, 0
FROM invoices_invoice i CROSS JOIN generate_series(1, 3) p WHERE i.account_id = %(account)s;
"""


def seed(count: int) -> tuple[User, User]:
    """Returns an account owner, who sees everything, and an approver of two departments, who sees a fifth."""
    account = Account.objects.create(name="Benchmark")
    companies = [Company.objects.create(account=account, name=f"Company {number}") for number in (1, 2)]
    everything = dict.fromkeys(("visibility", "administration", "authorization"), Scope.ALL)
    role = Role.objects.create(account=account, name="Owner", is_account_owner=True, **everything)
    users = [User.objects.create_user(f"u{number}@bench.example", account=account, role=role) for number in range(5)]
    currencies = [Currency.objects.create(account=account, code=code) for code in ("GBP", "EUR", "USD")]
    departments = Department.objects.bulk_create(
        Department(account=account, code=f"D{number}", name=f"Department {number}") for number in range(DEPARTMENTS)
    )
    Supplier.objects.bulk_create(
        Supplier(company=companies[number % 2], code=f"S{number:05}", name=f"Supplier {number}")
        for number in range(SUPPLIERS)
    )
    gl_codes = GLCode.objects.bulk_create(
        GLCode(company=companies[number % 2], code=str(6000 + number), name=f"Costs {number}")
        for number in range(GL_CODES)
    )
    shared = {"account": account.pk, "count": count, "suppliers": SUPPLIERS, "companies": _keys(companies)}
    lists = {"currencies": _keys(currencies), "departments": _keys(departments), "users": _keys(users)}
    with connection.cursor() as cursor, _bare_tables(cursor):
        cursor.execute(_INVOICES, shared | lists)
        cursor.execute(_LINES, {"account": account.pk, "gl_codes": _keys(gl_codes), "size": GL_CODES})
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return users[0], _approver(account, departments[:2])


def _approver(account: Account, departments: list[Department]) -> User:
    some = dict.fromkeys(("visibility", "administration", "authorization"), Scope.DEPARTMENTS)
    role = Role.objects.create(account=account, name="Approver", **some)
    role.departments.set(departments)
    return User.objects.create_user("approver@bench.example", account=account, role=role)


def _keys(rows: Any) -> list[int]:
    return [row.pk for row in rows]


@contextmanager
def _bare_tables(cursor: Any) -> Iterator[None]:
    """Takes away what slows writing down, puts it back, and counts the tallies."""
    cursor.execute("SET maintenance_work_mem = '512MB'; SET work_mem = '256MB'")
    cursor.execute(
        """SELECT indexname, indexdef FROM pg_indexes
        WHERE tablename = ANY(%s) AND indexname NOT IN (SELECT conname FROM pg_constraint)""",
        [[*TABLES, "invoices_invoicetally"]],
    )
    indexes = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f'DROP INDEX "{name}"')
    for table in TABLES:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
    yield
    for table in TABLES:
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")
    for name in TALLIES:
        cursor.execute(import_module(f"invoices.migrations.{name}").START)
    for _, definition in indexes:
        cursor.execute(definition)
    cursor.execute("RESET maintenance_work_mem; RESET work_mem")
