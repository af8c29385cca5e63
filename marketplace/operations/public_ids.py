"""The ids in an event's data as the API shows them: `brf_...`, where the row holds a UUID.

Done when an event is read, so that what was recorded long ago is shown like the rest.
"""

import re
from typing import Any
from uuid import UUID

from marketplace.core.ids import PREFIXES, show

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_IRREGULAR = {"people": "person", "matches": "match"}
# Fields that say which part a party, or another thing, plays, instead of what it is.
_BY_PART = {
    "agency_id": "pty",
    "brand_id": "pty",
    "creator_id": "pty",
    "holder_id": "pty",
    "told_by_id": "pty",
    "revision_id": "rev",
    "brief_version_id": "brv",
    "version_id": "brv",
    "terms_id": "dtm",
    "snapshot_id": "snp",
    "check_id": "vck",
    "other_channel_id": "chn",
}


def _singular(noun: str) -> str:
    if noun in _IRREGULAR:
        return _IRREGULAR[noun]
    return f"{noun[:-3]}y" if noun.endswith("ies") else noun.removesuffix("s")


_PREFIX_OF = {f"{_singular(noun)}_id": prefix for noun, prefix in PREFIXES.items()} | _BY_PART


def shown_data(data: dict[str, Any]) -> dict[str, Any]:
    """Return an event's data with public ids, also those within lists and within other data."""
    return {name: _shown(value, name) for name, value in data.items()}


def _shown(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return shown_data(value)
    if isinstance(value, list):
        one = f"{name.removesuffix('_ids')}_id" if name.endswith("_ids") else f"{_singular(name)}_id"
        return [_shown(part, one) for part in value]
    if isinstance(value, str) and _UUID.fullmatch(value):
        # An id under a name of which nobody knows what it names is of no use to a reader.
        return show(_PREFIX_OF[name], UUID(value)) if name in _PREFIX_OF else None
    return value
