"""Fingerprints that are stored: a change of these bytes makes every feature and match out of date."""

from typing import Any

import pytest

from marketplace.core.fingerprint import fingerprint

# Computed by the version that wrote the first stored ones. Small and large floats are as Python writes them.
KNOWN: list[tuple[dict[str, Any], str]] = [
    (
        {
            "small": 1e-05,
            "smaller": 2.5e-09,
            "big": 1e16,
            "whole": 3.0,
            "integer": 2**64,
            "text": "中\U0001f600\ue000",
            "third": 1 / 3,
            "list": [1, 2.5, None, True],
        },
        "7cd3403fae4eb9097a1dac42f1385052a7b064a0328bc6dc3dbd841125748390",
    ),
    # Keys are sorted by code point: U+E000 before U+1F600.
    ({"\ue000": 1, "\U0001f600": 2}, "871954531859c7572c6279f90eb83a594ddc3a289e8bdc28d2a84ffb8c1a1703"),
]


@pytest.mark.parametrize(("inputs", "known"), KNOWN)
def test_stored_fingerprints_keep_their_bytes(inputs: dict[str, Any], known: str) -> None:
    assert fingerprint(inputs) == known
    assert fingerprint(dict(reversed(inputs.items()))) == known
