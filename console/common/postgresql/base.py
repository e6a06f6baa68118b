"""What Django loads as this backend."""

from types import SimpleNamespace
from typing import Any

import psycopg
from django.db.backends.postgresql import base

from console.common.postgresql.bounded import BoundedConnection


class DatabaseWrapper(base.DatabaseWrapper):
    """Takes `answer_seconds` in OPTIONS; None or 0 is no bound."""

    Database = SimpleNamespace(  # type: ignore[assignment]  # all that Django asks of the module, but for `connect`
        **{**vars(psycopg), "connect": BoundedConnection.connect}
    )

    def get_connection_params(self) -> dict[str, Any]:
        params: dict[str, Any] = super().get_connection_params()
        params.pop("answer_seconds", None)
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        connection.answer_seconds = self.settings_dict["OPTIONS"].get("answer_seconds") or None
        return connection
