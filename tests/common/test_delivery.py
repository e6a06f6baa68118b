"""Whether bytes that were written have reached the other end, over real connections."""

import socket
import threading
from collections.abc import Iterator

import pytest

from console.common.delivery import has_arrived
from console.gunicorn_worker import MOST_UNSENT, TCP_NOTSENT_LOWAT, bound_unsent


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Our end and the other one, whose kernel takes little of what it does not read."""
    with socket.socket() as listener, socket.socket() as other:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        other.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        other.connect(listener.getsockname())
        ours, _ = listener.accept()
        with ours:
            yield ours, other


def test_what_was_read_has_arrived(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, other = pair
    ours.sendall(b"file")
    assert other.recv(4) == b"file"
    assert has_arrived(ours)


def test_whoever_read_all_and_left_has_it(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, other = pair
    ours.sendall(b"file")
    other.recv(4)
    other.close()
    assert has_arrived(ours)


def test_whoever_left_without_reading_has_it_not(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, other = pair
    ours.sendall(b"x" * 200_000)
    leaving = threading.Timer(0.1, other.close)
    leaving.start()
    assert not has_arrived(ours)
    leaving.join()


def test_what_is_read_slowly_is_waited_for(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, other = pair
    ours.sendall(b"x" * 200_000)
    taken: list[bytes] = []

    def read() -> None:
        while sum(map(len, taken)) < 200_000:
            taken.append(other.recv(4096))

    reader = threading.Timer(0.1, read)
    reader.start()
    assert has_arrived(ours)
    reader.join()
    assert sum(map(len, taken)) == 200_000


def test_a_reader_that_takes_nothing_is_given_up(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, _ = pair
    ours.sendall(b"x" * 200_000)
    assert not has_arrived(ours, silence=0.1)


def test_where_the_kernel_cannot_tell_it_is_believed() -> None:
    ours, other = socket.socketpair()
    ours.close()
    other.close()
    assert has_arrived(ours)


def test_every_connection_of_a_listener_holds_back_little() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        bound_unsent(listener)
        with socket.create_connection(listener.getsockname()), listener.accept()[0] as ours:
            assert ours.getsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT) == MOST_UNSENT
