"""Exports are looked at without sharing and without waiting, unless a test says otherwise."""

from typing import Any

import pytest

from console.emulator.server import Running


@pytest.fixture(autouse=True)
def at_once(settings: Any) -> None:
    settings.SHARED_READ_SECONDS = 0
    settings.EXPORT_FIRST_LOOK = 0


@pytest.fixture
def slow(emulator: Running) -> Running:
    """Exports end when the test says so."""
    emulator.act("set_pace", seconds=6000)
    return emulator
