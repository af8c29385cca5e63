"""Draws the pictures and lists of the documents from the code, each between two marks of its page: `make pictures`.

The rooms and their order are those of import-linter's contract in pyproject.toml; the arrows are the imports that it
checks. An arrow is left out where a longer way through other rooms leads to the same place, else nobody could read it.
States and who may change them are the tables of the rooms' `states.py`; decisions are listed by their titles.
"""

import re
import tomllib
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import NamedTuple

import grimp
from sqlalchemy import ColumnDefault

from marketplace.bids.models import Bid
from marketplace.bids.states import BID_TRANSITIONS
from marketplace.briefs.models import Brief
from marketplace.briefs.states import BRIEF_TRANSITIONS
from marketplace.channels.models import Channel, ChannelImport, ChannelProof, ChannelTransfer
from marketplace.channels.states import (
    CHANNEL_TRANSITIONS,
    CLAIM_TRANSITIONS,
    IMPORT_TRANSITIONS,
    PROOF_TRANSITIONS,
    TRANSFER_TRANSITIONS,
)
from marketplace.checks.models import VideoCheck
from marketplace.checks.states import CHECK_TRANSITIONS
from marketplace.core.actor import Role
from marketplace.core.db import Base
from marketplace.core.ids import NOUNS_ZH
from marketplace.core.states import Transitions, diagram
from marketplace.core.words.duties import SIDE_NAMES, SIDE_ROLES, DutySide
from marketplace.core.words.silences import SILENCE
from marketplace.deals.models import Deal, Deliverable
from marketplace.deals.series.models import Series, SeriesEpisode
from marketplace.deals.series.states import EPISODE_TRANSITIONS, SERIES_TRANSITIONS
from marketplace.deals.states import DEAL_TRANSITIONS, DELIVERABLE_TRANSITIONS
from marketplace.deliverables.models import ExtraRound
from marketplace.deliverables.states import EXTRA_ROUND_TRANSITIONS
from marketplace.identity.models import Mandate, MandateStatus, Party, PartyStatus, Person
from marketplace.identity.states import MANDATE_TRANSITIONS, PARTY_TRANSITIONS, PERSON_TRANSITIONS
from marketplace.inbox.duty_table import DUTIES
from marketplace.inbox.unattended import CLOCK
from marketplace.matching.selection.models import Selection
from marketplace.matching.selection.states import SELECTION_TRANSITIONS
from marketplace.payments.models import ClawBack, Payment, Payout, Receipt
from marketplace.payments.provider.models import PayInRequest
from marketplace.payments.states import (
    CLAW_BACK_TRANSITIONS,
    PAY_IN_TRANSITIONS,
    PAYMENT_TRANSITIONS,
    PAYOUT_TRANSITIONS,
    RECEIPT_TRANSITIONS,
)
from marketplace.reviews.models import Review, ReviewStatus
from marketplace.reviews.states import REVIEW_TRANSITIONS
from marketplace.stopping.disputes.models import Dispute
from marketplace.stopping.disputes.states import DISPUTE_TRANSITIONS
from marketplace.video_files.models import VideoFile
from marketplace.video_files.states import VIDEO_TRANSITIONS

ROOT = Path(__file__).resolve().parent.parent
GROUPS = {"marketplace.matching": "matching"}


class StateMachine(NamedTuple):
    """A table of transitions, the model whose status it is for, and the statuses besides the model's default that a row
    can begin with."""

    transitions: Transitions
    model: type[Base]
    other_starts: tuple[StrEnum, ...] = ()
    column: str = "status"

    def draw(self) -> str:
        default = self.model.__table__.columns[self.column].default
        assert isinstance(default, ColumnDefault), "a row begins with its column's default"
        return diagram(self.transitions, [default.arg, *self.other_starts])


STATES = {
    "party": StateMachine(PARTY_TRANSITIONS, Party, (PartyStatus.UNCLAIMED,)),
    "person": StateMachine(PERSON_TRANSITIONS, Person),
    "mandate": StateMachine(MANDATE_TRANSITIONS, Mandate, (MandateStatus.ACTIVE,)),
    "channel": StateMachine(CHANNEL_TRANSITIONS, Channel),
    "claim": StateMachine(CLAIM_TRANSITIONS, Channel, column="claim_status"),
    "proof": StateMachine(PROOF_TRANSITIONS, ChannelProof),
    "transfer": StateMachine(TRANSFER_TRANSITIONS, ChannelTransfer),
    "import": StateMachine(IMPORT_TRANSITIONS, ChannelImport),
    "brief": StateMachine(BRIEF_TRANSITIONS, Brief),
    "bid": StateMachine(BID_TRANSITIONS, Bid),
    "deal": StateMachine(DEAL_TRANSITIONS, Deal),
    "deliverable": StateMachine(DELIVERABLE_TRANSITIONS, Deliverable),
    "series": StateMachine(SERIES_TRANSITIONS, Series),
    "episode": StateMachine(EPISODE_TRANSITIONS, SeriesEpisode),
    "selection": StateMachine(SELECTION_TRANSITIONS, Selection),
    "dispute": StateMachine(DISPUTE_TRANSITIONS, Dispute),
    "payment": StateMachine(PAYMENT_TRANSITIONS, Payment),
    "receipt": StateMachine(RECEIPT_TRANSITIONS, Receipt),
    "pay_in": StateMachine(PAY_IN_TRANSITIONS, PayInRequest),
    "payout": StateMachine(PAYOUT_TRANSITIONS, Payout),
    "claw_back": StateMachine(CLAW_BACK_TRANSITIONS, ClawBack),
    "extra_round": StateMachine(EXTRA_ROUND_TRANSITIONS, ExtraRound),
    "review": StateMachine(REVIEW_TRANSITIONS, Review, (ReviewStatus.DEFERRED,)),
    "video": StateMachine(VIDEO_TRANSITIONS, VideoFile),
    "check": StateMachine(CHECK_TRANSITIONS, VideoCheck),
}

