"""Every number that the scores rest on, with its source. A change to one changes MODEL_VERSION.

A factor has 3 units if two or more independent studies show that it moves what viewers do (leave, zap, engage) or how
they rate the video, 2 units if one such study does, 1 unit if attitude or memory studies or an industry standard back
it. Twenty units of five points make one hundred. "design" marks a choice that no published magnitude backs.
"""

from dataclasses import dataclass
from typing import Final

MODEL_VERSION: Final = "intrusiveness/1"
PROMINENCE_VERSION: Final = "prominence/1"
FRONTIER_VERSION: Final = "frontier/1"
AD_LOAD_VERSION: Final = "ad-load/1"
CHANNEL_VERSION: Final = "channel/1"
PACING_VERSION: Final = "pacing/1"


@dataclass(frozen=True)
class IntrusionFactor:
    """One of the ten parts of the score: its code and names, its units of evidence (1 to 3), whether a good fit
    relieves it, and its sources."""

    code: str
    units: int
    relieved: bool
    zh: str
    en: str
    evidence: str


FACTORS: Final = (
    IntrusionFactor(
        "load",
        3,
        False,
        "广告时长占比",
        "ad time",
        "Goli, Huang, Reiley & Riabov 2025 (QME): use falls linearly with ads per hour; Kim & Kauffman 2025 (IJEC): "
        "a larger commercial share, less engagement; Nettelhorst et al. 2020: viewers first minimise ad seconds.",
    ),
    IntrusionFactor(
        "peak",
        3,
        True,
        "画面突出程度",
        "visual peak",
        "Becker et al. 2023 (JM): prominent branding, more zapping; Marchand, Hennig-Thurau & Best 2015 (EJM): the "
        "film itself is rated worse; Teixeira, Wedel & Pieters 2010 (MkSci): central position raises avoidance, size "
        "does not; MRC: two seconds make an impression.",
    ),
    IntrusionFactor(
        "early",
        3,
        True,
        "出现过早",
        "early appearance",
        "Becker et al. 2023 (JM): early branding, more zapping; Krishnan & Sitaraman 2013: ads before the video are "
        "completed less than those inside it; Zhang, Zhao & Wang 2023 (JRIM): busy openings.",
    ),
    IntrusionFactor(
        "info",
        3,
        True,
        "卖点过密",
        "selling points",
        "Becker et al. 2023 (JM): information focus, more zapping; Kim & Kauffman 2025 (IJEC): describing attributes "
        "lowers engagement.",
    ),
    IntrusionFactor(
        "run",
        2,
        True,
        "连续露出过长",
        "longest stretch",
        "Teixeira, Wedel & Pieters 2010 (MkSci): short repeated appearances are avoided less than one long one; "
        "SponsorBlock 2020: the median skipped segment is 33 s.",
    ),
    IntrusionFactor(
        "clutter",
        2,
        True,
        "品牌过多",
        "several brands",
        "JECR 2022: the number of brands moves live comments; Schweidel, Foutz & Tanner 2014 (MkSci): another brand's "
        "placement loses audience; Bressoud, Lehu & Russell 2010 (JAR): several brands cut recall.",
    ),
    IntrusionFactor(
        "spoken",
        1,
        True,
        "口播与剧情脱节",
        "speech outside the plot",
        "Russell 2002 (JCR): a spoken placement without a role in the plot is remembered better and liked less; BBC "
        "guidelines: spoken references weigh more than visual ones.",
    ),
    IntrusionFactor(
        "loud",
        1,
        False,
        "广告段音量偏大",
        "loudness",
        "EBU R 128 s1: the short-term maximum lies 5 LU above the programme target.",
    ),
    IntrusionFactor(
        "occl",
        1,
        False,
        "遮挡人脸或字幕",
        "covering faces or subtitles",
        "Li, Edwards & Lee 2002; Edwards, Li & Lee 2002: intrusiveness is the perceived interruption of a goal.",
    ),
    IntrusionFactor(
        "repeat",
        1,
        True,
        "醒目露出次数过多",
        "repetition",
        "Homer 2009 (JA): repeating prominent placements lowers liking, repeating subtle ones hardly; Schmidt & "
        "Eisend 2015 (JA): attitude peaks at about ten exposures.",
    ),
)
# The order of the ten factors in every array and tuple.
CODES: Final = tuple(factor.code for factor in FACTORS)


@dataclass(frozen=True)
class SourcedConstant:
    """A number with its unit and its source."""

    value: float
    unit: str
    evidence: str


