"""What a channel's lists state, and what they leave open, in the scores that the API shows."""

from types import ModuleType
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.briefs.models import Brief, BriefVersion
from marketplace.channels.facts.provenance import Provenance
from marketplace.channels.models import AudienceSnapshot, Channel
from marketplace.core import db, ids
from marketplace.core.ids import new_id
from marketplace.matching.audience import grid, share_columns, targets
from marketplace.matching.discovery import column_store
from marketplace.matching.forecast.models import ChannelFeatures
from marketplace.matching.scoring import score_brief
from tests.make import bids as make
from tests.make import channels as make_channels
from tests.make import work
from tests.make.briefs import cell
from tests.make.people import Somebody, somebody
from tests.matching import look

pytestmark = pytest.mark.usefixtures("own_market")
ADMIN = Provenance.TYPED_BY_ADMIN


def shown(
    client: FlaskClient,
    worker: ModuleType,
    target: list[dict[str, Any]],
    markets: list[str],
    platform: str = "douyin",
    **facts: Any,
) -> dict[str, Any]:
    """The reasons of a bid, by code, whose channel's facts were sent to the API."""
    there, who = look.market(target=target, markets=markets), somebody("creator")
    channel = make_channels.channel(who.party_id, language="zh-CN", verticals={"food": 1.0}, platform=platform)
    # By the market's own people, of whose word all counts.
    _tell(client, somebody("platform"), channel.id, **facts)
    bid = make.place(there, who, channel.id, **look.plain())
    work.settle(worker)
    return look.told(look.match(client, who, bid.id))


def _tell(client: FlaskClient, who: Somebody, channel_id: Any, **facts: Any) -> None:
    videos = [
        {"external_id": f"v{new_id().hex}", "published_at": f"2026-10-{day:02}T08:00:00Z", "views": 90_000 + day}
        for day in range(1, 9)
    ]
    url = f"/api/v1/channels/{ids.show('chn', channel_id)}/audience-snapshots"
    body = make_channels.facts(videos=videos, **facts)
    answer = client.post(url, json=body, headers=who.once())
    assert answer.status_code == 201, answer.json


def test_ages_that_are_told_as_zero_are_zero_and_bound_the_share(client: FlaskClient, worker: ModuleType) -> None:
    zeros = {"18-23": 0.0, "24-30": 0.0}
    assert share_of(shown(client, worker, [cell(18, 30)], ["CN"], ages=zeros, regions={"CN": 1.0})) == (0, 0, 0)
    low, point, high = share_of(shown(client, worker, [cell(31, None)], ["CN"], ages=zeros, regions={"CN": 1.0}))
    assert low == 0 < point < high == 1  # the rest may also be 13 to 17


def share_of(found: dict[str, Any]) -> tuple[float, float, float]:
    number = found["on_target_share"]["numbers"]["share"]
    return number["low"], number["value"], number["high"]


def test_cells_without_regions_are_counted_in_the_briefs_markets(client: FlaskClient, worker: ModuleType) -> None:
    facts = {"ages": {"18-23": 0.4, "24-30": 0.3, "31+": 0.3}, "regions": {"US": 0.95}}
    low, share, high = share_of(shown(client, worker, [cell(18, 30)], ["CN"], **facts))
    assert share == pytest.approx(0.7 * 0.05, abs=1e-3)
    assert (low, high) == (pytest.approx(0.0), pytest.approx(0.05, abs=1e-4))
    low, share, high = share_of(shown(client, worker, [], ["CN"], **facts))
    assert share == pytest.approx(0.05, abs=1e-3)


def test_what_a_list_of_regions_leaves_out_is_shown_with_an_interval(client: FlaskClient, worker: ModuleType) -> None:
    found = shown(client, worker, [], ["GB"], regions={"US": 0.9})
    assert share_of(found) == (0.0, 0.0, pytest.approx(0.1, abs=1e-4))
    assert "0.0% (0.0%" in found["on_target_share"]["en"]
    assert "10.0%" in found["on_target_share"]["en"]


def test_names_of_provinces_do_not_throw_away_the_other_lists(client: FlaskClient, worker: ModuleType) -> None:
    facts = {"ages": {"18-23": 0.37, "24-30": 0.3, "31+": 0.33}, "genders": {"female": 1.0}}
    named = shown(client, worker, [cell(18, 30)], ["CN"], regions={"广东": 0.12, "江苏": 0.09}, **facts)
    coded = shown(client, worker, [cell(18, 30)], ["CN"], regions={"CN-GD": 0.12, "CN-JS": 0.09}, **facts)
    assert share_of(named) == share_of(coded)
    assert share_of(named)[1] == pytest.approx(0.67, abs=1e-3)
    assert not [code for code in named if code.endswith("unreadable")]


