"""Loads histories and audiences, fits the forecast model to them, and keeps each channel's numbers as columns."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from marketplace.core.clock import now
from marketplace.core.ids import new_id
from marketplace.matching import cells, flags, reach, vectors
from marketplace.matching.arrays import Floats
from marketplace.matching.cells import Audience, BadAudience, MarginsContradict
from marketplace.matching.fingerprint import MODEL_VERSIONS, fingerprint
from marketplace.matching.models import ChannelFeatures, ForecastModel
from marketplace.matching.pool import PRIOR_POOL, Histories, Pool, fit_pool, histories
from marketplace.matching.reach import Calibration

CREATORS_MIN = 20  # a vertical with fewer shares the pool of all
BATCH = 500
EVERYTHING = "*"
_NEWEST = sa.select(ForecastModel.fingerprint).order_by(ForecastModel.id.desc()).limit(1)
_VERSIONS = fingerprint(MODEL_VERSIONS)[:8]

# One width whatever it is made of, because scoring reads it as one.
WANTED = "md5(c.snapshot_id::text || '.' || c.version || :suffix)"
FINGERPRINT_BYTES = 32
_HISTORIES = sa.text(
    "SELECT c.id AS channel_id, s.id AS snapshot_id, s.followers, s.margins, s.flags,"
    f" c.verticals, c.language, v.views, v.ages, v.seconds, v.sponsored, {WANTED} AS wanted"
    " FROM channels c JOIN audience_snapshots s ON s.id = c.snapshot_id"
    " LEFT JOIN LATERAL (SELECT array_agg(views ORDER BY published_at DESC) AS views,"
    "   array_agg((s.taken_on - published_at::date)::float8 ORDER BY published_at DESC) AS ages,"
    "   avg(duration_s) AS seconds, avg((sponsored)::int) AS sponsored"
    "   FROM (SELECT * FROM videos WHERE channel_id = c.id ORDER BY published_at DESC LIMIT 12) newest) v ON true"
)
_ALL = sa.text(f"{_HISTORIES.text} WHERE c.status = 'active' ORDER BY c.id")
_STALE = sa.text(
    f"{_HISTORIES.text} LEFT JOIN channel_features f ON f.channel_id = c.id"
    f" WHERE (f.id IS NULL OR f.fingerprint <> {WANTED}) ORDER BY c.id LIMIT :limit"
)
_FEATURES = cast(sa.Table, ChannelFeatures.__table__)
_INSERT = postgresql.insert(_FEATURES)
_KEPT = {"id", "created_at", "channel_id"}
_WRITE = _INSERT.on_conflict_do_update(
    index_elements=["channel_id"],
    set_={column.name: _INSERT.excluded[column.name] for column in _FEATURES.columns if column.name not in _KEPT},
)


@dataclass(frozen=True)
class Fitted:
    """The newest forecast model, ready for use. `suffix` marks the features that were made with it."""

    pools: dict[str, Pool]
    calibration: Calibration | None
    suffix: str

    def pool_for(self, vertical: str | None) -> Pool:
        return self.pools.get(vertical or EVERYTHING) or self.pools.get(EVERYTHING) or PRIOR_POOL


def load_model(session: Session) -> Fitted:
    """Return the newest fitted model, or the priors where none was fitted yet."""
    row = session.scalar(sa.select(ForecastModel).order_by(ForecastModel.id.desc()).limit(1))
    if row is None:
        return Fitted({}, None, _suffix(None))
    calibration = row.content["calibration"]
    return Fitted(
        {name: Pool(**pool) for name, pool in row.content["pools"].items()},
        Calibration(np.array(calibration["quantiles"]), np.array(calibration["counts"])) if calibration else None,
        _suffix(row.fingerprint),
    )


def suffix(session: Session) -> str:
    """Return what marks the features made with the newest model, without loading it."""
    return _suffix(session.scalar(_NEWEST))


def _suffix(name: str | None) -> str:
    return f":{'prior' if name is None else name[:16]}:{_VERSIONS}"


def fit_model(session: Session) -> bool:
    """Fit pools per vertical and a calibration per follower tier to all histories; returns whether it is a new one."""
    rows = session.execute(_ALL, {"suffix": ""}).all()
    past = _histories(rows)
    if not rows:
        return False
    mains = [main_vertical(row.verticals) for row in rows]
    pools = {EVERYTHING: fit_pool(past)}
    for name in sorted({main for main in mains if main}):
        members = np.array([main == name for main in mains])
        if members.sum() >= CREATORS_MIN:
            pools[name] = fit_pool(_some(past, members))
    content = {
        "pools": {name: asdict(pool) for name, pool in pools.items()},
        "calibration": _calibrate(past, mains, pools),
    }
    content = json.loads(json.dumps(content))
    name = fingerprint(content)
    if session.scalar(_NEWEST) == name:
        return False
    session.execute(sa.delete(ForecastModel).where(ForecastModel.fingerprint == name))
    session.add(ForecastModel(fingerprint=name, content=content, channels=len(rows), fitted_at=now()))
    session.flush()
    return True


def _calibrate(past: Histories, mains: Sequence[str | None], pools: dict[str, Pool]) -> dict[str, Any] | None:
    """Hold each channel's newest settled video out, forecast it from the older ones, and keep how far it fell."""
    settled = (past.ages_days >= 3) & (past.views >= 0)
    if not settled.any():
        return None
    newest = np.argmax(settled, axis=1)
    rows = np.arange(len(settled))
    truth = past.views[rows, newest]
    ages = past.ages_days.copy()
    ages[rows, newest] = np.nan
    names = sorted(pools)
    which = np.array([names.index(main if main in pools else EVERYTHING) for main in mains])
    held = Histories(past.views, ages, past.followers)
    forecasts = reach.forecast_many(held, [pools[name] for name in names], which)
    usable = settled.any(axis=1) & forecasts.from_history
    misses = reach.standardised_residuals(truth, forecasts)
    tiers = reach.tier_of(past.followers)
    by_tier = {int(tier): misses[usable & (tiers == tier)] for tier in np.unique(tiers[usable])}
    table = reach.calibrate(by_tier) if by_tier else None
    return None if table is None else {"quantiles": table.quantiles.tolist(), "counts": table.counts.tolist()}


