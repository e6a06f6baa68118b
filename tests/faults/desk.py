"""What one cell of the fault driver is made of: who sits there, and what they do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from console.emulator.server import Running
from tests.faults.browser import Browser, Seen
from tests.faults.proxy import Proxy


@dataclass
class Desk:
    """Who sits at the console, and the vendors behind it. `kept` is what arranging leaves for the press."""

    browser: Browser
    emulator: Running
    proxy: Proxy
    kept: Any = None


@dataclass(frozen=True)
class Operation:
    """`arrange` is done while all is well; `press` meets the fault."""

    name: str
    press: Callable[[Desk, bool], Seen]
    arrange: Callable[[Desk], None] = lambda desk: None
    writes: tuple[str, str, str] | None = None
    """Vendor, method and path of the one write that the press is for."""
    typed: tuple[str, ...] = ()
    """What a person typed, which has to be there still when it was not done."""
    plain: bool = True
    htmx: bool = True
    pages: tuple[str, ...] = ()
    """What is looked at afterwards, when all is well again."""
    reviewer: bool = False
    """Whether somebody who only looks can do it too."""
    action: str = ""
    """How the audit's name for it begins; all acts of the press where it is empty."""
    looks_up: bool = False
    """Whether it looks, once, for what was set going while arranging."""
    reads_back: bool = False
    """Whether it reads what it did right after its write, so that a lost answer alone leaves nothing to look up."""
    never_told: bool = False
    """Whether the vendor never tells what became of it, so that an unknown outcome ends by a person's note alone."""
    confirmed: bool = False
    """Whether the password has to be typed once more before."""
