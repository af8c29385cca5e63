"""Build a record from the values that a shape has read, with the checks that hold for every platform."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from marketplace.channels import anomalies
from marketplace.channels.anomalies import CellError
from marketplace.channels.facts import language_tags, region_names
from marketplace.channels.facts.account_handles import (
    NOTHING_TO_SEE,
    account_key,
    mixed_alphabets,
    normal_handle,
)
from marketplace.channels.facts.audience_vocabulary import INTERESTS, interest_code
from marketplace.channels.facts.language_tags import language_tag
from marketplace.channels.files.shapes.cell_values import RowCells, finite_number
from marketplace.channels.files.tables.nested_values import told_twice
from marketplace.channels.files.tables.number_grammar import read_number
from marketplace.channels.records import ChannelRecord, RowError, normalise_verticals

# So many of a channel's newest videos are kept, of so many that a file may tell.
VIDEOS_MAX, VIDEOS_READ_MAX = 200, 10_000
# Percentages sum to 100, or a little more where they were rounded.
COUNTS_FROM = 110
URL = re.compile(r"https?://[^\s<>\"]{3,}")
COUNTS = ("median_views_30d", "expected_views", "suggested_cpm_minor")
BOOLEANS = {
    "": None,
    **dict.fromkeys(("1", "1.0", "true", "yes", "是"), True),
    **dict.fromkeys(("0", "0.0", "false", "no", "否"), False),
}
RATES = ("engagement_rate", "completion_rate")
RecordOrErrors = ChannelRecord | list[RowError]


@dataclass(frozen=True)
class ShapeReading:
    """What a shape read from a row.

    `columns` and `video_columns` map our own names to the file's columns, for error messages; other names stay.
    """

    source: str
    platform: str | None
    account_key: str | None
    handle: str | None
    name: str | None
    taken_on: date | None
    followers: int | None
    facts: Mapping[str, Any]
    ages: Mapping[str, float]
    genders: Mapping[str, float]
    regions: Mapping[str, float]
    whole_regions: bool
    labels: Mapping[str, float]
    rate_card: list[dict[str, Any]]
    videos: list[dict[str, Any]]
    creator_name: str | None = None
    creator_id: str | None = None
    url: str | None = None
    language: str | None = None
    region: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    video_columns: Mapping[str, str] = field(default_factory=dict)
    education: Mapping[str, float] = field(default_factory=dict)
    interests: Mapping[str, float] = field(default_factory=dict)
    # The day and the followers may be missing: they are those of the channel's newest snapshot.
    completes: bool = False


def build_record(cells: RowCells, reading: ShapeReading, today: date) -> RecordOrErrors:
    """Check a reading and return its record, or every error of the row."""
    margins, list_errors = _lists(reading)
    details, detail_errors = channel_details(reading.url, reading.language, reading.region)
    for error in (*_cell_errors(reading, margins, today), *list_errors, *detail_errors):
        column = reading.columns.get(error.column, error.column)
        cells.add_error(column, cells.as_written(column, error.value), error.zh, error.en)
    for error in _video_errors(reading, today):
        cells.add_error(*error)
    told = reading.completes or (reading.taken_on is not None and reading.followers is not None)
    if cells.errors or not (reading.platform and reading.account_key and told):
        return cells.errors
    handle = normal_handle(reading.handle or reading.account_key)
    if not handle:
        cells.add_error(reading.columns.get("handle", "handle"), reading.handle, *NOTHING_TO_SEE)
        return cells.errors
    if alphabets := mixed_alphabets(handle):
        named = ", ".join(alphabets)
        cells.note(
            f"账号名 {handle} 混用了看起来相同的字母（{named}），可能冒充他人的账号；请人工核对。",
            f"The handle {handle} mixes letters that look alike ({named}) and may pretend to be another's: let a person"
            " look at it. It is a channel of its own.",
        )
    snapshot = {
        "taken_on": reading.taken_on,
        "source": reading.source,
        "evidence_hash": evidence_hash(cells.values),
        "followers": reading.followers,
        "facts": {name: value for name, value in reading.facts.items() if value is not None},
        "margins": {name: margin for name, margin in margins.items() if margin},
        "rate_card": reading.rate_card,
        "series_hash": anomalies.series_hash(reading.videos),
    }
    return ChannelRecord(
        row=cells.row,
        platform=reading.platform,
        account_key=account_key(reading.account_key, reading.handle or reading.account_key),
        handle=handle,
        name=reading.name or handle,
        snapshot=snapshot,
        videos=tuple(reading.videos),
        creator_id=reading.creator_id,
        creator_name=reading.creator_name,
        **details,
        verticals=normalise_verticals(reading.labels),
        completes=reading.completes,
    )


def _lists(reading: ShapeReading) -> tuple[dict[str, dict[str, float]], list[CellError]]:
    """Return the lists under their codes, and the errors of their labels."""
    ages, errors = anomalies.normalise_ages(reading.ages)
    regions, more = anomalies.normalise_regions(reading.regions)
    education, of_education = anomalies.normalise_education(reading.education)
    interests, of_interests = anomalies.normalise_labels("interests", reading.interests, interest_code, INTERESTS)
    genders, of_genders = anomalies.normalise_genders(reading.genders)
    named = {"age": ages, "gender": genders, "region": regions, "education": education, "interests": interests}
    return named, [*errors, *more, *of_genders, *of_education, *of_interests]


def channel_details(
    url: str | None, language: str | None, region: str | None
) -> tuple[dict[str, str | None], list[CellError]]:
    """Return a channel's address, language and region in their normal forms, and what is wrong with them."""
    errors: list[CellError] = []
    if url is not None and not URL.fullmatch(url):
        errors.append(CellError("url", url, "须为 http 或 https 网址。", "Should be an http or https address."))
    tag = language and language_tag(language)
    if language and not tag:
        errors.append(CellError("language", language, *language_tags.stranger_said(language)))
    code = region and region_names.region_code(region)
    if region and not code:
        errors.append(CellError("country", region, *region_names.stranger_said(region)))
    return {"url": url, "language": tag or None, "region": code or None}, errors


