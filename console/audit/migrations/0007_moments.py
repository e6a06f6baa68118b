"""Whether the moments of the rows rise with the chain. `0009_fill_from_chain` finds it out."""

from django.db import migrations, models


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
    ]
