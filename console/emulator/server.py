"""Both vendors and their storage on three ports of this machine: `start()` for tests, `main()` for the demo."""

import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from console.emulator import faults, listeners
from console.emulator.control import Control
from console.emulator.listeners import Listener
from console.emulator.sockets import Server
from console.emulator.world import World

ASSETS = Path(__file__).resolve().parent / "assets"
SCALES = ("demo", "large")


class Running:
    """A started emulator: where it listens, and a hand on its controls."""

    def __init__(
        self, world: World, by_vendor: Mapping[str, Listener], servers: Mapping[str, Server], scratch: str | None
    ) -> None:
        self.world = world
        self.avala_url = f"{servers['avala'].origin}/api/v1"
        self.cloudfactory_url = f"{servers['cloudfactory'].origin}/api/v1"
        self.storage_url = servers["storage"].origin
        self._listeners = by_vendor
        self._servers = servers
        self._scratch = scratch
        self._control = Control(by_vendor)
        for vendor, listener in by_vendor.items():
            listener.control = partial(self._control.answer, vendor)

    def stop(self) -> None:
        """Saves the world and closes every connection."""
        for listener in self._listeners.values():
            listener.stopping.set()
        for server in self._servers.values():
            server.stop()
        self.world.close()
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def requests(self, vendor: str) -> list[dict[str, Any]]:
        """What `avala`, `cloudfactory` or `storage` received, oldest first."""
        return self._listeners[vendor].log.entries()

    def forget_requests(self) -> None:
        for listener in self._listeners.values():
            listener.log.clear()

    def reset(self) -> None:
        """The world of the first day; no requests, no faults, nothing spent of the rate limit."""
        self._control.reset()

    def fault(self, vendor: str, fault: str, *, method: str = "*", path: str = ".", times: int = 1) -> None:
        """The next `times` requests that fit go wrong; 0 means all of them."""
        rule = faults.rule_from({"method": method, "path": path, "fault": fault, "times": times})
        self._listeners[vendor].faults.add(rule)

    def clear_faults(self) -> None:
        for listener in self._listeners.values():
            listener.faults.clear()

    def act(self, do: str, **words: Any) -> dict[str, Any]:
        """What a colleague does meanwhile; the words are those of `POST /_emulator/act`."""
        return self._control.act(do, words)


def start(
    *,
    avala_port: int = 0,
    cloudfactory_port: int = 0,
    storage_port: int = 0,
    state_dir: Path | None = None,
    pace: float = 3.0,
    rate: int = 100,
    scale: str = "demo",
    assets: Path = ASSETS,
) -> Running:
    """Port 0 takes a free one. Without a state folder the world ends with the process. OSError if a port is taken."""
    scratch = tempfile.mkdtemp(prefix="emulator-") if state_dir is None else None
    ports = {"avala": avala_port, "cloudfactory": cloudfactory_port, "storage": storage_port}
    servers: dict[str, Server] = {}
    try:
        for vendor, port in ports.items():
            servers[vendor] = _server(vendor, port)
        world = World(Path(scratch or state_dir or ""), scale, pace, assets)
    except OSError:
        for server in servers.values():
            server.server_close()
        raise
    world.storage_url = servers["storage"].origin
    by_vendor = listeners.make(world, rate)
    running = Running(world, by_vendor, servers, scratch)
    for vendor, server in servers.items():
        server.run(by_vendor[vendor].answer)
    return running


def _server(vendor: str, port: int) -> Server:
    try:
        return Server(port, streams_uploads=vendor == "storage")
    except OSError as error:
        raise OSError(error.errno, error.strerror, f"port {port}") from None


def main() -> int:
    """Runs until SIGINT or SIGTERM; settings come from the environment. What it writes is for its own user alone."""
    os.umask(0o077)
    told_to_stop = _signals()
    try:
        running = start(**_settings(os.environ))
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"The emulator cannot use {error.filename}: {error.strerror}.\n")
        return 1
    addresses = (running.avala_url, running.cloudfactory_url, running.storage_url)
    sys.stdout.write("Avala {}\nCloudFactory {}\nStorage {}\n".format(*addresses))
    sys.stdout.flush()
    while not told_to_stop.wait(0.5):
        pass
    running.stop()
    return 0


def _settings(environ: Mapping[str, str]) -> dict[str, Any]:
    scale = environ.get("EMULATOR_SCALE") or "demo"
    if scale not in SCALES:
        raise ValueError(f"EMULATOR_SCALE must be demo or large, not {scale}.")
    return {
        "avala_port": int(_number(environ, "AVALA_EMULATOR_PORT", 8901)),
        "cloudfactory_port": int(_number(environ, "CLOUDFACTORY_EMULATOR_PORT", 8902)),
        "storage_port": int(_number(environ, "STORAGE_EMULATOR_PORT", 8903)),
        "state_dir": Path(environ.get("EMULATOR_STATE") or "var/emulator"),
        "pace": _number(environ, "EMULATOR_PACE", 3),
        "rate": int(_number(environ, "EMULATOR_RATE", 100)),
        "scale": scale,
    }


def _number(environ: Mapping[str, str], name: str, default: float) -> float:
    text = environ.get(name, "")
    try:
        value = float(text) if text else default
    except ValueError:
        value = -1
    if not 0 <= value < 65536:
        raise ValueError(f"{name} must be a number from 0 to 65535, not {text}.")
    return value


def _signals() -> threading.Event:
    """Set by SIGINT and SIGTERM; to be asked for before anything starts, or an early one would just kill."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop
