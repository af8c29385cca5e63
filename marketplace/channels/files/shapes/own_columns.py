"""Inlay's own columns, which `inlay export` writes. Documented in docs/import.md."""

from datetime import date

from marketplace.channels.facts.platform_names import platform_code
from marketplace.channels.files.shapes.cell_values import RowCells
from marketplace.channels.files.shapes.record_builder import (
    RecordOrErrors,
    ShapeReading,
    build_record,
    read_labels,
    read_margin,
    read_rate_card,
    read_rates,
    read_videos,
)
from marketplace.channels.files.tables.column_survey import CellKind

NAME = "inlay"
NEEDS = frozenset({"platform", "handle", "taken_on", "followers"})
COLUMNS = (
    "platform",
    "handle",
    "external_id",
    "name",
    "creator_id",
    "creator_name",
    "claim_status",  # written by exports and not read: a file proves nothing
    "url",
    "language",
    "region",
    "verticals",
    "taken_on",
    "followers",
    "growth_30d",
    "engagement_rate",
    "completion_rate",
    "median_views_30d",
    "expected_views",
    "suggested_cpm_minor",
    "ages",
    "genders",
    "regions",
    "education",
    "interests",
    "rate_card",
    "videos",
)
# What people call them in tables of their own.
ALIASES = {
    **dict.fromkeys(("平台", "所属平台", "媒体平台"), "platform"),
    **dict.fromkeys(("账号", "抖音号", "快手号", "小红书号", "用户名", "username", "account"), "handle"),
    **dict.fromkeys(("账号ID", "用户ID", "UID", "account id"), "external_id"),
    **dict.fromkeys(("昵称", "名称", "账号名称", "达人昵称", "博主昵称", "nickname", "display name"), "name"),
    **dict.fromkeys(("创作者", "达人姓名", "creator"), "creator_name"),
    **dict.fromkeys(("主页链接", "主页", "账号链接", "profile url", "profile link"), "url"),
    **dict.fromkeys(("数据日期", "统计日期", "采集日期", "data date", "as of"), "taken_on"),
    **dict.fromkeys(("粉丝数", "粉丝量", "粉丝总数", "fans", "follower count", "followers count"), "followers"),
    **dict.fromkeys(("近30天涨粉", "近30天涨粉数", "30天涨粉", "30天涨粉数", "月涨粉"), "growth_30d"),
    **dict.fromkeys(("互动率", "engagement"), "engagement_rate"),
    **dict.fromkeys(("完播率", "completion"), "completion_rate"),
    **dict.fromkeys(("近30天播放中位数", "播放中位数", "播放量中位数", "median views"), "median_views_30d"),
    **dict.fromkeys(("预期播放量", "预估播放量", "预期播放", "预估播放"), "expected_views"),
    "语言": "language",
    "地区": "region",
    "国家": "region",
}
KINDS = {
    "taken_on": CellKind.MOMENT,
    "engagement_rate": CellKind.SHARE,
    "completion_rate": CellKind.SHARE,
    **dict.fromkeys(("followers", "growth_30d", "median_views_30d", "expected_views"), CellKind.COUNT),
    "suggested_cpm_minor": CellKind.COUNT,
}
VIDEO = {
    "external_id": "id",
    "published_at": "published_at",
    "views": "views",
    "likes": "likes",
    "comments": "comments",
    "shares": "shares",
    "duration_s": "duration_s",
    "sponsored": "sponsored",
    "title": "title",
}

COLUMN_NAMES = {"age": "ages", "gender": "genders", "region": "regions", "country": "region", "videos": "videos"}


def read(cells: RowCells, today: date) -> RecordOrErrors:
    handle = cells.text("handle", 200, needed=True)
    taken_on, followers = cells.day("taken_on", needed=True), cells.whole("followers", needed=True)
    return build_record(
        cells,
        ShapeReading(
            source=NAME,
            platform=platform_code(cells.text("platform", 40, needed=True) or ""),
            account_key=cells.account("external_id", 200) or handle,
            handle=handle,
            name=cells.text("name"),
            taken_on=taken_on,
            followers=followers,
            facts={
                "growth_30d": cells.growth("growth_30d", followers),
                "engagement_rate": cells.share("engagement_rate"),
                "completion_rate": cells.share("completion_rate"),
                "median_views_30d": cells.median("median_views_30d"),
                "expected_views": cells.number("expected_views"),
                "suggested_cpm_minor": cells.number("suggested_cpm_minor"),
            },
            ages=read_margin(cells, "ages"),
            genders=read_margin(cells, "genders"),
            regions=read_margin(cells, "regions"),
            whole_regions=False,
            education=read_margin(cells, "education"),
            interests=read_rates(cells, "interests"),
            labels=read_labels(cells, "verticals"),
            rate_card=read_rate_card(cells, "rate_card"),
            videos=read_videos(cells, "videos", cells.table("videos", None), VIDEO),
            creator_name=cells.text("creator_name"),
            creator_id=cells.text("creator_id", 60),
            url=cells.text("url", 500),
            language=cells.text("language", 60),
            region=cells.text("region", 60),
            columns=COLUMN_NAMES,
            video_columns=VIDEO,
        ),
        today,
    )
