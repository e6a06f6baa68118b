"""A run keeps the state that its person was notified of, and what all runs have in common is described once."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("items", "0003_imports"),
    ]

    operations = [
        migrations.RemoveIndex("bulksignal", "bulk_signals_untold"),
        migrations.RemoveIndex("import", "imports_untold"),
        migrations.RenameField("bulksignal", "told_state", "notified_state"),
        migrations.RenameField("import", "told_state", "notified_state"),
        migrations.AddIndex(
            "bulksignal",
            models.Index(fields=["person"], condition=~Q(notified_state=F("state")), name="bulk_signals_with_news"),
        ),
        migrations.AddIndex(
            "import",
            models.Index(fields=["person"], condition=~Q(notified_state=F("state")), name="imports_with_news"),
        ),
        migrations.AlterField(
            "bulksignal",
            "person",
            models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AlterField(
            "import",
            "person",
            models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
    ]
