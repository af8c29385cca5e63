"""The markets that audiences live in: areas with a language and platforms of their own, and their people.

Two creators share viewers where both have any, so people are counted by area, and how strongly audiences overlap is a
matter of the market: in the measured communities of creators, language decides first and what is shown second.
"""

from collections.abc import Mapping

import numpy as np

from marketplace.matching.audience.arrays import Floats
from marketplace.matching.audience.priors import ELSEWHERE, PROVINCES, REGIONS, population

# The share of people from 13 years on who watch short videos: CNNIC counts 1.05 billion in China in 2024; the other is
# assumed.
WATCHING_CHINA, WATCHING_ELSEWHERE = 0.88, 0.65
MAINLAND = "cn"
# Parts of mainland China's market, and every other market, with their regions. Countries are together where they watch
# the same creators: one language and neighbours.
_MAINLAND_AREAS = {
    "cn-north": "CN-BJ CN-TJ CN-HE CN-SX CN-NM CN-LN CN-JL CN-HL",
    "cn-east": "CN-SH CN-JS CN-ZJ CN-AH CN-FJ CN-JX CN-SD",
    "cn-south": "CN-HA CN-HB CN-HN CN-GD CN-GX CN-HI",
    "cn-west": "CN-CQ CN-SC CN-GZ CN-YN CN-XZ CN-SN CN-GS CN-QH CN-NX CN-XJ",
}
_OTHER_AREAS = {
    "zh-abroad": "HK MO TW",
    "us": "US CA",
    "gb": "GB IE",
    "au": "AU NZ",
    "jp": "JP",
    "kr": "KR",
    "sg": "SG MY",
    "id": "ID",
    "th": "TH",
    "vn": "VN",
    "ph": "PH",
    "mekong": "KH MM",
    "in": "IN",
    "pk": "PK",
    "bd": "BD",
    "lk": "LK NP",
    "es-america": "MX CO AR CL PE",
    "br": "BR",
    "es": "ES",
    "pt": "PT",
    "fr": "FR BE",
    "de": "DE AT CH",
    "it": "IT",
    "nl": "NL",
    "nordic": "SE NO DK FI",
    "pl": "PL",
    "cz": "CZ",
    "ro": "RO",
    "gr": "GR",
    "ua": "UA",
    "ru": "RU KZ",
    "tr": "TR",
    "il": "IL",
    "arab": "SA AE EG MA",
    "africa": "NG KE ZA",
    "elsewhere": ELSEWHERE,
}
AREAS: Mapping[str, tuple[str, ...]] = {
    name: tuple(codes.split()) for name, codes in {**_MAINLAND_AREAS, **_OTHER_AREAS}.items()
}
# The area of each region, and the market of each area, as numbers.
AREA_OF = tuple(next(number for number, codes in enumerate(AREAS.values()) if code in codes) for code in REGIONS)
MARKETS = (MAINLAND, *_OTHER_AREAS)
MARKET_OF_AREA = tuple(MARKETS.index(MAINLAND if name in _MAINLAND_AREAS else name) for name in AREAS)


def watching() -> Floats:
    """Return the people who watch short videos [A ages, 2 genders, R regions]."""
    china = np.array([code in PROVINCES for code in REGIONS])
    people: Floats = population() * np.where(china, WATCHING_CHINA, WATCHING_ELSEWHERE)
    return people


def _people() -> dict[str, float]:
    by_region = watching().sum(axis=(0, 1)).tolist()
    people = dict.fromkeys(MARKETS, 0.0)
    for area, people_there in zip(AREA_OF, by_region, strict=True):
        people[MARKETS[MARKET_OF_AREA[area]]] += people_there
    return people


# Who watches short videos in each market.
PEOPLE: Mapping[str, float] = _people()
