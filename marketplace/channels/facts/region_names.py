"""One table of regions for every door: the API, files of channels, and the targets and markets of briefs.

A label is a code (CN-GD, US, USA, 440000) or a name in Chinese or English (广东, 广东省, Guangdong, 美国, UK), in any
case and width, with or without accents, spaces and dots.
"""

import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from marketplace.channels.facts.region_table import NAMES

# What a list of shares says of the rest: people elsewhere, and people whose region nobody disclosed.
OTHER, UNKNOWN = "other", "unknown"
ROUNDING = 0.02  # platforms round each share
_RESTS = {
    **dict.fromkeys(("other", "others", "rest", "overseas", "zz"), OTHER),
    **dict.fromkeys(("其他", "其它", "其他地区", "其他国家", "海外", "国外"), OTHER),
    **dict.fromkeys(("unknown", "undisclosed", "unspecified", "notset", "未知"), UNKNOWN),
}
# What an official name adds to the usual one, the longest first: 广西壮族自治区 is listed as 广西壮族 and 广西.
# Files say the same few labels over and over; a file of a million different ones must not stay in memory.
LABELS_KEPT = 4096
_ENDINGS = ("维吾尔自治区", "自治区", "特别行政区", "自治區", "province", "municipality", "省", "市")


def _plain(label: str) -> str:
    """Return the letters and digits of a label without case, width, accents and spaces."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", label)).casefold()
    return "".join(letter for letter in decomposed if letter.isalnum())


def _read_table() -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    codes: dict[str, str] = {}
    names: dict[str, tuple[str, str]] = {}
    for line in NAMES.strip().splitlines():
        code, *labels = line.split("|")
        if code not in names:  # a code with many names has further lines
            names[code] = (labels[0], labels[1])
        for label in (code, *labels):
            codes.setdefault(_plain(label), code)
    return codes, names


_CODES, _NAMES = _read_table()
COUNTRIES = tuple(code for code in _NAMES if "-" not in code)
PROVINCES = tuple(code for code in _NAMES if "-" in code)


@lru_cache(LABELS_KEPT)
def region_code(label: str) -> str | None:
    """Return the code of a region: ISO 3166-1 for a country, CN-GD for a province of China, US-CA for another part of a
    country as it is. None for a label that is none of these."""
    plain = _plain(label)
    if plain in _CODES:
        return _CODES[plain]
    for ending in _ENDINGS:
        if plain.endswith(ending) and plain.removesuffix(ending) in _CODES:
            return _CODES[plain.removesuffix(ending)]
    country, dash, part = label.strip().upper().partition("-")
    # The parts of other countries are not listed: a share of them counts for their country.
    if dash and country in _NAMES and country != "CN" and 1 <= len(part) <= 3 and part.isascii() and part.isalnum():
        return f"{country}-{part}"
    return None


@lru_cache(LABELS_KEPT)
def region_label(label: str) -> str | None:
    """Return the code of a region in a list of shares, where `other` and `unknown` are labels too, or None."""
    return _RESTS.get(_plain(label)) or region_code(label)


def region_name(code: str) -> tuple[str, str]:
    """Return a code's name in Chinese and in English; a code without a name is its own."""
    return _NAMES.get(_CODES.get(_plain(code), code), (code, code))


def merged_shares(given: Mapping[str, float]) -> tuple[dict[str, float], list[str]]:
    """Return shares by code, with those of several names of one region added up, and the labels that are no region."""
    shares: dict[str, float] = {}
    strangers = []
    for label, share in given.items():
        code = region_label(label)
        if code is None:
            strangers.append(label)
        else:
            shares[code] = round(shares.get(code, 0.0) + share, 8)
    return shares, strangers


def net_shares(shares: Mapping[str, float]) -> dict[str, float]:
    """Return shares by code where a country's share is what its named parts leave of it: a province counts towards its
    country. A country whose parts have more than itself keeps its share, as what its other parts have."""
    net = dict(shares)
    for country in (code for code in shares if "-" not in code):
        parts = sum(share for code, share in shares.items() if code.startswith(f"{country}-"))
        if 0 < parts <= shares[country] + ROUNDING:
            net[country] = max(0.0, shares[country] - parts)
    return net


def stranger_said(label: str) -> tuple[str, str]:
    """Return the refusal of a label that is no region, in Chinese and English."""
    return (
        f"“{label}” 不是已知的国家或省份；请写作 CN-GD、广东、US 或 美国。",
        f"'{label}' is no region: write a country or a Chinese province, such as CN-GD, Guangdong, US or 美国.",
    )
