"""Pictures of one price among comparable prices and of one channel's forecast, as SVG text from plain values."""

import math
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass

from marketplace.core.money import MINOR_DIGITS, Money
from marketplace.drawing.sheet import (
    BAND,
    MARGIN,
    PLAIN,
    SMALL,
    WIDTH,
    DrawingSheet,
    ValueAxis,
    band,
    log_axis,
    say,
    scale,
    wanted_ticks,
)
from marketplace.drawing.svg import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PALE_BLUE,
    PALE_GREEN,
    SOFT,
    SvgDrawing,
    cut,
    head_count,
    number,
    ticks,
)
from marketplace.matching.pricing.cost import COMPARABLES_MIN

TextPair = tuple[str, str]  # Chinese, English


@dataclass(frozen=True)
class PriceSubject:
    """What a picture compares, in both languages: its title, the axis, the name of the interval and of the peers."""

    title: TextPair
    axis: TextPair
    span: TextPair
    peers: TextPair


A_VIDEO = PriceSubject(
    title=("单条报价与参考价相比", "The price of one video beside the fair price"),
    axis=("单条视频的价格", "price of one video"),
    span=("参考价", "Fair price"),
    peers=("同类价格", "comparable prices"),
)
PER_THOUSAND = PriceSubject(
    title=(
        "每千目标人群的价格与本需求的其他报价相比",
        "Price per thousand people of the target, among the bids on this brief",
    ),
    axis=("每千目标人群的价格", "price per thousand people of the target"),
    span=("本报价的预测", "This bid's forecast"),
    peers=("本需求的报价", "bids on this brief"),
)


@dataclass(frozen=True)
class FairPriceSpan:
    """A fair price in minor units with the ends of its 80 % interval."""

    low: float
    point: float
    high: float


@dataclass(frozen=True)
class PricePeers:
    """Quantiles of comparable prices in minor units, and how many there are."""

    p10: float
    p25: float
    p50: float
    p75: float
    p90: float
    count: int

    @property
    def quantiles(self) -> tuple[float, float, float, float, float]:
        return self.p10, self.p25, self.p50, self.p75, self.p90


@dataclass(frozen=True)
class ReachFan:
    """People of the target that one bid reaches, at the quantiles .1, .5 and .9."""

    low: float
    middle: float
    high: float


def price_among_peers(
    subject: PriceSubject,
    own_minor: float | None,
    interval: FairPriceSpan | None,
    peers: PricePeers | None,
    currency: str,
    *,
    made_of: str,
    hidden_reason: str | None = None,
    ceiling: float | None = None,
    language: str = "zh",
    width: int = WIDTH,
) -> str:
    """Draw a price on a log axis beside an 80 % interval, fair or forecast, and the box of comparable prices; as SVG.

    Amounts are in minor units of ``currency``. An amount that is not finite and above zero counts as unknown; unknown
    parts are stated in words and not drawn. Fewer than nine comparable prices are counted in words, never drawn;
    ``hidden_reason`` states in the reader's ``language`` why peers are not shown. ``ceiling`` is the brief's own, of
    what it pays at most. ``made_of`` states the sources of the
    numbers. Raises ValueError if the values of an interval or of the peers do not rise.
    """
    sheet = DrawingSheet(say(language, *subject.title), width, language)
    price = None if own_minor is None or not _known(own_minor) else own_minor
    fair = None if interval is None or not _rising(astuple(interval), "interval") else interval
    # Quantiles of fewer prices would come close to revealing single ones.
    shown_peers = peers if peers is not None and peers.count >= COMPARABLES_MIN else None
    shown_peers = shown_peers if shown_peers is not None and _rising(shown_peers.quantiles, "peers") else None
    if price is not None:
        sheet.words(_verdict(subject, price, fair, shown_peers, language), PLAIN, bold=True)
    rows = _price_rows(subject, price, fair, shown_peers, currency, language)
    if fair is None and shown_peers is None:
        for text, _ in rows:
            sheet.words(text, PLAIN)
    else:
        sheet.words(
            say(
                language,
                f"{subject.axis[0]}（{currency}），对数刻度：距离相同即倍数相同",
                f"{subject.axis[1]} ({currency}), log scale: equal steps are equal ratios",
            ),
            SMALL,
            ink=SOFT,
        )
        if ceiling is not None:
            rows.append(_ceiling_row(ceiling, currency, language))
        amounts = (price, *_parts(fair), *(shown_peers.quantiles if shown_peers else ()), ceiling)
        values = [amount for amount in amounts if amount is not None]
        axis = log_axis(values, sheet, currency)
        for text, draw in rows:
            sheet.words(text, PLAIN)
            band(sheet, axis, price)
            draw(sheet.drawing, axis, sheet.y + BAND / 2)
            sheet.y += BAND + 16
        scale(sheet, axis, lambda value: number(value, language))
    for text in _missing(subject, price, fair, peers, shown_peers, hidden_reason, language):
        sheet.words(text, PLAIN)
    return sheet.show(made_of)


