"""Xingtu (巨量星图): creators as its search and its pages answer, saved as they are or flattened to a row each.

A saved answer has its creators under `authors`, and the figures of each under `attribute_datas`, as text; lists are
JSON in text. The names are those of the platform's own answers, as public collectors of them use them.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from marketplace.channels.files.shapes import xingtu_audience, xingtu_prices
from marketplace.channels.files.shapes.cell_values import RowCells
from marketplace.channels.files.shapes.record_builder import (
    RecordOrErrors,
    ShapeReading,
    build_record,
    read_labels,
    read_margin,
    read_videos,
)
from marketplace.channels.files.tables.column_survey import CellKind
from marketplace.channels.records import is_vertical

NAME = "xingtu"
NEEDS = frozenset({"star_id", "follower"})
PRICES = xingtu_prices.TIERS
KINDS = {
    "last_update_time": CellKind.MOMENT,
    **dict.fromkeys(("interact_rate_within_30d", "play_over_rate_within_30d"), CellKind.SHARE),
    **dict.fromkeys(("follower", "fans_increment_within_30d", "vv_median_30d", "expected_play_num"), CellKind.COUNT),
    **dict.fromkeys((*PRICES, *xingtu_prices.CPMS.values(), xingtu_prices.SUGGESTED), CellKind.COUNT),
}
OTHERS = (
    "unique_id",
    "nick_name",
    "creator_name",
    "age_distribution",
    "gender_distribution",
    "province_distribution",
    "content_theme_labels_180d",
    "tags_relation",
    "last_10_items",
    xingtu_audience.LISTS,
)
# In answers of the search a video has `item_title`, `item_publish_time`, `item_create_time`, and neither a length nor a
# mark of an advertisement; the other names are those of the pages, and of our exports.
VIDEO = {
    "external_id": "item_id",
    "published_at": "create_time",
    "views": "vv",
    "likes": "like_cnt",
    "comments": "comment_cnt",
    "shares": "share_cnt",
    "duration_s": "duration",
    "sponsored": "is_ad",
    "title": "title",
}
ALSO = {"published_at": ("item_publish_time", "item_create_time", "create_time"), "title": ("item_title", "title")}
COLUMN_NAMES = {
    "followers": "follower",
    "taken_on": "last_update_time",
    "growth_30d": "fans_increment_within_30d",
    "engagement_rate": "interact_rate_within_30d",
    "completion_rate": "play_over_rate_within_30d",
    "median_views_30d": "vv_median_30d",
    "expected_views": "expected_play_num",
    "suggested_cpm_minor": "assign_cpm_suggest_price",
    "age": "age_distribution",
    "gender": "gender_distribution",
    "region": "province_distribution",
    "videos": "last_10_items",
}


def read(cells: RowCells, today: date) -> RecordOrErrors:
    star = cells.account("star_id", needed=True)
    card, suggested = xingtu_prices.read_prices(cells)
    followers = cells.whole("follower", needed=True)
    entries = cells.table("last_10_items", None)
    names = _video_names(entries)
    videos = read_videos(cells, "last_10_items", entries, names)
    page = xingtu_audience.read_distributions(cells)
    return build_record(
        cells,
        ShapeReading(
            source=NAME,
            platform="douyin",
            account_key=star,
            handle=cells.text("unique_id", 200) or star,
            name=cells.text("nick_name"),
            taken_on=cells.day_of_figures("last_update_time", videos),
            followers=followers,
            facts={
                "growth_30d": cells.growth("fans_increment_within_30d", followers),
                "engagement_rate": cells.share("interact_rate_within_30d"),
                "completion_rate": cells.share("play_over_rate_within_30d"),
                "median_views_30d": cells.median("vv_median_30d"),
                "expected_views": cells.number("expected_play_num"),
                "suggested_cpm_minor": suggested,
            },
            ages=_margin(cells, "age_distribution") or page["age"],
            genders=_margin(cells, "gender_distribution") or page["gender"],
            regions=_margin(cells, "province_distribution") or page["region"],
            whole_regions=False,
            labels=_labels(cells),
            rate_card=card,
            videos=videos,
            creator_name=cells.text("creator_name") or cells.text("nick_name"),
            language="zh-CN",
            region="CN",
            columns=COLUMN_NAMES,
            video_columns=names,
        ),
        today,
    )


def _margin(cells: RowCells, column: str) -> dict[str, float]:
    return read_margin(cells, column, "distribution_key", "distribution_value")


def _video_names(entries: Any) -> Mapping[str, str]:
    """Return the names that these videos have for our columns: of several the first that any of them has."""
    if not isinstance(entries, list):
        return VIDEO
    there = {name for entry in entries if isinstance(entry, dict) for name, value in entry.items() if value is not None}
    found = {column: next((name for name in names if name in there), VIDEO[column]) for column, names in ALSO.items()}
    return {**VIDEO, **found}


def _labels(cells: RowCells) -> dict[str, float]:
    """Return the content labels: the platform's own branches (`tags_relation`), and its themes where they are known."""
    branches = cells.table("tags_relation")
    labels = {str(name): 1.0 for name in branches} if isinstance(branches, dict) else {}
    themes = read_labels(cells, "content_theme_labels_180d")
    known = {label: share for label, share in themes.items() if is_vertical(label)}
    unknown = [label for label in (*labels, *themes) if not is_vertical(label)]
    if unknown:
        named = ", ".join(unknown[:5])
        cells.note(
            f"这些标签没有对应的内容类别，未使用：{named}。",
            f"These labels are of no category and were not used: {named}.",
        )
    return known or labels
