"""Signatures of what a provider sends, after Standard Webhooks 1.0 (standardwebhooks.com): HMAC-SHA256 over
`id.timestamp.body` under a secret `whsec_` + base64. Pure."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable

SECRET_PREFIX = "whsec_"  # noqa: S105 - what every secret begins with
VERSION = "v1"
TOLERANCE_S = 300  # how old, or how far ahead, a timestamp may be


def key_of_secret(secret: str) -> bytes:
    """Return the bytes of a secret. Raises ValueError for what is none: 24 to 64 bytes in base64, with the prefix."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("a webhook secret is whsec_ and base64") from error
    if not secret.startswith(SECRET_PREFIX) or not 24 <= len(key) <= 64:
        raise ValueError("a webhook secret is whsec_ and 24 to 64 bytes in base64")
    return key


def sign(secret: str, message_id: str, timestamp_s: int, body: bytes) -> str:
    """Return the signature of a message, as it stands in `webhook-signature`."""
    signed = f"{message_id}.{timestamp_s}.".encode() + body
    digest = hmac.new(key_of_secret(secret), signed, hashlib.sha256).digest()
    return f"{VERSION},{base64.b64encode(digest).decode()}"


def is_signed(
    secrets: Iterable[str], message_id: str, timestamp: str, signatures: str, body: bytes, *, now_s: float
) -> bool:
    """Say whether one of these signatures was made under one of these secrets, at most TOLERANCE_S from now."""
    if not message_id or not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        return False
    if abs(now_s - int(timestamp)) > TOLERANCE_S:
        return False
    given = [one.encode() for one in signatures.split(" ") if one]
    expected = [sign(secret, message_id, int(timestamp), body).encode() for secret in secrets]
    # Each is compared, whichever fits: how long it takes tells nothing of the secret.
    found = [hmac.compare_digest(one, good) for one in given for good in expected]
    return any(found)
