"""Pacing: whether a channel has room for one more placement on a day, by the rule that its creator chose.

Days are whole (UTC). Past days are what was published; days to come hold the placements that are booked, and
unsponsored videos at the channel's own pace: the mean spacing of its newest unsponsored videos, and not faster than it
has been publishing since the last one. Sponsored videos never enter the pace, so that one more of them can only close
days.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from marketplace.intrusiveness import constants as c
from marketplace.intrusiveness.pacing_rule_messages import PacingSentences, Said

_ROUNDING = 1e-9


@dataclass(frozen=True)
class SpacingLimits:
    """What may be asked of the spacing of sponsored videos; None asks nothing. Raises ValueError outside the ranges.

    ``share_max``: of ten videos in a row, 0..1 (whole videos are counted, rounded down). ``gap_videos``: unsponsored
    videos between two sponsored ones. ``gap_days``: days from one to the next. ``streak_max``: sponsored in a row.
    ``cool_down_days``: days without a new one after a sponsored video whose views fell to half of the usual or lower.
    """

    share_max: float | None = None
    gap_videos: int | None = None
    gap_days: int | None = None
    streak_max: int | None = None
    cool_down_days: int | None = None

    def __post_init__(self) -> None:
        numbers = (self.gap_videos, self.gap_days, self.cool_down_days)
        if any(one is not None and one < 0 for one in numbers) or (self.streak_max is not None and self.streak_max < 1):
            raise ValueError("Gaps and pauses are 0 or more, and a streak is of 1 video or more.")
        if self.share_max is not None and not 0 <= self.share_max <= 1:
            raise ValueError("A share lies between 0 and 1.")

    @property
    def of_recent(self) -> int | None:
        """Return how many of c.RECENT videos in a row may be sponsored."""
        return None if self.share_max is None else math.floor(self.share_max * c.RECENT + _ROUNDING)


@dataclass(frozen=True)
class SpacingRamp:
    """A named way from none to some to few, with the creator's own ends of the quiet time where they are given."""

    preset: str
    videos: int | None = None
    followers: int | None = None

    @property
    def sizes(self) -> c.RampPreset:
        """Return the preset with those ends. Raises KeyError for a name that no preset has."""
        found = c.RAMPS[self.preset]
        return replace(
            found,
            quiet_videos=found.quiet_videos if self.videos is None else self.videos,
            quiet_followers=found.quiet_followers if self.followers is None else self.followers,
        )


@dataclass(frozen=True)
class SpacingRule:
    """A creator's rule: limits of the whole channel, of its series by their keys, and a ramp of the channel."""

    limits: SpacingLimits = SpacingLimits()
    ramp: SpacingRamp | None = None
    series: Mapping[str, SpacingLimits] = field(default_factory=dict)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "SpacingRule":
        """Return a stored rule. Raises KeyError, TypeError or ValueError for what no channel may store."""
        told = dict(document)
        ramp, series = told.pop("ramp"), told.pop("series")
        limits = {one["key"]: SpacingLimits(**{name: one[name] for name in one if name != "key"}) for one in series}
        return cls(SpacingLimits(**told), None if ramp is None else SpacingRamp(**ramp), limits)


@dataclass(frozen=True)
class PacedVideo:
    """A video that is out. ``gap``: log of its views over the channel's usual ones (None: not known yet);
    ``series``: keys of the series it belongs to."""

    day: date
    sponsored: bool
    gap: float | None = None
    series: frozenset[str] = frozenset()

    @property
    def of_usual(self) -> float:
        """Return its views as a share of the channel's usual ones; 1 where they are not known yet."""
        return 1.0 if self.gap is None else math.exp(self.gap)

    @property
    def bad(self) -> bool:
        return self.sponsored and self.of_usual <= c.BAD_RESULT


@dataclass(frozen=True)
class BookedSlot:
    """A placement that is booked for a day, in a series or in none."""

    day: date
    series: str | None = None


@dataclass(frozen=True)
class ChannelPast:
    """What is known of a channel: ``videos`` oldest first, ``booked`` slots, ``followers``, and how many unsponsored
    videos there are in all (at least those in ``videos``; None: just those)."""

    videos: Sequence[PacedVideo] = ()
    booked: Sequence[BookedSlot] = ()
    followers: int = 0
    unsponsored: int | None = None


@dataclass(frozen=True)
class FullDayReason:
    """Why a day is full: the rule's part, and a sentence with its figures. ``series``: whose limit it is (None: the
    channel's)."""

    code: str
    series: str | None
    zh: str
    en: str


@dataclass(frozen=True)
class PacingDay:
    """One day: open where no reason stands against one more placement."""

    day: date
    reasons: tuple[FullDayReason, ...]

    @property
    def open(self) -> bool:
        return not self.reasons


