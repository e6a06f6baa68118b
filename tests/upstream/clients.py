"""Clients as the tests use them: fresh health, no waiting."""

from typing import Any

from console.upstream.avala import Avala
from console.upstream.circuit_breaker import VendorHealth
from console.upstream.cloudfactory import CloudFactory
from console.upstream.transport import Transport

AVALA = "https://api.avala.test/api/v1"
PLATFORM = "https://api.platform.test/api/v1"
AVALA_KEY = "avk_0123456789abcdef"
PLATFORM_KEY = "cf_0123456789abcdef"
REQUEST_ID = "0b6e7c1e-6f0e-4b7a-9f0e-000000000001"


def avala(base: str = AVALA, **options: Any) -> Avala:
    return Avala(transport("avala", base, **options), AVALA_KEY)


def platform(base: str = PLATFORM, **options: Any) -> CloudFactory:
    return CloudFactory(transport("cloudfactory", base, **options), PLATFORM_KEY)


def transport(vendor: str, base: str, **options: Any) -> Transport:
    options.setdefault("health", VendorHealth(vendor))
    options.setdefault("sleep", lambda seconds: None)
    return Transport(vendor, base, **options)
