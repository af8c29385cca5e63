"""TikTok One (TTO): a creator in JSON, with the field names of its creator API. Prices are in major units."""

from datetime import date
from typing import Any

from marketplace.channels.files.shapes.cell_values import RowCells
from marketplace.channels.files.shapes.record_builder import (
    RecordOrErrors,
    ShapeReading,
    build_record,
    read_labels,
    read_margin,
    read_videos,
    told_number,
)
from marketplace.channels.files.tables.column_survey import CellKind
from marketplace.core.money import MINOR_DIGITS

NAME = "tiktok_one"
NEEDS = frozenset({"handle_name", "followers_count"})
KINDS = {
    "updated_at": CellKind.MOMENT,
    **dict.fromkeys(("followers_growth_rate", "engagement_rate", "completion_rate"), CellKind.SHARE),
    **dict.fromkeys(("followers_count", "median_views"), CellKind.COUNT),
}
OTHERS = (
    "tcm_creator_id",
    "display_name",
    "creator_name",
    "audience_ages",
    "audience_genders",
    "audience_countries",
    "content_labels",
    "creator_rate",
    "recent_videos",
    "language",
    "country_code",
)
VIDEO = {
    "external_id": "item_id",
    "published_at": "create_time",
    "views": "video_views",
    "likes": "likes",
    "comments": "comments",
    "shares": "shares",
    "duration_s": "duration",
    "sponsored": "is_branded_content",
    "title": "caption",
}

COLUMN_NAMES = {
    "followers": "followers_count",
    "taken_on": "updated_at",
    "growth_30d": "followers_growth_rate",
    "median_views_30d": "median_views",
    "age": "audience_ages",
    "gender": "audience_genders",
    "region": "audience_countries",
    "country": "country_code",
    "rate_card": "creator_rate",
    "videos": "recent_videos",
}


def read(cells: RowCells, today: date) -> RecordOrErrors:
    handle = cells.text("handle_name", 200, needed=True)
    return build_record(
        cells,
        ShapeReading(
            source=NAME,
            platform="tiktok",
            account_key=cells.account("tcm_creator_id") or handle,
            handle=handle,
            name=cells.text("display_name"),
            taken_on=cells.day("updated_at", needed=True),
            followers=cells.whole("followers_count", needed=True),
            facts={
                "growth_30d": _growth(cells),
                "engagement_rate": cells.share("engagement_rate"),
                "completion_rate": cells.share("completion_rate"),
                "median_views_30d": cells.median("median_views"),
            },
            ages=read_margin(cells, "audience_ages", "age", "percentage"),
            genders=read_margin(cells, "audience_genders", "gender", "percentage"),
            regions=read_margin(cells, "audience_countries", "country", "percentage"),
            whole_regions=False,
            labels=read_labels(cells, "content_labels"),
            rate_card=_card(cells),
            videos=read_videos(cells, "recent_videos", cells.table("recent_videos", None), VIDEO),
            creator_name=cells.text("creator_name") or cells.text("display_name"),
            language=cells.text("language", 60),
            region=cells.text("country_code", 60),
            columns=COLUMN_NAMES,
            video_columns=VIDEO,
        ),
        today,
    )


def _growth(cells: RowCells) -> float | None:
    rate, followers = cells.share("followers_growth_rate"), cells.whole("followers_count")
    return round(rate * followers, 1) if rate is not None and followers is not None else None


def _card(cells: RowCells) -> list[dict[str, Any]]:
    """Return the shape's single price, in major units, as a line of the middle length tier."""
    given = cells.table("creator_rate")
    if given is None:
        return []
    rate, currency = (given.get("rate"), given.get("currency")) if isinstance(given, dict) else (None, None)
    amount = told_number(cells, rate)
    if amount is None or not isinstance(currency, str) or currency not in MINOR_DIGITS:
        cells.add_error(
            "creator_rate", given, "报价应含 rate 与可用的 currency。", "A rate has rate and a known currency."
        )
        return []
    return [
        {"length_tier": "21-60", "amount_minor": round(amount * 10 ** MINOR_DIGITS[currency]), "currency": currency}
    ]
