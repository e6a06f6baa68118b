"""Both vendors on this machine, for trying the console without their services: `manage.py emulator`."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from console.emulator.server import main


class Command(BaseCommand):
    help = "Run the emulators of Avala, CloudFactory and their storage until stopped."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(main())
