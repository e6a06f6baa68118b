"""Connections that give up on a server that says nothing.

The server's own limits (`statement_timeout`, `lock_timeout`) hold while it works, and TCP's while no byte arrives
there. A server that takes every byte and answers none, because it is stopped or its disk hangs, is noticed here alone.
"""

from typing import Any

import psycopg
from psycopg import errors


class BoundedConnection(psycopg.Connection[Any]):
    """Raises OperationalError, and is closed, when one exchange with the server takes over `answer_seconds`."""

    answer_seconds: float | None = None

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        try:
            return super().wait(gen, interval, timeout or self.answer_seconds)
        except errors._WaitTimeout:
            if timeout is not None:
                # The caller said how long to wait, as for notifications: nothing came, and nothing failed.
                raise
            # What it still says is of no use any more.
            self.pgconn.finish()
        raise psycopg.OperationalError("the server did not answer")
