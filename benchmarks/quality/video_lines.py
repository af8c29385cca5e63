"""Creators with their videos, read from JSON lines. What cannot be read is told with its line and what to mend."""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


class BadLines(ValueError):
    """The file cannot be read; the text says which line and what to mend."""


@dataclass(frozen=True)
class Video:
    """A published video; times are UTC."""

    published_at: datetime
    views: float


@dataclass(frozen=True)
class Creator:
    """One line of the file; None where the line does not tell."""

    name: str
    followers: float | None
    vertical: str | None
    platform_forecast: float | None
    videos: tuple[Video, ...]


def read(lines: Iterable[str]) -> list[Creator]:
    """Return the creators of the lines; empty lines are passed over. Raises BadLines."""
    found: list[Creator] = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                found.append(_creator(json.loads(line), f"line {number}"))
            except json.JSONDecodeError as problem:
                raise BadLines(f"line {number} is not JSON: {problem.msg} at character {problem.pos}.") from problem
    if not found:
        raise BadLines("the file holds no creator; each line is one, as a JSON object.")
    names = [one.name for one in found]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise BadLines(f"creator {twice!r} stands on more than one line; put all its videos on one.")
    return found


def _creator(row: Any, place: str) -> Creator:
    if not isinstance(row, dict):
        raise BadLines(f"{place} is not a JSON object.")
    name, videos, vertical = row.get("creator"), row.get("videos"), row.get("vertical")
    if not isinstance(name, str | int) or isinstance(name, bool):
        raise BadLines(f"{place}: `creator` must be a name.")
    if not isinstance(videos, list):
        raise BadLines(f"{place}: `videos` must be a list.")
    if vertical is not None and not isinstance(vertical, str):
        raise BadLines(f"{place}: `vertical` must be a text or null.")
    return Creator(
        name=str(name),
        followers=_number(row.get("followers"), f"{place}: `followers`"),
        vertical=vertical,
        platform_forecast=_number(row.get("platform_forecast"), f"{place}: `platform_forecast`"),
        videos=tuple(_video(video, f"{place}, video {number}") for number, video in enumerate(videos, 1)),
    )


def _video(row: Any, place: str) -> Video:
    if not isinstance(row, dict):
        raise BadLines(f"{place} is not a JSON object.")
    views = _number(row.get("views"), f"{place}: `views`")
    if views is None:
        raise BadLines(f"{place}: `views` is missing.")
    return Video(moment(row.get("published_at"), f"{place}: `published_at`"), views)


def _number(value: Any, place: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise BadLines(f"{place} must be a number from 0, not {value!r}.")
    return float(value)


def moment(value: Any, place: str) -> datetime:
    """Return an ISO 8601 time, or seconds since 1970, in UTC; a time without a zone is UTC. Raises BadLines."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        told = datetime.fromisoformat(value)
    except (TypeError, ValueError, OverflowError, OSError):
        raise BadLines(f"{place} must be a time such as 2025-11-01T08:00:00+08:00, not {value!r}.") from None
    return told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)
