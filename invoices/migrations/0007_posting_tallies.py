# ruff: noqa: S608  names of columns only
"""Tallies by the day on which an invoice was posted, in UTC: readers' days begin at other hours (see tallies)."""

from django.db import migrations, models

CELL = "account_id, company_id, currency_id, kind, posted_on"
SOURCE = "account_id, company_id, currency_id, kind, total, (posted_at AT TIME ZONE 'UTC')::date AS posted_on"
CHANGE = f"""
CREATE FUNCTION invoices_tally_posted_{{operation}}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO invoices_invoicetally (facet, {CELL}, count, amount, is_folded)
    SELECT 'posted', {CELL}, sum(sign), sum(sign * total), false
    FROM ({{rows}}) changed WHERE posted_on IS NOT NULL
    GROUP BY {CELL} HAVING sum(sign) <> 0 OR sum(sign * total) <> 0;
    RETURN NULL;
END $$;
CREATE TRIGGER invoices_tally_posted_{{operation}} AFTER {{operation}} ON invoices_invoice {{tables}}
    FOR EACH STATEMENT EXECUTE FUNCTION invoices_tally_posted_{{operation}}();
"""
NEW, OLD = f"SELECT {SOURCE}, 1 AS sign FROM new_rows", f"SELECT {SOURCE}, -1 AS sign FROM old_rows"
OPERATIONS = {
    "insert": (NEW, "REFERENCING NEW TABLE AS new_rows"),
    "delete": (OLD, "REFERENCING OLD TABLE AS old_rows"),
    "update": (f"{NEW} UNION ALL {OLD}", "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows"),
}
FORWARDS = "".join(
    CHANGE.format(operation=operation, rows=rows, tables=tables) for operation, (rows, tables) in OPERATIONS.items()
)
# Invoices that were there before the triggers.
START = f"""
INSERT INTO invoices_invoicetally (facet, {CELL}, count, amount, is_folded)
SELECT 'posted', {CELL}, count(*), sum(total), true
FROM (SELECT {SOURCE} FROM invoices_invoice WHERE posted_at IS NOT NULL) posted GROUP BY {CELL};
"""
BACKWARDS = "".join(
    f"DROP TRIGGER invoices_tally_posted_{operation} ON invoices_invoice; "
    f"DROP FUNCTION invoices_tally_posted_{operation}();"
    for operation in OPERATIONS
)


class Migration(migrations.Migration):
    dependencies = [("invoices", "0006_gl_code_tallies")]
    operations = [
        migrations.AddField("invoicetally", "posted_on", models.DateField(null=True, help_text="In UTC.")),
        migrations.AlterField(
            "invoicetally",
            "facet",
            models.CharField(
                choices=[
                    ("state", "State"),
                    ("date", "Date"),
                    ("due", "Due"),
                    ("posted", "Posted"),
                    ("amount", "Amount"),
                    ("supplier", "Supplier"),
                    ("gl_code", "Gl Code"),
                    ("word", "Word"),
                ],
                max_length=8,
            ),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
        migrations.RunSQL(START, "DELETE FROM invoices_invoicetally WHERE facet = 'posted'"),
        # With what totals add up: dates are what other filters are joined with most.
        migrations.RemoveIndex("invoice", "invoice_by_date"),
        migrations.AddIndex(
            "invoice",
            models.Index(
                fields=["account", "invoice_date", "id"],
                include=(
                    "due_date",
                    "posted_at",
                    "approval_status",
                    "posting_status",
                    "export_state",
                    "currency",
                    "kind",
                    "total",
                ),
                name="invoice_by_date",
            ),
        ),
    ]
