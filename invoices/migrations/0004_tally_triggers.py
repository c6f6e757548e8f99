# ruff: noqa: S608  names of columns only
"""Triggers keep InvoiceTally in step, whatever changes invoices: the ORM one by one or in bulk, or SQL."""

from django.db import migrations

COLUMNS = """account_id, company_id, currency_id, kind, approval_status, posting_status, export_state, department_id,
    created_by_id, supplier_id, has_documents, invoice_date, due_date"""
BUCKET = "CASE WHEN total = 0 THEN 0 ELSE trunc(total, 1 - floor(log(abs(total)))::int) END"

CHANGE = f"""
CREATE FUNCTION invoices_tally_{{operation}}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO invoices_invoicetally (facet, {COLUMNS}, bucket, count, amount, is_folded)
    SELECT CASE WHEN GROUPING(approval_status) = 0 THEN 'state' WHEN GROUPING(invoice_date) = 0 THEN 'date'
                WHEN GROUPING(due_date) = 0 THEN 'due' WHEN GROUPING(supplier_id) = 0 THEN 'supplier' ELSE 'amount' END,
           {COLUMNS}, bucket, sum(sign), sum(sign * total), false
    FROM (SELECT {COLUMNS}, total, {BUCKET} AS bucket, sign FROM ({{rows}}) changed) grouped
    GROUP BY GROUPING SETS (
        (account_id, company_id, currency_id, kind, approval_status, posting_status, export_state, department_id,
         created_by_id, has_documents),
        (account_id, company_id, currency_id, kind, invoice_date),
        (account_id, company_id, currency_id, kind, due_date),
        (account_id, company_id, currency_id, kind, supplier_id),
        (account_id, company_id, currency_id, kind, bucket))
    HAVING sum(sign) <> 0 OR sum(sign * total) <> 0;
    RETURN NULL;
END $$;
CREATE TRIGGER invoices_tally_{{operation}} AFTER {{operation}} ON invoices_invoice {{tables}}
    FOR EACH STATEMENT EXECUTE FUNCTION invoices_tally_{{operation}}();
"""
NEW = f"SELECT {COLUMNS}, total, 1 AS sign FROM new_rows"
OLD = f"SELECT {COLUMNS}, total, -1 AS sign FROM old_rows"
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
INSERT INTO invoices_invoicetally (facet, {COLUMNS}, bucket, count, amount, is_folded)
SELECT CASE WHEN GROUPING(approval_status) = 0 THEN 'state' WHEN GROUPING(invoice_date) = 0 THEN 'date'
            WHEN GROUPING(due_date) = 0 THEN 'due' WHEN GROUPING(supplier_id) = 0 THEN 'supplier' ELSE 'amount' END,
       {COLUMNS}, bucket, count(*), sum(total), true
FROM (SELECT {COLUMNS}, total, {BUCKET} AS bucket FROM invoices_invoice) grouped
GROUP BY GROUPING SETS (
    (account_id, company_id, currency_id, kind, approval_status, posting_status, export_state, department_id,
     created_by_id, has_documents),
    (account_id, company_id, currency_id, kind, invoice_date),
    (account_id, company_id, currency_id, kind, due_date),
    (account_id, company_id, currency_id, kind, supplier_id),
    (account_id, company_id, currency_id, kind, bucket))
HAVING count(*) > 0;
"""
BACKWARDS = "".join(
    f"DROP TRIGGER invoices_tally_{operation} ON invoices_invoice; DROP FUNCTION invoices_tally_{operation}();"
    for operation in OPERATIONS
)


class Migration(migrations.Migration):
    dependencies = [("invoices", "0003_search_and_tallies")]
    operations = [
        migrations.RunSQL(FORWARDS, BACKWARDS),
        migrations.RunSQL(START, migrations.RunSQL.noop),
    ]
