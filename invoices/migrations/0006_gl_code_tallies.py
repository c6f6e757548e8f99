# ruff: noqa: S608  names of columns only
"""Tallies by the GL codes of an invoice's lines: an invoice counts once at each, however many lines have it."""

import django.db.models.deletion
from django.db import migrations, models

CELL = "account_id, company_id, currency_id, kind, gl_code_id"
SOURCE = "id, account_id, company_id, currency_id, kind, total"
# `{pairs}` are (invoice_id, gl_code_id, sign).
WRITE = f"""
    INSERT INTO invoices_invoicetally (facet, {CELL}, count, amount, is_folded)
    SELECT 'gl_code', {CELL}, sum(sign), sum(sign * total), false
    FROM ({{pairs}}) changed JOIN {{invoices}} ON id = invoice_id
    WHERE gl_code_id IS NOT NULL
    GROUP BY {CELL} HAVING sum(sign) <> 0 OR sum(sign * total) <> 0;
"""
TRIGGER = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN{body}
    RETURN NULL;
END $$;
CREATE TRIGGER {name} AFTER {operation} ON {table} {tables} FOR EACH STATEMENT EXECUTE FUNCTION {name}();
"""
NEW, OLD = "REFERENCING NEW TABLE AS new_rows", "REFERENCING OLD TABLE AS old_rows"
BOTH = f"{OLD} NEW TABLE AS new_rows"

# Whoever changes lines takes the invoice first: two at once would both see a code for the first, or the last, time.
LOCK = """
    PERFORM 1 FROM invoices_invoice WHERE id IN (SELECT invoice_id FROM {rows}) ORDER BY id FOR NO KEY UPDATE;"""
GAINED = """
        SELECT DISTINCT invoice_id, gl_code_id, 1 AS sign FROM new_rows WHERE NOT EXISTS (
            SELECT 1 FROM invoices_invoiceline other
            WHERE other.invoice_id = new_rows.invoice_id AND other.gl_code_id = new_rows.gl_code_id
              AND other.id NOT IN (SELECT id FROM new_rows WHERE invoice_id = other.invoice_id))"""
LOST = """
        SELECT DISTINCT invoice_id, gl_code_id, -1 AS sign FROM old_rows WHERE NOT EXISTS (
            SELECT 1 FROM invoices_invoiceline other
            WHERE other.invoice_id = old_rows.invoice_id AND other.gl_code_id = old_rows.gl_code_id)"""
NOT_BEFORE = """
        AND NOT EXISTS (SELECT 1 FROM old_rows
            WHERE old_rows.invoice_id = new_rows.invoice_id AND old_rows.gl_code_id = new_rows.gl_code_id)"""
LINES = {
    "insert": (LOCK.format(rows="new_rows"), GAINED, NEW),
    "delete": (LOCK.format(rows="old_rows"), LOST, OLD),
    "update": (
        LOCK.format(rows="(SELECT invoice_id FROM old_rows UNION SELECT invoice_id FROM new_rows) touched"),
        f"{GAINED}{NOT_BEFORE} UNION ALL {LOST}",
        BOTH,
    ),
}
DIFFERENT = (
    f"SELECT {SOURCE}, {{sign}} AS sign FROM (SELECT {SOURCE} FROM {{of}} EXCEPT SELECT {SOURCE} FROM {{other}}) d"
)
CHANGED = (
    f"({DIFFERENT.format(sign=1, of='new_rows', other='old_rows')}"
    f" UNION ALL {DIFFERENT.format(sign=-1, of='old_rows', other='new_rows')})"
)
PAIRS = """
        SELECT DISTINCT invoice_id, gl_code_id FROM invoices_invoiceline WHERE invoice_id IN (SELECT id FROM {rows})"""
INVOICES = {
    "update": (WRITE.format(pairs=PAIRS.format(rows=f"{CHANGED} ids"), invoices=f"{CHANGED} invoices"), BOTH),
    "delete": (
        WRITE.format(
            pairs=PAIRS.format(rows="old_rows"), invoices=f"(SELECT {SOURCE}, -1 AS sign FROM old_rows) invoices"
        ),
        OLD,
    ),
}
FORWARDS = "".join(
    TRIGGER.format(
        name=f"invoices_tally_lines_{operation}",
        body=lock + WRITE.format(pairs=pairs, invoices="invoices_invoice"),
        operation=operation,
        table="invoices_invoiceline",
        tables=tables,
    )
    for operation, (lock, pairs, tables) in LINES.items()
) + "".join(
    TRIGGER.format(
        name=f"invoices_tally_gl_codes_{operation}",
        body=body,
        operation=operation,
        table="invoices_invoice",
        tables=tables,
    )
    for operation, (body, tables) in INVOICES.items()
)
# Lines that were there before the triggers.
START = f"""
INSERT INTO invoices_invoicetally (facet, {CELL}, count, amount, is_folded)
SELECT 'gl_code', {CELL}, count(*), sum(total), true
FROM (SELECT DISTINCT invoice_id, gl_code_id FROM invoices_invoiceline WHERE gl_code_id IS NOT NULL) pairs
JOIN invoices_invoice ON invoices_invoice.id = invoice_id GROUP BY {CELL};
"""
BACKWARDS = "".join(
    f"DROP TRIGGER invoices_tally_{name} ON invoices_{table}; DROP FUNCTION invoices_tally_{name}();"
    for name, table in [
        *((f"lines_{operation}", "invoiceline") for operation in LINES),
        *((f"gl_codes_{operation}", "invoice") for operation in INVOICES),
    ]
)


class Migration(migrations.Migration):
    dependencies = [("invoices", "0005_word_tallies"), ("ledger", "0003_constraint_messages")]
    operations = [
        migrations.AddField(
            "invoicetally",
            "gl_code",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="ledger.glcode",
            ),
        ),
        migrations.AlterField(
            "invoicetally",
            "facet",
            models.CharField(
                choices=[
                    ("state", "State"),
                    ("date", "Date"),
                    ("due", "Due"),
                    ("amount", "Amount"),
                    ("supplier", "Supplier"),
                    ("gl_code", "Gl Code"),
                    ("word", "Word"),
                ],
                max_length=8,
            ),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
        migrations.RunSQL(START, "DELETE FROM invoices_invoicetally WHERE facet = 'gl_code'"),
    ]
