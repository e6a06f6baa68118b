from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('jobs', '0002_parts'),
    ]

    operations = [
        migrations.RenameField('operation', 'words', 'message'),
        migrations.RenameField('part', 'sent', 'payload'),
        migrations.RenameField('part', 'came', 'result'),
    ]
