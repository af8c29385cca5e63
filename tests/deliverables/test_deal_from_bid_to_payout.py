"""One deal over HTTP: an accepted bid, confirmed, paid in, a real checked clip, approved, published, settled, paid out.

Read from top to bottom, it is what both sides do. The clip is drawn with a label and a caption, and looked through for
real; what the platform publishes is the same clip, encoded anew.
"""

from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.core import db, ids, jobs
from marketplace.core.clock import now
from marketplace.payments import service as payments
from marketplace.payments.models import Payment, Payout
from tests.deliverables import look
from tests.make import clips
from tests.make import owed as make
from tests.make.briefs import written
from tests.make.moments import travel
from tests.make.owed import Owed
from tests.make.people import Somebody, somebody
from workers import video_checks  # noqa: F401 - where vision is not installed, this file is skipped

API = "/api/v1"
LABEL = clips.DrawnCaption(0.3, 7.8, "Sponsored", 60)
# A film of its own: the market of the tests may have seen any other one.
SEED = 31


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clips.clip(
        tmp_path_factory.mktemp("deal") / "draft.mp4",
        seed=SEED,
        captions=(clips.CAPTION, LABEL),
        sound=True,
    )


@pytest.fixture(scope="module")
def encoded_anew(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clips.clip(
        tmp_path_factory.mktemp("deal") / "published.mp4",
        seed=SEED,
        captions=(clips.CAPTION, LABEL),
        sound=True,
        crf=33,
    )


def handed_in_and_checked(client: FlaskClient, worker: ModuleType, owed: Owed, path: Path) -> dict[str, Any]:
    """Upload a clip and have it checked for the deal's video, as the maker does."""
    sent = client.post(
        f"{API}/videos?name=a.mp4", data=path.read_bytes(), headers={**owed.maker.once(), "Content-Type": "video/mp4"}
    )
    assert sent.status_code == 201, sent.json
    body = {"video_id": sent.json["id"], "deliverable_id": ids.show("dlv", owed.id)}
    asked = client.post(f"{API}/video-checks", json=body, headers=owed.maker.once())
    assert asked.status_code == 202, asked.json
    with db.transaction() as session:  # jobs wait by the database's clock, which does not travel
        session.execute(sa.text("UPDATE jobs SET next_at = now() WHERE state = 'queued'"))
    for _ in range(40):
        with db.transaction() as session:
            session.execute(sa.text("UPDATE jobs SET next_at = now() WHERE state = 'queued' AND queue = 'vision'"))
        if not worker.drain(jobs.VISION):
            break
    check: dict[str, Any] = client.get(f"{API}/video-checks/{asked.json['id']}", headers=owed.maker.headers).json
    assert check["status"] == "done", check["refusal"]
    return check


def test_a_deal_goes_from_its_bid_to_the_last_payout(
    client: FlaskClient, worker: ModuleType, clip: Path, encoded_anew: Path
) -> None:
    # The brand has accepted the bid, the creator confirms the terms, and two people of the platform see the money.
    owed = make.agreed(price_minor=1_234_567, tolerance=90, disclosure={"required": True, "text": LABEL.words})
    shown = look.get(client, owed.creator, "dlv", owed.id).json
    assert (shown["status"], shown["waits_for"], shown["deal"]["status"]) == ("planned", None, "agreed")
    make.fund(owed)
    assert look.get(client, owed.creator, "dlv", owed.id).json["waits_for"] == "maker"

    # The creator sends a script, though the terms ask for none, and the brand approves it.
    script = look.post(client, owed.creator, "dlv", owed.id, "scripts", body="晨跑之后，喝一口。")
    assert look.post(client, owed.brand, "scr", ids.read("scr", script.json["id"]), "approve").status_code == 200

    # A draft with its check: the plan is the terms', the names are the brief's.
    check = handed_in_and_checked(client, worker, owed, clip)
    assert check["terms"]["plan"]["duration_s"] == 55
    assert check["result"]["disclosures"], "the label is read from the pictures"
    draft = look.send_draft(client, owed.creator, owed.id, ids.read("vck", check["id"]))
    assert draft.status_code == 201, draft.json
    assert draft.json["is_approvable"], draft.json["findings"]
    draft_id = ids.read("drf", draft.json["id"])

    # The brand watches it, and approves.
    assert look.get(client, owed.brand, "drf", draft_id, "video").data == clip.read_bytes()
    assert look.approve(client, owed.brand, draft_id).json["status"] == "approved"

    with travel(make.publish_day()):
        # The platform encodes it anew; the pictures are the same. Another clip is refused.
        other = clips.clip(clip.with_name("other.mp4"), seed=11, shown=(), captions=(), sound=True)
        published = {"url": "https://www.douyin.com/video/7", "published_at": written(now()), "label_seconds": 7.5}
        for path, status in ((other, 409), (encoded_anew, 201)):
            proof = handed_in_and_checked(client, worker, owed, path)["id"]
            answer = look.post(client, owed.creator, "dlv", owed.id, "publication", **published, check_id=proof)
            assert answer.status_code == status, answer.json
        assert (answer.json["proof"], answer.json["same_share"] >= 0.8) == ("same_pictures", True)

        # It stays for ninety days: then it is done and paid, and the deal is over.
        with travel(now() + timedelta(days=91)):
            look.clock(worker)
    shown = look.get(client, owed.brand, "dlv", owed.id).json
    assert (shown["status"], shown["deal"]["status"]) == ("done", "completed")
    paid = client.get(f"{API}/payments?deal_id={ids.show('dea', owed.deal_id)}", headers=owed.creator.headers).json[
        "data"
    ]
    assert [one["status"] for one in paid] == ["released"]
    with db.transaction() as session:
        [row] = session.scalars(sa.select(Payment).where(Payment.deal_id == owed.deal_id)).all()
        shares = payments.shares_settled(session, [row.id])[row.id]
        assert (shares.maker_minor + shares.fee_minor, shares.fee_minor) == (1_234_567, 61_728)
    _paid_out(client, owed.creator)


def _paid_out(client: FlaskClient, creator: Somebody) -> None:
    """Two people of the platform send what the creator has earned."""
    first = somebody("platform")
    second = somebody("platform", party_id=first.party_id)
    [payout] = client.get(f"{API}/payouts", headers=creator.headers).json["data"]
    assert (payout["status"], payout["amount"]["amount_minor"]) == ("waiting", 1_172_839)
    sent = client.post(f"{API}/payouts/{payout['id']}/send", json={"reference": "bank 7"}, headers=first.once())
    assert sent.status_code == 200, sent.json
    paid = client.post(f"{API}/payouts/{payout['id']}/confirm", headers=second.once())
    assert (paid.status_code, paid.json["status"]) == (200, "paid"), paid.json
    with db.transaction() as session:
        assert str(session.get_one(Payout, ids.read("pyo", payout["id"])).status) == "paid"
