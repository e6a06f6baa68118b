"""Sealing: the only place that turns a secret into what the database keeps, and back.

A seal is bound to its context (whose it is, for what, which row): moved to another row, it does not open.
`KEY_SECRETS` holds the secrets, newest first; the newest seals, the others still open until `rotate_keys` has run.
"""

import base64
import binascii
import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.views.decorators.debug import sensitive_variables

NONCE_BYTES = 12


class CannotOpen(Exception):
    """The seal is broken, belongs elsewhere, or its secret is gone."""


@sensitive_variables("value", "secret")
def seal(value: str, context: str) -> str:
    """`key id . nonce and ciphertext`, openable only under the same context."""
    key_id, secret = next(iter(settings.KEY_SECRETS.items()))
    nonce = os.urandom(NONCE_BYTES)
    ciphertext = AESGCM(secret).encrypt(nonce, value.encode(), context.encode())
    return f"{key_id}.{base64.urlsafe_b64encode(nonce + ciphertext).decode()}"


@sensitive_variables("secret", "raw")
def open_sealed(token: str, context: str) -> str:
    """What was sealed; raises CannotOpen, never returns anything else."""
    key_id, _, text = token.partition(".")
    secret = settings.KEY_SECRETS.get(key_id)
    if secret is None:
        raise CannotOpen("Its secret is not among KEY_SECRETS.")
    try:
        raw = base64.b64decode(text, altchars=b"-_", validate=True)
        return AESGCM(secret).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], context.encode()).decode()
    except (InvalidTag, binascii.Error, ValueError):
        raise CannotOpen("It was sealed for something else, or was changed.") from None


def is_newest(token: str) -> bool:
    """Whether the seal was made with the secret that seals today."""
    return token.startswith(f"{newest_key_id()}.")


def newest_key_id() -> str:
    return next(iter(settings.KEY_SECRETS))


@sensitive_variables("value")
def fingerprint(vendor: str, value: str) -> str:
    """Names a key in the audit without revealing it; stays the same when the sealing secrets are rotated."""
    message = f"api-key:{vendor}:{value}".encode()
    return hmac.new(settings.AUDIT_SECRET.encode(), message, hashlib.sha256).hexdigest()[:16]
