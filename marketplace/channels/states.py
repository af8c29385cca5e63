"""The transitions of channels and their claims, of proofs, transfers and imports, and who may make them."""

from marketplace.channels.models import ChannelStatus, ClaimStatus, ImportStatus, ProofStatus, TransferStatus
from marketplace.core.actor import Role
from marketplace.core.states import Transitions, transition

_OWNERS = (Role.CREATOR, Role.AGENCY, Role.ADMIN)
CHANNEL_TRANSITIONS: Transitions = {
    "archive": transition(ChannelStatus.ACTIVE, to=ChannelStatus.ARCHIVED, by=_OWNERS),
    "restore": transition(ChannelStatus.ARCHIVED, to=ChannelStatus.ACTIVE, by=_OWNERS),
}
# Whoever may change a channel's handle; the system does when a file names another one.
_RENAMES = (*_OWNERS, Role.SYSTEM)
# Of `claim_status`. "supplant" follows by itself when another claim on the same account is proven. What was refused may
# be proven later: somebody who bought the account, or whose first proof was not good enough. "rename" follows when a
# proven channel gets another handle, also by a file.
CLAIM_TRANSITIONS: Transitions = {
    "prove": transition(ClaimStatus.CLAIMED, ClaimStatus.REFUSED, to=ClaimStatus.PROVEN, by=Role.ADMIN),
    "refuse": transition(ClaimStatus.CLAIMED, ClaimStatus.PROVEN, to=ClaimStatus.REFUSED, by=Role.ADMIN),
    "supplant": transition(ClaimStatus.CLAIMED, ClaimStatus.PROVEN, to=ClaimStatus.REFUSED, by=Role.ADMIN),
    "rename": transition(ClaimStatus.PROVEN, to=ClaimStatus.CLAIMED, by=_RENAMES),
}
PROOF_TRANSITIONS: Transitions = {
    "accept": transition(ProofStatus.ASKED, to=ProofStatus.ACCEPTED, by=Role.ADMIN),
    "refuse": transition(ProofStatus.ASKED, to=ProofStatus.REFUSED, by=Role.ADMIN),
    "lapse": transition(ProofStatus.ASKED, to=ProofStatus.LAPSED, by=_RENAMES),
}
TRANSFER_TRANSITIONS: Transitions = {
    "accept": transition(TransferStatus.OFFERED, to=TransferStatus.ACCEPTED, by=Role.CREATOR),
    "decline": transition(TransferStatus.OFFERED, to=TransferStatus.DECLINED, by=Role.CREATOR),
    "withdraw": transition(TransferStatus.OFFERED, to=TransferStatus.WITHDRAWN, by=Role.CREATOR),
}
IMPORT_TRANSITIONS: Transitions = {
    "done": transition(ImportStatus.RECEIVED, to=ImportStatus.DONE, by=Role.SYSTEM),
    "failed": transition(ImportStatus.RECEIVED, to=ImportStatus.FAILED, by=Role.SYSTEM),
    "cancelled": transition(ImportStatus.RECEIVED, to=ImportStatus.CANCELLED, by=Role.SYSTEM),
}
