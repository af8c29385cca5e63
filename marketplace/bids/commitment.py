"""The sealed bid's proof: a hash shown at once, a salt shown after the close, and anyone can check one by the other.

commitment = SHA-256(canonical JSON of the offer in UTF-8, then the salt in ASCII), in hexadecimal. Canonical JSON is
that of RFC 8785 (names sorted, no spaces, numbers as ECMAScript writes them), so that a bid read through the API gives
the same bytes in any language. The salt is 32 random bytes in hexadecimal: without it nobody can try prices out.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import rfc8785

from marketplace.core import ids

# What is committed to. What making it costs the creator is no part of the offer, and nobody else could check it.
FIELDS = ("price", "rights", "options", "deliverables", "plan", "forecast_claim", "message", "answers")


def new_salt() -> str:
    return secrets.token_hex(32)


def offer_of(
    wording: Mapping[str, Any], *, brief_id: UUID, brief_version_id: UUID, channel_id: UUID, number: int
) -> dict[str, Any]:
    """Return the offer as it is committed to: the wording as the API shows it, bound to its brief and channel."""
    return {
        "brief_id": ids.show("brf", brief_id),
        "brief_version_id": ids.show("brv", brief_version_id),
        "channel_id": ids.show("chn", channel_id),
        "number": number,
        **{name: wording[name] for name in FIELDS},
    }


def seal(offer: Mapping[str, Any], salt: str) -> str:
    return hashlib.sha256(rfc8785.dumps(dict(offer)) + salt.encode("ascii")).hexdigest()


def verify(offer: Mapping[str, Any], salt: str, commitment: str) -> bool:
    """Return whether this offer with this salt is what was committed to."""
    return hmac.compare_digest(seal(offer, salt), commitment)


def canonical(value: Any) -> str:
    """Return JSON data in the one form of RFC 8785. Raises ValueError for what is none, or not exact in JSON.

    Names are sorted by UTF-16 code units; numbers are ECMAScript's, so whole ones beyond 2**53 - 1 are refused.
    """
    return rfc8785.dumps(value).decode()
