"""`manage.py verify_audit`: is every audit row as it was written?"""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from console.audit import verify


class Command(BaseCommand):
    help = "Checks every audit row against the chain and the published links. Ends with 1 and the first bad row."

    def handle(self, *args: Any, **options: Any) -> None:
        verdict = verify.check()
        for gap in verify.anchor_gaps():
            self.stderr.write(gap)
        if verdict.is_whole:
            self.stdout.write(f"The audit is whole: {verdict.rows} rows, each as it was written.")
            return
        self.stderr.write(f"The audit is not whole. {verdict.problem}")
        sys.exit(1)