def evidence_hash(values: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a row's sorted JSON, which is the same for the same row in any file."""
    text = json.dumps(values, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _cell_errors(reading: ShapeReading, margins: Mapping[str, Mapping[str, float]], today: date) -> Iterable[CellError]:
    yield from anomalies.check_count("followers", reading.followers)
    if reading.taken_on is not None:
        yield from anomalies.check_day("taken_on", reading.taken_on, today)
    growth = reading.facts.get("growth_30d")
    yield from anomalies.check_count("growth_30d", abs(growth) if growth is not None else None)
    for name in COUNTS:
        yield from anomalies.check_count(name, reading.facts.get(name))
    for name in RATES:
        yield from anomalies.check_rate(name, reading.facts.get(name))
    yield from anomalies.check_rate_card(reading.rate_card)
    whole = {
        "age": anomalies.covers_adults(reading.ages),
        "gender": True,
        "region": reading.whole_regions,
        "education": not any(margins["education"].values()) and anomalies.covers_levels(margins["education"]),
    }
    told = {"age": reading.ages, "gender": reading.genders}
    for name, must_be_whole in whole.items():
        if margin := told.get(name, margins[name]):
            yield from anomalies.check_margin(name, margin, whole=must_be_whole)
    if any(not 0 <= share <= 1 for share in reading.interests.values()):
        yield CellError("interests", dict(reading.interests), *anomalies.OUTSIDE_SHARES)


def _video_errors(reading: ShapeReading, today: date) -> Iterable[CellError]:
    for place, video in enumerate(reading.videos[:VIDEOS_MAX]):
        errors: list[CellError] = [*anomalies.check_day("published_at", video["published_at"].date(), today)]
        for name in ("views", "likes", "comments", "shares", "duration_s"):
            errors += anomalies.check_count(name, video.get(name))
        likes = video.get("likes")
        if likes is not None and likes > video["views"]:
            errors.append(CellError("likes", likes, "点赞数多于播放数。", "More likes than views."))
        for error in errors:
            column = error.column
            if reading.video_columns:
                column = f"{reading.columns['videos']}[{place}].{reading.video_columns[column]}"
            yield error._replace(column=column)


def read_videos(cells: RowCells, column: str, entries: Any, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Read a list of videos; `names` maps the table's columns to the shape's names."""
    if entries is None:
        return []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        cells.add_error(column, entries, "应为视频列表。", "Should be a list of videos.")
        return []
    if len(entries) > VIDEOS_READ_MAX:
        zh, en = f"视频不超过 {VIDEOS_READ_MAX} 条。", f"At most {VIDEOS_READ_MAX} videos."
        cells.add_error(column, len(entries), zh, en)
        return []
    read = []
    for place, entry in enumerate(entries):
        inner = RowCells(
            cells.row, {key: entry.get(name) for key, name in names.items()}, conventions=cells.conventions
        )
        published, views = inner.moment("published_at", needed=True), inner.whole("views", needed=True)
        video = {
            # Without an id, the second of publication identifies a video; its position in the list would change.
            "external_id": inner.account("external_id") or (published and str(int(published.timestamp()))),
            "published_at": published,
            "views": views,
            **{name: inner.whole(name) for name in ("likes", "comments", "shares")},
            "duration_s": inner.number("duration_s"),
            "sponsored": _boolean(inner),
            "title": inner.text("title", 300),
        }
        for error in inner.errors:
            cells.add_error(f"{column}[{place}].{names[error.column]}", error.value, error.zh, error.en)
        if published is not None and views is not None:
            read.append(video)
    return _newest(cells, read)


def _newest(cells: RowCells, videos: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the newest videos that are kept, in the order in which they were told."""
    if len(videos) <= VIDEOS_MAX:
        return videos
    cells.note(
        f"一个频道的视频超过 {VIDEOS_MAX} 条时，只保留最新的 {VIDEOS_MAX} 条。",
        f"Of a channel's videos the newest {VIDEOS_MAX} were kept.",
    )
    order = sorted(range(len(videos)), key=lambda place: videos[place]["published_at"], reverse=True)[:VIDEOS_MAX]
    return [videos[place] for place in sorted(order)]


def _boolean(inner: RowCells) -> bool | None:
    value = inner.values["sponsored"]
    word = "" if value is None else str(value).strip().lower()
    if word not in BOOLEANS:
        inner.add_error("sponsored", value, "应为是或否。", "Should be yes or no.")
    return BOOLEANS.get(word)


def read_margin(cells: RowCells, column: str, label: str = "", share: str = "") -> dict[str, float]:
    """Read {label: share} or [{label..., share...}] as shares by label; percentages and counts become shares.

    Shares sum to about 1, percentages to about 100, and people are more: so a sum over 2 means percentages, and one
    over 110 counts of people, which are divided by their sum.
    """
    shares = _told_shares(cells, column, label, share)
    total = sum(shares.values())
    if total > COUNTS_FROM and all(value >= 0 for value in shares.values()):
        cells.note(
            f"{column} 是人数，已按合计换算为占比。",
            f"{column} holds numbers of people; they became shares of their sum.",
        )
        return {name: round(value / total, 8) for name, value in shares.items()}
    return _scaled(shares, total > 2)


def _told_shares(cells: RowCells, column: str, label: str = "", share: str = "") -> dict[str, float]:
    given = cells.table(column)
    if given is None:
        return {}
    pairs = list(given.items()) if isinstance(given, dict) else []
    if isinstance(given, list) and label:
        pairs = [(item.get(label), item.get(share)) if isinstance(item, dict) else (item, None) for item in given]
    shares: dict[str, float] = {}
    for name, value in pairs:
        number = told_number(cells, value)
        if number is None or not isinstance(name, str | int):
            cells.add_error(column, f"{name}: {value}", "应为“名称：占比”。", "Should be labels with their shares.")
            return {}
        if str(name) in shares:
            cells.add_error(column, name, *told_twice(str(name)))
        shares[str(name)] = number
    if not pairs and given not in ({}, []):
        cells.add_error(column, given, "应为“名称：占比”。", "Should be labels with their shares.")
    return shares


def told_number(cells: RowCells, value: Any) -> float | None:
    """Return a number of a list, which platforms also write as text: "35024", "61%"."""
    if not isinstance(value, str):
        return finite_number(value)
    try:
        # "61%" is 61: the sum of the list says that its numbers are per cents.
        return finite_number(read_number(value.strip(), cells.conventions.numbers, fractional=True)[0])
    except ValueError:
        return None


def _scaled(shares: Mapping[str, float], are_percentages: bool) -> dict[str, float]:
    return {name: round(value / (100 if are_percentages else 1), 8) for name, value in shares.items()}


def read_rates(cells: RowCells, column: str) -> dict[str, float]:
    """Read {label: share} of people who may have several; if any is over 1, all are percentages."""
    shares = _told_shares(cells, column)
    return _scaled(shares, any(value > 1 for value in shares.values()))


def read_labels(cells: RowCells, column: str) -> dict[str, float]:
    """Read content labels with their shares; a plain list of labels gives each 1."""
    given = cells.table(column)
    pairs: list[tuple[Any, Any]] = []
    if isinstance(given, list):
        pairs = [(word, 1.0) for word in given]
    elif isinstance(given, dict):
        pairs = list(given.items())
    elif given is not None:
        cells.add_error(column, given, "应为标签列表。", "Should be a list of labels.")
    return {str(word): number for word, share in pairs if (number := finite_number(share)) is not None}


def read_rate_card(cells: RowCells, column: str) -> list[Any]:
    """Read a rate card as a list of unchecked lines."""
    given = cells.table(column)
    if given is not None and not isinstance(given, list):
        cells.add_error(column, given, "报价表应为对象列表。", "The rate card should be a list of objects.")
    return given if isinstance(given, list) else []
