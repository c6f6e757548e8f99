"""Amounts with up to four decimals, as many as any currency has. One statement a table: each writes all of it anew."""

from decimal import Decimal

from django.db import migrations, models

_NAMES = {"invoice": ("net", "tax", "total"), "invoiceline": ("net", "tax")}
_TALLY = {
    "bucket": models.DecimalField(
        decimal_places=4, help_text="The total's first two digits.", max_digits=17, null=True
    ),
    "amount": models.DecimalField(decimal_places=4, max_digits=26),
}


def _altered(table: str, types: dict[str, str]) -> str:
    columns = ", ".join(f"ALTER COLUMN {name} TYPE {kind}" for name, kind in types.items())
    return f"ALTER TABLE invoices_{table} {columns};"


def _tables(amount: str, tally: str) -> str:
    tables = {table: dict.fromkeys(names, amount) for table, names in _NAMES.items()}
    tables["invoicetally"] = {"bucket": amount, "amount": tally}
    return "".join(_altered(table, types) for table, types in tables.items())


class Migration(migrations.Migration):
    dependencies = [("invoices", "0015_number_folded_begins")]
    operations = [
        migrations.RunSQL(
            _tables("numeric(17, 4)", "numeric(26, 4)"),
            _tables("numeric(16, 2)", "numeric(24, 2)"),
            state_operations=[
                *(
                    migrations.AlterField(
                        model, name, models.DecimalField(decimal_places=4, default=Decimal("0.00"), max_digits=17)
                    )
                    for model, names in _NAMES.items()
                    for name in names
                ),
                *(migrations.AlterField("invoicetally", name, field) for name, field in _TALLY.items()),
            ],
        )
    ]
