"""The transitions of further rounds of changes, and who may make them. Those of what is owed are the deals' own."""

from marketplace.core.actor import Role
from marketplace.core.states import Transitions, transition
from marketplace.deliverables import policy
from marketplace.deliverables.models import ExtraRoundStatus

EXTRA_ROUND_TRANSITIONS: Transitions = {
    "confirm": transition(ExtraRoundStatus.ASKED, to=ExtraRoundStatus.CONFIRMED, by=policy.MAKERS),
    "refuse": transition(ExtraRoundStatus.ASKED, to=ExtraRoundStatus.REFUSED, by=policy.MAKERS),
    "lapse": transition(ExtraRoundStatus.ASKED, ExtraRoundStatus.CONFIRMED, to=ExtraRoundStatus.LAPSED, by=Role.SYSTEM),
}
