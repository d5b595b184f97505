"""Let the database refuse changes to credit terms."""

from django.db import migrations

from telehealth.core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("programs", "0001_initial")]

    operations = [AppendOnly("programs_creditterms")]
