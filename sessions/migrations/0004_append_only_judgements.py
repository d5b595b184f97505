"""Let the database refuse changes to what people decided and signed, and guard the facts again.

SQLite rebuilt the table of the facts for its new column.
"""

from django.db import migrations

from telehealth.core.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("iop", "0003_sign_off_and_absences")]

    operations = [
        AppendOnly("iop_presenceevent"),
        AppendOnly("iop_signoff"),
        AppendOnly("iop_correction"),
        AppendOnly("iop_correctiondecision"),
        AppendOnly("iop_dispute"),
        AppendOnly("iop_disputeanswer"),
        AppendOnly("iop_absencedecision"),
        AppendOnly("iop_outreachattempt"),
    ]
