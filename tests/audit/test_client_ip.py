"""From where a request came: a stranger cannot choose what the audit says."""

from typing import Any

import pytest
from django.test import RequestFactory

from console.audit.client_ip import address_of

PROXIES = ["10.0.0.7", "10.1.0.0/16", "fd00::/8"]


@pytest.mark.parametrize(
    ("nearest", "forwarded", "said"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.7", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.7", "1.2.3.4, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.7", "198.51.100.1, 10.1.2.3", "198.51.100.1"),
        ("10.0.0.7", "", "10.0.0.7"),
        ("10.0.0.7", "198.51.100.1, <script>", "10.0.0.7"),
        ("10.0.0.7", "unknown, 10.1.2.3", "10.1.2.3"),
        ("::ffff:203.0.113.9", "", "203.0.113.9"),
        ("fd00::1", "2001:db8::5", "2001:db8::5"),
        ("", "198.51.100.1", ""),
    ],
)
def test_forwarded_addresses_count_only_from_our_proxies(
    rf: RequestFactory, settings: Any, nearest: str, forwarded: str, said: str
) -> None:
    settings.TRUSTED_PROXIES = PROXIES
    request = rf.get("/", REMOTE_ADDR=nearest, headers={"X-Forwarded-For": forwarded})
    assert address_of(request) == said


def test_a_job_has_no_address() -> None:
    assert address_of(None) == ""
