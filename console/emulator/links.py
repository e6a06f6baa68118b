"""Signed links into the storage listener: who signs them (both APIs) and who checks them (storage)."""

import hashlib
import hmac
import time
from urllib.parse import quote, urlencode

from console.emulator.world import World


def signed(world: World, method: str, path: str, life: float, *, step: float = 0) -> str:
    """A link that works for `life` seconds; with `step` it stays the same for so long, for the sake of caches."""
    expires = time.time() + life
    if step:
        expires = expires // step * step + step
    stamp = f"{expires:.3f}-{world.generation}"
    query = urlencode({"expires": stamp, "signature": _sign(world, method, path, stamp)})
    return f"{world.storage_url}{quote(path)}?{query}"


def public(world: World, path: str) -> str:
    return f"{world.storage_url}{quote(path)}"


def fault_of(world: World, method: str, path: str, stamp: str | None, signature: str | None) -> tuple[str, str] | None:
    """None when the link is good, else the store's code and message."""
    if not stamp or not signature:
        return "AccessDenied", "Access Denied"
    if not hmac.compare_digest(signature.encode(), _sign(world, method, path, stamp).encode()):
        return "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided."
    expires, _, generation = stamp.partition("-")
    if float(expires) < time.time() or int(generation) < world.generation:
        return "AccessDenied", "Request has expired"
    return None


def _sign(world: World, method: str, path: str, stamp: str) -> str:
    """The stamp holds the end of life and the generation, which moves on when a test makes all links old."""
    verb = "GET" if method == "HEAD" else method
    return hmac.new(world.secret.encode(), f"{verb}\n{path}\n{stamp}".encode(), hashlib.sha256).hexdigest()
