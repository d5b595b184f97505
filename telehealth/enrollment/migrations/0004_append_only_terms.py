"""Let the database refuse changes to an episode's terms and to its dated steps."""

from django.db import migrations

from telehealth.core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("enrollment", "0003_terms_and_changes")]

    operations = [AppendOnly("enrollment_enrollmentterms"), AppendOnly("enrollment_enrollmentchange")]
