"""Population tables for use where a channel's own audience facts are missing or coarser than the grid.

Both tables are starting points, not measurements of any platform: rounded millions of people, spread evenly inside
five-year groups. Sources: China, 7th national census 2020 (National Bureau of Statistics, communiques 3 and 5); world,
United Nations World Population Prospects 2022, rounded. Men per 100 women by age are rounded from the same works.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from marketplace.matching.audience.arrays import Floats, as_floats

# Where the bands of platforms and panels begin: Xingtu 18, 24, 31, 41, 51; TikTok and YouTube 18, 25, 35, 45, 55, 65;
# others 16, 21, 30, 36, 40, 46, 50, 60. A band that begins between two of them is split by the years of the prior.
AGE_STARTS = (13, 16, 18, 21, 24, 25, 30, 31, 35, 36, 40, 41, 45, 46, 50, 51, 55, 60, 65)
AGE_OPEN_END = 100
YEARS = range(AGE_STARTS[0], AGE_OPEN_END)  # the last year stands for everybody older too
GENDERS = ("female", "male")

PROVINCES = {
    "CN-GD": 126.01,
    "CN-SD": 101.53,
    "CN-HA": 99.37,
    "CN-JS": 84.75,
    "CN-SC": 83.67,
    "CN-HE": 74.61,
    "CN-HN": 66.44,
    "CN-ZJ": 64.57,
    "CN-AH": 61.03,
    "CN-HB": 57.75,
    "CN-GX": 50.13,
    "CN-YN": 47.21,
    "CN-JX": 45.19,
    "CN-LN": 42.59,
    "CN-FJ": 41.54,
    "CN-SN": 39.53,
    "CN-GZ": 38.56,
    "CN-SX": 34.92,
    "CN-CQ": 32.05,
    "CN-HL": 31.85,
    "CN-XJ": 25.85,
    "CN-GS": 25.02,
    "CN-SH": 24.87,
    "CN-JL": 24.07,
    "CN-NM": 24.05,
    "CN-BJ": 21.89,
    "CN-TJ": 13.87,
    "CN-HI": 10.08,
    "CN-NX": 7.20,
    "CN-QH": 5.92,
    "CN-XZ": 3.65,
}
COUNTRIES = {
    "HK": 7.5,
    "MO": 0.7,
    "TW": 23.5,
    "US": 338,
    "CA": 38,
    "MX": 128,
    "BR": 215,
    "AR": 46,
    "CO": 52,
    "CL": 20,
    "PE": 34,
    "GB": 68,
    "IE": 5,
    "FR": 65,
    "DE": 83,
    "ES": 48,
    "IT": 59,
    "PT": 10,
    "NL": 18,
    "BE": 12,
    "CH": 9,
    "AT": 9,
    "PL": 40,
    "CZ": 10,
    "RO": 20,
    "GR": 10,
    "SE": 11,
    "NO": 5,
    "DK": 6,
    "FI": 6,
    "UA": 40,
    "RU": 145,
    "TR": 85,
    "IL": 9,
    "SA": 36,
    "AE": 9,
    "EG": 111,
    "MA": 37,
    "NG": 219,
    "KE": 54,
    "ZA": 60,
    "IN": 1417,
    "PK": 236,
    "BD": 171,
    "LK": 22,
    "NP": 31,
    "KZ": 19,
    "ID": 276,
    "MY": 34,
    "SG": 6,
    "TH": 72,
    "VN": 98,
    "PH": 116,
    "KH": 17,
    "MM": 54,
    "JP": 124,
    "KR": 52,
    "AU": 26,
    "NZ": 5,
}
ELSEWHERE = "ZZ"
ELSEWHERE_MILLIONS = 1_500.0
WORLD_MILLIONS = 7_950.0  # everybody of any age, 2022
REGIONS = (*PROVINCES, *COUNTRIES, ELSEWHERE)

# First year of a five-year group (the last: all from there on): millions of people, men per 100 women.
_CHINA = {
    10: (85.3, 115),
    15: (72.7, 116),
    20: (74.9, 113),
    25: (91.8, 107),
    30: (124.1, 104),
    35: (99.0, 104),
    40: (93.0, 104),
    45: (114.2, 103),
    50: (121.2, 102),
    55: (101.4, 101),
    60: (73.4, 100),
    65: (74.0, 97),
    70: (49.6, 95),
    75: (31.2, 89),
    80: (20.4, 80),
    85: (15.4, 65),
}
_WORLD = {
    10: (664, 106),
    15: (624, 106),
    20: (601, 105),
    25: (595, 104),
    30: (605, 103),
    35: (550, 102),
    40: (497, 101),
    45: (473, 100),
    50: (453, 99),
    55: (397, 97),
    60: (330, 94),
    65: (783, 82),
}


@dataclass(frozen=True, eq=False)
class PopulationPrior:
    """Shares of a population: years [87 years of age from 13 on, 2 genders], the same on the grid as joint [A ages, 2
    genders], and regions [R], each summing to 1, and their source."""

    years: Floats
    joint: Floats
    regions: Floats
    source: str


def _millions(groups: Mapping[int, tuple[float, int]]) -> Floats:
    """Return millions of people of each year of age from 13 to 99 by gender [87, 2]."""
    people = np.zeros((len(YEARS), len(GENDERS)))
    for first, (millions, men_per_100_women) in groups.items():
        ages = range(first, first + 5 if first < max(groups) else AGE_OPEN_END)
        women = 100 / (100 + men_per_100_women)
        for age in ages:
            if age in YEARS:
                people[age - YEARS[0]] += millions / len(ages) * np.array([women, 1 - women])
    return people


def on_grid(years: Floats) -> Floats:
    """Return a table of years of age [87, ...] summed over the ages of the grid [A, ...]."""
    return as_floats(np.add.reduceat(years, [start - AGE_STARTS[0] for start in AGE_STARTS], axis=0))


def _china() -> PopulationPrior:
    people = _millions(_CHINA)
    years = as_floats(people / people.sum())
    regions = np.array([PROVINCES.get(code, 0.0) for code in REGIONS])
    return PopulationPrior(
        years,
        on_grid(years),
        as_floats(regions / regions.sum()),
        "7th national census of China, 2020, rounded",
    )


def _abroad() -> PopulationPrior:
    people = np.array([{**COUNTRIES, ELSEWHERE: ELSEWHERE_MILLIONS}.get(code, 0.0) for code in REGIONS])
    source = f"{CHINA.source}; regions: United Nations, 2022, without mainland China"
    return PopulationPrior(CHINA.years, CHINA.joint, as_floats(people / people.sum()), source)


CHINA = _china()
# For platforms that are not offered in mainland China.
ABROAD = _abroad()


def population() -> Floats:
    """Return people aged 13 and over [A ages, 2 genders, R regions]: China's provinces by its census, other regions by
    the ages of the world. A region's people are its share of the whole population at any age, of China or the world."""
    china, world = on_grid(_millions(_CHINA)), on_grid(_millions(_WORLD))
    everybody = sum(PROVINCES.values())
    people = np.zeros((*china.shape, len(REGIONS)))
    for column, code in enumerate(REGIONS):
        if code in PROVINCES:
            people[:, :, column] = china * PROVINCES[code] / everybody
        else:
            people[:, :, column] = world * COUNTRIES.get(code, ELSEWHERE_MILLIONS) / WORLD_MILLIONS
    return as_floats(people * 1e6)
