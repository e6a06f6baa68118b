"""A PostgreSQL server that takes every byte and answers none: nobody waits for it for ever."""

import contextlib
import copy
import selectors
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.postgresql,
]


class Way:
    """Passes bytes on between the console and the server until it `hangs`."""

    def __init__(self, address: Any) -> None:
        self._address, self._listener = address, socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.hangs = threading.Event()
        self._ended = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def end(self) -> None:
        self._ended.set()
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._address) as server, selectors.DefaultSelector() as ready:
            ready.register(client, selectors.EVENT_READ, server)
            ready.register(server, selectors.EVENT_READ, client)
            while not self._ended.is_set():
                for key, _ in ready.select(0.05):
                    content = key.fileobj.recv(65536)  # type: ignore[union-attr]
                    if not content:
                        return
                    if not self.hangs.is_set():
                        key.data.sendall(content)


@pytest.fixture
def way() -> Iterator[Way]:
    about = connection.get_connection_params()
    made = Way((about["host"], int(about["port"])))
    yield made
    made.end()


@pytest.fixture
def hanging(way: Way) -> Iterator[BaseDatabaseWrapper]:
    """A connection of the console's own kind, whose server stops answering when `way.hangs`."""
    about = copy.deepcopy(connection.settings_dict)
    about |= {"HOST": "127.0.0.1", "PORT": way.port}
    assert about["OPTIONS"]["answer_seconds"] > 0
    about["OPTIONS"]["answer_seconds"] = 0.5
    made = connections.create_connection("default")
    made.settings_dict = about
    yield made
    made.close()


def _ask(database: BaseDatabaseWrapper) -> Any:
    with database.cursor() as cursor:
        cursor.execute("SELECT 42")
        return cursor.fetchone()[0]


@pytest.mark.timeout(30)
def test_a_server_that_says_nothing_is_given_up_and_asked_anew_when_it_is_back(
    hanging: BaseDatabaseWrapper, way: Way
) -> None:
    assert _ask(hanging) == 42
    way.hangs.set()
    with pytest.raises(OperationalError):
        _ask(hanging)
    way.hangs.clear()
    hanging.close_if_unusable_or_obsolete()
    assert _ask(hanging) == 42


@pytest.mark.timeout(30)
@pytest.mark.parametrize("step", ["commit", "rollback", "is_usable"])
def test_no_step_of_a_transaction_waits_for_it(hanging: BaseDatabaseWrapper, way: Way, step: str) -> None:
    hanging.set_autocommit(step == "is_usable")
    assert _ask(hanging) == 42
    way.hangs.set()
    if step == "is_usable":
        assert not hanging.is_usable()
        return
    with pytest.raises(OperationalError):
        getattr(hanging, step)()
    assert not hanging.is_usable()


@pytest.mark.timeout(30)
def test_a_wait_for_notifications_that_ends_without_one_is_no_failure(hanging: BaseDatabaseWrapper) -> None:
    """An idle worker listens for a second at a time; that a queue is quiet says nothing about its server."""
    assert _ask(hanging) == 42
    assert list(hanging.connection.notifies(timeout=0.1)) == []
    assert _ask(hanging) == 42
