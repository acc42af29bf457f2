from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def name_topics(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Lines written before that answer a first act."""
    lines = apps.get_model("incident", "LogEntry").objects
    lines.exclude(step="").update(topic="acte")


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
        migrations.RunPython(name_topics, migrations.RunPython.noop),
    ]
