from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("organization", "0012_plain_names"),
    ]

    operations = [
        migrations.AlterField(
            model_name="user",
            name="email",
            field=models.EmailField(
                error_messages={"unique": "Somebody already signs in with this address."},
                max_length=254,
                unique=True,
                verbose_name="e-mail",
            ),
        ),
    ]
