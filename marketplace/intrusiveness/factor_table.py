"""The nine factors of the score: their points at most, their names, and the studies behind the direction of each.

The points are fitted by hand to pairs of plans whose order people of the trade would give
(``python -m benchmarks.quality.intrusiveness`` prints them); no study gives their sizes.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class IntrusionFactor:
    """One of the nine parts of the score: its code and names, the points it gives at most, and its sources."""

    code: str
    points: float
    zh: str
    en: str
    evidence: str


FACTORS: Final = (
    IntrusionFactor(
        "time",
        39,
        "占用的时间",
        "time taken",
        "Goli, Huang, Reiley & Riabov 2025 (QME): use falls linearly with ads per hour; Kim & Kauffman 2025 (IJEC): "
        "a larger commercial share, less engagement; Nettelhorst et al. 2020: viewers first minimise ad seconds.",
    ),
    IntrusionFactor(
        "interrupt",
        19,
        "打断观看",
        "breaking in",
        "Better Ads Standard for videos of 8 minutes or less (2020): mid-roll is among the worst; IPG & YuMe 2017: "
        "53 to 72 % of 6,864 people say that mid-roll interrupts, 17 % that pre-roll does; Becker et al. 2023 (JM): "
        "early branding, more zapping; Li, Edwards & Lee 2002: intrusiveness is the perceived interruption of a goal.",
    ),
    IntrusionFactor(
        "misplaced",
        9,
        "与内容脱节",
        "out of place",
        "Babin et al. 2021 (IJRM): plot connection is the chief moderator; Russell 2002 (JCR): what has no role in the "
        "plot is remembered better and liked less; Cheng & Zhang 2025 (MngSci): less is lost with fit to the channel.",
    ),
    IntrusionFactor(
        "selling",
        10,
        "推销",
        "selling",
        "Becker et al. 2023 (JM): information focus, more zapping; Kim & Kauffman 2025 (IJEC): describing attributes "
        "lowers engagement.",
    ),
    IntrusionFactor(
        "run",
        5,
        "连续露出过长",
        "longest stretch",
        "Teixeira, Wedel & Pieters 2010 (MkSci): short repeated appearances are avoided less than one long one; "
        "SponsorBlock 2020: the median skipped segment is 33 s.",
    ),
    IntrusionFactor(
        "named",
        2,
        "口播品牌名",
        "naming the brand",
        "Russell 2002 (JCR); BBC guidelines: spoken references weigh more than visual ones.",
    ),
    IntrusionFactor(
        "clutter",
        5,
        "品牌过多",
        "several brands",
        "JECR 2022: the number of brands moves live comments; Schweidel, Foutz & Tanner 2014 (MkSci): another brand's "
        "placement loses audience; Bressoud, Lehu & Russell 2010 (JAR): several brands cut recall.",
    ),
    IntrusionFactor(
        "loud",
        5,
        "广告段音量偏大",
        "loudness",
        "Harris 2009: loud advertisements bother 89 %; EBU R 128 s1: the short-term maximum lies 5 LU above the "
        "programme target.",
    ),
    IntrusionFactor(
        "occl",
        6,
        "遮挡人脸或字幕",
        "covering faces or subtitles",
        "Li, Edwards & Lee 2002; Edwards, Li & Lee 2002: intrusiveness is the perceived interruption of a goal.",
    ),
)
