"""The moment at which bidding ends: inside the published window, and not to be chosen by anyone after seeing bids.

At publication a secret seed is drawn, and its SHA-256 is shown at once. The moment is

    bids_close_at + window * x,   x = first 8 bytes of SHA-256(seed + " " + brief id + " " + version id) / 2^64,

with the ids as the API shows them, of the version that set the deadline. The seed is shown after the close, so that
anyone can check both. So no bidder can wait for the last second, and nobody can let a late bid in.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from marketplace.core import ids

WINDOW_S_MAX = 3_600
_RANGE = 2**64


def new_seed() -> str:
    return secrets.token_hex(32)


def seed_commitment(seed: str) -> str:
    """Return the commitment to a seed, which is shown before the close: its SHA-256 in hexadecimal."""
    return hashlib.sha256(seed.encode("ascii")).hexdigest()


def closing_moment(seed: str, brief_id: UUID, version_id: UUID, bids_close_at: datetime, window_s: int) -> datetime:
    """Return the moment at which bidding ends, to the microsecond; without a window it is `bids_close_at`."""
    digest = hashlib.sha256(
        f"{seed} {ids.show('brf', brief_id)} {ids.show('brv', version_id)}".encode("ascii")
    ).digest()
    micros = window_s * 1_000_000 * int.from_bytes(digest[:8], "big") // _RANGE
    return bids_close_at + timedelta(microseconds=micros)
