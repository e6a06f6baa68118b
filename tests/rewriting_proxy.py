"""A vendor that answers something else than the emulator does: a proxy in front of it that rewrites answers."""

import http.client
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from console.emulator.server import Running

Change = Callable[[Any], Any]
Query = dict[str, list[str]]
Answer = tuple[int, bytes, str]
ADDRESSES = {"avala": "AVALA_BASE_URL", "cloudfactory": "CLOUDFACTORY_BASE_URL"}


class Vendor:
    """What the vendor says instead. Each rule holds until the test is over."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.requests: list[tuple[str, str]] = []
        self._rules: list[tuple[str, str, Change | None, Callable[[str], Answer] | None]] = []

    def rewrite(self, method: str, path: str, change: Change) -> None:
        """The emulator's JSON as `change` leaves it, for requests whose path fits the expression."""
        self._rules.append((method, path, change, None))

    def answer(self, method: str, path: str, body: bytes, status: int = 200, kind: str = "application/json") -> None:
        """These bytes; the emulator is not asked."""
        self._rules.append((method, path, None, lambda target: (status, body, kind)))

    def speak(self, method: str, path: str, say: Callable[[Query], Any]) -> None:
        """What `say` makes of the query, as JSON; the emulator is not asked."""

        def answer(target: str) -> Answer:
            return 200, json.dumps(say(parse_qs(urlsplit(target).query))).encode(), "application/json"

        self._rules.append((method, path, None, answer))

    def sent(self, method: str, path: str) -> list[tuple[str, str]]:
        return [one for one in self.requests if one[0] == method and re.search(path, one[1])]

    def respond(self, method: str, target: str, headers: Any, body: bytes) -> Answer:
        self.requests.append((method, target))
        rule = next((rule for rule in self._rules if rule[0] == method and re.search(rule[1], target)), None)
        if rule and rule[3]:
            return rule[3](target)
        status, data, kind = self._ask(method, target, headers, body)
        if rule and rule[2] and 200 <= status < 300:
            data = json.dumps(rule[2](json.loads(data or b"null"))).encode()
        return status, data, kind

    def _ask(self, method: str, target: str, headers: Any, body: bytes) -> Answer:
        parts = urlsplit(self.origin)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
        kept = {name: value for name, value in headers.items() if name.lower() not in ("host", "accept-encoding")}
        connection.request(method, target, body or None, kept)
        response = connection.getresponse()
        data = response.read()
        connection.close()
        return response.status, data, response.headers.get("Content-Type", "application/json")


@contextmanager
def rewriting(emulator: Running, settings: Any, vendor: str) -> Iterator[Vendor]:
    """The console asks this vendor through a proxy, whose rules the test gives."""
    name = ADDRESSES[vendor]
    base = urlsplit(getattr(settings, name))
    said = Vendor(f"{base.scheme}://{base.netloc}")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, body, kind = said.respond(self.command, self.path, self.headers, sent)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body if status != 204 else b"")

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.handle_any)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    setattr(settings, name, f"http://127.0.0.1:{server.server_address[1]}{base.path}")
    try:
        yield said
    finally:
        server.shutdown()
        server.server_close()
