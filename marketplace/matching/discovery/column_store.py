"""Keeps the market's columns up to date with the database: reads all of it once, then what changed since."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels.policy import unbeaten
from marketplace.core import column_copy, db
from marketplace.core.actor import SYSTEM
from marketplace.core.clock import now
from marketplace.core.errors import Unavailable
from marketplace.core.fingerprint import fingerprint
from marketplace.core.message import Bilingual
from marketplace.matching.audience import channel_tags, grid, share_columns
from marketplace.matching.audience.arrays import Floats, Ints
from marketplace.matching.discovery import market_columns
from marketplace.matching.discovery.column_file import ROW_BYTES, ColumnFile, ColumnFileState, rows_of
from marketplace.matching.discovery.first_pass import Singles
from marketplace.matching.discovery.market_columns import ChannelColumns, Column
from marketplace.matching.forecast import view_forecast
from marketplace.matching.forecast.features import load_model
from marketplace.matching.forecast.view_forecast import ForecastCalibration
from marketplace.matching.pricing import asking_price, price_model
from marketplace.matching.pricing.asking_price import TIERS, AskingPrices
from marketplace.matching.pricing.cost import CURRENCY_OF_SUGGESTIONS, two_digits
from marketplace.matching.pricing.price_learning import UNFITTED, VIEWS, FittedPrices, load_prices, newest_prices
from marketplace.matching.pricing.price_model import BASES, BOUGHT, predict
from marketplace.matching.scoring.match_columns import FORECAST, LANGUAGE_BYTES, WEIGHTS, select_list

Rows = dict[str, Column]
PAGE, PAGES_A_LOOK = 50_000, 4
# A fingerprint of what the columns depend on beside the database: another one makes them be read anew.
SHAPE = fingerprint(
    [
        market_columns.WIDTH,
        market_columns.SINGLES,
        grid.MODEL_VERSION,
        asking_price.MODEL_VERSION,
        price_model.MODEL_VERSION,
        view_forecast.MODEL_VERSION,
        "claims that another has not beaten; mandates to the creator's midnight",
    ]
)[:16]

_SELECT = (
    "SELECT c.id AS channel_id, c.id AS bid_id, f.changed,"
    f" (c.status = 'active' AND c.discoverable AND p.status <> 'suspended' AND {unbeaten('c')}) AS live,"
    " rpad(c.platform, 30) AS platform, rpad(coalesce(c.region, ''), 6) AS region,"
    " s.followers::float8 AS followers, (s.taken_on - DATE '1970-01-01')::float8 AS taken_on,"
    " represented_until(c.creator_id, {begun}) AS agency_until,"
    " ARRAY[coalesce(l.short, 'NaN'), coalesce(l.middle, 'NaN'), coalesce(l.long, 'NaN')] AS card,"
    f" coalesce(s.rate_card->0->>'currency', '{CURRENCY_OF_SUGGESTIONS}') AS currency,"
    " coalesce((s.facts->>'suggested_cpm_minor')::float8, 'NaN') AS suggested_cpm,"
    f" coalesce({VIEWS}, 'NaN') AS expected_views,"
    " s.id AS snapshot_id, true AS known, f.log_centre, f.scale, f.df, f.smear, f.n_used, f.from_history, f.tier,"
    " f.ad_load, coalesce(f.seconds, 'NaN') AS seconds, coalesce(f.idle_days, 'NaN') AS idle_days,"
    " coalesce(f.newest_times, 'NaN') AS newest_times, coalesce(f.peers_upper, 'NaN') AS peers_upper,"
    f" {select_list(WEIGHTS)},"
    f" rpad(coalesce(f.language, ''), {LANGUAGE_BYTES}) AS language, f.flags,"
    f" {share_columns.stored_sql('f.shares')} AS shares, {select_list([FORECAST])}"
    " FROM channel_features f JOIN channels c ON c.id = f.channel_id JOIN parties p ON p.id = c.creator_id"
    " JOIN audience_snapshots s ON s.id = f.snapshot_id"
    " LEFT JOIN LATERAL (SELECT {lines} FROM jsonb_array_elements(s.rate_card) AS line"
    "   WHERE line->>'currency' = s.rate_card->0->>'currency') l ON true WHERE {which}"
)
_LINES = ", ".join(
    f"min(nullif((line->>'amount_minor')::float8, 0)) FILTER (WHERE line->>'length_tier' = '{tier}') AS {name}"
    for tier, name in zip(TIERS, ("short", "middle", "long"), strict=True)
)
# A mandate that has not begun is in the columns already, for no row changes on the day that it begins.
_EVER, _PAGE = "TIMESTAMPTZ '9999-12-30 00:00:00Z'", "f.channel_id > %(after)s ORDER BY f.channel_id LIMIT %(page)s"
_NEXT = _SELECT.format(lines=_LINES, begun=_EVER, which=_PAGE)
_OF = _SELECT.format(lines=_LINES, begun="now()", which="f.channel_id = ANY(%(ids)s)")
KINDS = {
    "channel_id": "uuid",
    "bid_id": "uuid",
    "changed": "int8",
    "live": "bool",
    "platform": "text:30",
    "region": "text:6",
    "followers": "float8",
    "taken_on": "float8",
    "agency_until": "float8",
    "card": "float8:3",
    "currency": "text:3",
    "suggested_cpm": "float8",
    "expected_views": "float8",
    "snapshot_id": "uuid",
    "known": "bool",
    "log_centre": "float8",
    "scale": "float8",
    "df": "float8",
    "smear": "float8",
    "n_used": "int8",
    "from_history": "bool",
    "tier": "int8",
    "ad_load": "float8",
    "seconds": "float8",
    "idle_days": "float8",
    "newest_times": "float8",
    "peers_upper": "float8",
    **dict.fromkeys((column.name for column in WEIGHTS), "float8"),
    "language": f"text:{LANGUAGE_BYTES}",
    "flags": "int8",
    "shares": f"bytes:{share_columns.BYTES}",
    "forecast": FORECAST.kind,
}
# Whatever committed before the oldest running transaction is visible by now. A restored dump may hold transaction
# numbers of another cluster that lie in this one's future: _CHANGED leaves them out, or each look would read them
# again.
_NOW = sa.text(
    "SELECT (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint AS since,"
    " system_identifier || '.' || d.oid AS market FROM pg_control_system(), pg_database d"
    " WHERE d.datname = current_database()"
)
_CHANGED = (
    "SELECT channel_id, changed FROM channel_features"
    " WHERE changed >= %(since)s AND changed <= (pg_snapshot_xmax(pg_current_snapshot())::text)::bigint"
)
_MARKS = {"channel_id": "uuid", "changed": "int8"}


def rows_by_id(session: Session, ids: list[UUID]) -> Rows:
    """Return the present numbers of channels, in no particular order; channels without features are left out."""
    return column_copy.read(session, _OF, {"ids": ids}, KINDS)


@dataclass(frozen=True)
class DiscoveryModels:
    """The models that channels are forecast and priced by.

    Prices are those of last night's model: a new model changes the price of every channel, and reading all channels
    again after each deal would leave no time for anything else.
    """

    calibration: ForecastCalibration | None = None
    prices: FittedPrices = UNFITTED


def models(session: Session) -> DiscoveryModels:
    """Return the newest calibration, and the newest prices from before midnight."""
    return DiscoveryModels(load_model(session).calibration, load_prices(session, before=_midnight()))


def _midnight() -> datetime:
    return now().replace(hour=0, minute=0, second=0, microsecond=0)


def price_rows(rows: Mapping[str, Column], seen: Floats, tier: int, prices: FittedPrices) -> AskingPrices:
    """Return what a video of a length tier would cost for loaded rows; `seen` are their views
    (market_columns.views)."""
    return asking_price.asking_price(
        rows["card"].astype(np.float64),
        rows["suggested_cpm"].astype(np.float64),
        seen[:, 0],
        seen[:, 2],
        seen[:, 3],
        rows["n_used"].astype(np.float64),
        tier,
        _settled(rows, tier, prices),
    )


def _settled(rows: Mapping[str, Column], tier: int, prices: FittedPrices) -> Floats:
    """Return what deals of such channels close at [n, 4]: middle, low, high, number of deals; NaN where they are too
    few.

    Prices are in two digits, as fair prices are shown.
    """
    settled = np.full((len(rows["currency"]), 4), np.nan)
    for currency, model in prices.models.items():
        in_currency = np.flatnonzero(rows["currency"].astype("S3") == currency.encode())
        if not model.deals or not len(in_currency):
            continue
        tags = share_columns.unpack(rows["shares"][in_currency].tobytes()).tags
        prediction = predict(
            model,
            _known(rows["expected_views"][in_currency]),
            _known(rows["followers"][in_currency]),
            channel_tags.main_tags(tags),
            np.char.strip(np.char.decode(rows["platform"][in_currency].astype("S30"))),
            np.full(len(in_currency), TIERS[tier]),
            np.zeros((len(in_currency), len(BOUGHT)), dtype=bool),
            np.zeros(len(in_currency)),
            _known(rows["suggested_cpm"][in_currency]),
        )
        rounded = (prediction.point, np.round), (prediction.low, np.floor), (prediction.high, np.ceil)
        figures = np.stack([*(two_digits(values, whole) for values, whole in rounded), prediction.count], axis=1)
        settled[in_currency] = np.where((prediction.basis == BASES.index("settled"))[:, None], figures, np.nan)
    return settled


def _known(values: Column) -> Floats:
    floats = values.astype(np.float64)
    return np.where(floats > 0, floats, np.nan)


def values_of(rows: Mapping[str, Column], by: DiscoveryModels) -> Singles:
    """Return loaded rows as columns [WIDTH, n]."""
    seen = market_columns.views(rows, by.calibration)
    prices = np.stack([price_rows(rows, seen, tier, by.prices).point for tier in range(len(TIERS))], axis=1)
    return market_columns.build(rows, seen, prices)


def present(session: Session, file: ColumnFile) -> ChannelColumns:
    """Return the market's columns as of now, the same whoever asks. Raises Unavailable while a large market is read for
    the first time, and when the file cannot be written."""
    # As the system: all that this host's processes share is read from these columns.
    with db.acting_as(session, SYSTEM):
        return _as_of_now(session, file)


def _as_of_now(session: Session, file: ColumnFile) -> ChannelColumns:
    moment = session.execute(_NOW).one()
    name = f"{moment.market}.{SHAPE}.{newest_prices(session, before=_midnight())[:16]}"
    for _ in range(2):
        try:
            state = _present(session, file, file.state(name), moment.since)
            return file.read(state)
        except FileNotFoundError:  # grown by another process between its state and its file
            continue
        except OSError as error:
            raise Unavailable(
                Bilingual(
                    f"无法把账号放进内存（{error.strerror}）：INLAY_DATA 必须是一个可写的文件夹，每个账号要"
                    f" {ROW_BYTES} 字节，另加一半。",
                    f"The channels cannot be kept in memory ({error.strerror}): INLAY_DATA has to name a "
                    f"folder that can be written, with {ROW_BYTES} bytes for each channel and half as many "
                    "again.",
                ),
                retry_after_s=60,
            ) from error
    raise Unavailable(
        Bilingual("内存里的账号正在搬移，请再问一次。", "The channels in memory are being moved. Ask again."),
        retry_after_s=1,
    )


def _present(session: Session, file: ColumnFile, state: ColumnFileState, since: int) -> ColumnFileState:
    changed = _changed_rows(session, file, state) if state.loaded else None
    if changed is None or len(changed.new) or (changed.known and since > state.since):
        with file.writing() as may_write:
            if may_write:
                state = _bring_up_to_date(session, file, file.state(state.name), since)
    if not state.loaded:
        raise Unavailable(
            Bilingual(
                "账号正在读入内存，请几秒后再问。",
                "The channels are being read into memory. Ask again in a few seconds.",
            ),
            retry_after_s=3,
        )
    return state


@dataclass(frozen=True)
class _ChangedRows:
    """The ids of rows that changed since they were read, and the number of reported rows that are known already."""

    new: Column
    known: int


def _changed_rows(session: Session, file: ColumnFile, state: ColumnFileState) -> _ChangedRows:
    """Return the rows that changed since the state.

    While a long transaction runs, every look reports all rows written after it began; marks say which are known.
    """
    reported = column_copy.read(session, _CHANGED, {"since": state.since}, _MARKS)
    rows = rows_of(file.read(state).ids, reported["channel_id"])
    marks = np.append(file.marks(state), -1)
    new = reported["channel_id"][marks[rows] != reported["changed"].astype(np.int64)]
    return _ChangedRows(new, len(rows) - len(new))


def _bring_up_to_date(session: Session, file: ColumnFile, state: ColumnFileState, since: int) -> ColumnFileState:
    fitted = models(session)
    for _ in range(PAGES_A_LOOK):
        if state.loaded:
            return _follow(session, file, state, since, fitted)
        # Rows that change while the pages are read are read again, from the moment of the first page on.
        state = state if state.count else replace(state, since=since)
        after = UUID(hex=state.after) if state.after else UUID(int=0)
        rows = column_copy.read(session, _NEXT, {"after": after, "page": PAGE}, KINDS)
        count = len(rows["channel_id"])
        if count:
            state = file.append(state, rows["channel_id"], _marks(rows), values_of(rows, fitted))
        last = None if count < PAGE else rows["channel_id"][-1].tobytes().hex()
        state = replace(state, after=last)
        file.keep(state)
    return state


def _follow(
    session: Session, file: ColumnFile, state: ColumnFileState, since: int, by: DiscoveryModels
) -> ColumnFileState:
    new = _changed_rows(session, file, state).new
    for start in range(0, len(new), PAGE):
        rows = rows_by_id(session, [UUID(bytes=id_.tobytes()) for id_ in new[start : start + PAGE]])
        if len(rows["channel_id"]):
            state = file.put(state, rows["channel_id"], _marks(rows), values_of(rows, by))
    state = replace(state, since=since)
    file.keep(state)
    return state


def _marks(rows: Rows) -> Ints:
    return rows["changed"].astype(np.int64)
