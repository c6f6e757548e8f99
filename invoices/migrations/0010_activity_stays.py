"""An invoice's activity is only added to: it goes with a discarded invoice, of which a trace is kept, and never else."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION invoices_activity_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM invoices_discardedinvoice WHERE invoice_id = OLD.invoice_id) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'Activity % of invoice % may not be deleted.', OLD.id, OLD.invoice_id
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE FUNCTION invoices_activity_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Whoever did it may be erased; what was done stays.
    IF NEW.user_id IS NULL AND to_jsonb(NEW) - 'user_id' = to_jsonb(OLD) - 'user_id' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'Activity % of invoice % may not be changed.', OLD.id, OLD.invoice_id
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER activity_delete BEFORE DELETE ON invoices_activity
    FOR EACH ROW EXECUTE FUNCTION invoices_activity_delete();
CREATE TRIGGER activity_update BEFORE UPDATE ON invoices_activity
    FOR EACH ROW EXECUTE FUNCTION invoices_activity_update();
CREATE TRIGGER activity_truncate BEFORE TRUNCATE ON invoices_activity
    FOR EACH STATEMENT EXECUTE FUNCTION organization_refuse_change();
"""
# Of what is not posted, whoever submitted or edited it since it was last authorised is an author already. What an old
# edit changed is not known, so that it counts.
AUTHORS = """
INSERT INTO invoices_invoiceauthor (invoice_id, user_id, deed, at)
SELECT activity.invoice_id, activity.user_id, CASE activity.kind WHEN 'submitted' THEN 'submitted' ELSE 'money' END,
       activity.at
FROM invoices_activity activity JOIN invoices_invoice invoice ON invoice.id = activity.invoice_id
WHERE invoice.posting_status = 'not_posted' AND activity.kind IN ('submitted', 'edited')
  AND activity.user_id IS NOT NULL
  AND activity.id > coalesce((SELECT max(id) FROM invoices_activity last
                              WHERE last.invoice_id = activity.invoice_id AND last.kind = 'authorized'), 0);
"""
BACKWARDS = """
DROP TRIGGER activity_truncate ON invoices_activity;
DROP TRIGGER activity_update ON invoices_activity;
DROP TRIGGER activity_delete ON invoices_activity;
DROP FUNCTION invoices_activity_update, invoices_activity_delete;
"""


class Migration(migrations.Migration):
    dependencies = [("invoices", "0009_invoice_author"), ("organization", "0005_audit_triggers")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS), migrations.RunSQL(AUTHORS, migrations.RunSQL.noop)]