def forecast_fan(
    people: ReachFan | None, *, channel: str, made_of: str, language: str = "zh", width: int = WIDTH
) -> str:
    """Draw one channel's forecast of people on target, its 80 % interval and middle on one axis; as SVG.

    A forecast with a part that is not finite or is below zero counts as unknown and is stated in words. ``channel`` is
    the channel's name: untrusted text, so it is escaped and cut to one line. Raises ValueError if the quantiles do not
    rise.
    """
    sheet = DrawingSheet(
        say(language, "预计触达多少目标人群", "How many people of the target it may reach"), width, language
    )
    sheet.words(cut(channel, sheet.room, PLAIN), PLAIN, bold=True)
    parts = () if people is None else astuple(people)
    if people is None or not all(math.isfinite(part) and part >= 0 for part in parts):
        sheet.words(
            say(language, "预计人数未知，因此不画图。", "The forecast is not known, so nothing is drawn."), PLAIN
        )
        return sheet.show(made_of)
    if list(parts) != sorted(parts):
        raise ValueError(f"Quantiles of people must rise: {parts}")
    sheet.words(say(language, "目标人数", "people of the target"), SMALL, ink=SOFT)
    marks = ticks(0.0, people.high, wanted_ticks(sheet))
    axis = ValueAxis(0.0, marks[-1], MARGIN + 8, width - MARGIN - 8, marks, 1.0, log=False)
    band(sheet, axis, None)
    middle = sheet.y + BAND / 2
    draw = sheet.drawing
    draw.bar(axis.x(people.low), middle - 8, axis.x(people.high) - axis.x(people.low), 16, ink=PALE_BLUE)
    for mark, value in zip(_MARKS, parts, strict=True):
        mark(draw, axis.x(value), middle)
    sheet.y += BAND + 4
    scale(sheet, axis, lambda value: number(value, language))
    for mark, text in zip(_MARKS, _chances(people, language), strict=True):
        mark(draw, MARGIN + 8, sheet.y + 10)
        sheet.words(text, PLAIN, indent=24, gap=12)
    return sheet.show(made_of)


def _known(value: float) -> bool:
    return math.isfinite(value) and value > 0


def _rising(values: Sequence[float], name: str) -> bool:
    """Return whether all values are known. Raises ValueError if they are known and do not rise."""
    if not all(map(_known, values)):
        return False
    if list(values) != sorted(values):
        raise ValueError(f"The values of {name} must rise: {tuple(values)}")
    return True


def _parts(fair: FairPriceSpan | None) -> tuple[float, ...]:
    return () if fair is None else (fair.low, fair.point, fair.high)


_Draw = Callable[[SvgDrawing, ValueAxis, float], None]


def _price_rows(
    subject: PriceSubject,
    own_price: float | None,
    fair: FairPriceSpan | None,
    peers: PricePeers | None,
    currency: str,
    language: str,
) -> list[tuple[str, _Draw]]:
    """Return each row's text, with its numbers, and the function that draws it at a height."""
    rows: list[tuple[str, _Draw]] = []
    unit = 10.0 ** MINOR_DIGITS[currency]

    def money(minor: float) -> str:
        return number(minor / unit, language)

    if own_price is not None:
        price, price_text = own_price, Money(currency, round(own_price)).show()
        rows.append(
            (
                say(language, f"本价格：{price_text}", f"This price: {price_text}"),
                lambda drawing, axis, y: drawing.dot(axis.x(price), y, ink=ORANGE, size=7),
            )
        )
    if fair is not None:
        span = fair
        ends = f"{money(fair.low)}–{money(fair.high)}"
        rows.append(
            (
                say(
                    language,
                    f"{subject.span[0]}：{money(fair.point)}（80% 区间 {ends}）",
                    f"{subject.span[1]}: {money(fair.point)} (80 % interval {ends})",
                ),
                lambda drawing, axis, y: _span(drawing, axis, y, span),
            )
        )
    if peers is not None:
        box, half, most = (peers, f"{money(peers.p25)}–{money(peers.p75)}", f"{money(peers.p10)}–{money(peers.p90)}")
        rows.append(
            (
                say(
                    language,
                    f"{peers.count:,} 个{subject.peers[0]}：中位数 {money(peers.p50)}，"
                    f"半数在 {half}（方框），八成在 {most}（细线）",
                    f"{peers.count:,} {subject.peers[1]}: median {money(peers.p50)}, half within {half} (box), eight in"
                    f" ten within {most} (thin line)",
                ),
                lambda drawing, axis, y: _box(drawing, axis, y, box),
            )
        )
    return rows