def refresh(session: Session, limit: int = BATCH) -> list[UUID]:
    """Compute the features of up to `limit` channels whose snapshot or model is newer; returns their ids."""
    model = load_model(session)
    rows = session.execute(_STALE, {"suffix": model.suffix, "limit": limit}).all()
    if not rows:
        return []
    mains = [main_vertical(row.verticals) for row in rows]
    pools = [model.pool_for(main) for main in mains]
    past = _histories(rows)
    forecasts = reach.forecast_many(past, pools, np.arange(len(rows)))
    tiers = reach.tier_of(past.followers)
    at = now()
    written = []
    for number, row in enumerate(rows):
        audience, found = _audience(row.margins)
        written.append(
            {
                "id": new_id(), "created_at": at, "channel_id": row.channel_id, "snapshot_id": row.snapshot_id,
                "fingerprint": row.wanted,
                "log_centre": float(forecasts.log_centre[number]), "scale": float(forecasts.scale[number]),
                "df": float(forecasts.df[number]), "smear": float(forecasts.smear[number]),
                "n_used": int(forecasts.n_used[number]), "from_history": bool(forecasts.from_history[number]),
                "tier": int(tiers[number]), "ad_load": float(row.sponsored or 0.0),
                "seconds": None if row.seconds is None else float(row.seconds),
                "language": row.language and row.language.split("-")[0].lower(),
                "shares": vectors.pack(audience, row.verticals or {}),
                "flags": flags.bits(found, [flag["code"] for flag in row.flags]), "computed_at": at,
            }
        )  # fmt: skip
    session.execute(_WRITE, written)
    return [row.channel_id for row in rows]


def _audience(margins: dict[str, Any]) -> tuple[Audience, Sequence[str]]:
    """Return the audience and what was filled in; lists that no table meets must not keep other channels waiting."""
    try:
        found = cells.audience(margins.get("age"), margins.get("gender"), margins.get("region"))
    except (BadAudience, MarginsContradict):
        found = cells.audience()
        return found, [*found.flags, "audience_unreadable"]
    return found, found.flags


def any_stale(session: Session) -> bool:
    return bool(session.execute(_STALE, {"suffix": suffix(session), "limit": 1}).all())


def main_vertical(verticals: dict[str, float]) -> str | None:
    """Return the vertical that a channel has most of; ties go to the first by name."""
    return min(verticals, key=lambda name: (-verticals[name], name)) if verticals else None


def _histories(rows: Sequence[Any]) -> Histories:
    followers = [row.followers or None for row in rows]
    return histories([row.views or [] for row in rows], [row.ages or [] for row in rows], followers)


def _some(past: Histories, members: Any) -> Histories:
    views: Floats = past.views[members]
    return Histories(views, past.ages_days[members], past.followers[members])
