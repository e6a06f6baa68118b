"""Opening a connection within a time limit; names are resolved in a bounded number of threads."""

import os
import socket
import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any

from console.upstream.public_addresses import is_public

MOST_LOOKUPS = 32
"""How many names are resolved at a time in this process: so many of the vendors, so many of links from outside."""


def _new_slots() -> dict[bool, threading.BoundedSemaphore]:
    """By `public_only`: links to names that never answer must not keep the vendors from being reached."""
    return {public_only: threading.BoundedSemaphore(MOST_LOOKUPS) for public_only in (False, True)}


_lookups = _new_slots()


def connect(host: str, port: int, seconds: float, options: list[Any], *, public_only: bool) -> socket.socket:
    """A connected socket within so many seconds, all addresses of the host together. Raises OSError."""
    until = time.monotonic() + seconds
    failure: OSError = socket.gaierror("no address")
    for family, kind, protocol, _, address in _resolve(host, port, seconds, _lookups[public_only]):
        if public_only and not is_public(str(address[0])):
            failure = PermissionError("not a public address")
            continue
        sock = socket.socket(family, kind, protocol)
        try:
            for option in options:
                sock.setsockopt(*option)
            sock.settimeout(max(0.001, until - time.monotonic()))
            sock.connect(address)
            sock.settimeout(seconds)
            return sock
        except OSError as error:
            failure = error
            sock.close()
    raise failure


def _resolve(host: str, port: int, seconds: float, slots: threading.BoundedSemaphore) -> list[Any]:
    """getaddrinfo knows no time limit, so it runs in a thread that can be left behind, one of MOST_LOOKUPS."""
    until = time.monotonic() + seconds
    future = Future[list[Any]]()
    if not slots.acquire(timeout=seconds):
        raise TimeoutError

    def look_up() -> None:
        try:
            future.set_result(socket.getaddrinfo(host.strip("[]"), port, 0, socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            future.set_exception(error)
        finally:
            slots.release()

    # A daemon, because the process would wait for the threads of an executor when it ends.
    thread = threading.Thread(target=look_up, daemon=True)
    try:
        thread.start()
    except RuntimeError:
        slots.release()
        raise OSError("no thread to resolve the name") from None
    try:
        return future.result(max(0.001, until - time.monotonic()))
    except FutureTimeoutError:
        raise TimeoutError from None
    except UnicodeError:
        raise socket.gaierror("not a host name") from None


def _after_fork() -> None:
    # The threads that would release the slots stay in the parent.
    global _lookups
    _lookups = _new_slots()


os.register_at_fork(after_in_child=_after_fork)
