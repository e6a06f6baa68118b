"""The same promises under https, where the socket is wrapped (PROMISES 3)."""

import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import requests.adapters
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from console.upstream import errors, transport
from tests.upstream.rawserver import Peer, Script, serving
from tests.upstream.test_connections import BATCH, HEAD, ONCE, SLACK, always, then, write


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for this machine, its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return cert_file, key_file


@pytest.fixture
def secured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Script], Script]]:
    """Wraps a script in TLS, with a certificate the client trusts."""
    cert_file, key_file = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert_file, key_file)
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(cert_file))
    monkeypatch.setattr(transport, "_adapters", {})

    def wrap(script: Script) -> Script:
        def wrapped(peer: Peer) -> None:
            peer.sock = context.wrap_socket(peer.sock, server_side=True)
            peer.server.socks.append(peer.sock)
            script(peer)

        return wrapped

    yield wrap
    for made in transport._adapters.values():
        made.close()


def https(server: Any) -> str:
    return str(server.base).replace("http://", "https://")


def test_connections_are_reused_under_tls(secured: Callable[[Script], Script]) -> None:
    with serving(secured(always(BATCH))) as server:
        for _ in range(3):
            assert write(https(server)).id == 42

    assert (server.connections, len(server.requests)) == (1, 3)


@pytest.mark.parametrize("start", [b"", HEAD, HEAD + b"Connection: close\r\n\r\n"], ids=["status", "headers", "body"])
def test_a_drip_is_cut_under_tls_as_well(secured: Callable[[Script], Script], start: bytes) -> None:
    dripping = then(lambda peer: (peer.send(start), peer.drip(b"X" * 99, 0.05)))
    with serving(secured(dripping)) as server:
        began = time.monotonic()
        with pytest.raises(errors.TimedOut) as caught:
            write(https(server), replace(ONCE, total=0.5))
        took = time.monotonic() - began

    assert took < 0.5 + SLACK
    assert caught.value.outcome == "unknown"


def test_a_stranger_with_another_certificate_gets_nothing(
    secured: Callable[[Script], Script], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(certificate(other)[0]))
    with serving(secured(always(BATCH))) as server, pytest.raises(errors.Unreachable):
        write(https(server))

    assert server.requests == []
