"""The model and its fields get the names of what they hold."""

from django.db import migrations, models
from django.db.models import Q
from django.conf import settings


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("exports", "0002_receipt_details"),
    ]

    operations = [
        migrations.RenameModel("Plan", "ExportRequest"),
        migrations.RenameField("exportrequest", "told_at", "notified_at"),
        migrations.RenameField("exportrequest", "choice", "selection_data"),
        migrations.RenameField("exportrequest", "words", "message"),
        migrations.RenameField("receipt", "choice_key", "selection_key"),
        migrations.RenameField("receipt", "words", "message"),
        migrations.RenameField("receipt", "without", "without_annotations"),
        migrations.AlterField(
            "exportrequest",
            "person",
            models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="export_requests"),
        ),
        migrations.RenameIndex("exportrequest", new_name="exports_of_space", old_name="plan_of_space"),
        migrations.RenameIndex("exportrequest", new_name="exports_of_person", old_name="plan_of_person"),
        migrations.RemoveConstraint("exportrequest", "one_plan_per_export"),
        migrations.AddConstraint(
            "exportrequest",
            models.UniqueConstraint(fields=["export_id"], condition=~Q(export_id=""), name="one_request_per_export"),
        ),
    ]
