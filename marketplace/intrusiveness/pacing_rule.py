"""Pacing: whether a channel has room for one more placement on a day, by the rule that its creator chose.

Days are whole (UTC). Past days hold what was published. Days to come hold the booked placements, and unsponsored videos
at the channel's own pace: the mean spacing of its newest unsponsored videos, and not faster than it has been publishing
since the last one. Sponsored videos never enter the pace, so that one more of them can only close days.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from marketplace.core.message import Bilingual, Message
from marketplace.intrusiveness import constants
from marketplace.intrusiveness.pacing_rule_messages import PacingSentences

# Floating-point error granted to shares and paces before they are rounded to whole videos and days.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class SpacingLimits:
    """Limits on the spacing of sponsored videos; None sets no limit. Raises ValueError outside the ranges.

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
        negative = any(number is not None and number < 0 for number in numbers)
        if negative or (self.streak_max is not None and self.streak_max < 1):
            raise ValueError("Gaps and pauses are 0 or more, and a streak is of 1 video or more.")
        if self.share_max is not None and not 0 <= self.share_max <= 1:
            raise ValueError("A share lies between 0 and 1.")

    @property
    def recent_max(self) -> int | None:
        """Return how many of constants.RECENT videos in a row may be sponsored."""
        return None if self.share_max is None else math.floor(self.share_max * constants.RECENT + _ROUNDING)


@dataclass(frozen=True)
class SpacingRamp:
    """A preset way from none to some to few placements; ``videos`` and ``followers`` replace the preset's ends of the
    quiet time."""

    preset: str
    videos: int | None = None
    followers: int | None = None

    @property
    def sizes(self) -> constants.RampPreset:
        """Return the preset with those ends. Raises KeyError if there is no such preset."""
        preset = constants.RAMPS[self.preset]
        return replace(
            preset,
            quiet_videos=preset.quiet_videos if self.videos is None else self.videos,
            quiet_followers=preset.quiet_followers if self.followers is None else self.followers,
        )


@dataclass(frozen=True)
class SpacingRule:
    """A creator's rule: limits of the whole channel, of its series by their keys, and a ramp of the channel."""

    limits: SpacingLimits = SpacingLimits()
    ramp: SpacingRamp | None = None
    series: Mapping[str, SpacingLimits] = field(default_factory=dict)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "SpacingRule":
        """Return a stored rule. Raises KeyError, TypeError or ValueError for a document that no channel may store."""
        limits = dict(document)
        ramp, rows = limits.pop("ramp"), limits.pop("series")
        series = {row["key"]: SpacingLimits(**{name: row[name] for name in row if name != "key"}) for row in rows}
        return cls(SpacingLimits(**limits), None if ramp is None else SpacingRamp(**ramp), series)


@dataclass(frozen=True)
class PacedVideo:
    """A published video. ``gap``: log of its views over the channel's usual ones (None: not known yet); ``series``:
    keys of the series it belongs to."""

    day: date
    sponsored: bool
    gap: float | None = None
    series: frozenset[str] = frozenset()

    @property
    def views_ratio(self) -> float:
        """Return its views as a share of the channel's usual ones; 1 while they are not known."""
        return 1.0 if self.gap is None else math.exp(self.gap)

    @property
    def bad(self) -> bool:
        """Return whether it is sponsored and its views call for a cool-down."""
        return self.sponsored and self.views_ratio <= constants.BAD_RESULT


@dataclass(frozen=True)
class BookedSlot:
    """A placement that is booked for a day, in a series or in none."""

    day: date
    series: str | None = None


@dataclass(frozen=True)
class ChannelPast:
    """What is known about a channel: ``videos`` oldest first, ``booked`` slots, ``followers``, and the number of
    ``unsponsored`` videos in all (at least those in ``videos``; None: just those)."""

    videos: Sequence[PacedVideo] = ()
    booked: Sequence[BookedSlot] = ()
    followers: int = 0
    unsponsored: int | None = None


@dataclass(frozen=True, kw_only=True)
class FullDayReason(Message):
    """Why a day is full: ``code`` names the part of the rule. ``series``: whose limit it is (None: the channel's)."""

    series: str | None


@dataclass(frozen=True)
class PacingDay:
    """One day: open if there is no reason against one more placement."""

    day: date
    reasons: tuple[FullDayReason, ...]

    @property
    def open(self) -> bool:
        return not self.reasons


