"""Lets the scores of a closed brief follow what people have decided on its bids, for whoever reads them next.

A decision asks for a job that scores the brief anew; until that has run, a reader would find the old scores beside the
new decision. So whoever reads scores or gates first asks here, and there is one place in which an override counts.
"""

from uuid import UUID

from sqlalchemy.orm import Session

from marketplace.briefs.models import Brief, BriefStatus, BriefVersion
from marketplace.core import column_copy
from marketplace.matching.scoring.match_columns import LOADED, LOADED_JOINS, LoadedColumn, kinds, select_list
from marketplace.matching.scoring.models import CloseRecord
from marketplace.matching.scoring.overrides import load_overrides
from marketplace.matching.scoring.score_brief import INPUT_IDS, inputs_of, newest_record, score_brief

MODEL_BYTES = 32
_COLUMNS = (
    *(column for column in LOADED if column.name in ("bid_id", *INPUT_IDS)),
    LoadedColumn("fingerprint", "text:64", "m.fingerprint"),
    LoadedColumn("model", f"text:{MODEL_BYTES}", f"rpad(m.model_version, {MODEL_BYTES})"),
)
# Only bids with a review: on no others have people decided anything.
_REVIEWED = (
    f"SELECT {select_list(_COLUMNS)} FROM reviews w JOIN bids b ON b.id = w.subject_id JOIN matches m ON m.id = b.id"
    " JOIN bid_revisions r ON r.id = b.revision_id"
    f" JOIN close_features f ON f.bid_id = b.id AND f.record_id = %(record_id)s {LOADED_JOINS}"
    " WHERE w.about_id = %(brief_id)s AND w.subject_kind = 'bid'"
)


def follow_decisions(session: Session, brief: Brief) -> None:
    """Score a closed brief's bids again if one of its matches was scored before what people have decided on its bid.

    The session must see all rows. Does nothing to any other brief, nor where the scores have followed already.
    """
    if brief.status != BriefStatus.CLOSED:
        return
    record = newest_record(session, brief.id)
    if record is not None and _lags(session, session.get_one(BriefVersion, brief.version_id), brief.id, record):
        score_brief(session, brief.id)


def _lags(session: Session, version: BriefVersion, brief_id: UUID, record: CloseRecord) -> bool:
    """Return whether the inputs of a match are no longer those that its fingerprint tells of."""
    rows = column_copy.read(session, _REVIEWED, {"record_id": record.id, "brief_id": brief_id}, kinds(_COLUMNS))
    if not len(rows["bid_id"]):
        return False
    texts = load_overrides(session, brief_id, rows["bid_id"]).texts()
    models = [model.decode().strip() for model in rows["model"].tolist()]
    present = inputs_of(version, rows, record.price_model or "none", texts, models)
    return present != [scored.decode() for scored in rows["fingerprint"].tolist()]
