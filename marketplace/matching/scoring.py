"""Scores all open bids of a brief as one array operation and keeps one match for each."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids.pricing import offer
from marketplace.briefs.models import Brief, BriefVersion
from marketplace.core import db
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from marketplace.intrusiveness import constants as intrusion
from marketplace.intrusiveness.factors import relieved_total
from marketplace.matching import cells, fit, price, rank, targets
from marketplace.matching.arrays import Floats
from marketplace.matching.features import load_model
from marketplace.matching.fingerprint import MODEL_VERSIONS, fingerprint
from marketplace.matching.fit import Fit
from marketplace.matching.reach import Forecasts
from marketplace.matching.score import Bids, Scores, score

MODEL_VERSION = "m-" + fingerprint({**MODEL_VERSIONS, "intrusiveness": intrusion.MODEL_VERSION})[:12]
LENGTHS = {"1-20": (1.0, 20.0), "21-60": (21.0, 60.0), "60+": (61.0, 600.0)}
LANGUAGES = {
    "CN": "zh",
    "TW": "zh",
    "HK": "zh",
    "SG": "en",
    "US": "en",
    "GB": "en",
    "AU": "en",
    "CA": "en",
    "JP": "ja",
    "KR": "ko",
}
EVERYBODY: dict[str, Any] = {}

_LOAD = sa.text(
    "SELECT b.id AS bid_id, r.id AS revision_id, r.price, r.deliverables, r.raw_low, r.raw_high, r.prominence_low,"
    " r.prominence_high, r.commitment, c.language, c.verticals, f.fingerprint AS features, f.log_centre, f.scale, f.df,"
    " f.smear, f.n_used, f.from_history, f.tier, f.ad_load, f.seconds, f.age_gender, f.regions, f.unknown,"
    " f.audience_flags, s.source, s.taken_on, s.flags AS snapshot_flags"
    " FROM bids b JOIN bid_revisions r ON r.id = b.revision_id JOIN channels c ON c.id = b.channel_id"
    " LEFT JOIN channel_features f ON f.channel_id = c.id LEFT JOIN audience_snapshots s ON s.id = f.snapshot_id"
    " WHERE b.brief_id = :brief_id AND b.status = 'open' ORDER BY b.id"
)
_COLUMNS = (
    "id uuid, bid_id uuid, revision_id uuid, features_fingerprint text, fingerprint text, rank bigint, overall float8,"
    " overall_low float8, overall_high float8, intrusiveness_low float8, intrusiveness_high float8, parts jsonb,"
    " reasons text, flags text"
)
_WRITE = sa.text(
    "INSERT INTO matches (id, bid_id, revision_id, features_fingerprint, fingerprint, rank, overall, overall_low,"
    " overall_high, intrusiveness_low, intrusiveness_high, parts, reasons, flags, created_at, scored_at, brief_id,"
    " brief_version_id, model_version)"
    " SELECT n.id, n.bid_id, n.revision_id, n.features_fingerprint, n.fingerprint, n.rank, n.overall, n.overall_low,"
    " n.overall_high, n.intrusiveness_low, n.intrusiveness_high, n.parts,"
    " string_to_array(n.reasons, ' '), array_remove(string_to_array(n.flags, ' '), ''), :at, :at, :brief_id,"
    " :brief_version_id, :model_version FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS n("
    + _COLUMNS
    + ") ON CONFLICT (bid_id) DO UPDATE SET revision_id = excluded.revision_id,"
    " brief_version_id = excluded.brief_version_id, features_fingerprint = excluded.features_fingerprint,"
    " model_version = excluded.model_version, fingerprint = excluded.fingerprint, rank = excluded.rank,"
    " overall = excluded.overall, overall_low = excluded.overall_low, overall_high = excluded.overall_high,"
    " intrusiveness_low = excluded.intrusiveness_low, intrusiveness_high = excluded.intrusiveness_high,"
    " parts = excluded.parts, reasons = excluded.reasons, flags = excluded.flags, scored_at = excluded.scored_at"
    " WHERE (matches.fingerprint, matches.rank, matches.parts) IS DISTINCT FROM"
    " (excluded.fingerprint, excluded.rank, excluded.parts)"
)


@dataclass(frozen=True)
class Scored:
    """How one scoring went."""

    bids: int
    written: int


def score_brief(session: Session, brief_id: UUID) -> Scored:
    """Score every open bid of the brief on its present inputs. The same inputs write the same rows, or none."""
    brief = db.get(session, Brief, brief_id)
    version = session.get_one(BriefVersion, brief.version_id)
    rows = session.execute(_LOAD, {"brief_id": brief_id}).all()
    if not rows:
        return Scored(0, 0)
    return Scored(len(rows), _write(session, brief, version, rows, _score(session, version, rows)))


def _score(session: Session, version: BriefVersion, rows: Sequence[Any]) -> tuple[Scores, Bids, Floats, Floats]:
    model = load_model(session)
    suits = _fit(version, rows)
    intrusive_low, intrusive_high = relieved_total(
        np.array([row.raw_low for row in rows]), np.array([row.raw_high for row in rows]), suits.value
    )
    prior = cells.audience()
    bids = Bids(
        forecasts=Forecasts(
            log_centre=_column(rows, "log_centre"), scale=_column(rows, "scale"), df=_column(rows, "df"),
            n_used=_column(rows, "n_used"), smear=_column(rows, "smear"),
            from_history=np.array([bool(row.from_history) for row in rows]),
        ),
        joint=np.array([prior.joint if row.age_gender is None else row.age_gender for row in rows]),
        regions=np.array([prior.regions if row.regions is None else row.regions for row in rows]),
        invalid=np.zeros(len(rows)),
        terms=price.terms([offer(row.price, row.deliverables) for row in rows]),
        fit=suits,
        intrusiveness=(intrusive_low + intrusive_high) / 2,
        tiers=np.array([row.tier or 0 for row in rows]),
    )  # fmt: skip
    ceiling, _ = rank.ceiling_for(version.ceiling_minor, version.currency)
    target = targets.target_weights(target_cells(version))
    scores = score(bids, target, ceiling, float(version.tolerance), model.calibration)
    return scores, bids, intrusive_low, intrusive_high


def target_cells(version: BriefVersion) -> list[dict[str, Any]]:
    """Return the brief's target as `matching.targets` reads it; without one, everybody in its markets."""
    wanted = version.content.get("target") or [{"regions": version.content.get("markets") or []}]
    return [_cell(cell) for cell in wanted]


