"""A platform's short programme finds sponsors together: a drink presents it, a car drives in it, a third brand is late.

The clip of the first episode is drawn and looked through for real, once for each brand, by the limits of its own deal.
"""

from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.core import db, ids, jobs
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from tests.deals import look as deals
from tests.deliverables import look
from tests.lives import look as lives
from tests.make import clips
from tests.make import owed as make
from tests.make import series as make_series
from tests.make.moments import travel
from tests.make.owed import Owed
from tests.make.series import MadeSeries
from workers import video_checks  # noqa: F401 - where vision is not installed, this file is skipped

API = "/api/v1"
LABEL = clips.DrawnCaption(0.3, 7.8, "Sponsored", 60)
ASKED: dict[str, Any] = {"tolerance": 90, "disclosure": {"required": True, "text": LABEL.words}}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("series") / "episode-1.mp4"
    return clips.clip(path, seed=41, captions=(clips.CAPTION, LABEL), sound=True)


def _checked(client: FlaskClient, worker: ModuleType, owed: Owed, path: Path) -> UUID:
    """Hand a clip in, and have it looked through for the first video of a deal."""
    asked = {"video_id": ids.show("vfl", clips.handed_in(owed.maker, path)), "deliverable_id": ids.show("dlv", owed.id)}
    answer = client.post(f"{API}/video-checks", json=asked, headers=owed.maker.once())
    assert answer.status_code == 202, answer.json
    for _ in range(40):
        with db.transaction() as session:  # jobs wait by the database's clock, which does not travel
            session.execute(sa.text("UPDATE jobs SET next_at = now() WHERE state = 'queued' AND queue = 'vision'"))
        if not worker.drain(jobs.VISION):
            break
    check = client.get(f"{API}/video-checks/{answer.json['id']}", headers=owed.maker.headers).json
    assert check["status"] == "done", check["refusal"]
    return ids.read("vck", check["id"])


def _sponsors(client: FlaskClient, programme: MadeSeries) -> tuple[Owed, Owed]:
    drink = make_series.funded(client, programme, "冠名", price_minor=2_000_000, **ASKED)
    car = make_series.funded(client, programme, "剧情露出", category="cars", price_minor=900_001, **ASKED)
    return drink, car


def test_two_brands_share_a_programme_and_each_pays_for_its_own(
    client: FlaskClient, worker: ModuleType, clip: Path
) -> None:
    # Two episodes, three slots each. The drink presents them; the car is seen in them.
    programme = make_series.made(client)
    drink, car = _sponsors(client, programme)

    # Another drink would like the end card, and hears why not; nobody hears who was first.
    late = make_series.offered(programme)
    assert make_series.counter(client, late, programme, "片尾").status_code == 200
    refused = deals.confirm(client, late.brand, late.deal_id)
    assert (refused.status_code, refused.json["rule"]) == (409, "series_category")
    assert deals.leave(client, late.brand, late.deal_id, "decline").status_code == 200

    # An actor is ill: episode 1 comes out two days later, and both brands are told.
    day = make_series.first_day() + timedelta(days=2)
    assert make_series.move(client, programme.creator, programme.episode(client, 1)["id"], day).status_code == 200
    for owed in (drink, car):
        assert look.get(client, owed.brand, "dlv", owed.id).json["due_on"] == day.isoformat()
        told = client.get(f"{API}/events?kind=deliverables.reschedule", headers=owed.brand.headers).json["data"]
        assert [one["subject_id"] for one in told] == [ids.show("dlv", owed.id)]

    # One video, looked through for each brand, approved by each.
    drafts = {}
    for owed in (drink, car):
        sent = look.send_draft(client, owed.maker, owed.id, _checked(client, worker, owed, clip))
        assert sent.json["is_approvable"], sent.json["findings"]
        drafts[owed.deal_id] = ids.read("drf", sent.json["id"])
        assert look.approve(client, owed.brand, drafts[owed.deal_id]).status_code == 200

    with travel(make.publish_day() + timedelta(days=2)):
        url = f"https://www.douyin.com/video/{new_id().hex}"
        for owed in (drink, car):
            told = {**make.told(owed, drafts[owed.deal_id]), "url": url}
            assert look.publish(client, owed.maker, owed.id, told).status_code == 201
        # The second episode needs no film to be told: its drafts are the checks' alone.
        for owed in (drink, car):
            make.live(owed, owed.ids[1])
    with travel(now() + timedelta(days=make.PUBLISHED_AFTER_DAYS + 100)):
        look.clock(worker)

    # Every episode is settled for each brand, to the fen: 95 % of what both pay are the maker's.
    for owed, prices in ((drink, [1_000_000, 1_000_000]), (car, [450_001, 450_000])):
        assert make.deal_status(owed) == "completed"
        assert list(lives.money(client, owed.brand, owed).values()) == [("released", price) for price in prices]
    fees = sum(round(price * 0.05) for price in (1_000_000, 1_000_000, 450_001, 450_000))
    assert lives.earned(client, programme.creator) == 2_900_001 - fees
    lives.the_ledger_adds_up(client)
    lives.nothing_waits(client, drink, car)