TABLE: Final = {
    "points_per_unit": SourcedConstant(5, "points", "20 units of evidence make 100 points"),
    "relief_max": SourcedConstant(
        0.30,
        "share",
        "design; direction: Babin et al. 2021 (IJRM), Cheng & Zhang 2025 (MngSci), Russell 2002 (JCR); kept small for "
        "Kim & Kauffman 2025 (IJEC) oppose it",
    ),
    "load_full": SourcedConstant(
        0.20, "share of video", "twice the 90 % point of sponsor share, SponsorBlock 2020, 90 videos"
    ),
    "peak_window": SourcedConstant(2, "s", "MRC/IAB: a video impression is two continuous seconds"),
    "peak_centre": SourcedConstant(
        0.45, "weight", "Teixeira et al. 2010: position matters most; size of the weight: design"
    ),
    "peak_saliency": SourcedConstant(0.30, "weight", "Becker et al. 2023: prominence; size of the weight: design"),
    "peak_area": SourcedConstant(
        0.15, "weight", "Teixeira et al. 2010: size matters little; size of the weight: design"
    ),
    "peak_clarity": SourcedConstant(0.10, "weight", "Repucom QI counts clarity; size of the weight: design"),
    "area_full": SourcedConstant(
        0.10, "share of frame", "BrandMatrix: its largest size bin begins at 10 % of the screen"
    ),
    "early_window": SourcedConstant(
        0.25, "share of video", "Krishnan & Sitaraman 2013: early against mid; width: design"
    ),
    "flash": SourcedConstant(0.5, "s", "one sample of the measuring grid; shorter appearances count in proportion"),
    "info_full": SourcedConstant(5, "claims", "design"),
    "run_free": SourcedConstant(2, "s", "MRC/IAB: up to one impression is free"),
    "run_full": SourcedConstant(33, "s", "SponsorBlock 2020: median of 44,664 skipped segments"),
    "run_gap": SourcedConstant(1, "s", "gaps up to this belong to the run; design"),
    "clutter_full": SourcedConstant(4, "brands", "design; direction: JECR 2022"),
    "spoken_full": SourcedConstant(3, "mentions", "design; direction: Russell 2002"),
    "loud_free": SourcedConstant(1, "LU", "design: the ear hardly notices"),
    "loud_full": SourcedConstant(5, "LU", "EBU R 128 s1: short-term maximum -18 against a target of -23 LUFS"),
    "occl_full": SourcedConstant(0.20, "share of brand time", "design; direction: Edwards et al. 2002"),
    "repeat_visual": SourcedConstant(
        0.5, "prominence", "from here an appearance is a hit; design; direction: Homer 2009"
    ),
    "repeat_full": SourcedConstant(10, "hits", "Schmidt & Eisend 2015: attitude peaks at about ten exposures"),
    "band_moderate": SourcedConstant(25, "points", "provisional until calibrated on outcomes"),
    "band_high": SourcedConstant(45, "points", "provisional until calibrated on outcomes"),
    "band_severe": SourcedConstant(65, "points", "provisional until calibrated on outcomes"),
    "veto_occlusion": SourcedConstant(0.20, "share of brand time", "design: covering what people watch for"),
    "veto_loudness": SourcedConstant(5, "LU", "EBU R 128 s1"),
    "pulse_gap": SourcedConstant(3, "s", "what-if: pause put into a long run; design; Teixeira et al. 2010"),
    "off_centre": SourcedConstant(0.25, "centre", "what-if: an edge position; design"),
    "plot_linked": SourcedConstant(0.8, "plot", "what-if: speech that has a role in the plot; design"),
    "shortened": SourcedConstant(0.5, "share", "what-if: seconds left of what is cut; design"),
    "shortened_little": SourcedConstant(0.75, "share", "frontier: seconds left of what is cut a little; design"),
    "prominence_kept": SourcedConstant(
        1, "points", "frontier: an end of prominence that falls by no more counts as kept; design"
    ),
    "prominence_least": SourcedConstant(
        0.5, "share", "frontier: of the plan's prominence, what is never given up; design"
    ),
    "step_least": SourcedConstant(0.5, "points", "frontier: what a change must save to be worth asking for; design"),
    "mild_enough": SourcedConstant(
        0.5, "share", "what-if: the mildest change that saves this much of the most; design"
    ),
    "reason_least": SourcedConstant(
        0.05, "points", "what-if: what saves less is not told; the last digit shown is 0.1"
    ),
    "size_exponent": SourcedConstant(0.5, "exponent", "prominence: value of size rises ever less; Repucom QI; design"),
    "value_centre": SourcedConstant(
        0.5, "share", "prominence: an edge position keeps half; QI: centre above edge; design"
    ),
    "fade": SourcedConstant(10, "s", "prominence: seconds count less in long runs; Repucom QI, Nielsen; pace: design"),
    "mention_worth": SourcedConstant(
        4, "s", "prominence: a spoken mention; Fossen & Schweidel 2019 (MkSci); size: design"
    ),
    "clutter_exponent": SourcedConstant(
        0.5, "exponent", "prominence falls with brands; Bressoud et al. 2010; pace: design"
    ),
    "value_scale": SourcedConstant(8, "s", "prominence: full-frame seconds worth 63 of 100; design"),
    "half_life": SourcedConstant(5, "videos", "ad load; design"),
    "recent": SourcedConstant(10, "videos", "ad load; design"),
    "ad_past": SourcedConstant(
        0.6, "share", "ad load: past intrusiveness; Goli et al. 2025: harm builds slowly; design"
    ),
    "ad_pace": SourcedConstant(40, "points", "ad load: density, frequency and streak together; design"),
    "ad_density": SourcedConstant(0.5, "share", "ad load: of the pace points; Goli et al. 2025; design"),
    "ad_frequency": SourcedConstant(0.3, "share", "ad load: of the pace points; Upfluence 2019; design"),
    "ad_streak": SourcedConstant(0.2, "share", "ad load: of the pace points; Wearisma 2018; design"),
    "density_full": SourcedConstant(
        0.10, "share of seconds", "SponsorBlock 2020: 90 % point of sponsor share; one channel"
    ),
    "frequency_full": SourcedConstant(0.5, "share of videos", "Upfluence 2019: engagement falls with it; size: design"),
    "streak_full": SourcedConstant(4, "videos", "sponsored in a row; design"),
    "channel_videos": SourcedConstant(40, "videos", "channel: older ones weigh under 1 in 200; follows from half_life"),
    "unseen_score_low": SourcedConstant(
        12.5,
        "points",
        "channel: a sponsored video of unknown timeline, at best one whose hero uses the product; design",
    ),
    "unseen_score": SourcedConstant(35, "points", "channel: the same, in the middle of the moderate band; design"),
    "unseen_score_high": SourcedConstant(
        53, "points", "channel: the same, at worst a read ad of 20 s with 4 claims; design"
    ),
    "unseen_ads_low": SourcedConstant(
        0.020, "share of video", "SponsorBlock 2020: 10 % point of sponsor share; one channel"
    ),
    "unseen_ads": SourcedConstant(0.057, "share of video", "SponsorBlock 2020: median of sponsor share; one channel"),
    "unseen_ads_high": SourcedConstant(
        0.098, "share of video", "SponsorBlock 2020: 90 % point of sponsor share; one channel"
    ),
    "unseen_length": SourcedConstant(60, "s", "channel: where no video tells its length; design"),
    "bad_result": SourcedConstant(
        0.5,
        "share of usual views",
        "pacing: from here down a sponsored video calls for a cool-down; design: with log views scattering by 0.6 one "
        "ordinary video in eight falls so low by chance, and a needless pause is cheap; direction: Goli et al. 2025",
    ),
    "pace_videos": SourcedConstant(
        10, "videos", "pacing: newest unsponsored videos whose spacing tells the pace; design"
    ),
    "pace_least": SourcedConstant(0.1, "days a video", "pacing: no channel is taken to publish faster; design"),
    "horizon": SourcedConstant(365, "days", "pacing: how far ahead the next open day is looked for; design"),
}


