"""The three listeners: what happens between a request and its answer, in the vendors' order of checks."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from console.emulator import avala, cloudfactory, faults, storage
from console.emulator.faults import Faults, Stage
from console.emulator.limits import RateLimiter
from console.emulator.log import RequestLog
from console.emulator.people import AVALA_KEYS, CLOUDFACTORY_KEYS, Person
from console.emulator.routes import Route, find
from console.emulator.wire import Answer, Refusal, Request, json_answer
from console.emulator.world import World

API_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Expose-Headers": ", ".join(
        ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Retry-After", "X-Request-Id")
    ),
}


_STORE_CODES = {400: "InvalidRequest", 404: "NoSuchKey", 405: "MethodNotAllowed", 413: "EntityTooLarge"}


@dataclass
class Listener:
    """One vendor: its routes, its keys, and what it remembers of the requests it got."""

    vendor: str
    world: World
    routes: Sequence[Route]
    words_in: str
    """The field that carries an error's text: `detail` at Avala, `message` at the platform."""
    key_header: str = ""
    keys: Mapping[str, Person] = field(default_factory=dict)
    cors: Callable[[World, Request], Mapping[str, str]] = lambda world, request: API_CORS
    """The headers that let a browser's page read the answer; none refuses it, and what it asks before (OPTIONS)."""
    limiter: RateLimiter | None = None
    control: Callable[[Request], Answer] | None = None
    log: RequestLog = field(default_factory=RequestLog)
    faults: Faults = field(default_factory=Faults)
    stopping: threading.Event = field(default_factory=threading.Event)

    def answer(self, request: Request) -> Answer:
        if request.path.startswith("/_emulator/") and self.control:
            return self.control(request)
        entry = self.log.begin(request.method, request.path, request.query, request.headers, request.body)
        request.chunks = _count_bytes(request.chunks, entry)
        cors = self.cors(self.world, request)
        answer = self._answer(request, is_let_in=bool(cors))
        if answer.ending in ("keep", "close"):
            entry["status"] = answer.status
        return answer.with_headers({**cors, "X-Request-Id": f"{self.vendor}-{uuid4().hex[:16]}"})

    def _answer(self, request: Request, *, is_let_in: bool) -> Answer:
        if request.method == "OPTIONS":
            return Answer(204 if is_let_in else 403)
        allowance = self.limiter.spend(request.headers.get(self.key_header)) if self.limiter else None
        if allowance and not allowance.allowed:
            words = f"Request was throttled. Expected available in {allowance.retry_after} seconds."
            answer = json_answer(429, {"detail": words}, {"Retry-After": str(allowance.retry_after)})
        else:
            answer = self._with_faults(request)
        return answer.with_headers(allowance.headers) if allowance else answer

    def _with_faults(self, request: Request) -> Answer:
        target = f"{request.path}?{request.query}" if request.query else request.path
        fault = self.faults.take(request.method, target)
        fault = self._named_fault(request) if fault is None else fault
        if fault is None:
            return self._act(request)
        stage = Stage(self.words_in, f"{self.world.storage_url}/elsewhere", self.stopping.wait)
        return faults.happen(fault, request, lambda: self._act(request), stage)

    def _named_fault(self, request: Request) -> str | None:
        """Names ask for faults where a thing gets its name, not where one is only checked (A6). The file of a work item
        asks for them where its annotation is read (P18) and where a signal is sent to it (P19)."""
        match = find(self.routes, request.method, request.path)
        if match.route is None:
            return None
        if match.route.right == "change" and request.method in ("POST", "PUT", "PATCH"):
            return faults.named(request.name_in_body)
        return self._fault_of_file(**match.arguments) if match.route.operation in ("P18", "P19") else None

    def _fault_of_file(self, project: str, item: str) -> str | None:
        with self.world.lock:
            table = self.world.work_items.get(project.lower())
            row = table.get(item.lower()) if table else None
        return faults.named((row["assetUrl"] or "").rpartition("/")[2]) if row else None

    def _act(self, request: Request) -> Answer:
        try:
            return self._routed(request)
        except Refusal as refusal:
            return refusal.answer

    def _routed(self, request: Request) -> Answer:
        if request.refused:
            raise self._refusal(request.refused, "Request body refused.")
        match = find(self.routes, request.method, request.path)
        if match.route is None and not match.allowed:
            raise self._refusal(404, "Not found.")
        request.person = self._person(request)
        if match.route is None:
            raise self._refusal(405, f'Method "{request.method}" not allowed.', {"Allow": ", ".join(match.allowed)})
        if request.person and match.route.right not in request.person.rights:
            raise self._refusal(403, "You do not have permission to perform this action.")
        if not self.keys or not match.route.locked:
            return match.route.handler(self.world, request, **match.arguments)
        with self.world.lock:
            return match.route.handler(self.world, request, **match.arguments)

    def _person(self, request: Request) -> Person | None:
        if not self.keys:
            return None
        person = self.keys.get(request.headers.get(self.key_header, ""))
        if person is None:
            raise self._refusal(401, "Invalid API key.")
        return person

    def _refusal(self, status: int, words: str, headers: Mapping[str, str] | None = None) -> Refusal:
        if self.vendor == "storage":
            code = _STORE_CODES.get(status, "AccessDenied")
            return storage.refusal(status, code, words)
        return Refusal(status, {self.words_in: words}, headers)


def make(world: World, rate: int) -> dict[str, Listener]:
    stopping = threading.Event()
    return {
        "avala": Listener(
            "avala",
            world,
            avala.ROUTES,
            "detail",
            "X-Avala-Api-Key",
            AVALA_KEYS,
            limiter=RateLimiter(rate),
            stopping=stopping,
        ),
        "cloudfactory": Listener(
            "cloudfactory", world, cloudfactory.ROUTES, "message", "X-API-Key", CLOUDFACTORY_KEYS, stopping=stopping
        ),
        "storage": Listener("storage", world, storage.ROUTES, "message", cors=storage.cors, stopping=stopping),
    }


def _count_bytes(chunks: Iterator[bytes], entry: dict[str, Any]) -> Iterator[bytes]:
    """Notes how much of an upload was read."""
    for piece in chunks:
        entry["size"] += len(piece)
        yield piece
