"""The stage of the fault driver: the console, a proxy, and the emulator behind it."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from accounts.models import Person
from console.emulator.server import Running
from console.upstream.transport import LIMITS, Transport
from tests.conftest import point_at
from tests.faults.driver import Stage
from tests.faults.proxy import Proxy

SHORT = dataclasses.replace(LIMITS, connect=0.5, silence=0.5, total=1.5, pause=0.01)


@pytest.fixture(scope="session")
def proxy(vendors: Running) -> Iterator[Proxy]:
    made = Proxy(vendors.avala_url, vendors.cloudfactory_url, vendors.storage_url)
    yield made
    made.stop()


@pytest.fixture
def stage(
    emulator: Running,
    proxy: Proxy,
    alice: Person,
    bob: Person,
    erin: Person,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Stage]:
    """Short limits, nothing shared between people, and all three vendors reached through the proxy only."""
    own = emulator.world.storage_url
    point_at(proxy, settings)
    emulator.world.storage_url = proxy.storage_url
    settings.SHARED_READ_SECONDS = 0
    settings.EXPORT_FIRST_LOOK = 0
    settings.AUDIT_SETTLE_SPAN = 600
    monkeypatch.setitem(Transport.__init__.__kwdefaults__, "limits", SHORT)
    proxy.reset()
    yield Stage(emulator, proxy, operator=alice, reviewer=bob, administrator=erin)
    proxy.heal()
    emulator.world.storage_url = own
