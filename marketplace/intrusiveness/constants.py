"""Every number that the scores rest on, with its source. A change to one changes MODEL_VERSION.

The nine factors and their points are fitted by hand to pairs of plans whose order people of the trade would give
(``python -m benchmarks.quality.intrusiveness`` prints them); the direction of each rests on the studies that it names.
"judgement" or "design" marks a number that no published magnitude backs; "the pairs" are those of
``tests/intrusiveness/pairs``.
"""

from dataclasses import dataclass
from typing import Final

from marketplace.intrusiveness import factor_table

MODEL_VERSION: Final = "intrusiveness/3"
PROMINENCE_VERSION: Final = "prominence/2"
FRONTIER_VERSION: Final = "frontier/4"
AD_LOAD_VERSION: Final = "ad-load/1"
CHANNEL_VERSION: Final = "channel/2"
PACING_VERSION: Final = "pacing/1"


FACTORS: Final = factor_table.FACTORS
# The order of the nine factors in every array and tuple.
CODES: Final = tuple(factor.code for factor in FACTORS)


@dataclass(frozen=True)
class SourcedConstant:
    """A number with its unit and its source."""

    value: float
    unit: str
    evidence: str


TABLE: Final = {
    "area_full": SourcedConstant(
        0.50, "share of frame", "from here a larger picture takes no more attention; judgement, fitted to the pairs"
    ),
    "area_exponent": SourcedConstant(
        0.35, "exponent", "judgement; direction: Teixeira et al. 2010: size matters less than place"
    ),
    "small": SourcedConstant(
        0.75, "share", "of what a large picture takes; Better Ads 2020: over a fifth of the frame; size: judgement"
    ),
    "small_until": SourcedConstant(
        0.15, "share of frame", "Better Ads 2020: over a fifth of the frame; judgement: no step, but a slope about it"
    ),
    "large_from": SourcedConstant(0.25, "share of frame", "the upper end of that slope; judgement"),
    "place_corner": SourcedConstant(
        0.45, "share", "of what the middle takes; Teixeira et al. 2010: a central position is avoided; size: judgement"
    ),
    "place_edge": SourcedConstant(0.60, "share", "of what the middle takes; judgement"),
    "edge_until": SourcedConstant(0.50, "centre", "judgement: from here on it nears the middle third"),
    "middle_from": SourcedConstant(
        0.75, "centre", "Better Ads 2020: the middle third, whose edge lies at .67 of the way from a corner; judgement"
    ),
    "calm": SourcedConstant(0.30, "share", "of what a striking exposure takes; Becker et al. 2023; size: judgement"),
    "blurred": SourcedConstant(0.50, "share", "of what a clear exposure takes; Repucom QI counts clarity; judgement"),
    "relief_fit": SourcedConstant(
        0.20, "share", "direction: Cheng & Zhang 2025; Kim & Kauffman 2025 oppose it; size: judgement"
    ),
    "relief_plot": SourcedConstant(0.25, "share", "direction: Babin et al. 2021; size: judgement"),
    "relief_both": SourcedConstant(
        0.50, "share", "judgement: what belongs to both the channel and its story is what people came for"
    ),
    "least_seconds": SourcedConstant(
        2, "s", "MRC/IAB: two seconds make an impression, so no appearance takes less; judgement"
    ),
    "time_half": SourcedConstant(
        0.4, "share of video", "near-linear up to it, as in Goli et al. 2025; beyond it saturates slowly; judgement"
    ),
    "opening_depth": SourcedConstant(
        0.55,
        "share",
        "IPG & YuMe 2017: pre-roll interrupts a third as often as mid-roll; raised, for early branding drives zapping "
        "(Becker et al. 2023)",
    ),
    "opening_until": SourcedConstant(0.05, "share of video", "judgement: from here the video has begun"),
    "heart_until": SourcedConstant(0.60, "share of video", "judgement"),
    "end_from": SourcedConstant(0.85, "share of video", "judgement: most have had what they came for"),
    "end_depth": SourcedConstant(
        0.10, "share", "Krishnan & Sitaraman 2013: leaving at the end costs the video nothing; size: judgement"
    ),
    "interrupt_exponent": SourcedConstant(
        0.5, "exponent", "judgement: a small thing in the wrong moment breaks in too"
    ),
    "flash": SourcedConstant(0.5, "s", "one sample of the measuring grid; shorter appearances count in proportion"),
    "misplaced_fit": SourcedConstant(0.50, "share", "Cheng & Zhang 2025; size: judgement"),
    "misplaced_exponent": SourcedConstant(
        0.20,
        "exponent",
        "judgement: what does not belong annoys even where it is small (China Youth Daily: 44.3 % of "
        "2,014 people say that a forced placement can ruin a series)",
    ),
    "misplaced_worst": SourcedConstant(0.5, "exponent", "judgement"),
    "misplaced_pace": SourcedConstant(2, "s", "judgement: noticed within a few seconds"),
    "selling_pace": SourcedConstant(5, "claims", "judgement; a call to act counts as one"),
    "named_pace": SourcedConstant(3, "mentions", "judgement; direction: Russell 2002"),
    "run_free": SourcedConstant(2, "s", "MRC/IAB: up to one impression is free"),
    "run_pace": SourcedConstant(20, "s", "SponsorBlock 2020: the median of 44,664 skipped segments is 33 s"),
    "run_gap": SourcedConstant(1, "s", "gaps up to this belong to the run; judgement"),
    "clutter_full": SourcedConstant(4, "brands", "judgement; direction: JECR 2022"),
    "loud_free": SourcedConstant(1, "LU", "judgement: the ear hardly notices"),
    "loud_full": SourcedConstant(5, "LU", "EBU R 128 s1: short-term maximum -18 against a target of -23 LUFS"),
    "occl_full": SourcedConstant(0.20, "share of brand time", "judgement; direction: Edwards et al. 2002"),
    "band_moderate": SourcedConstant(25, "points", "provisional until calibrated on outcomes"),
    "band_high": SourcedConstant(45, "points", "provisional until calibrated on outcomes"),
    "band_severe": SourcedConstant(65, "points", "provisional until calibrated on outcomes"),
    "veto_occlusion": SourcedConstant(0.20, "share of brand time", "design: covering what people watch for"),
    "veto_loudness": SourcedConstant(5, "LU", "EBU R 128 s1"),
    "off_centre": SourcedConstant(0.25, "centre", "what-if: an edge position; design"),
    "plot_linked": SourcedConstant(0.8, "plot", "what-if: what has a role in the plot; design"),
    "left_out_most": SourcedConstant(0.5, "share of attention", "what-if: more left out is another plan; design"),
    "many_moments": SourcedConstant(
        4, "moments", "frontier: from so many on, a third or a half of them are left out; design"
    ),
    "shortened": SourcedConstant(0.5, "share", "what-if: seconds left of what is cut; design"),
    "shortened_little": SourcedConstant(0.75, "share", "frontier: seconds left of what is cut a little; design"),
    "prominence_kept": SourcedConstant(
        1, "points", "frontier: an end of prominence that falls by no more counts as kept; design"
    ),
    "noticing_kept": SourcedConstant(
        0.9, "share of the plan's noticing", "frontier: as many who still notice count as kept; design"
    ),
    "prominence_least": SourcedConstant(
        0.5, "share", "frontier: of the plan's prominence, what is never given up; design"
    ),
    "step_least": SourcedConstant(1, "points", "frontier: what each change of a chain must save; design"),
    "save_least": SourcedConstant(2, "points", "frontier: what a suggestion must save to be worth asking for; design"),
    "save_least_share": SourcedConstant(0.05, "share of the score", "frontier: the same, of high scores; design"),
    "rewrite_asks": SourcedConstant(3, "edits", "frontier: the work of a rewrite, a cut being one edit; design"),
    "mild_enough": SourcedConstant(
        0.5, "share", "what-if: the mildest change that saves this much of the most; design"
    ),
    "reason_least": SourcedConstant(0.5, "points", "what-if: what saves less is not told; design"),
    "value_area_full": SourcedConstant(
        0.10, "share of frame", "prominence: BrandMatrix: its largest size bin begins at 10 % of the screen"
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
        13,
        "points",
        "channel: a sponsored video of unknown timeline, at best one whose hero uses the product; design",
    ),
    "unseen_score": SourcedConstant(35, "points", "channel: the same, in the middle of the moderate band; design"),
    "unseen_score_high": SourcedConstant(
        65, "points", "channel: the same, at worst a read ad of 20 s with 4 claims in a minute; design"
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


AREA_FULL: Final = _value("area_full")
AREA_EXPONENT: Final = _value("area_exponent")
SMALL: Final = _value("small")
SMALL_UNTIL: Final = _value("small_until")
LARGE_FROM: Final = _value("large_from")
PLACE_CORNER: Final = _value("place_corner")
PLACE_EDGE: Final = _value("place_edge")
EDGE_UNTIL: Final = _value("edge_until")
MIDDLE_FROM: Final = _value("middle_from")
CALM: Final = _value("calm")
BLURRED: Final = _value("blurred")
RELIEF_FIT: Final = _value("relief_fit")
RELIEF_PLOT: Final = _value("relief_plot")
RELIEF_BOTH: Final = _value("relief_both")
LEAST_SECONDS: Final = _value("least_seconds")
TIME_HALF: Final = _value("time_half")
OPENING_DEPTH: Final = _value("opening_depth")
OPENING_UNTIL: Final = _value("opening_until")
HEART_UNTIL: Final = _value("heart_until")
END_FROM: Final = _value("end_from")
END_DEPTH: Final = _value("end_depth")
INTERRUPT_EXPONENT: Final = _value("interrupt_exponent")
FLASH_S: Final = _value("flash")
MISPLACED_FIT: Final = _value("misplaced_fit")
MISPLACED_EXPONENT: Final = _value("misplaced_exponent")
MISPLACED_WORST: Final = _value("misplaced_worst")
MISPLACED_PACE_S: Final = _value("misplaced_pace")
SELLING_PACE: Final = _value("selling_pace")
NAMED_PACE: Final = _value("named_pace")
RUN_FREE_S: Final = _value("run_free")
RUN_PACE_S: Final = _value("run_pace")
RUN_GAP_S: Final = _value("run_gap")
CLUTTER_FULL: Final = _value("clutter_full")
LOUD_FREE_LU: Final = _value("loud_free")
LOUD_FULL_LU: Final = _value("loud_full")
OCCL_FULL: Final = _value("occl_full")
# Band and the least score (points) that it has, from the highest band down.
BANDS: Final = (
    ("severe", _value("band_severe")),
    ("high", _value("band_high")),
    ("moderate", _value("band_moderate")),
    ("low", 0.0),
)
VETO_OCCLUSION: Final = _value("veto_occlusion")
VETO_LOUDNESS_LU: Final = _value("veto_loudness")
OFF_CENTRE: Final = _value("off_centre")
PLOT_LINKED: Final = _value("plot_linked")
SHORTENED: Final = _value("shortened")
SHORTENED_LITTLE: Final = _value("shortened_little")
PROMINENCE_KEPT: Final = _value("prominence_kept")
NOTICING_KEPT: Final = _value("noticing_kept")
PROMINENCE_LEAST: Final = _value("prominence_least")
STEP_LEAST: Final = _value("step_least")
SAVE_LEAST: Final = _value("save_least")
SAVE_LEAST_SHARE: Final = _value("save_least_share")
REWRITE_ASKS: Final = _value("rewrite_asks")
LEFT_OUT_MOST: Final = _value("left_out_most")
MANY_MOMENTS: Final = int(_value("many_moments"))
MILD_ENOUGH: Final = _value("mild_enough")
REASON_LEAST: Final = _value("reason_least")
# By factor, in the order of CODES: its points at most.
POINTS: Final = tuple(factor.points for factor in FACTORS)
VALUE_AREA_FULL: Final = _value("value_area_full")
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
