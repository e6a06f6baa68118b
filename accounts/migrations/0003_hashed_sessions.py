"""Sessions whose key stood in the clear are ended: everybody signs in once more."""

from django.db import migrations


def end_all(apps, schema_editor):
    apps.get_model("sessions", "Session").objects.all().delete()
    apps.get_model("usersessions", "UserSession").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_single_keys"),
        ("sessions", "0001_initial"),
        ("usersessions", "0001_initial"),
    ]
    operations = [migrations.RunPython(end_all, migrations.RunPython.noop)]
