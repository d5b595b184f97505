"""Let the database refuse changes to documents, signatures, revocations and weekly targets."""

from django.db import migrations

from telehealth.core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("enrollment", "0001_initial")]

    operations = [
        AppendOnly("enrollment_consentdocument"),
        AppendOnly("enrollment_consentsignature"),
        AppendOnly("enrollment_consentrevocation"),
        AppendOnly("enrollment_weeklytarget"),
    ]
