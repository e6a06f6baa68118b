"""`manage.py settle`: what became of acts that were cut off? Runs at the start and may run at any time."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from console.audit import sentences, settling

ENDS = {"done": "found done", "not done": "found not done", "unsure": "still unknown"}


class Command(BaseCommand):
    help = "Looks up open and unknown audit entries by reading, and records what it finds."
    stealth_options = ("pause",)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--once", action="store_true", help="look once and do not wait: what is not found stays open"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        looks = settling.settle_all(once=options["once"], pause=options.get("pause", time.sleep))
        if not options["verbosity"]:
            return
        for one in looks:
            end = ENDS[one.finding] if one.settled or one.finding == "unsure" else ENDS["unsure"]
            self.stdout.write(f"{sentences.plain(sentences.Telling.alone(one.entry))}: {end}")
        if not looks:
            self.stdout.write("Nothing to look up.")