@dataclass(frozen=True)
class PacingFigures:
    """The spacing up to today.

    ``videos`` and ``sponsored``: of the last ten. ``streak``: sponsored in a row up to the last. ``videos_since`` and
    ``days_since``: unsponsored videos and days since the last sponsored one (None: there was none). ``booked``: slots
    to come. ``pace_days``: days for each unsponsored video (None: unknown). ``stage``: of the ramp (None: no ramp).
    """

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
    """The videos of a channel or of one series up to a last day, in order: published, booked and expected ones.

    ``days`` and ``sponsored`` have one entry for each of them.
    """

    def __init__(self, past: ChannelPast, today: date, last: date, series: str | None = None) -> None:
        self.published = [
            video for video in past.videos if video.day <= today and (series is None or series in video.series)
        ]
        self.booked = [slot.day for slot in past.booked if slot.day >= today and series in (None, slot.series)]
        self.pace_days = pace(self.published, today)
        # A slot booked after the last day still needs the videos expected before it.
        self.expected = _expected_days(self.pace_days, today, max([last, *self.booked]))
        videos = [
            *((video.day, video.sponsored) for video in self.published),
            *((day, True) for day in self.booked),
            *((day, False) for day in self.expected),
        ]
        # The sort is stable: on one day published videos come first, then booked ones, then expected ones.
        videos.sort(key=lambda video: video[0])
        self.days = [day for day, _ in videos]
        self.sponsored = [sponsored for _, sponsored in videos]

    def worst(self, index: int) -> int:
        """Return the most sponsored videos among constants.RECENT in a row, over all such rows that hold one more
        sponsored video inserted at an index."""
        others = constants.RECENT - 1
        before = self.sponsored[max(0, index - others) : index]
        after = self.sponsored[index : index + others]
        return 1 + max(
            sum(before[max(0, len(before) - (others - later)) :]) + sum(after[:later])
            for later in range(len(after) + 1)
        )

    def nearest(self, index: int) -> tuple[int | None, int | None]:
        """Return the indexes of the sponsored videos next before and after a position, None if there is none."""
        before = next((other for other in range(index - 1, -1, -1) if self.sponsored[other]), None)
        after = next((other for other in range(index, len(self.days)) if self.sponsored[other]), None)
        return before, after

    def streak(self, index: int) -> int:
        """Return how many sponsored videos in a row there are with one more inserted at an index."""
        first = index
        while first > 0 and self.sponsored[first - 1]:
            first -= 1
        last = index
        while last < len(self.days) and self.sponsored[last]:
            last += 1
        return last - first + 1


def pace(videos: Iterable[PacedVideo], today: date) -> float | None:
    """Return how many days each unsponsored video takes, None with fewer than two of them."""
    days = sorted(video.day for video in videos if not video.sponsored)[-constants.PACE_VIDEOS :]
    if len(days) < 2:
        return None
    return max((days[-1] - days[0]).days / (len(days) - 1), float((today - days[-1]).days), constants.PACE_LEAST_DAYS)


def _expected_days(pace_days: float | None, today: date, last: date) -> list[date]:
    if pace_days is None:
        return []
    count = max(0, math.floor((last - today).days / pace_days + _ROUNDING))
    return [today + timedelta(days=math.ceil(number * pace_days - _ROUNDING)) for number in range(1, count + 1)]


class ChannelPacing:
    """A rule applied to a channel from today to a last day; ``series``: the one that the placement would belong to."""

    def __init__(
        self, rule: SpacingRule, past: ChannelPast, today: date, last: date, series: str | None = None
    ) -> None:
        self.rule, self.past, self.today = rule, past, today
        self.line = VideoLine(past, today, last)
        self._scopes = [(rule.limits, self.line, PacingSentences(None))]
        if series is not None and series in rule.series:
            self._scopes.append((rule.series[series], VideoLine(past, today, last, series), PacingSentences(series)))

    def on(self, day: date) -> PacingDay:
        """Return whether a day, today or later, has room for one more placement, and if not, every reason why."""
        reasons = [
            reason
            for limits, line, sentences in self._scopes
            for reason in _broken_limits(limits, line, day, sentences)
        ]
        ramp_reason = self._ramp_reason(day)
        return PacingDay(day, tuple(reasons if ramp_reason is None else [*reasons, ramp_reason]))

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
        published = self.line.published
        marks = [video.sponsored for video in published]
        since = next((count for count, sponsored in enumerate(reversed(marks)) if sponsored), None)
        streak = next((count for count, sponsored in enumerate(reversed(marks)) if not sponsored), len(marks))
        recent = marks[-constants.RECENT :]
        return PacingFigures(
            videos=len(recent),
            sponsored=sum(recent),
            streak=streak,
            videos_since=since,
            days_since=None if since is None else (self.today - published[-1 - since].day).days,
            booked=len(self.line.booked),
            pace_days=self.line.pace_days,
            stage=self.stage(self.today),
        )

    @cached_property
    def _published_unsponsored(self) -> int:
        counted = sum(not video.sponsored for video in self.line.published)
        return counted if self.past.unsponsored is None else max(counted, self.past.unsponsored)

    def _unsponsored(self, day: date) -> int:
        return self._published_unsponsored + bisect_right(self.line.expected, day)

    def _ramp_reason(self, day: date) -> FullDayReason | None:
        stage = self.stage(day)
        if stage is None or self.rule.ramp is None:
            return None
        sizes, sentences = self.rule.ramp.sizes, PacingSentences(None)
        if stage == "none":
            text = sentences.quiet(
                self._unsponsored(day), sizes.quiet_videos, self.past.followers, sizes.quiet_followers
            )
            return FullDayReason("ramp_none", *text, series=None)
        allowed = sizes.some if stage == "some" else sizes.few
        worst = self.line.worst(bisect_right(self.line.days, day))
        if worst <= allowed:
            return None
        return FullDayReason(f"ramp_{stage}", *sentences.ramp(stage, worst, allowed), series=None)


