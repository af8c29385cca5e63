"""From the values that a shape has read to a record: the checks that hold for every platform."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from marketplace.channels import anomalies
from marketplace.channels.files.shapes.cell_values import RowCells, finite
from marketplace.channels.records import ChannelRecord, RowError, verticals_of

VIDEOS_MAX = 200
COUNTS = ("median_views_30d", "expected_views", "suggested_cpm_minor")
FLAGS = {
    "": None,
    **dict.fromkeys(("1", "1.0", "true", "yes", "是"), True),
    **dict.fromkeys(("0", "0.0", "false", "no", "否"), False),
}
RATES = ("engagement_rate", "completion_rate")
Built = ChannelRecord | list[RowError]


@dataclass(frozen=True)
class ShapeReading:
    """What a shape made of a row.

    `columns` and `video_columns` say how the file calls what the faults are about; other names stay as they are.
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


def record(cells: RowCells, told: ShapeReading, today: date) -> Built:
    """Check what was told and return the record, or every fault of the row."""
    ages, wrong = anomalies.ages(told.ages)
    for name, value, zh, en in (*_faults(told, today), *wrong):
        cells.fault(told.columns.get(name, name), value, zh, en)
    for name, value, zh, en in _video_faults(told, today):
        cells.fault(name, value, zh, en)
    if cells.faults or not (told.platform and told.account_key and told.taken_on) or told.followers is None:
        return cells.faults
    margins = {"age": ages, "gender": anomalies.genders(told.genders), "region": dict(told.regions)}
    snapshot = {
        "taken_on": told.taken_on,
        "source": told.source,
        "evidence_hash": evidence(cells.values),
        "followers": told.followers,
        "facts": {name: value for name, value in told.facts.items() if value is not None},
        "margins": {name: margin for name, margin in margins.items() if margin},
        "rate_card": told.rate_card,
        "series_hash": anomalies.series_hash(told.videos),
    }
    return ChannelRecord(
        row=cells.row,
        platform=told.platform,
        account_key=told.account_key,
        handle=told.handle or told.account_key,
        name=told.name or told.handle or told.account_key,
        snapshot=snapshot,
        videos=tuple(told.videos),
        creator_id=told.creator_id,
        creator_name=told.creator_name,
        url=told.url,
        language=told.language,
        region=told.region,
        verticals=verticals_of(told.labels),
    )


def evidence(values: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a row's canonical JSON: the same row, the same evidence, whatever file it came in."""
    told = json.dumps(values, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


def _faults(told: ShapeReading, today: date) -> Iterable[anomalies.Fault]:
    yield from anomalies.count("followers", told.followers)
    if told.taken_on is not None:
        yield from anomalies.not_future("taken_on", told.taken_on, today)
    growth = told.facts.get("growth_30d")
    yield from anomalies.count("growth_30d", abs(growth) if growth is not None else None)
    for name in COUNTS:
        yield from anomalies.count(name, told.facts.get(name))
    for name in RATES:
        yield from anomalies.rate(name, told.facts.get(name))
    yield from anomalies.rate_card(told.rate_card)
    if told.ages:
        yield from anomalies.sums("age", told.ages, whole=True)
    if told.genders:
        yield from anomalies.sums("gender", told.genders, whole=True)
    if told.regions:
        yield from anomalies.sums("region", told.regions, whole=told.whole_regions)
    if len(told.videos) > VIDEOS_MAX:
        yield "videos", len(told.videos), f"视频不超过 {VIDEOS_MAX} 条。", f"At most {VIDEOS_MAX} videos."


def _video_faults(told: ShapeReading, today: date) -> Iterable[anomalies.Fault]:
    for place, video in enumerate(told.videos[:VIDEOS_MAX]):
        found: list[anomalies.Fault] = [*anomalies.not_future("published_at", video["published_at"].date(), today)]
        for name in ("views", "likes", "comments", "shares", "duration_s"):
            found += anomalies.count(name, video.get(name))
        likes = video.get("likes")
        if likes is not None and likes > video["views"] > 0:
            found.append(("likes", likes, "点赞数多于播放数。", "More likes than views."))
        for name, value, zh, en in found:
            named = f"{told.columns['videos']}[{place}].{told.video_columns[name]}" if told.video_columns else name
            yield named, value, zh, en


def videos(cells: RowCells, column: str, listed: Any, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Read a list of videos; `names` says how the shape calls each of the table's columns."""
    if listed is None:
        return []
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        cells.fault(column, listed, "应为视频列表。", "Should be a list of videos.")
        return []
    found = []
    for place, one in enumerate(listed[: VIDEOS_MAX + 1]):
        inner = RowCells(cells.row, {key: one.get(name) for key, name in names.items()})
        published, views = inner.moment("published_at", needed=True), inner.whole("views", needed=True)
        video = {
            # Without an id the second of publishing tells videos apart; a place in the list would not last.
            "external_id": inner.account("external_id") or (published and str(int(published.timestamp()))),
            "published_at": published,
            "views": views,
            **{name: inner.whole(name) for name in ("likes", "comments", "shares")},
            "duration_s": inner.number("duration_s"),
            "sponsored": _flag(inner),
            "title": inner.text("title", 300),
        }
        for fault in inner.faults:
            cells.fault(f"{column}[{place}].{names[fault.column]}", fault.value, fault.zh, fault.en)
        if published is not None and views is not None:
            found.append(video)
    return found


def _flag(inner: RowCells) -> bool | None:
    value = inner.values["sponsored"]
    word = "" if value is None else str(value).strip().lower()
    if word not in FLAGS:
        inner.fault("sponsored", value, "应为是或否。", "Should be yes or no.")
    return FLAGS.get(word)


def margin(cells: RowCells, column: str, label: str = "", share: str = "") -> dict[str, float]:
    """Read a list of shares: {label: share}, or [{label..., share...}]; per cents that sum to 100 become shares."""
    given = cells.table(column)
    if given is None:
        return {}
    pairs = list(given.items()) if isinstance(given, dict) else []
    if isinstance(given, list) and label:
        pairs = [(one.get(label), one.get(share)) if isinstance(one, dict) else (one, None) for one in given]
    found: dict[str, float] = {}
    for name, value in pairs:
        number = finite(value)
        if number is None or not isinstance(name, str | int):
            cells.fault(column, f"{name}: {value}", "应为“名称：占比”。", "Should be labels with their shares.")
            return {}
        found[str(name)] = found.get(str(name), 0.0) + number
    if not pairs and given not in ({}, []):
        cells.fault(column, given, "应为“名称：占比”。", "Should be labels with their shares.")
    scale = 100 if sum(found.values()) > 2 else 1
    return {name: round(value / scale, 8) for name, value in found.items()}


def labels(cells: RowCells, column: str) -> dict[str, float]:
    """Read content labels: a list of words, or words with shares."""
    given = cells.table(column)
    pairs: list[tuple[Any, Any]] = []
    if isinstance(given, list):
        pairs = [(word, 1.0) for word in given]
    elif isinstance(given, dict):
        pairs = list(given.items())
    elif given is not None:
        cells.fault(column, given, "应为标签列表。", "Should be a list of labels.")
    return {str(word): number for word, share in pairs if (number := finite(share)) is not None}


def lines(cells: RowCells, column: str) -> list[Any]:
    """Read a rate card: a list whose lines the checks look at."""
    given = cells.table(column)
    if given is not None and not isinstance(given, list):
        cells.fault(column, given, "报价表应为对象列表。", "The rate card should be a list of objects.")
    return given if isinstance(given, list) else []
