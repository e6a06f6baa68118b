"""`manage.py rotate_keys`: seals API keys, second factors and sessions again with the newest of KEY_SECRETS."""

from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand

from accounts import rotation


class Command(BaseCommand):
    help = (
        "Seals everything again with the first secret of KEY_SECRETS. People can go on working, and the command may be "
        "stopped and started again. When nothing is left, the older secrets can be taken out."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        tally = rotation.rotate()
        self.stdout.write(f"Sealed again: {tally.sealed}.")
        for name in tally.unreadable:
            self.stderr.write(f"Cannot be opened with any of KEY_SECRETS: {name}.")
        left = rotation.left_over()
        if tally.unreadable or left:
            raise CommandError(f"{left} still need an older secret. Keep it and run this command again.")
        self.stdout.write("Nothing needs an older secret any more.")
