"""YouTube Analytics: one row per video with the channel's columns repeated, in any order.

`viewerPercentage.age18-24.female` holds the percentage of the channel's viewers by age and gender, `country.US` that by
country.
"""

from collections.abc import Iterable, Iterator
from datetime import date

from marketplace.channels.files.shapes.cell_values import RowCells
from marketplace.channels.files.shapes.channel_rows import joined
from marketplace.channels.files.shapes.record_builder import (
    RecordOrErrors,
    ShapeReading,
    build_record,
    read_videos,
)
from marketplace.channels.files.tables.column_survey import CellKind
from marketplace.channels.files.tables.table_rows import Row

NAME = "youtube"
NEEDS = frozenset({"channel_id", "subscribers", "video_id"})
AUDIENCE, COUNTRY = "viewerPercentage.", "country."
KINDS = {
    **dict.fromkeys(("report_date", "video_published_at"), CellKind.MOMENT),
    **dict.fromkeys(("subscribers", "subscribers_gained_30d", "views", "likes", "comments", "shares"), CellKind.COUNT),
    "duration_seconds": CellKind.COUNT,
}
OTHERS = (
    "video_id",
    "video_title",
    "has_paid_product_placement",
    "channel_handle",
    "channel_title",
    "creator_name",
    "category",
    "language",
    "country",
)
VIDEO = {
    "external_id": "video_id",
    "published_at": "video_published_at",
    "views": "views",
    "likes": "likes",
    "comments": "comments",
    "shares": "shares",
    "duration_s": "duration_seconds",
    "sponsored": "has_paid_product_placement",
    "title": "video_title",
}

COLUMN_NAMES = {
    "followers": "subscribers",
    "taken_on": "report_date",
    "growth_30d": "subscribers_gained_30d",
    "age": "viewerPercentage",
    "gender": "viewerPercentage",
    "region": "country",
    "videos": "videos",
}


def group(rows: Iterable[Row]) -> Iterator[Row]:
    """Join the rows of each channel into one, also where channels take turns."""
    return joined(rows, "channel_id", "video_id")


def read(cells: RowCells, today: date) -> RecordOrErrors:
    ages, genders = _audience(cells)
    channel = cells.account("channel_id", needed=True)
    followers = cells.whole("subscribers", needed=True)
    return build_record(
        cells,
        ShapeReading(
            source=NAME,
            platform="youtube",
            account_key=channel,
            handle=cells.text("channel_handle", 200) or channel,
            name=cells.text("channel_title"),
            taken_on=cells.day("report_date", needed=True),
            followers=followers,
            facts={"growth_30d": cells.growth("subscribers_gained_30d", followers)},
            ages=ages,
            genders=genders,
            regions=_shares(cells, COUNTRY),
            whole_regions=False,
            labels={cells.text("category") or "": 1.0},
            rate_card=[],
            videos=read_videos(cells, "videos", cells.values["videos"], VIDEO),
            creator_name=cells.text("creator_name") or cells.text("channel_title"),
            language=cells.text("language", 60),
            region=cells.text("country", 60),
            columns=COLUMN_NAMES,
            video_columns=VIDEO,
        ),
        today,
    )


def _audience(cells: RowCells) -> tuple[dict[str, float], dict[str, float]]:
    """Return the margins by age and by gender, summed from the joint percentages."""
    ages: dict[str, float] = {}
    genders: dict[str, float] = {}
    for name, share in _shares(cells, AUDIENCE).items():
        age, _, gender = name.partition(".")
        label = age.removeprefix("age").removesuffix("-") + ("+" if age.endswith("-") else "")
        ages[label] = round(ages.get(label, 0.0) + share, 8)
        genders[gender] = round(genders.get(gender, 0.0) + share, 8)
    return ages, genders


def _shares(cells: RowCells, prefix: str) -> dict[str, float]:
    shares = {}
    for column in cells.values:
        if str(column).startswith(prefix) and cells.has(column):
            value = cells.per_cent(column)
            if value is not None:
                shares[column.removeprefix(prefix)] = round(value / 100, 8)
    return shares
