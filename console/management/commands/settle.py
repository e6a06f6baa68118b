"""`manage.py settle`: checks once, by reading, what became of every act whose outcome is unknown."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from console.audit import line_index, reconciliation, sentences

ENDS = {"done": "found done", "failed": "settled meanwhile", "not found": "not found", "unsure": "for a person"}


class Command(BaseCommand):
    help = "Checks open and unknown audit entries by reading, once, and records what it finds. The worker goes on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rebuild", action="store_true", help="first make the lists beside the chain anew from it")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["rebuild"]:
            line_index.rebuild()
        checked = reconciliation.look_up_all()
        if not options["verbosity"]:
            return
        for entry, state in checked:
            end = ENDS.get(state.status, "not found so far")
            self.stdout.write(f"{sentences.plain(sentences.EntrySummary.alone(entry))}: {end}")
        if not checked:
            self.stdout.write("Nothing to check.")