def _ceiling_row(ceiling: float, currency: str, language: str) -> tuple[str, _Draw]:
    shown = Money(currency, round(ceiling)).show()
    return (
        say(language, f"需求的上限：{shown}", f"The brief's ceiling: {shown}"),
        lambda drawing, axis, y: drawing.line(axis.x(ceiling), y - 12, axis.x(ceiling), y + 12, ink=GREY, width=3),
    )


def _span(drawing: SvgDrawing, axis: ValueAxis, y: float, fair: FairPriceSpan) -> None:
    drawing.bar(axis.x(fair.low), y - 7, axis.x(fair.high) - axis.x(fair.low), 14, ink=PALE_BLUE)
    for end in (fair.low, fair.high):
        drawing.line(axis.x(end), y - 7, axis.x(end), y + 7, ink=BLUE, width=1.5)
    drawing.line(axis.x(fair.point), y - 11, axis.x(fair.point), y + 11, ink=BLUE, width=4)


def _box(drawing: SvgDrawing, axis: ValueAxis, y: float, peers: PricePeers) -> None:
    drawing.line(axis.x(peers.p10), y, axis.x(peers.p90), y, ink=GREEN, width=2)
    for end in (peers.p10, peers.p90):
        drawing.line(axis.x(end), y - 5, axis.x(end), y + 5, ink=GREEN, width=2)
    drawing.bar(axis.x(peers.p25), y - 9, axis.x(peers.p75) - axis.x(peers.p25), 18, ink=PALE_GREEN)
    drawing.line(axis.x(peers.p50), y - 9, axis.x(peers.p50), y + 9, ink=GREEN, width=4)


def _verdict(
    subject: PriceSubject, price: float, fair: FairPriceSpan | None, peers: PricePeers | None, language: str
) -> str:
    clauses = []
    # Only the fair price: a bid is always within its own forecast, so that comparison says nothing.
    if fair is not None and subject is A_VIDEO:
        zh, en = (
            ("低于", "below") if price < fair.low else ("高于", "above") if price > fair.high else ("处于", "within")
        )
        clauses.append(say(language, f"{zh}参考价的 80% 区间", f"{en} the fair price's 80 % interval"))
    if peers is not None:
        clauses.append(say(language, *_standing(subject, price, peers)))
    if not clauses:
        return ""
    return say(language, f"本价格{'，'.join(clauses)}。", f"This price is {' and '.join(clauses)}.")


def _standing(subject: PriceSubject, price: float, peers: PricePeers) -> TextPair:
    zh, en = subject.peers
    over = sum(price > value for value in peers.quantiles)
    under = sum(price < value for value in peers.quantiles)
    if over == under or (over < 3 and under < 3):
        return f"与{zh}的中位数相当", f"at the median of the {en}"
    share_zh, share_en = {3: ("一半", "half"), 4: ("四分之三", "three in four"), 5: ("九成", "nine in ten")}[
        max(over, under)
    ]
    if over > under:
        return f"高于{share_zh}以上的{zh}", f"higher than at least {share_en} of the {en}"
    return f"低于{share_zh}以上的{zh}", f"lower than at least {share_en} of the {en}"


def _missing(
    subject: PriceSubject,
    price: float | None,
    fair: FairPriceSpan | None,
    peers: PricePeers | None,
    shown_peers: PricePeers | None,
    hidden_reason: str | None,
    language: str,
) -> list[str]:
    lines = []
    if price is None:
        lines.append(say(language, "本价格未知。", "This price is not known."))
    if shown_peers is None and peers is not None and peers.count < COMPARABLES_MIN:
        lines.append(
            say(
                language,
                f"{subject.peers[0]}只有 {peers.count} 个，少于 {COMPARABLES_MIN} 个，因此不显示。",
                f"Of the {subject.peers[1]} there are {peers.count}, fewer than {COMPARABLES_MIN}, so none is shown.",
            )
        )
    if fair is None:
        lines.append(say(language, f"{subject.span[0]}未知。", f"{subject.span[1]}: not known."))
    return [*lines, hidden_reason] if hidden_reason else lines


def _chances(people: ReachFan, language: str) -> tuple[str, str, str]:
    low, middle, high = (head_count(count, language) for count in (people.low, people.middle, people.high))
    return (
        say(language, f"九成可能至少 {low} 人", f"9 in 10: at least {low} people"),
        say(language, f"五成可能至少 {middle} 人", f"5 in 10: at least {middle}"),
        say(language, f"一成可能超过 {high} 人", f"1 in 10: more than {high}"),
    )


def _end(drawing: SvgDrawing, x: float, y: float) -> None:
    drawing.line(x, y - 9, x, y + 9, ink=BLUE, width=2)


def _middle(drawing: SvgDrawing, x: float, y: float) -> None:
    drawing.line(x, y - 9, x, y + 9, ink=INK, width=4)


_MARKS = (_end, _middle, _end)
