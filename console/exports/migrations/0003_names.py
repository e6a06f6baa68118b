"""The field says that the person was notified; its name says so too."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("exports", "0002_receipt_details")]

    operations = [migrations.RenameField("plan", "told_at", "notified_at")]
