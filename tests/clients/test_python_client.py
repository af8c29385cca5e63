"""The client that openapi-python-client makes of the API's description: without a warning, and used as it is made."""

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.running_market import RunningMarket
from tests.waiting import until

pytestmark = pytest.mark.process

PASSWORD = "a long enough password"
NAME = "inlay_client"


class GeneratedClient:
    """The package that was made, and one party's way of calling with it."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self._url, self._token = url, token

    def call(self, operation: str, *path: str, **values: Any) -> Any:
        """Call an operation such as `market.place_bid`, and return its response with `parsed` and `status_code`."""
        module = importlib.import_module(f"{NAME}.api.{operation}")
        if "idempotency_key" in module.sync_detailed.__annotations__:
            values["idempotency_key"] = str(uuid4())
        made = importlib.import_module(NAME)
        opened = made.AuthenticatedClient(self._url, self._token) if self._token else made.Client(self._url)
        with opened as client:
            return module.sync_detailed(*path, client=client, **values)

    def result(self, operation: str, *path: str, **values: Any) -> Any:
        answer = self.call(operation, *path, **values)
        assert 200 <= answer.status_code < 300, (operation, answer.content)
        return answer.parsed


@pytest.fixture(scope="module")
def models(document: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Make the client, and return the types that it has."""
    folder = tmp_path_factory.mktemp("python_client")
    scripts = Path(sys.executable).parent
    made = subprocess.run(
        [
            scripts / "openapi-python-client",
            "generate",
            "--fail-on-warning",
            "--path",
            document,
            "--output-path",
            folder / "made",
        ],
        # Formats what it makes with ruff.
        env={**os.environ, "PATH": f"{scripts}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    assert "warning" not in (made.stdout + made.stderr).lower()
    sys.path.insert(0, str(folder / "made"))
    yield importlib.import_module(f"{NAME}.models")
    sys.path.remove(str(folder / "made"))


def signed_up(url: str, models: Any, kind: str, name: str) -> tuple[GeneratedClient, str]:
    """Sign up a party and sign in for it; return who may call for it, and its id."""
    stranger = GeneratedClient(url)
    email = f"{uuid4().hex}@example.org"
    party = models.PartyIn(kind=models.PartyInKind(kind), name=name)
    told = models.SignUpIn(email=email, password=PASSWORD, name=name, party=party)
    seat = stranger.result("people.sign_up", body=told)
    session = stranger.result("people.sign_in", body=models.SignInIn(email=email, password=PASSWORD))
    return GeneratedClient(url, session.token), seat.party.id


def brief_in(models: Any) -> Any:
    now = datetime.now(UTC)
    return models.BriefIn(
        title="A drink in a short film",
        product=models.BriefProductIn(name="Lime soda", category=models.BriefProductInCategory.FOOD),
        brand=models.BriefBrand(names=["Lime Island"]),
        markets=["CN"],
        target=[models.BriefTargetCell(ages=models.BriefAges(from_=18, to=30))],
        placement_kinds=[models.BriefInPlacementKindsItem.PLOT_USE],
        tolerance=60,
        budget=models.Money(amount_minor=6_000_000, currency=models.MoneyCurrency.CNY),
        deliverables=[
            models.BriefDeliverable(
                kind=models.BriefDeliverableKind.VIDEO,
                count=1,
                length_tiers=[models.BriefDeliverableLengthTiersItem("21-60")],
            ),
        ],
        publish_window=models.BriefWindowIn(starts_at=now + timedelta(days=30), ends_at=now + timedelta(days=60)),
        bids_close_at=now + timedelta(days=10),
        closing_window_s=0,
    )


def bid_in(models: Any, channel_id: str) -> Any:
    pack = models.PlanExposure(
        kind=models.PlanExposureKind.PRODUCT,
        start_s=models.PlanRange(low=28, high=32),
        seconds=3,
        area_share=models.PlanExposureAreaShareType1.BACKGROUND,
        centre=0.8,
    )
    return models.BidIn(
        channel_id=channel_id,
        price=models.BidPriceIn(
            model=models.BidPriceInModel.FLAT,
            amount=models.Money(amount_minor=1_200_000, currency=models.MoneyCurrency.CNY),
        ),
        deliverables=[
            models.BidDeliverableIn(
                kind=models.BidDeliverableInKind.VIDEO,
                count=1,
                length_tier=models.BidDeliverableInLengthTierType1("21-60"),
            )
        ],
        plan=models.PlacementPlan(duration_s=55, exposures=[pack]),
    )


def test_a_brief_is_bid_on_and_ranked(market: RunningMarket, models: Any) -> None:
    brand, brand_id = signed_up(market.url, models, "brand", "Lime Island")
    creator, creator_id = signed_up(market.url, models, "creator", "Mei")

    brief = brand.result("market.create_brief", body=brief_in(models))
    assert (brief.brand_id, brief.status.value, brief.budget.amount_minor) == (brand_id, "draft", 6_000_000)
    brand.result("market.publish_brief", brief.id)
    assert [one.id for one in creator.result("market.list_briefs", limit=5).data] == [brief.id]

    told = models.ChannelIn(platform="bilibili", handle="mei", name="Mei draws")
    channel = creator.result("market.create_channel", body=told)
    ages = models.SnapshotInAges.from_dict({"18-30": 0.7, "31+": 0.3})
    facts = models.SnapshotIn(taken_on=datetime.now(UTC).date(), followers=860_000, median_views_30d=900_000, ages=ages)
    snapshot = creator.result("market.create_audience_snapshot", channel.id, body=facts)
    assert sum(snapshot.margins.age.to_dict().values()) == pytest.approx(1)

    bid = creator.result("market.place_bid", brief.id, body=bid_in(models, channel.id))
    assert (bid.creator_id, bid.plan.exposures[0].start_s.high) == (creator_id, 32)
    listed = creator.result("market.list_bids", brief_id=brief.id)
    assert ([one.id for one in listed.data], listed.has_more) == ([bid.id], False)
    match = until(lambda: found(creator.call("market.get_bid_match", bid.id)))
    assert match.plan.score.low <= match.plan.score.point <= match.plan.score.high
    assert match.parts.currency == "CNY"

    brand.result("market.close_brief", brief.id)
    ranking = until(lambda: scored(brand.result("market.get_ranking", brief.id)))
    assert [(one.bid_id, one.rank) for one in ranking.data] == [(bid.id, 1)]
    assert all(reason.zh and reason.en for reason in ranking.data[0].reasons)


def found(answer: Any) -> Any:
    assert answer.status_code in (200, 404), answer.content
    return answer.parsed if answer.status_code == 200 else None


def scored(ranking: Any) -> Any:
    return ranking if ranking.total == ranking.fresh == len(ranking.data) else None


def test_refusals_are_read_as_problems(market: RunningMarket, models: Any) -> None:
    brand, _ = signed_up(market.url, models, "brand", "Another brand")
    wrong = brief_in(models)
    wrong.tolerance = 500
    refused = brand.call("market.create_brief", body=wrong)
    assert (refused.status_code, type(refused.parsed)) == (422, models.Problem)
    assert [fault.pointer for fault in refused.parsed.errors] == ["/tolerance"]
    nobody = GeneratedClient(market.url, "inl_wrong").call("people.get_me")
    assert (nobody.status_code, nobody.parsed.type_) == (401, "/docs/problems#not-signed-in")
    stranger = brand.call("market.get_brief", "brf_" + "0" * 26)
    assert (stranger.status_code, stranger.parsed.status) == (404, 404)
    assert stranger.parsed.request_id == stranger.headers["X-Request-Id"]