@dataclass(frozen=True)
class RampPreset:
    """How a channel goes from no placements to some and then few. Counts are of unsponsored videos.

    No sponsored video until both ``quiet_videos`` and ``quiet_followers`` are reached; then up to ``some`` of ten
    videos in a row; from ``few_videos`` or ``few_followers`` on, whichever comes first, up to ``few``.
    """

    code: str
    quiet_videos: int
    quiet_followers: int
    some: int
    few_videos: int
    few_followers: int
    few: int
    evidence: str


# The studies give the order none -> some -> few; the sizes are design choices.
RAMPS: Final = {
    preset.code: preset
    for preset in (
        RampPreset(
            "gentle",
            30,
            10_000,
            2,
            120,
            1_000_000,
            1,
            "Cheng & Zhang 2025 (MngSci): a sponsored video costs followers, more where there are many; Wearisma 2018: "
            "nine in ten sponsored creators keep to 5 % sponsored posts; sizes: design",
        ),
        RampPreset(
            "standard",
            12,
            1_000,
            3,
            60,
            1_000_000,
            2,
            "Cheng & Zhang 2025 (MngSci); Upfluence 2019: engagement falls with the sponsored share; sizes: design",
        ),
    )
}


def _value(name: str) -> float:
    return TABLE[name].value


