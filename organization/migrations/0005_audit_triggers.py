"""What PostgreSQL itself refuses, and what it says about writers: see organization.audit.sealing and retention."""

from django.db import migrations

REFUSALS = """
CREATE FUNCTION organization_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Rows of % are only ever added: % is refused.', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE FUNCTION organization_audit_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM organization_auditseal
               WHERE kind = 'removed' AND account_number IS NOT DISTINCT FROM OLD.account_id
                 AND through_id >= OLD.id) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'Audit entry % may not be deleted: no sealed checkpoint says that it was removed.', OLD.id
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER audit_entry_update BEFORE UPDATE ON organization_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION organization_refuse_change();
CREATE TRIGGER audit_entry_delete BEFORE DELETE ON organization_auditentry
    FOR EACH ROW EXECUTE FUNCTION organization_audit_delete();
CREATE TRIGGER audit_entry_truncate BEFORE TRUNCATE ON organization_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION organization_refuse_change();
CREATE TRIGGER audit_seal_change BEFORE UPDATE OR DELETE ON organization_auditseal
    FOR EACH STATEMENT EXECUTE FUNCTION organization_refuse_change();
CREATE TRIGGER audit_seal_truncate BEFORE TRUNCATE ON organization_auditseal
    FOR EACH STATEMENT EXECUTE FUNCTION organization_refuse_change();
"""

# An advisory lock's key is a number of 64 bits: 16 that say what it is, and 48 for the id.
ANNOUNCING = """
CREATE FUNCTION organization_audit_last_id() RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM organization_auditentry_id_seq;
$$;

CREATE FUNCTION organization_audit_lowest_announced() RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT min((classid::bigint & 65535) << 32 | objid::bigint) FROM pg_locks
    WHERE locktype = 'advisory' AND objsubid = 1 AND mode = 'ShareLock' AND classid::bigint >> 16 = 16725
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND pid IS DISTINCT FROM pg_backend_pid();
$$;

CREATE FUNCTION organization_audit_announce() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('planergy.audit_announced', true), '') = '' THEN
        PERFORM pg_advisory_xact_lock_shared(16725::bigint << 48 | organization_audit_last_id());
        PERFORM set_config('planergy.audit_announced', 'yes', true);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER audit_entry_announce BEFORE INSERT ON organization_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION organization_audit_announce();
"""
BACKWARDS = """
DROP TRIGGER audit_entry_announce ON organization_auditentry;
DROP TRIGGER audit_entry_update ON organization_auditentry;
DROP TRIGGER audit_entry_delete ON organization_auditentry;
DROP TRIGGER audit_entry_truncate ON organization_auditentry;
DROP TRIGGER audit_seal_change ON organization_auditseal;
DROP TRIGGER audit_seal_truncate ON organization_auditseal;
DROP FUNCTION organization_audit_announce, organization_audit_lowest_announced, organization_audit_last_id,
    organization_audit_delete, organization_refuse_change;
"""


class Migration(migrations.Migration):
    dependencies = [("organization", "0004_audit_seal")]

    operations = [migrations.RunSQL(REFUSALS + ANNOUNCING, BACKWARDS)]
