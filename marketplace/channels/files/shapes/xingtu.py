"""Xingtu (巨量星图): a creator's row with the field names of its search and data pages. Prices are in fen."""

from datetime import date

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

NAME = "xingtu"
NEEDS = frozenset({"star_id", "follower"})
PRICES = {"price_1_20": "1-20", "price_20_60": "21-60", "price_60": "60+"}
KINDS = {
    "last_update_time": CellKind.MOMENT,
    **dict.fromkeys(("interact_rate_within_30d", "play_over_rate_within_30d"), CellKind.SHARE),
    **dict.fromkeys(("follower", "fans_increment_within_30d", "vv_median_30d", "expected_play_num"), CellKind.COUNT),
    **dict.fromkeys((*PRICES, "assign_cpm_suggest_price"), CellKind.COUNT),
}
OTHERS = (
    "unique_id",
    "nick_name",
    "creator_name",
    "age_distribution",
    "gender_distribution",
    "province_distribution",
    "content_theme_labels_180d",
    "last_10_items",
)
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
COLUMN_NAMES = {
    "followers": "follower",
    "taken_on": "last_update_time",
    "growth_30d": "fans_increment_within_30d",
    "engagement_rate": "interact_rate_within_30d",
    "completion_rate": "play_over_rate_within_30d",
    "expected_views": "expected_play_num",
    "suggested_cpm_minor": "assign_cpm_suggest_price",
    "age": "age_distribution",
    "gender": "gender_distribution",
    "region": "province_distribution",
    "videos": "last_10_items",
}


def read(cells: RowCells, today: date) -> RecordOrErrors:
    star = cells.account("star_id", needed=True)
    card = [
        {"length_tier": tier, "amount_minor": price, "currency": "CNY"}
        for column, tier in PRICES.items()
        if (price := cells.whole(column))
    ]
    suggested = cells.number("assign_cpm_suggest_price")
    return build_record(
        cells,
        ShapeReading(
            source=NAME,
            platform="douyin",
            account_key=star,
            handle=cells.text("unique_id", 200) or star,
            name=cells.text("nick_name"),
            taken_on=cells.day("last_update_time", needed=True),
            followers=cells.whole("follower", needed=True),
            facts={
                "growth_30d": cells.number("fans_increment_within_30d"),
                "engagement_rate": cells.share("interact_rate_within_30d"),
                "completion_rate": cells.share("play_over_rate_within_30d"),
                "median_views_30d": cells.whole("vv_median_30d"),
                "expected_views": cells.number("expected_play_num"),
                "suggested_cpm_minor": suggested,
            },
            ages=read_margin(cells, "age_distribution", "distribution_key", "distribution_value"),
            genders=read_margin(cells, "gender_distribution", "distribution_key", "distribution_value"),
            regions=read_margin(cells, "province_distribution", "distribution_key", "distribution_value"),
            whole_regions=False,
            labels=read_labels(cells, "content_theme_labels_180d"),
            rate_card=card,
            videos=read_videos(cells, "last_10_items", cells.table("last_10_items"), VIDEO),
            creator_name=cells.text("creator_name") or cells.text("nick_name"),
            language="zh-CN",
            region="CN",
            columns=COLUMN_NAMES,
            video_columns=VIDEO,
        ),
        today,
    )
