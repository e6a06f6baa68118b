#!/usr/bin/env python
"""Every command of the console: `python manage.py help`."""

import os
import sys


def main() -> None:
    os.umask(0o077)  # whatever is written is for this user alone, also what is written before the settings are read
    if sys.argv[1:2] == ["demo"]:
        from console import demo_env

        demo_env.prepare_environment()
    if sys.argv[1:] == ["emulator"]:  # it needs none of the console's settings
        from console.emulator.server import main as emulate

        sys.exit(emulate())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except Exception as error:
        sys.exit(sentence_about(error))


def sentence_about(error: Exception) -> str:
    """One sentence where the database failed; raises every other error again."""
    from console.audit.record import NotRecorded
    from console.common import database

    if isinstance(error, NotRecorded):
        return error.message
    if not database.is_failure(error):
        raise error
    # PostgreSQL adds the statement in further lines.
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return f"The console's database can't be used right now: {reason}. Nothing more was done; try later."


if __name__ == "__main__":
    main()