@dataclass(frozen=True)
class PacingFigures:
    """The spacing up to today: videos and sponsored ones among the last ten, sponsored ones in a row up to the last,
    unsponsored videos and days since the last sponsored one (None: there was none), booked slots to come, the pace in
    days for each unsponsored video (None: not known), and the ramp's stage (None: no ramp)."""

    videos: int
    sponsored: int
    streak: int
    videos_since: int | None
    days_since: int | None
    booked: int
    pace_days: float | None
    stage: str | None

    @property
    def share(self) -> float | None:
        return self.sponsored / self.videos if self.videos else None


class VideoLine:
    """The sponsored and other videos of a channel or of one series, in order, up to a last day."""

    def __init__(self, past: ChannelPast, today: date, last: date, series: str | None = None) -> None:
        self.out = [one for one in past.videos if one.day <= today and (series is None or series in one.series)]
        self.booked = [one.day for one in past.booked if one.day >= today and series in (None, one.series)]
        self.pace_days = pace(self.out, today)
        # What is booked later still is held against the videos expected before it.
        plain = _ahead(self.pace_days, today, max([last, *self.booked]))
        # Stable: on one day what is out comes first, then what is booked, then what is expected.
        known = [(one.day, one.sponsored) for one in self.out]
        told = sorted(
            [*known, *((day, True) for day in self.booked), *((day, False) for day in plain)], key=lambda one: one[0]
        )
        self.days = [day for day, _ in told]
        self.sponsored = [sponsored for _, sponsored in told]
        self.expected = plain

    def worst(self, at: int) -> int:
        """Return the most sponsored of c.RECENT videos in a row that hold one more, put in at a place."""
        before, after = self.sponsored[max(0, at - c.RECENT + 1) : at], self.sponsored[at : at + c.RECENT - 1]
        return 1 + max(
            sum(before[max(0, len(before) - (c.RECENT - 1 - more)) :]) + sum(after[:more])
            for more in range(len(after) + 1)
        )

    def nearest(self, at: int) -> tuple[int | None, int | None]:
        """Return the places of the sponsored videos before and after a place, None where there is none."""
        before = next((place for place in range(at - 1, -1, -1) if self.sponsored[place]), None)
        return before, next((place for place in range(at, len(self.days)) if self.sponsored[place]), None)

    def streak(self, at: int) -> int:
        """Return how many sponsored videos in a row there are with one more at a place."""
        first = at
        while first > 0 and self.sponsored[first - 1]:
            first -= 1
        last = at
        while last < len(self.days) and self.sponsored[last]:
            last += 1
        return last - first + 1


def pace(videos: Iterable[PacedVideo], today: date) -> float | None:
    """Return the days for each unsponsored video, None with fewer than two of them."""
    days = sorted(one.day for one in videos if not one.sponsored)[-c.PACE_VIDEOS :]
    if len(days) < 2:
        return None
    return max((days[-1] - days[0]).days / (len(days) - 1), float((today - days[-1]).days), c.PACE_LEAST_DAYS)


def _ahead(pace_days: float | None, today: date, last: date) -> list[date]:
    if pace_days is None:
        return []
    count = max(0, math.floor((last - today).days / pace_days + _ROUNDING))
    return [today + timedelta(days=math.ceil(number * pace_days - _ROUNDING)) for number in range(1, count + 1)]


