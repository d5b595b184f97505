"""Let the database refuse changes to audit events."""

from django.db import migrations

from telehealth.core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [AppendOnly("audit_auditevent")]