def _cell(cell: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"weight": cell.get("weight", 1.0)}
    ages = cell.get("ages")
    if ages:
        last = ages.get("to")
        found["ages"] = [ages["from"], None if last is None or last >= 99 else last]
    for name in ("genders", "regions"):
        if cell.get(name):
            found[name] = cell[name]
    return found


def _column(rows: Sequence[Any], name: str) -> Floats:
    return np.array([np.nan if getattr(row, name) is None else getattr(row, name) for row in rows], dtype=np.float64)


def _fit(version: BriefVersion, rows: Sequence[Any]) -> Fit:
    """How the brief suits each channel, from what both sides told; sponsors and formats are not known yet."""
    content = version.content
    near: dict[str, float] = {}
    category = np.empty(len(rows))
    for number, row in enumerate(rows):
        shares = row.verticals or {}
        total = sum(shares.values())
        for name in shares:
            if name not in near:
                near[name] = float(fit.affinity(version.category, [name])[0])
        category[number] = (
            sum(share * near[name] for name, share in sorted(shares.items())) / total if total > 0 else np.nan
        )
    markets = content.get("markets") or []
    tiers = [tier for wanted in content.get("deliverables") or [] for tier in wanted.get("length_tiers") or []]
    spans = [LENGTHS[tier] for tier in tiers if tier in LENGTHS]
    parts = {
        "category": category,
        "language": fit.language_part(
            [row.language for row in rows], sorted({LANGUAGES[m] for m in markets if m in LANGUAGES})
        ),
    }
    if markets:
        prior = cells.audience()
        regions = np.array([prior.regions if row.regions is None else row.regions for row in rows])
        parts["market"] = fit.market_part(regions, markets)
    if spans:
        parts["length"] = fit.length_part(
            _column(rows, "seconds"), min(low for low, _ in spans), max(high for _, high in spans)
        )
    return fit.fit(parts, np.zeros(len(rows), dtype=bool))


