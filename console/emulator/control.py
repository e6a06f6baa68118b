"""`/_emulator/…` on every listener: what was received, faults to come, and what a colleague does meanwhile."""

import re
from collections.abc import Mapping
from typing import Any

from console.emulator import colleague, faults
from console.emulator.listeners import Listener
from console.emulator.wire import Answer, Request, json_answer

LOOPBACK_HOST = re.compile(r"(?i:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?")


class Control:
    def __init__(self, listeners: Mapping[str, Listener]) -> None:
        self.listeners = listeners
        self.world = next(iter(listeners.values())).world

    def answer(self, vendor: str, request: Request) -> Answer:
        """Not for browsers: a page on another site shows itself by its Origin, one of a name that was pointed at this
        machine by its Host."""
        if request.headers.get("Origin") or request.headers.get("Sec-Fetch-Site"):
            return json_answer(403, {"error": "not for browsers"})
        if not LOOPBACK_HOST.fullmatch(request.headers.get("Host", "")):
            return json_answer(403, {"error": "for this machine only"})
        listener = self.listeners[vendor]
        what = (request.method, request.path.removeprefix("/_emulator/").rstrip("/"))
        try:
            return self._do(listener, what, request)
        except ValueError as error:
            return json_answer(400, {"error": str(error)})

    def act(self, do: str, words: Mapping[str, Any]) -> dict[str, Any]:
        if do == "reset":
            self.reset()
            return {"done": "reset"}
        if do == "set_rate":
            return {"done": do, "rate": self._set_rate(words.get("rate"))}
        with self.world.lock:
            return {"done": do, **colleague.act(self.world, do, words)}

    def _set_rate(self, rate: Any) -> int:
        if not isinstance(rate, int) or rate < 0:
            raise ValueError("rate must be a whole number from 0 on")
        for listener in self.listeners.values():
            if listener.limiter:
                listener.limiter.rate = rate
                listener.limiter.forget()
        return rate

    def reset(self) -> None:
        self.world.reset()
        for listener in self.listeners.values():
            listener.log.clear()
            listener.faults.clear()
            if listener.limiter:
                listener.limiter.forget()

    def _do(self, listener: Listener, what: tuple[str, str], request: Request) -> Answer:
        if what == ("GET", "requests"):
            return json_answer(200, listener.log.entries())
        if what == ("DELETE", "requests"):
            listener.log.clear()
            return Answer(204)
        if what == ("GET", "faults"):
            return json_answer(200, [vars(rule) for rule in listener.faults.rules])
        if what == ("POST", "faults"):
            rule = faults.rule_from(request.json)
            listener.faults.add(rule)
            return json_answer(201, vars(rule))
        if what == ("DELETE", "faults"):
            listener.faults.clear()
            return Answer(204)
        if what == ("POST", "act"):
            return self._act(request)
        return json_answer(404, {"error": "known are requests, faults and act"})

    def _act(self, request: Request) -> Answer:
        words = request.json
        if not isinstance(words, dict) or not isinstance(words.get("do"), str):
            raise ValueError("do is required")
        return json_answer(200, self.act(words["do"], {name: value for name, value in words.items() if name != "do"}))
