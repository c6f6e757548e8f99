from django.db import migrations

from organization.folding import fill_derived


def fill(apps, schema_editor):
    fill_derived(apps.get_model("invoices", "Invoice"))


class Migration(migrations.Migration):
    dependencies = [("invoices", "0018_document_ink")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
