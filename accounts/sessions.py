"""Sessions in the database, with their content sealed.

A session can hold what must not lie about in the clear: a TOTP secret while it is being set up, or the form that waits
for a password (which may carry an API key). The seal is bound to the session's own id.
"""

import json
from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions

from accounts import crypto


class SessionStore(DatabaseSessions):
    def encode(self, session_dict: dict[str, Any]) -> str:
        return crypto.seal(json.dumps(session_dict), self._context)

    def decode(self, session_data: Any) -> dict[str, Any]:
        try:
            content = json.loads(crypto.open_sealed(session_data, self._context))
        except (crypto.CannotOpen, ValueError):
            # As Django does with a session it cannot read: the person signs in again.
            return {}
        return content if isinstance(content, dict) else {}

    @property
    def _context(self) -> str:
        return session_context(self.session_key)


def session_context(session_key: str | None) -> str:
    return f"session:{session_key}"
