# ruff: noqa: S608  names of columns only
"""Tallies by word, so that free text which finds hundreds of thousands of invoices is counted at once."""

import django.contrib.postgres.indexes
from django.db import migrations, models

SHARED = "How many first letters of the word the one before it has too, among an invoice's in order."

# The same words as invoices.words.WORDS. In order of their bytes, all words with one beginning stand together.
WORDS = """
CREATE FUNCTION invoices_words(VARIADIC texts text[]) RETURNS TABLE (word text, shared smallint)
LANGUAGE sql IMMUTABLE AS $$
    SELECT word, CASE WHEN left(word, 1) = left(previous, 1) THEN (
        SELECT max(n) FROM generate_series(1, least(length(word), length(previous))) n
        WHERE left(word, n) = left(previous, n)) ELSE 0 END::smallint
    FROM (SELECT word, lag(word) OVER (ORDER BY word COLLATE "C") AS previous
          FROM unnest(tsvector_to_array(to_tsvector('simple', regexp_replace(
              array_to_string(texts, ' '), '[^[:alnum:]]+', ' ', 'g')))) word) ordered
$$;
"""
# What a word's cells depend on. A change of anything else, such as a status, leaves them alone.
SOURCE = "id, account_id, company_id, currency_id, kind, number, po_number, description, total"
CELL = "account_id, company_id, currency_id, kind, word, shared"
CHANGE = f"""
CREATE FUNCTION invoices_tally_words_{{operation}}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO invoices_invoicetally (facet, {CELL}, count, amount, is_folded)
    SELECT 'word', {CELL}, sum(sign), sum(sign * total), false
    FROM ({{rows}}) changed CROSS JOIN LATERAL invoices_words(number, po_number, description)
    GROUP BY {CELL} HAVING sum(sign) <> 0 OR sum(sign * total) <> 0;
    RETURN NULL;
END $$;
CREATE TRIGGER invoices_tally_words_{{operation}} AFTER {{operation}} ON invoices_invoice {{tables}}
    FOR EACH STATEMENT EXECUTE FUNCTION invoices_tally_words_{{operation}}();
"""
NEW, OLD = "REFERENCING NEW TABLE AS new_rows", "REFERENCING OLD TABLE AS old_rows"
DIFFERENT = (
    f"SELECT {SOURCE}, {{sign}} AS sign FROM (SELECT {SOURCE} FROM {{of}} EXCEPT SELECT {SOURCE} FROM {{other}}) d"
)
OPERATIONS = {
    "insert": (f"SELECT {SOURCE}, 1 AS sign FROM new_rows", NEW),
    "delete": (f"SELECT {SOURCE}, -1 AS sign FROM old_rows", OLD),
    "update": (
        DIFFERENT.format(sign=1, of="new_rows", other="old_rows")
        + " UNION ALL "
        + DIFFERENT.format(sign=-1, of="old_rows", other="new_rows"),
        f"{OLD} NEW TABLE AS new_rows",
    ),
}
FORWARDS = WORDS + "".join(
    CHANGE.format(operation=operation, rows=rows, tables=tables) for operation, (rows, tables) in OPERATIONS.items()
)
# Invoices that were there before the triggers.
START = f"""
INSERT INTO invoices_invoicetally (facet, {CELL}, count, amount, is_folded)
SELECT 'word', {CELL}, count(*), sum(total), true
FROM invoices_invoice CROSS JOIN LATERAL invoices_words(number, po_number, description) GROUP BY {CELL};
"""
BACKWARDS = (
    "".join(
        f"DROP TRIGGER invoices_tally_words_{operation} ON invoices_invoice; "
        f"DROP FUNCTION invoices_tally_words_{operation}();"
        for operation in OPERATIONS
    )
    + "DROP FUNCTION invoices_words(text[]);"
)


class Migration(migrations.Migration):
    dependencies = [("invoices", "0004_tally_triggers")]
    operations = [
        migrations.RemoveIndex("invoicetally", "invoice_tally_facet"),
        migrations.AddField("invoicetally", "word", models.TextField(null=True)),
        migrations.AddField("invoicetally", "shared", models.SmallIntegerField(null=True, help_text=SHARED)),
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
                    ("word", "Word"),
                ],
                max_length=8,
            ),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
        migrations.RunSQL(START, "DELETE FROM invoices_invoicetally WHERE facet = 'word'"),
        migrations.AddIndex(
            "invoicetally",
            models.Index("account", "facet", name="invoice_tally_facet", condition=~models.Q(facet="word")),
        ),
        migrations.AddIndex(
            "invoicetally",
            models.Index(
                "account",
                django.contrib.postgres.indexes.OpClass("word", "text_pattern_ops"),
                condition=models.Q(facet="word"),
                include=("shared", "company", "currency", "kind", "count", "amount"),
                name="invoice_tally_word",
            ),
        ),
        migrations.AddIndex(
            "invoicetally",
            models.Index("account", name="invoice_tally_unfolded", condition=models.Q(is_folded=False)),
        ),
    ]
