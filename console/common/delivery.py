"""Whether what was written to a connection has reached the other end. The kernel takes megabytes from us at once, so a
write that succeeded says nothing about that.
"""

import fcntl
import select
import socket
import struct
import termios
import time
from contextlib import suppress

SILENCE = 10.0
EVERY = 0.02


def has_arrived(connection: socket.socket, *, silence: float = SILENCE) -> bool:
    """Waits until the other end has everything; False if it went away, or took nothing for `silence` seconds.

    True where the kernel can't tell. Behind a proxy the other end is the proxy.
    """
    with suppress(OSError, ValueError):
        waiting, since = _unacknowledged(connection), time.monotonic()
        while waiting and not _is_reset(connection):
            time.sleep(EVERY)
            unacknowledged = _unacknowledged(connection)
            waiting, since = unacknowledged, since if unacknowledged == waiting else time.monotonic()
            if time.monotonic() - since > silence:
                return False
        return not _is_reset(connection)
    return True


def _unacknowledged(connection: socket.socket) -> int:
    """Bytes that were written and not yet acknowledged, sent or not."""
    answer = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(4))
    return int(struct.unpack("i", answer)[0])


def _is_reset(connection: socket.socket) -> bool:
    """A peer that closes with bytes unread resets the connection; one that has read them all only says goodbye."""
    poll = select.poll()
    poll.register(connection, 0)
    return bool(poll.poll(0))