Arrows = dict[str, set[str]]


def layers() -> list[str]:
    """Return the rooms from the highest to the lowest, as the contract lists them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    (found,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    return list(found)


def arrows(rooms: list[str]) -> Arrows:
    """Return the rooms that each room imports from, without those that it also reaches through another."""
    graph = grimp.build_graph("marketplace", "workers", cache_dir=None)
    imports: Arrows = {room: set() for room in rooms}
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            room, other = room_of(module, rooms), room_of(imported, rooms)
            if room and other and room != other:
                imports[room].add(other)
    reached: Arrows = {}
    # From below, since imports run downwards: what a room reaches is known before those that import it are looked at.
    for room in reversed(rooms):
        reached[room] = imports[room].union(*(reached[other] for other in imports[room]))
    return {
        room: {other for other in imports[room] if not any(other in reached[between] for between in imports[room])}
        for room in rooms
    }


def room_of(module: str, rooms: list[str]) -> str | None:
    return next((room for room in rooms if module == room or module.startswith(f"{room}.")), None)


def draw_rooms() -> str:
    """Return the rooms as a Mermaid flowchart."""
    rooms = layers()
    lines = ["flowchart TD"]
    for group, title in GROUPS.items():
        lines += [
            f"    subgraph {title}",
            *(f"        {node(room)}" for room in rooms if inside(room, group)),
            "    end",
        ]
    lines += [f"    {node(room)}" for room in rooms if not any(inside(room, group) for group in GROUPS)]
    found = arrows(rooms)
    for room in rooms:
        lines += [f"    {key(room)} --> {key(other)}" for other in rooms if other in found[room]]
    return "\n".join(lines)


def inside(room: str, group: str) -> bool:
    return room.startswith(f"{group}.")


def key(room: str) -> str:
    return room.removeprefix("marketplace.").replace(".", "_")


def node(room: str) -> str:
    return f"{key(room)}[{room.rpartition('.')[2]}]"


def mermaid(draw: Callable[[], str]) -> str:
    return f"```mermaid\n{draw()}\n```"


def list_decisions() -> str:
    """Return a line for each decision, with its number and title as the file has them."""
    lines = []
    for path in sorted(ROOT.glob("docs/adr/*.md")):
        number, _, title = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ").partition(". ")
        lines.append(f"{number}. [{title}](adr/{path.name})")
    return "\n".join(lines)


def list_duties(*sides: DutySide) -> str:
    """Return a line for each duty of these sides: what it is of, whom it waits for, and what silence does."""
    lines = ["| what 对象 | state 状态 | whom 谁 | to do 要做的事 | silence 不答复 |", "|---|---|---|---|---|"]
    for duty in DUTIES:
        if duty.side in sides:
            what = f"{NOUNS_ZH.get(duty.subject, '')} `{duty.subject}`"
            whom, silence = SIDE_NAMES[duty.side], SILENCE[duty.silence]
            to_do = f"{duty.said.zh}<br>{duty.said.en}"
            said = f"{silence.zh}<br>{silence.en}"
            lines.append(f"| {what} | `{duty.state}` | {whom.zh}<br>{whom.en} | {to_do} | {said} |")
    return "\n".join(lines)


def list_clock() -> str:
    """Return a line for each state that the clock or a worker ends."""
    lines = ["| what 对象 | state 状态 | until 到何时 |", "|---|---|---|"]
    for (subject, state), until in CLOCK.items():
        lines.append(f"| {NOUNS_ZH.get(subject, '')} `{subject}` | `{state}` | {until.zh}<br>{until.en} |")
    return "\n".join(lines)


PICTURES: dict[str, Callable[[], str]] = {
    "rooms": partial(mermaid, draw_rooms),
    "decisions": list_decisions,
    "duties": partial(
        list_duties, *(side for side in DutySide if Role.ADMIN not in SIDE_ROLES[side]), DutySide.INVITED
    ),
    "platform_duties": partial(list_duties, DutySide.ADMIN, DutySide.SECOND_ADMIN),
    "clock": list_clock,
    **{name: partial(mermaid, machine.draw) for name, machine in STATES.items()},
}
PLACE = re.compile(r"(<!-- picture: (\w+), by `make pictures` -->\n).*?(<!-- end of picture -->)", re.DOTALL)


def drawn(text: str) -> str:
    """Return the text of a page with each of its pictures as the code has it now."""
    return PLACE.sub(lambda found: f"{found[1]}{PICTURES[found[2]]()}\n{found[3]}", text)


def pages() -> list[Path]:
    """Return the pages that have pictures of the code."""
    return [path for path in sorted(ROOT.glob("docs/**/*.md")) if PLACE.search(path.read_text(encoding="utf-8"))]


if __name__ == "__main__":
    for path in pages():
        path.write_text(drawn(path.read_text(encoding="utf-8")), encoding="utf-8")
