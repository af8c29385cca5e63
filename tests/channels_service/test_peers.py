"""What a figure is held against: the market's own channels of the platform and tier, or the house's figures."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.channels import peers
from marketplace.channels.anomalies import HOUSE_RANGES, PeerRange
from marketplace.channels.facts.provenance import Provenance
from marketplace.channels.files import bulk_store
from marketplace.channels.files.bulk_store import told_entry
from marketplace.channels.models import AudienceSnapshot, Channel, ChannelStatus, ClaimStatus
from marketplace.channels.peers import CREATORS_MIN, PeerRanges
from marketplace.core import db, ids
from marketplace.core.ids import new_id
from marketplace.core.jobs import JobState
from marketplace.identity.models import Party, PartyKind
from tests.make import channels as make
from tests.make.people import Somebody, somebody

FOLLOWERS = 50_000
Work = Callable[[UUID], JobState]


@pytest.fixture
def platform(app: object) -> str:
    """A platform that no other test knows, and so a market of this test's own."""
    return f"p{new_id().hex[-12:]}"


def creators(count: int) -> list[UUID]:
    with db.transaction() as session:
        rows = [Party(kind=PartyKind.CREATOR, name=f"creator {new_id().hex[-6:]}") for _ in range(count)]
        session.add_all(rows)
        session.flush()
        return [row.id for row in rows]


def tell(
    platform: str,
    owners: Sequence[UUID],
    facts: Sequence[dict[str, Any]],
    *,
    followers: int = FOLLOWERS,
    day: int = 1,
    accounts: Sequence[str] = (),
) -> None:
    """Store a channel for each of the facts, of new accounts unless they are named."""
    entries = []
    for owner, told, named in zip(owners, facts, accounts or [None] * len(facts), strict=True):
        account = named or new_id().hex
        words = {"handle": account, "name": "频道", "url": None, "language": None, "region": None, "verticals": {}}
        snapshot = {
            "taken_on": date(2026, 11, day),
            "source": "test",
            "evidence_hash": new_id().hex,
            "followers": followers,
            "facts": told,
            "margins": {},
            "rate_card": [],
            "series_hash": None,
        }
        channel = {"platform": platform, "account_key": account, **words}
        entries.append(told_entry(owner, channel, snapshot, told=Provenance.PLATFORM_EXPORT))
    with db.transaction() as session:
        bulk_store.store(session, entries, None, PeerRanges())


def rates(*engagement: float) -> list[dict[str, Any]]:
    return [{"engagement_rate": rate} for rate in engagement]


def usual(platform: str, followers: int = FOLLOWERS) -> dict[str, PeerRange]:
    """What both ways of asking say."""
    with db.transaction() as session:
        whole = dict(peers.load(session).for_channel(platform, followers))
        assert peers.load_for_channel(session, platform, followers).for_channel(platform, followers) == whole
    return whole


def rising(count: int) -> list[float]:
    """Rates of 1 % and more in steps of a hundredth of a per cent, the last told first."""
    return [0.01 + number / 10_000 for number in reversed(range(count))]


def test_too_few_creators_leave_the_house_figures(platform: str) -> None:
    owners = creators(CREATORS_MIN)
    tell(platform, owners[1:], rates(*rising(CREATORS_MIN - 1)))
    assert usual(platform) == HOUSE_RANGES
    tell(platform, owners[:1], rates(0.03))
    assert usual(platform)["engagement"].creators == CREATORS_MIN == 199


def test_the_ends_are_the_second_of_two_hundred_rounded_outwards(platform: str) -> None:
    tell(platform, creators(CREATORS_MIN), rates(*rising(CREATORS_MIN)))
    # 0.0100, 0.0101 .. 0.0298: the second from either end are 0.0101 and 0.0297.
    assert usual(platform)["engagement"] == PeerRange(
        0.01,
        0.03,
        f"{platform} 上粉丝 30,000 至 100,000 的 199 位创作者，两端各去掉 1%",
        f"199 creators on {platform} with 30,000 to 100,000 followers, 1 % left out at either end",
        creators=199,
    )


def test_impostors_of_every_account_move_no_range_and_proven_owners_who_came_second_count(platform: str) -> None:
    tell(platform, creators(CREATORS_MIN), rates(*rising(CREATORS_MIN)))
    before = usual(platform)
    with db.transaction() as session:
        accounts = session.scalars(sa.select(Channel.account_key).filter_by(platform=platform)).all()
    tell(platform, creators(CREATORS_MIN), rates(*([0.2] * CREATORS_MIN)), accounts=accounts)
    assert usual(platform) == before  # nor are there twice as many creators

    with db.transaction() as session:
        second = sa.select(sa.func.max(Channel.created_at)).filter_by(platform=platform).scalar_subquery()
        latest = sa.update(Channel).where(Channel.platform == platform, Channel.created_at == second)
        session.execute(latest.values(claim_status=ClaimStatus.PROVEN))
    after = usual(platform)["engagement"]
    assert (after.low, after.high, after.creators) == (0.2, 0.2, CREATORS_MIN)


def test_one_in_a_hundred_is_left_out_at_either_end_however_many_there_are(platform: str) -> None:
    odd = [0.30, 0.31, 0.32, 0.002, 0.0021, 0.0022]
    tell(platform, creators(299), rates(*odd, *([0.05] * 293)))
    # Three of 299 are left for the ends themselves.
    assert (usual(platform)["engagement"].low, usual(platform)["engagement"].high) == (0.0022, 0.30)


def test_other_platforms_and_tiers_are_no_peers(platform: str) -> None:
    tell(platform, creators(CREATORS_MIN), rates(*rising(CREATORS_MIN)), followers=100_000)
    assert usual(platform, 99_999) == usual(platform + "x", 100_000) == usual(platform, 500_000) == HOUSE_RANGES
    assert (
        usual(platform, 100_000)["engagement"] == usual(platform, 499_999)["engagement"] != HOUSE_RANGES["engagement"]
    )


