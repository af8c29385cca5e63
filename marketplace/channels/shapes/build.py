"""From the values that a shape has read to a record: the checks that hold for every platform."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from marketplace.channels import checks
from marketplace.channels.records import ChannelRecord, RowError, verticals_of
from marketplace.channels.shapes.cells import Cells

VIDEOS_MAX = 200
Built = ChannelRecord | list[RowError]


@dataclass(frozen=True)
class Told:
    """What a shape made of a row; names of columns stay those of the file for the faults."""

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


def record(cells: Cells, told: Told, today: date) -> Built:
    """Check what was told and return the record, or every fault of the row."""
    for name, value, zh, en in _faults(told, today):
        cells.fault(name, value, zh, en)
    ages, wrong = checks.ages(told.ages)
    for name, value, zh, en in wrong:
        cells.fault(name, value, zh, en)
    if cells.faults or not (told.platform and told.account_key and told.taken_on) or told.followers is None:
        return cells.faults
    margins = {"age": ages, "gender": dict(told.genders), "region": dict(told.regions)}
    snapshot = {
        "taken_on": told.taken_on,
        "source": told.source,
        "evidence_hash": evidence(cells.values),
        "followers": told.followers,
        "facts": {name: value for name, value in told.facts.items() if value is not None},
        "margins": {name: margin for name, margin in margins.items() if margin},
        "rate_card": told.rate_card,
        "flags": checks.flags(told.followers, told.facts, told.videos),
        "series_hash": checks.series_hash(told.videos),
    }
    return ChannelRecord(
        row=cells.row, platform=told.platform, account_key=told.account_key, handle=told.handle or told.account_key,
        name=told.name or told.handle or told.account_key, snapshot=snapshot, videos=tuple(told.videos),
        creator_id=told.creator_id, creator_name=told.creator_name, url=told.url, language=told.language,
        region=told.region, verticals=verticals_of(told.labels),
    )  # fmt: skip


def evidence(values: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a row's canonical JSON: the same row, the same evidence, whatever file it came in."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, ensure_ascii=False, default=str).encode()).hexdigest()


def _faults(told: Told, today: date) -> Iterable[checks.Fault]:
    yield from checks.count("followers", told.followers)
    if told.taken_on is not None:
        yield from checks.not_future("taken_on", told.taken_on, today)
    if told.ages:
        yield from checks.sums("age", told.ages, whole=True)
    if told.genders:
        yield from checks.sums("gender", told.genders, whole=True)
    if told.regions:
        yield from checks.sums("region", told.regions, whole=told.whole_regions)
    if len(told.videos) > VIDEOS_MAX:
        yield "videos", len(told.videos), f"视频不超过 {VIDEOS_MAX} 条。", f"At most {VIDEOS_MAX} videos."
    for video in told.videos[:VIDEOS_MAX]:
        yield from checks.not_future("published_at", video["published_at"].date(), today)
        for name in ("views", "likes", "comments", "shares"):
            yield from checks.count(name, video.get(name))
        likes = video.get("likes")
        if likes is not None and likes > video["views"] > 0:
            yield "likes", likes, "点赞数多于播放数。", "More likes than views."


def videos(cells: Cells, column: str, listed: Any, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Read a list of videos; `names` says how the shape calls each of the table's columns."""
    if listed is None:
        return []
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        cells.fault(column, listed, "应为视频列表。", "Should be a list of videos.")
        return []
    found = []
    for place, one in enumerate(listed[: VIDEOS_MAX + 1]):
        inner = Cells(cells.row, {key: one.get(name) for key, name in names.items()})
        published, views = inner.moment("published_at", needed=True), inner.whole("views", needed=True)
        video = {
            "external_id": inner.text("external_id", 100) or f"{place}",
            "published_at": published,
            "views": views,
            **{name: inner.whole(name) for name in ("likes", "comments", "shares")},
            "duration_s": inner.number("duration_s"),
            "sponsored": _flag(one.get(names.get("sponsored", ""))),
            "title": inner.text("title", 300),
        }
        for fault in inner.faults:
            cells.fault(f"{column}[{place}].{names[fault.column]}", fault.value, fault.zh, fault.en)
        if published is not None and views is not None:
            found.append(video)
    return found


def _flag(value: Any) -> bool | None:
    if value in (None, ""):
        return None
    return value if isinstance(value, bool) else str(value).strip().lower() in ("1", "true", "yes", "是")


def margin(cells: Cells, column: str, label: str = "", share: str = "") -> dict[str, float]:
    """Read a list of shares: {label: share}, or [{label..., share...}]; per cents that sum to 100 become shares."""
    given = cells.table(column)
    if given is None:
        return {}
    if isinstance(given, list) and label:
        given = {str(one.get(label)): one.get(share) for one in given if isinstance(one, dict)}
    if not isinstance(given, dict) or not all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in given.values()
    ):
        cells.fault(column, given, "应为“名称：占比”。", "Should be labels with their shares.")
        return {}
    found = {str(name): float(value) for name, value in given.items()}
    scale = 100 if sum(found.values()) > 2 else 1
    return {name: round(value / scale, 8) for name, value in found.items()}


def labels(cells: Cells, column: str) -> dict[str, float]:
    """Read content labels: a list of words, or words with shares."""
    given = cells.table(column)
    if isinstance(given, list):
        return {str(word): 1.0 for word in given}
    if isinstance(given, dict):
        return {str(word): float(share) for word, share in given.items() if isinstance(share, int | float)}
    return {}
