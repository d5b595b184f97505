"""Let the database refuse changes to observed facts."""

from django.db import migrations

from telehealth.core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("iop", "0001_initial")]

    operations = [AppendOnly("iop_presenceevent")]