def test_a_creator_counts_once_with_the_newest_facts(platform: str) -> None:
    owners = creators(CREATORS_MIN)
    for rate, day in ((0.2, 2), (0.05, 3), (0.3, 1)):
        tell(platform, owners[1:], rates(*([rate] * (CREATORS_MIN - 1))), day=day)
    assert usual(platform) == HOUSE_RANGES
    tell(platform, owners[:1], rates(0.05))
    assert (usual(platform)["engagement"].low, usual(platform)["engagement"].high) == (0.05, 0.05)


def test_what_is_odd_by_the_houses_figures_widens_no_range(platform: str) -> None:
    tell(platform, creators(CREATORS_MIN), rates(*([0.05] * (CREATORS_MIN - 9)), *([0.9] * 9)))
    assert usual(platform) == HOUSE_RANGES
    tell(platform, creators(9), rates(*([0.05] * 9)))
    found = usual(platform)["engagement"]
    assert (found.high, found.creators) == (0.05, CREATORS_MIN)


def test_archived_channels_are_no_peers(platform: str) -> None:
    tell(platform, creators(CREATORS_MIN), rates(*rising(CREATORS_MIN)))
    with db.transaction() as session:
        one = session.scalars(sa.select(Channel).where(Channel.platform == platform).limit(1)).one()
        one.status = ChannelStatus.ARCHIVED
    assert usual(platform) == HOUSE_RANGES


def test_each_figure_has_its_own_peers(platform: str) -> None:
    facts: list[dict[str, Any]] = [
        {"median_views_30d": 5_000 + number, "growth_30d": -500 + number} for number in range(CREATORS_MIN)
    ]
    del facts[7]["growth_30d"]
    tell(platform, creators(CREATORS_MIN), facts)
    found = usual(platform)
    assert (found["views_per_follower"].low, found["views_per_follower"].high) == (0.1, 0.11)
    assert {name: like.creators for name, like in found.items()} == {
        "views_per_follower": CREATORS_MIN,
        "engagement": None,
        "growth_30d": None,
    }
    tell(platform, creators(1), [{"growth_30d": 0}])
    assert (usual(platform)["growth_30d"].low, usual(platform)["growth_30d"].high) == (-0.01, -0.006)


def typed(client: FlaskClient, platform: str, rate: float, who: Somebody | None = None) -> Any:
    """A channel's flags as its creator reads them, after typing in a rate."""
    who = who or somebody("creator")
    channel = make.channel(who.party_id, platform=platform)
    body = {"taken_on": "2026-11-01", "followers": FOLLOWERS, "engagement_rate": rate}
    url = f"/api/v1/channels/{ids.show('chn', channel.id)}/audience-snapshots"
    answer = client.post(url, json=body, headers=who.once())
    assert answer.status_code == 201, answer.json
    return answer.json["flags"]


def test_a_typed_figure_is_held_against_the_market_and_the_flag_says_so(client: FlaskClient, platform: str) -> None:
    assert typed(client, platform, 0.31) == []
    (flag,) = typed(client, platform, 0.36)
    assert (flag["numbers"]["source"], flag["numbers"]["peers_high"]) == ("house", 0.35)
    tell(platform, creators(CREATORS_MIN), rates(*rising(CREATORS_MIN)))
    (flag,) = typed(client, platform, 0.031)
    assert flag["numbers"] == {
        "figure": 0.031,
        "peers_low": 0.01,
        "peers_high": 0.03,
        "source": "market",
        "creators": 200,
    }
    assert flag["en"].startswith("Engagement rate: 0.031; peers lie between 0.01 and 0.03 (200 creators on ")
    assert typed(client, platform, 0.03) == []


def test_a_flagged_figure_is_not_usual_the_next_day(client: FlaskClient, platform: str) -> None:
    tell(platform, creators(CREATORS_MIN), rates(*rising(CREATORS_MIN)))
    who = somebody("creator")
    for _ in range(2):
        assert [flag["code"] for flag in typed(client, platform, 0.2, who)] == ["engagement"]


def test_a_file_is_held_against_the_market_as_it_was_before_it(client: FlaskClient, work: Work, platform: str) -> None:
    tell(platform, creators(CREATORS_MIN), rates(*rising(CREATORS_MIN)))
    lines = ["platform,handle,creator_name,taken_on,followers,engagement_rate"]
    count = 520  # more than one batch
    lines += [f"{platform},h{number},{platform} {number},2026-11-01,{FOLLOWERS},0.2" for number in range(count)]
    asked: list[str] = []

    def listen(_: Any, __: Any, statement: str, *___: Any) -> None:
        if "like_channels" in statement:
            asked.append(statement)

    admin = somebody("platform")
    answer = client.post(
        "/api/v1/imports?file_name=a.csv&create_creators=true",
        data="\n".join(lines).encode(),
        headers=admin.once(),
        content_type="text/csv",
    )
    engine = db.Sessions.kw["bind"]
    sa.event.listen(engine, "before_cursor_execute", listen)
    try:
        assert work(ids.read("job", answer.json["job_id"])) == JobState.DONE
    finally:
        sa.event.remove(engine, "before_cursor_execute", listen)
    with db.transaction() as session:
        query = sa.select(AudienceSnapshot.flags).where(
            AudienceSnapshot.import_id == ids.read("imp", answer.json["id"])
        )
        flags = session.scalars(query).all()
    assert len(flags) == count
    assert {flag["numbers"]["creators"] for (flag,) in flags} == {CREATORS_MIN}
    assert len(asked) == 1
