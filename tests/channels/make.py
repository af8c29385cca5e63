"""Rows, files and records of channels for the tests of reading and writing them."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import xlsxwriter
from hypothesis import strategies as st

from marketplace.channels.facts.account_handles import normal_handle
from marketplace.channels.files.record_stream import FileRefused, iter_import
from marketplace.channels.files.shapes import xingtu
from marketplace.channels.records import VERTICALS, ChannelRecord, RowError

TODAY = date(2026, 11, 23)
Row = Mapping[str, Any]

ROWS: dict[str, dict[str, Any]] = {
    "inlay": {"platform": "douyin", "handle": "xiaoyu", "taken_on": "2026-11-01", "followers": 5000},
    "xingtu": {"star_id": "6612345678901234567", "follower": 5000, "last_update_time": "2026-11-01"},
    "tiktok_one": {"handle_name": "mei", "followers_count": 5000, "updated_at": "2026-11-01"},
    "youtube": {
        "channel_id": "UC1",
        "subscribers": 5000,
        "report_date": "2026-11-01",
        "video_id": "v1",
        "views": 900,
        "video_published_at": "2026-10-01T08:00:00+00:00",
    },
}


def row(shape: str = "inlay", **more: Any) -> dict[str, Any]:
    return {**ROWS[shape], **more}


def read(data: bytes, **more: Any) -> list[ChannelRecord | RowError]:
    return list(iter_import(io.BytesIO(data), today=TODAY, **more))


def one(data: bytes, **more: Any) -> ChannelRecord:
    (found,) = read(data, **more)
    assert isinstance(found, ChannelRecord), found
    return found


def row_errors(data: bytes, **more: Any) -> list[tuple[int, str, str, str]]:
    """What is wrong as (row, column, Chinese, English); a file of which some row was read fails."""
    found = read(data, **more)
    assert all(isinstance(item, RowError) for item in found), found
    return [(item.row, item.column, item.zh, item.en) for item in found if isinstance(item, RowError)]


def refusal(data: bytes, **more: Any) -> tuple[str, str]:
    try:
        found = read(data, **more)
    except FileRefused as error:
        return error.zh, error.en
    raise AssertionError(found)


def said(data: bytes) -> set[str]:
    """The English sentences of the file's refusal, or of its rows' faults."""
    try:
        return {item.en if isinstance(item, RowError) else "read" for item in read(data)}
    except FileRefused as error:
        return {error.en}


def as_json(*rows: Row) -> bytes:
    return json.dumps(rows, ensure_ascii=False).encode()


def as_csv(*rows: Row, encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    table = csv.DictWriter(text, columns, delimiter=delimiter)
    table.writeheader()
    table.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue().encode(encoding)


def as_xlsx(*rows: Row) -> bytes:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return sheet([columns, *([_cell(row.get(name)) for name in columns] for row in rows)])


def sheet(lines: Iterable[Sequence[Any]]) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"constant_memory": True}) as book:
        page = book.add_worksheet()
        for number, line in enumerate(lines):
            page.write_row(number, 0, line)
    return file.getvalue()


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


# Texts that spreadsheets, XML and CSV like to change.
TEXTS = st.one_of(
    st.sampled_from(
        ("=1+1", "+86", "-5", "@mei", "'=1", "''", "'quoted'", "_x0041_", "a,b;c\td", '"', "007", "1e5", "真")
    ),
    st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co")), min_size=1, max_size=20),
).filter(lambda text: text == text.strip() and text != "")
IDS = st.from_regex(r"[A-Za-z0-9_-]{1,20}", fullmatch=True).filter(lambda text: "E" not in text.upper())
BANDS = (("18-23", "24-30", "31-40", "41-50", "51+"), ("13-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65+"))
REGIONS = ("CN-GD", "CN-NM", "CN-SN", "HK")
EDUCATION, INTERESTS = ("bachelor-master", "high_school"), ("food", "online_shopping")


def shares(labels: Sequence[str], whole: bool = True) -> st.SearchStrategy[dict[str, float]]:
    """Shares of whole per cents that sum to 1, or to less."""
    cuts = st.lists(st.integers(0, 100), min_size=len(labels) - 1, max_size=len(labels) - 1).map(sorted)
    parts = cuts.map(lambda at: [high - low for low, high in zip([0, *at], [*at, 100], strict=True)])
    return parts.map(lambda found: dict(zip(labels, [part / (100 if whole else 200) for part in found], strict=True)))


@st.composite
def videos(draw: st.DrawFn) -> tuple[dict[str, Any], ...]:
    found = []
    for key in draw(st.lists(IDS, unique=True, max_size=4)):
        views = draw(st.integers(0, 10**10))
        published = draw(st.integers(1_200_000_000, 1_790_000_000))
        found.append(
            {
                "external_id": key,
                "published_at": datetime.fromtimestamp(published, UTC),
                "views": views,
                "likes": draw(st.none() | st.integers(0, views)),
                "comments": draw(st.none() | st.integers(0, 10**10)),
                "shares": draw(st.none() | st.integers(0, 10**10)),
                "duration_s": draw(st.none() | st.integers(1, 9000).map(float)),
                "sponsored": draw(st.none() | st.booleans()),
                "title": draw(st.none() | TEXTS),
            }
        )
    return tuple(found)


@st.composite
def records(draw: st.DrawFn, shape: str) -> ChannelRecord:
    """A channel with what the shape has columns for."""
    followers = draw(st.integers(1, 10**10))
    whole, rate = st.integers(0, 10**9), st.integers(0, 1000).map(lambda part: part / 1000)
    kept = {
        "growth_30d": st.integers(-followers, followers),
        "engagement_rate": rate,
        "completion_rate": rate,
        "median_views_30d": whole,
        "expected_views": whole,
        "suggested_cpm_minor": whole,
    }
    names = {"tiktok_one": 4, "youtube": 1}.get(shape, 6)
    facts = {name: draw(st.none() | value) for name, value in list(kept.items())[:names]}
    audience = draw(st.booleans())
    margins = {
        "age": draw(st.sampled_from(BANDS).flatmap(shares)) if audience else {},
        "gender": draw(shares(("female", "male", "unknown"))) if audience else {},
        "region": draw(st.just({}) | shares(REGIONS, whole=False)),
    }
    if shape == "inlay":
        margins["education"] = draw(st.just({}) | shares(EDUCATION, whole=False))
        margins["interests"] = draw(st.just({}) | shares(INTERESTS))
    name, key = draw(TEXTS), draw(IDS)
    places = {"xingtu": ("zh-CN", "CN")}.get(shape, (draw(st.none() | st.just("en")), draw(st.none() | st.just("US"))))
    tag = draw(st.sampled_from(sorted(VERTICALS)))
    tags = ({tag: 1.0}, {"food": 0.7, "rural": 0.3})
    return ChannelRecord(
        row=0,
        platform={"xingtu": "douyin", "tiktok_one": "tiktok", "youtube": "youtube"}.get(shape, "bilibili"),
        account_key=key,
        handle=draw(TEXTS.map(normal_handle)),
        name=name,
        snapshot={
            "taken_on": draw(st.dates(date(2010, 1, 1), TODAY)),
            "source": shape,
            "followers": followers,
            "facts": {name: value for name, value in facts.items() if value is not None},
            "margins": {name: value for name, value in margins.items() if value},
            "rate_card": draw(_card(shape)),
        },
        videos=draw(videos()),
        creator_name=draw(TEXTS) if shape != "inlay" else draw(st.none() | TEXTS),
        url="https://example.org/x?=1" if shape == "inlay" else None,
        language=places[0],
        region=places[1],
        verticals={tag: 1.0} if shape == "youtube" else draw(st.sampled_from(tags)),
    )


def _card(shape: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    def line(tier: str, currency: str = "CNY") -> st.SearchStrategy[dict[str, Any]]:
        return st.integers(1, 10**9).map(
            lambda minor: {"length_tier": tier, "amount_minor": minor, "currency": currency}
        )

    tiers = st.lists(st.sampled_from(list(xingtu.PRICES.values())), unique=True).map(
        lambda found: sorted(found, key=list(xingtu.PRICES.values()).index)
    )
    cards: dict[str, Callable[[], st.SearchStrategy[list[dict[str, Any]]]]] = {
        "inlay": lambda: st.lists(line("21-60", "JPY") | line("单条"), max_size=3),
        "xingtu": lambda: tiers.flatmap(lambda found: st.tuples(*(line(tier) for tier in found)).map(list)),
        "tiktok_one": lambda: st.lists(line("21-60", "USD") | line("21-60", "JPY"), max_size=1),
        "youtube": lambda: st.just([]),
    }
    return cards[shape]()
