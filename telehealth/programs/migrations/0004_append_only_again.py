"""Guard the credit terms again: SQLite rebuilt their table for the new columns."""

from django.db import migrations

from telehealth.core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("programs", "0003_tracks_and_seats")]

    operations = [AppendOnly("programs_creditterms")]