def _broken_limits(
    limits: SpacingLimits, line: VideoLine, day: date, sentences: PacingSentences
) -> Iterable[FullDayReason]:
    """Yield a reason for each limit that one more placement on a day would break."""

    def reason(code: str, text: Bilingual) -> FullDayReason:
        return FullDayReason(code, text.zh, text.en, series=sentences.series)

    index = bisect_right(line.days, day)
    before, after = line.nearest(index)
    if limits.recent_max is not None and (worst := line.worst(index)) > limits.recent_max:
        yield reason("share", sentences.share(worst, limits.recent_max))
    gaps = [*([] if before is None else [index - before - 1]), *([] if after is None else [after - index])]
    if limits.gap_videos is not None and gaps and min(gaps) < limits.gap_videos:
        yield reason("gap_videos", sentences.gap_videos(min(gaps), limits.gap_videos))
    days = [abs((line.days[neighbour] - day).days) for neighbour in (before, after) if neighbour is not None]
    if limits.gap_days is not None and days and min(days) < limits.gap_days:
        yield reason("gap_days", sentences.gap_days(min(days), limits.gap_days))
    if limits.streak_max is not None and (streak := line.streak(index)) > limits.streak_max:
        yield reason("streak", sentences.streak(streak, limits.streak_max))
    if limits.cool_down_days is not None and (bad := [video for video in line.published if video.bad]):
        latest = bad[-1]
        until = latest.day + timedelta(days=limits.cool_down_days)
        if day < until:
            text = sentences.cool_down(latest.day, latest.views_ratio, limits.cool_down_days, until)
            yield reason("cool_down", text)


def calendar(
    rule: SpacingRule, past: ChannelPast, today: date, days: int, series: str | None = None
) -> tuple[PacingDay, ...]:
    """Return the coming days from today on, each taken alone: one more placement on it and on no other."""
    pacing = ChannelPacing(rule, past, today, today + timedelta(days=days), series)
    return tuple(pacing.on(today + timedelta(days=offset)) for offset in range(days))


def next_open(rule: SpacingRule, past: ChannelPast, today: date, series: str | None = None) -> date | None:
    """Return the first open day from today on, None if there is none within constants.HORIZON_DAYS."""
    pacing = ChannelPacing(rule, past, today, today + timedelta(days=constants.HORIZON_DAYS), series)
    days = (today + timedelta(days=offset) for offset in range(constants.HORIZON_DAYS))
    return next((day for day in days if pacing.on(day).open), None)


def placement_days(
    rule: SpacingRule, past: ChannelPast, today: date, first: date, last: date, count: int
) -> tuple[date, ...]:
    """Return days from ``first`` to ``last`` for ``count`` placements, each the earliest that is open once those before
    it are booked; fewer if there is no room for more."""
    placed: list[date] = []
    day = max(first, today)
    pacing = ChannelPacing(rule, past, today, last)
    while len(placed) < count and day <= last:
        if pacing.on(day).open:
            placed.append(day)
            past = replace(past, booked=[*past.booked, BookedSlot(day)])
            pacing = ChannelPacing(rule, past, today, last)
        else:
            # A day that is full stays full with more booked, so the search only moves on.
            day += timedelta(days=1)
    return tuple(placed)


def spread(first: date, last: date, videos: int) -> tuple[date, ...]:
    """Return evenly spaced days for videos that are owed within a window but have no day yet."""
    days = (last - first).days + 1
    return tuple(first + timedelta(days=days * (2 * number + 1) // (2 * videos)) for number in range(videos))