class ChannelPacing:
    """A rule held against a channel from today to a last day; ``series``: where the placement would stand."""

    def __init__(
        self, rule: SpacingRule, past: ChannelPast, today: date, last: date, series: str | None = None
    ) -> None:
        self.rule, self.past, self.today = rule, past, today
        self.line = VideoLine(past, today, last)
        self._scopes = [(rule.limits, self.line, PacingSentences(None))]
        if series is not None and series in rule.series:
            self._scopes.append((rule.series[series], VideoLine(past, today, last, series), PacingSentences(series)))

    def on(self, day: date) -> PacingDay:
        """Return whether one more placement may stand on a day from today on, and if not, every reason why."""
        found = [
            FullDayReason(code, say.series, *said)
            for limits, line, say in self._scopes
            for code, said in _broken(limits, line, day, say)
        ]
        ramp = self._ramped(day)
        return PacingDay(day, tuple(found if ramp is None else [*found, ramp]))

    def stage(self, day: date) -> str | None:
        """Return the ramp's stage on a day: none, some or few."""
        if self.rule.ramp is None:
            return None
        sizes, videos, followers = self.rule.ramp.sizes, self._unsponsored(day), self.past.followers
        if videos < sizes.quiet_videos or followers < sizes.quiet_followers:
            return "none"
        return "few" if videos >= sizes.few_videos or followers >= sizes.few_followers else "some"

    def figures(self) -> PacingFigures:
        """Return the channel's spacing up to today."""
        out = self.line.out
        marks = [one.sponsored for one in out]
        since = next((number for number, mark in enumerate(reversed(marks)) if mark), None)
        streak = next((number for number, mark in enumerate(reversed(marks)) if not mark), len(marks))
        recent = marks[-c.RECENT :]
        return PacingFigures(
            videos=len(recent),
            sponsored=sum(recent),
            streak=streak,
            videos_since=since,
            days_since=None if since is None else (self.today - out[-1 - since].day).days,
            booked=len(self.line.booked),
            pace_days=self.line.pace_days,
            stage=self.stage(self.today),
        )

    @cached_property
    def _out_unsponsored(self) -> int:
        told = sum(not one.sponsored for one in self.line.out)
        return told if self.past.unsponsored is None else max(told, self.past.unsponsored)

    def _unsponsored(self, day: date) -> int:
        return self._out_unsponsored + bisect_right(self.line.expected, day)

    def _ramped(self, day: date) -> FullDayReason | None:
        stage = self.stage(day)
        if stage is None or self.rule.ramp is None:
            return None
        sizes, say = self.rule.ramp.sizes, PacingSentences(None)
        if stage == "none":
            said = say.quiet(self._unsponsored(day), sizes.quiet_videos, self.past.followers, sizes.quiet_followers)
            return FullDayReason("ramp_none", None, *said)
        allowed = sizes.some if stage == "some" else sizes.few
        worst = self.line.worst(bisect_right(self.line.days, day))
        return FullDayReason(f"ramp_{stage}", None, *say.ramp(stage, worst, allowed)) if worst > allowed else None


def _broken(limits: SpacingLimits, line: VideoLine, day: date, say: PacingSentences) -> Iterable[tuple[str, Said]]:
    """Yield each limit that one more placement on a day would break."""
    at = bisect_right(line.days, day)
    before, after = line.nearest(at)
    if limits.of_recent is not None and (worst := line.worst(at)) > limits.of_recent:
        yield "share", say.share(worst, limits.of_recent)
    spaces = [*([] if before is None else [at - before - 1]), *([] if after is None else [after - at])]
    if limits.gap_videos is not None and spaces and min(spaces) < limits.gap_videos:
        yield "gap_videos", say.gap_videos(min(spaces), limits.gap_videos)
    days = [abs((line.days[place] - day).days) for place in (before, after) if place is not None]
    if limits.gap_days is not None and days and min(days) < limits.gap_days:
        yield "gap_days", say.gap_days(min(days), limits.gap_days)
    if limits.streak_max is not None and (streak := line.streak(at)) > limits.streak_max:
        yield "streak", say.streak(streak, limits.streak_max)
    if limits.cool_down_days is not None and (bad := [one for one in line.out if one.bad]):
        until = bad[-1].day + timedelta(days=limits.cool_down_days)
        if day < until:
            yield "cool_down", say.cool_down(bad[-1].day, bad[-1].of_usual, limits.cool_down_days, until)


def calendar(
    rule: SpacingRule, past: ChannelPast, today: date, days: int, series: str | None = None
) -> tuple[PacingDay, ...]:
    """Return the coming days from today on, each taken alone: one more placement on it and on no other."""
    found = ChannelPacing(rule, past, today, today + timedelta(days=days), series)
    return tuple(found.on(today + timedelta(days=number)) for number in range(days))


def next_open(rule: SpacingRule, past: ChannelPast, today: date, series: str | None = None) -> date | None:
    """Return the first open day from today on, None where there is none within c.HORIZON_DAYS."""
    found = ChannelPacing(rule, past, today, today + timedelta(days=c.HORIZON_DAYS), series)
    days = (today + timedelta(days=number) for number in range(c.HORIZON_DAYS))
    return next((day for day in days if found.on(day).open), None)


def places(rule: SpacingRule, past: ChannelPast, today: date, first: date, last: date, wanted: int) -> tuple[date, ...]:
    """Return days from ``first`` to ``last`` for so many placements, each on the earliest that is open after those
    before it; fewer where there is no room for more."""
    placed: list[date] = []
    day = max(first, today)
    found = ChannelPacing(rule, past, today, last)
    while len(placed) < wanted and day <= last:
        if found.on(day).open:
            placed.append(day)
            past = replace(past, booked=[*past.booked, BookedSlot(day)])
            found = ChannelPacing(rule, past, today, last)
        else:
            day += timedelta(days=1)
    return tuple(placed)


def spread(first: date, last: date, videos: int) -> tuple[date, ...]:
    """Return days for videos that are owed within a window but have no day yet: evenly spaced."""
    days = (last - first).days + 1
    return tuple(first + timedelta(days=days * (2 * number + 1) // (2 * videos)) for number in range(videos))
