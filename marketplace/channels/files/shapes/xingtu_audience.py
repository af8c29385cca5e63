"""Audience pages of Xingtu: the answer with `distributions` that is saved apart from the search, with the author's id.

Each of the distributions has a `distribution_list` of `distribution_key` and `distribution_value`, a number of people
or a per cent. What a list is of is found by its keys: genders, ages and provinces are read, others (cities, devices,
groups of people) are told as left out. The page says nothing else: the rest is what the channel's newest figures say.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from marketplace.channels.anomalies import GENDERS, parse_age_band
from marketplace.channels.facts.region_names import region_code
from marketplace.channels.files.shapes.cell_values import RowCells
from marketplace.channels.files.shapes.record_builder import RecordOrErrors, ShapeReading, build_record, read_margin
from marketplace.channels.files.tables.column_survey import CellKind

NAME = "xingtu_audience"
LISTS = "distributions"
NEEDS = frozenset({"star_id", LISTS})
ALIASES = dict.fromkeys(("author_id", "o_author_id", "oAuthorId", "core_user_id"), "star_id")
KINDS = {"last_update_time": CellKind.MOMENT}
OTHERS = ("creator_name",)
COLUMN_NAMES = {"age": LISTS, "gender": LISTS, "region": LISTS, "taken_on": "last_update_time", "followers": "follower"}
SHOWN_MAX = 5


def read(cells: RowCells, today: date) -> RecordOrErrors:
    star = cells.account("star_id", needed=True)
    margins = read_distributions(cells)
    if not any(margins.values()) and not cells.errors:
        cells.add_error(
            LISTS,
            "",
            "没有性别、年龄或省份的分布。",
            "There is no distribution of genders, ages or provinces.",
        )
    return build_record(
        cells,
        ShapeReading(
            source="xingtu",
            platform="douyin",
            account_key=star,
            handle=star,
            name=None,
            taken_on=cells.day("last_update_time") or cells.given.taken_on,
            followers=cells.given.subscribers,
            facts={},
            ages=margins["age"],
            genders=margins["gender"],
            regions=margins["region"],
            whole_regions=False,
            labels={},
            rate_card=[],
            videos=[],
            creator_name=cells.text("creator_name"),
            language="zh-CN",
            region="CN",
            columns=COLUMN_NAMES,
            completes=True,
        ),
        today,
    )


def read_distributions(cells: RowCells) -> dict[str, dict[str, float]]:
    """Return the shares by age, gender and region of a row's `distributions`; empty where there is no such list."""
    margins: dict[str, dict[str, float]] = {"age": {}, "gender": {}, "region": {}}
    unread = []
    for told in _lists(cells):
        entries = told.get("distribution_list")
        name = _list_of(entries)
        if name is None or margins[name]:
            unread.append(str(told.get("type_display") or told.get("type") or "?")[:20])
            continue
        inner = RowCells(cells.row, {LISTS: entries}, cells.errors, cells.conventions, cells.report)
        margins[name] = read_margin(inner, LISTS, "distribution_key", "distribution_value")
    if unread:
        named = ", ".join(unread[:SHOWN_MAX])
        cells.note(
            f"受众页中未使用的分布：{named}。", f"Distributions of the audience page that were not used: {named}."
        )
    return margins


def _lists(cells: RowCells) -> Sequence[Mapping[str, Any]]:
    given = cells.table(LISTS)
    if given is None:
        return []
    if not isinstance(given, list) or not all(isinstance(told, dict) for told in given):
        cells.add_error(LISTS, given, "应为分布列表。", "Should be a list of distributions.")
        return []
    return given


def _list_of(entries: Any) -> str | None:
    """Return what a distribution is of, by its keys; None for what is not kept."""
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        return None
    keys = [str(entry.get("distribution_key")).strip() for entry in entries]
    if all(key.lower() in GENDERS for key in keys):
        return "gender"
    if all(parse_age_band(key) for key in keys):
        return "age"
    # Lists of cities have names of municipalities too (北京), but not only these.
    return "region" if all(region_code(key) for key in keys) else None
