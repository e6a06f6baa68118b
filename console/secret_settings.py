"""Reading the secrets of the environment: each rule says in one sentence what is wrong."""

import base64
import binascii

PLACEHOLDERS = ("change", "default", "insecure", "secret-key", "example", "placeholder")


def weakness(name: str, value: str, *, least: int) -> str:
    """Why a secret must not be used, or an empty text."""
    if not value:
        return f"{name} is missing: set it to at least {least} random characters."
    if len(value) < least:
        return f"{name} is too short: it needs at least {least} random characters."
    if any(word in value.lower() for word in PLACEHOLDERS) or len(set(value)) < 8:
        return f"{name} looks like a placeholder: set it to at least {least} random characters."
    return ""


def read_key_secrets(value: str) -> dict[str, bytes]:
    """`id:base64,id:base64` as a mapping from key id to 32 bytes, newest first.

    Raises ValueError with a sentence for the person who starts the console.
    """
    secrets: dict[str, bytes] = {}
    for part in filter(None, (piece.strip() for piece in value.split(","))):
        key_id, _, text = part.partition(":")
        if not key_id.isalnum() or key_id in secrets:
            raise ValueError("KEY_SECRETS needs a different id of letters and digits before each colon.")
        secrets[key_id] = _thirty_two_bytes(text)
    if not secrets:
        raise ValueError("KEY_SECRETS is missing: set it to id:base64 of 32 random bytes.")
    return secrets


def _thirty_two_bytes(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("KEY_SECRETS holds a value that is not base64.") from None
    if len(raw) != 32 or len(set(raw)) < 8:
        raise ValueError("KEY_SECRETS needs 32 random bytes behind each id.")
    return raw
