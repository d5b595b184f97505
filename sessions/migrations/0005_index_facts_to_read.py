"""Find the facts that credit reads, and the newest routine beat of a connection, without reading the rest."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("iop", "0004_append_only_judgements")]

    operations = [
        migrations.AddIndex(
            model_name="presenceevent",
            index=models.Index(
                condition=models.Q(("is_routine", False)),
                fields=["group_session", "id"],
                name="iop_fact_to_read",
            ),
        ),
        migrations.AddIndex(
            model_name="presenceevent",
            index=models.Index(
                condition=models.Q(("is_routine", True)),
                fields=["connection", "seq"],
                name="iop_fact_routine",
            ),
        ),
    ]