RELIEF_MAX: Final = _value("relief_max")
LOAD_FULL: Final = _value("load_full")
PEAK_WINDOW_S: Final = _value("peak_window")
PEAK_CENTRE: Final = _value("peak_centre")
PEAK_SALIENCY: Final = _value("peak_saliency")
PEAK_AREA: Final = _value("peak_area")
PEAK_CLARITY: Final = _value("peak_clarity")
AREA_FULL: Final = _value("area_full")
EARLY_WINDOW: Final = _value("early_window")
FLASH_S: Final = _value("flash")
INFO_FULL: Final = _value("info_full")
RUN_FREE_S: Final = _value("run_free")
RUN_FULL_S: Final = _value("run_full")
RUN_GAP_S: Final = _value("run_gap")
CLUTTER_FULL: Final = _value("clutter_full")
SPOKEN_FULL: Final = _value("spoken_full")
LOUD_FREE_LU: Final = _value("loud_free")
LOUD_FULL_LU: Final = _value("loud_full")
OCCL_FULL: Final = _value("occl_full")
REPEAT_VISUAL: Final = _value("repeat_visual")
REPEAT_FULL: Final = _value("repeat_full")
# Band and the least score (points) that it has, from the highest band down.
BANDS: Final = (
    ("severe", _value("band_severe")),
    ("high", _value("band_high")),
    ("moderate", _value("band_moderate")),
    ("low", 0.0),
)
VETO_OCCLUSION: Final = _value("veto_occlusion")
VETO_LOUDNESS_LU: Final = _value("veto_loudness")
PULSE_GAP_S: Final = _value("pulse_gap")
OFF_CENTRE: Final = _value("off_centre")
PLOT_LINKED: Final = _value("plot_linked")
SHORTENED: Final = _value("shortened")
SHORTENED_LITTLE: Final = _value("shortened_little")
PROMINENCE_KEPT: Final = _value("prominence_kept")
PROMINENCE_LEAST: Final = _value("prominence_least")
STEP_LEAST: Final = _value("step_least")
MILD_ENOUGH: Final = _value("mild_enough")
REASON_LEAST: Final = _value("reason_least")
# By factor, in the order of CODES: its points at most, and whether a good fit relieves it.
POINTS: Final = tuple(_value("points_per_unit") * factor.units for factor in FACTORS)
RELIEVED: Final = tuple(factor.relieved for factor in FACTORS)
SIZE_EXPONENT: Final = _value("size_exponent")
VALUE_CENTRE: Final = _value("value_centre")
FADE_S: Final = _value("fade")
MENTION_WORTH_S: Final = _value("mention_worth")
CLUTTER_EXPONENT: Final = _value("clutter_exponent")
VALUE_SCALE_S: Final = _value("value_scale")
HALF_LIFE: Final = _value("half_life")
RECENT: Final = int(_value("recent"))
AD_PAST: Final = _value("ad_past")
AD_PACE: Final = _value("ad_pace")
AD_DENSITY: Final = _value("ad_density")
AD_FREQUENCY: Final = _value("ad_frequency")
AD_STREAK: Final = _value("ad_streak")
DENSITY_FULL: Final = _value("density_full")
FREQUENCY_FULL: Final = _value("frequency_full")
STREAK_FULL: Final = _value("streak_full")
CHANNEL_VIDEOS: Final = int(_value("channel_videos"))
UNSEEN_SCORE_LOW: Final = _value("unseen_score_low")
UNSEEN_SCORE: Final = _value("unseen_score")
UNSEEN_SCORE_HIGH: Final = _value("unseen_score_high")
UNSEEN_ADS_LOW: Final = _value("unseen_ads_low")
UNSEEN_ADS: Final = _value("unseen_ads")
UNSEEN_ADS_HIGH: Final = _value("unseen_ads_high")
UNSEEN_LENGTH_S: Final = _value("unseen_length")
BAD_RESULT: Final = _value("bad_result")
PACE_VIDEOS: Final = int(_value("pace_videos"))
PACE_LEAST_DAYS: Final = _value("pace_least")
HORIZON_DAYS: Final = int(_value("horizon"))
