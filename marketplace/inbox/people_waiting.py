"""Open duties between people: mandates and channels that are offered, seats to take, claims to look at."""

import sqlalchemy as sa

from marketplace.channels import policy as channels_policy
from marketplace.channels.models import Channel, ChannelProof, ChannelTransfer
from marketplace.core.clock import now
from marketplace.core.words.duties import DutySide
from marketplace.identity.models import Invite, Mandate, Membership, Party, PartyStatus, Person
from marketplace.inbox.duty_table import WAITS, states_of
from marketplace.inbox.open_duty import Asker, Query, columns, end_of_day


def mandates(asker: Asker) -> Query | None:
    """Offers of agencies that the creator has not answered, until their last day is over."""
    if DutySide.CREATOR not in asker.sides:
        return None
    agency, creator = sa.orm.aliased(Party), sa.orm.aliased(Party)
    by = end_of_day(Mandate.ends_on, creator.timezone)
    return (
        sa.select(
            *columns(
                subject_id=Mandate.id,
                state=Mandate.status,
                side=str(DutySide.CREATOR),
                by=by,
                since=Mandate.created_at,
                about=agency.name,
            )
        )
        .join(agency, agency.id == Mandate.agency_id)
        .join(creator, creator.id == Mandate.creator_id)
        .where(Mandate.creator_id == asker.actor.party_id)
        .where(Mandate.status.in_(states_of("mandates", DutySide.CREATOR)))
        .where(sa.or_(Mandate.ends_on.is_(None), by > now()))
    )


def transfers(asker: Asker) -> Query | None:
    """Channels that another creator offers."""
    if DutySide.CREATOR not in asker.sides:
        return None
    return (
        sa.select(
            *columns(
                subject_id=ChannelTransfer.id,
                state=ChannelTransfer.status,
                side=str(DutySide.CREATOR),
                by=sa.null(),
                since=ChannelTransfer.created_at,
                about=Channel.name,
            )
        )
        .outerjoin(Channel, Channel.id == ChannelTransfer.channel_id)
        .where(channels_policy.transfers_to(asker.actor))
        .where(ChannelTransfer.status.in_(states_of("channel_transfers", DutySide.CREATOR)))
    )


def proofs(asker: Asker) -> Query | None:
    """Proofs of claims at which an administrator has to look while their codes are good."""
    if DutySide.ADMIN not in asker.sides:
        return None
    return (
        sa.select(
            *columns(
                subject_id=ChannelProof.id,
                state=ChannelProof.status,
                side=str(DutySide.ADMIN),
                by=ChannelProof.expires_at,
                since=ChannelProof.created_at,
                about=sa.func.concat_ws(" · ", Channel.platform, Channel.name),
                chn=Channel.id,
            )
        )
        .join(Channel, Channel.id == ChannelProof.channel_id)
        .where(ChannelProof.status.in_(states_of("channel_proofs", DutySide.ADMIN)))
        .where(sa.or_(ChannelProof.expires_at.is_(None), ChannelProof.expires_at > now()))
    )


def seats(asker: Asker) -> Query | None:
    """Invitations to the address of the person, signed in and no key: a key is a program's.

    The caller acts as the system, for a stranger's invitations are hidden from everybody; the person is named here. An
    account that is younger than the invitation shows none: else whoever signs up with an address would read them.
    """
    person_id = asker.actor.person_id
    if person_id is None or asker.actor.key_id is not None:
        return None
    seated = sa.exists().where(Membership.person_id == person_id, Membership.party_id == Invite.party_id)
    return (
        sa.select(
            *columns(
                subject_id=Invite.id,
                state=WAITS,
                side=str(DutySide.INVITED),
                by=Invite.expires_at,
                since=Invite.created_at,
                about=Party.name,
            )
        )
        .join(Person, sa.func.lower(Person.email) == sa.func.lower(Invite.email))
        .join(Party, Party.id == Invite.party_id)
        .where(Person.id == person_id, Person.created_at < Invite.created_at, ~seated)
        .where(Invite.accepted_at.is_(None), Invite.expires_at > now(), Party.status != PartyStatus.SUSPENDED)
    )
