"""Read what deals owe: each deliverable with its terms and whom it waits for, its drafts, its publication."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core.actor import Actor
from marketplace.core.http import paging
from marketplace.core.http.paging import Page
from marketplace.core.words import silences
from marketplace.core.words.duties import Duty
from marketplace.core.words.silences import ToldSilence
from marketplace.deals.deal_duties import duty_of
from marketplace.deals.models import Deal, DealParty, DealStatus, DealTerms, Deliverable
from marketplace.deals.terms.terms_document import plan_of
from marketplace.deliverables import owed_work, policy, publishing, video_drafts
from marketplace.deliverables.draft_verdict import DraftVerdict
from marketplace.deliverables.models import ChangeRequest, Draft, DraftStatus, Publication, RoundKind, TakedownReport
from marketplace.deliverables.owed_work import OwedWork
from marketplace.deliverables.work_refusals import DraftBlocked


@dataclass(frozen=True)
class ShownDeliverable:
    """A deliverable with what its terms say of it, whom it waits for, and what their silence does."""

    owed: OwedWork
    draft: Draft | None
    bought: Mapping[str, int]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.owed.row, name)

    @property
    def deal(self) -> Deal:
        return self.owed.deal

    @property
    def terms(self) -> Mapping[str, Any]:
        content, row = self.owed.content, self.owed.row
        return {
            "line": self.owed.line,
            **plan_of(content, row.position),
            "disclosure": content["disclosure"],
            "script_needed": content["script_needed"],
            "keep_live_days": content["keep_live_days"],
            "one_more_round_minor": content["rounds"]["one_more_minor"],
        }

    @property
    def script_rounds_left(self) -> int:
        return int(self.owed.content["rounds"]["script"] + self.bought["script"] - self.owed.row.script_rounds_used)

    @property
    def draft_rounds_left(self) -> int:
        return int(self.owed.content["rounds"]["draft"] + self.bought["draft"] - self.owed.row.draft_rounds_used)

    @property
    def waits_for(self) -> DealParty | None:
        """Return who has to make the next move; None where time does, or the deal is not active."""
        return DealParty(self._duty.side) if self._duty else None

    @property
    def silence(self) -> ToldSilence | None:
        """Return what the silence of whom it waits for does."""
        return silences.tell(self._duty.silence) if self._duty else None

    @cached_property
    def _duty(self) -> Duty | None:
        if self.owed.deal.status != DealStatus.ACTIVE:
            return None
        approves, script_first = self.silence_approves, self.owed.content["script_needed"]
        return duty_of(self.owed.row.status, silence_approves=approves, script_first=script_first)

    @property
    def answer_by(self) -> datetime | None:
        """Return until when the brand answers the draft that it has."""
        waits = self.draft is not None and self.draft.status == DraftStatus.SENT
        return self.draft.answer_by if self.draft is not None and waits else None

    @property
    def silence_approves(self) -> bool:
        return self.answer_by is not None and self.draft is not None and self.draft.silence_approves


@dataclass(frozen=True)
class ShownDraft:
    """A draft with what its check says against it, and the changes that were asked for."""

    row: Draft
    verdict: DraftVerdict | None
    changes: Sequence[ChangeRequest]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.row, name)

    @property
    def findings(self) -> Sequence[Any]:
        return () if self.verdict is None else self.verdict.findings

    @property
    def is_approvable(self) -> bool:
        return self.verdict is not None and not self.verdict.vetoes


@dataclass(frozen=True)
class ShownPublication:
    row: Publication
    reports: Sequence[TakedownReport]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.row, name)


def deliverable(session: Session, actor: Actor, deliverable_id: UUID) -> ShownDeliverable:
    """Return a deliverable. Raises NotFound."""
    return _shown(session, [owed_work.find(session, actor, deliverable_id).row])[0]


def listing(
    session: Session,
    actor: Actor,
    *,
    limit: int,
    starting_after: UUID | None,
    status: str | None = None,
    deal_id: UUID | None = None,
) -> Page[ShownDeliverable]:
    """Return what the deals of the actor's party owe, the newest first."""
    query = sa.select(Deliverable).where(policy.visible(actor))
    query = paging.only(query, {Deliverable.status: status, Deliverable.deal_id: deal_id})
    page = paging.page(session, query, Deliverable, limit, starting_after)
    return Page(_shown(session, page.data), page.has_more)


def draft(session: Session, actor: Actor, draft_id: UUID) -> ShownDraft:
    """Return a draft. Raises NotFound."""
    row = video_drafts.find(session, actor, draft_id)
    return _drafts(session, owed_work.find(session, actor, row.deliverable_id), [row])[0]


def drafts_of(session: Session, actor: Actor, deliverable_id: UUID) -> Page[ShownDraft]:
    """Return all drafts of a deliverable, the first one first; there are few, by the agreed rounds. Raises NotFound."""
    owed = owed_work.find(session, actor, deliverable_id)
    query = sa.select(Draft).where(Draft.deliverable_id == owed.row.id).order_by(Draft.number)
    return Page(_drafts(session, owed, session.scalars(query).all()), has_more=False)


def publication(session: Session, actor: Actor, deliverable_id: UUID) -> ShownPublication:
    """Return a publication with the reports against it. Raises NotFound."""
    row = publishing.find(session, actor, deliverable_id)
    told = publishing.reports(session, deliverable_id)
    return ShownPublication(row, [one for one in told if one.publication_id == row.id])


def publications(session: Session, actor: Actor, deliverable_id: UUID) -> Page[ShownPublication]:
    """Return where a video was published, the first one first, each with the reports against it. Raises NotFound."""
    rows = publishing.listing(session, actor, deliverable_id)
    told = publishing.reports(session, deliverable_id)
    return Page(
        [ShownPublication(row, [one for one in told if one.publication_id == row.id]) for row in rows], has_more=False
    )


def _shown(session: Session, rows: Sequence[Deliverable]) -> list[ShownDeliverable]:
    deals = {one.id: one for one in session.scalars(sa.select(Deal).where(Deal.id.in_([row.deal_id for row in rows])))}
    terms = sa.select(DealTerms).where(DealTerms.id.in_([row.terms_id for row in rows]))
    contents = {one.id: one.content for one in session.scalars(terms)}
    sent = sa.select(Draft).where(Draft.deliverable_id.in_([row.id for row in rows])).order_by(Draft.number)
    newest = {one.deliverable_id: one for one in session.scalars(sent)}
    bought = owed_work.bought_rounds(session, [row.id for row in rows])
    return [
        ShownDeliverable(
            OwedWork(deals[row.deal_id], row, contents[row.terms_id]),
            newest.get(row.id),
            {kind: bought[row.id, kind] for kind in RoundKind},
        )
        for row in rows
    ]


def _drafts(session: Session, owed: OwedWork, rows: Sequence[Draft]) -> list[ShownDraft]:
    asked: dict[UUID, list[ChangeRequest]] = {}
    changes = sa.select(ChangeRequest).where(ChangeRequest.draft_id.in_([row.id for row in rows]))
    for change in session.scalars(changes.order_by(ChangeRequest.position)):
        asked.setdefault(change.draft_id, []).append(change)
    return [ShownDraft(row, _verdict(session, owed, row), asked.get(row.id, [])) for row in rows]


def _verdict(session: Session, owed: OwedWork, row: Draft) -> DraftVerdict | None:
    try:
        return video_drafts.verdict_of(session, owed, row)
    except DraftBlocked:  # its check is not of this file any more: nothing is known of it
        return None
