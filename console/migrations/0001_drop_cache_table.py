from django.db import migrations


class Migration(migrations.Migration):
    """The cache lay in this database once; it has a file of its own now."""

    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [migrations.RunSQL("DROP TABLE IF EXISTS console_cache", migrations.RunSQL.noop)]