def test_the_documentary_channels_facts_are_scored_as_they_are_stated(client: FlaskClient, worker: ModuleType) -> None:
    facts = {"ages": {"16-30": 0.7826}, "education": {"university": 0.8156}, "regions": {"CN": 1.0}}
    young = shown(client, worker, [cell(16, 30)], ["CN"], **facts)
    assert share_of(young)[1] == pytest.approx(0.7826, abs=1e-4)
    assert "education_unlisted" not in young
    both = shown(client, worker, [cell(16, 30, education=["university"])], ["CN"], **facts)
    expected = (0.7826 + 0.8156 - 1, 0.7826 * 0.8156, 0.7826)
    assert share_of(both) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("asked", "missing"),
    [
        ({"education": ["bachelor", "master"]}, "education_unlisted"),
        ({"interests": ["shops online"]}, "interests_unlisted"),
    ],
)
def test_a_list_that_the_brief_asks_about_and_nobody_gave_is_named_with_wide_bounds(
    client: FlaskClient, worker: ModuleType, asked: dict[str, Any], missing: str
) -> None:
    found = shown(client, worker, [{**cell(13, None, **asked), "ages": None}], ["CN"], regions={"CN": 1.0})
    low, share, high = share_of(found)
    assert (low, high) == (0.0, 1.0)
    assert 0 < share < 1
    assert missing in found
    assert "unlisted" not in "".join(shown(client, worker, [], ["CN"]))


def test_a_list_of_interests_narrows_the_share_that_shops_online(client: FlaskClient, worker: ModuleType) -> None:
    target = [{**cell(13, None, interests=["网购"]), "ages": None}]
    found = shown(client, worker, target, ["CN"], regions={"CN": 1.0}, interests={"shops online": 0.62})
    assert share_of(found) == pytest.approx((0.62, 0.62, 0.62), abs=1e-4)
    assert "interests_unlisted" not in found


def test_the_rest_of_a_tiktok_list_is_not_put_into_mainland_china(client: FlaskClient, worker: ModuleType) -> None:
    regions = {"TW": 0.5, "US": 0.3}
    assert share_of(shown(client, worker, [], ["CN"], platform="tiktok", regions=regions))[1] == 0.0
    assert share_of(shown(client, worker, [], ["CN"], platform="douyin", regions=regions))[1] == pytest.approx(0.2)


def test_a_stored_list_that_cannot_be_used_is_left_out_alone_and_named(client: FlaskClient, worker: ModuleType) -> None:
    there, who = look.market(target=[cell(18, 30)], markets=["CN"]), somebody("creator")
    channel_id = look.channel(who, ages={"18-23": 0.4, "24-30": 0.3, "31+": 0.3})
    # A former version took the label; facts never change, so such lists stay stored.
    with db.transaction(who.actor) as session:
        channel = session.get_one(Channel, channel_id)
        known = session.get_one(AudienceSnapshot, channel.snapshot_id)
        columns = {name: getattr(known, name) for name in ("taken_on", "source", "import_id", "followers", "facts")}
        odd = {**known.margins, "region": {"Mars": 0.4}}
        session.add(
            stored := AudienceSnapshot(
                channel_id=channel_id,
                evidence_hash="odd",
                margins=odd,
                rate_card=[],
                flags=[],
                lists_provenance=ADMIN,
                **columns,
            )
        )
        session.flush()
        channel.snapshot_id = stored.id
    bid = make.place(there, who, channel_id, **look.plain())
    work.settle(worker)
    found = look.told(look.match(client, who, bid.id))
    assert found["regions_unreadable"]["en"] == (
        "The region list cannot be used and was left out; the other lists were used"
    )
    assert found["regions_unreadable"]["zh"] == "地域列表有误，未采用；其余列表照用"
    assert share_of(found) == (0.0, pytest.approx(0.7, abs=1e-4), pytest.approx(0.7, abs=1e-4))
    assert [code for code in found if code.endswith("unreadable")] == ["regions_unreadable"]


def test_features_of_the_former_form_are_still_scored_and_found(client: FlaskClient, worker: ModuleType) -> None:
    there, who = look.market(target=[cell(18, 30)], markets=["CN"]), somebody("creator")
    channel_id = look.channel(who, somebody("platform"))
    make.place(there, who, channel_id, **look.plain())
    work.settle(worker)
    old = np.zeros(share_columns.OLD_BYTES // 4, dtype="<f4")
    old[2:6] = 0.25  # 18-23 and 24 of both genders
    old[22 + grid.region_indices("CN-GD")[0]] = 1.0
    with db.transaction() as session:
        features = session.scalars(sa.select(ChannelFeatures).where(ChannelFeatures.channel_id == channel_id)).one()
        features.shares = old.tobytes()
        session.flush()
        brief = session.get_one(Brief, there.brief_id)
        loaded = score_brief.load(session, session.get_one(BriefVersion, brief.version_id))
        rows = column_store.rows_by_id(session, [channel_id])
    assert loaded is not None
    target = targets.target_weights([{"ages": [18, 30], "regions": ["CN"]}])
    shares = targets.on_target(loaded.shares.joint, loaded.shares.regions, target, loaded.shares.lists)
    assert (shares.low[0], shares.point[0], shares.high[0]) == pytest.approx((1.0, 1.0, 1.0), abs=1e-6)
    assert share_columns.unpack(rows["shares"].tobytes()).joint.sum() == pytest.approx(1.0)