def _write(
    session: Session, brief: Brief, version: BriefVersion, rows: Sequence[Any],
    scored: tuple[Scores, Bids, Floats, Floats],
) -> int:  # fmt: skip
    scores, bids, intrusive_low, intrusive_high = scored
    order = rank.order(scores.ranking, [row.commitment for row in rows])
    place = np.empty(len(rows), dtype=np.int64)
    place[order] = np.arange(1, len(rows) + 1)
    peers = hashlib.sha256(" ".join(sorted(row.commitment for row in rows)).encode()).hexdigest()[:16]
    parts = _parts(version, rows, scores, bids, intrusive_low, intrusive_high, peers)
    flags = [_flags(row, gates) for row, gates in zip(rows, scores.ranking.gates.tolist(), strict=True)]
    told = zip(
        rows, parts, flags, place.tolist(), _plain(scores.ranking.overall), _plain(scores.ranking.low),
        _plain(scores.ranking.high), _plain(intrusive_low), _plain(intrusive_high), strict=True,
    )  # fmt: skip
    # One JSON text for all rows: an array of texts for each column costs the driver several times as much.
    written = [
        {
            "id": str(new_id()), "bid_id": str(row.bid_id), "revision_id": str(row.revision_id),
            "features_fingerprint": row.features, "fingerprint": _inputs(version, row), "rank": rank_,
            "overall": overall, "overall_low": low, "overall_high": high, "intrusiveness_low": intrusion_low,
            "intrusiveness_high": intrusion_high, "parts": part, "reasons": " ".join(reason_codes(part, flag)),
            "flags": " ".join(flag),
        }
        for row, part, flag, rank_, overall, low, high, intrusion_low, intrusion_high in told
    ]  # fmt: skip
    text = json.dumps(written, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    done = session.execute(
        _WRITE,
        {
            "rows": text,
            "at": now(),
            "brief_id": brief.id,
            "brief_version_id": version.id,
            "model_version": MODEL_VERSION,
        },
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def _inputs(version: BriefVersion, row: Any) -> str:
    """Name the exact inputs: revisions, published versions and snapshots never change, so ids stand for content."""
    told = f"{row.revision_id} {row.commitment} {version.id} {row.features} {MODEL_VERSION}"
    return hashlib.sha256(told.encode()).hexdigest()


def _flags(row: Any, gates: Sequence[bool]) -> list[str]:
    found = [name for name, held in zip(rank.GATES, gates, strict=True) if held]
    if row.features is None:
        found.append("no_audience_data")
    return found + sorted({f"snapshot:{flag['code']}" for flag in row.snapshot_flags or []})


def reason_codes(part: dict[str, Any], flags: Sequence[str]) -> list[str]:
    """Name the heaviest points, for lists and filters; the sentences are told from `parts` when asked."""
    heaviest = sorted(part["intrusion"].items(), key=lambda item: (-item[1], item[0]))[:3]
    return [*flags, *(f"intrusion:{name}" for name, points in heaviest if points > 0)]


def _plain(values: Floats) -> list[float | None]:
    return [None if value != value or value in (np.inf, -np.inf) else value for value in np.round(values, 6).tolist()]


def _points(rows: Sequence[Any], suits: Floats) -> Floats:
    """Points of each intrusiveness factor [n, 10] at the middle of the plan's range, after relief by fit."""
    raw = (np.array([row.raw_low for row in rows]) + np.array([row.raw_high for row in rows])) / 2
    left = 1 - intrusion.RELIEF_MAX * np.nan_to_num(suits)
    points: Floats = raw * np.array(intrusion.POINTS) * np.where(np.array(intrusion.RELIEVED), left[:, None], 1.0)
    return points


def _parts(
    version: BriefVersion, rows: Sequence[Any], scores: Scores, bids: Bids, low: Floats, high: Floats, peers: str
) -> list[dict[str, Any]]:
    """Every number of a match by name, as the reasons are told from."""
    ceiling, own = rank.ceiling_for(version.ceiling_minor, version.currency)
    columns = {
        "views": [_plain(scores.views[:, 1]), _plain(scores.views[:, 0]), _plain(scores.views[:, 2])],
        "share": [_plain(scores.shares.point), _plain(scores.shares.low), _plain(scores.shares.high)],
        "people": [_plain(scores.people.point), _plain(scores.people.low), _plain(scores.people.high)],
        "cost": [_plain(scores.cost.expected), _plain(scores.cost.low), _plain(scores.cost.high)],
        "per_thousand": [
            _plain(scores.per_thousand),
            _plain(scores.per_thousand_low),
            _plain(scores.per_thousand_high),
        ],
        "intrusiveness": [_plain((low + high) / 2), _plain(low), _plain(high)],
    }
    single = {
        "expected_views": _plain(scores.expected_views),
        "percentile": _plain(scores.percentile),
        "comparables": _plain(scores.comparables),
        "fit": _plain(bids.fit.value),
        "quality": _plain(scores.ranking.quality),
    }
    names = fit.PARTS
    fit_parts = [_plain(bids.fit.parts[:, place]) for place in range(len(names))]
    points = _points(rows, bids.fit.value)
    shared = {
        "ceiling": ceiling,
        "ceiling_is_the_briefs": own,
        "tolerance": version.tolerance,
        "currency": version.currency,
        "peers": peers,
    }
    found = []
    for number, row in enumerate(rows):
        part: dict[str, Any] = {name: [end[number] for end in ends] for name, ends in columns.items()}
        part.update({name: values[number] for name, values in single.items()})
        part["fit_parts"] = {name: values[number] for name, values in zip(names, fit_parts, strict=True)}
        part["intrusion"] = {
            name: round(value, 3)
            for name, value in zip(intrusion.CODES, points[number].tolist(), strict=True)
            if value > 0
        }
        part["prominence"] = [row.prominence_low, row.prominence_high]
        part["videos_used"] = row.n_used or 0
        part["ad_load"] = row.ad_load
        part["source"] = row.source
        part["taken_on"] = row.taken_on.isoformat() if row.taken_on else None
        part["audience_flags"] = row.audience_flags or []
        part["unknown"] = row.unknown or {}
        found.append({**part, **shared})
    return found
