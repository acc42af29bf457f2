from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("incident", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="logentry",
            name="said",
            field=models.CharField(blank=True, default="", max_length=300),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="logentry",
            name="topic",
            field=models.CharField(blank=True, default="", max_length=16),
            preserve_default=False,
        ),
        # Lines written before that answer a first act.
        migrations.RunSQL(
            "UPDATE incident_logentry SET topic = 'acte' WHERE step <> ''", migrations.RunSQL.noop
        ),
    ]
