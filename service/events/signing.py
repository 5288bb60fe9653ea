"""Signatures of what is sent, in the manner of Standard Webhooks; secrets are derived from the installation's key."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

SALT_BYTES = 16
SECRET_MARK, VERSION_MARK = "whsec_", "v1"


def new_salt() -> str:
    """What makes a secret another one than every other; it tells nothing to whoever lacks the key."""
    return secrets.token_hex(SALT_BYTES)


def derive_secret(key: bytes, salt: str) -> bytes:
    """The secret of a salt: a database without the key gives none away."""
    return hmac.new(key, f"webhook secret {salt}".encode(), hashlib.sha256).digest()


def told_secret(secret: bytes) -> str:
    """A secret as its owner is shown it.

    >>> told_secret(b"0123456789abcdef")
    'whsec_MDEyMzQ1Njc4OWFiY2RlZg=='
    """
    return SECRET_MARK + base64.b64encode(secret).decode()


def sign(secrets_in_force: Sequence[bytes], *, code: str, timestamp: int, body: bytes) -> str:
    """Header webhook-signature: one signature for each secret in force, the newest first."""
    text = f"{code}.{timestamp}.".encode() + body
    digests = (hmac.new(secret, text, hashlib.sha256).digest() for secret in secrets_in_force)
    return " ".join(f"{VERSION_MARK},{base64.b64encode(digest).decode()}" for digest in digests)
