"""Whether the moments of the rows rise with the chain."""

from django.db import migrations, models

from console.audit import line_index


def fill(apps, schema_editor):
    line_index.moments()


class Migration(migrations.Migration):
    dependencies = [("audit", "0006_search")]
    operations = [
        migrations.AddField("chainhead", "latest", models.DateTimeField(null=True)),
        migrations.CreateModel(
            "ClockStep",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sequence", models.PositiveBigIntegerField()),
            ],
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
