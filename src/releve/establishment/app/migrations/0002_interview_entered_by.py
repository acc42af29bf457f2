from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("establishment", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="interview",
            name="entered_by",
            field=models.CharField(blank=True, max_length=200, default=""),
            preserve_default=False,
        ),
    ]
