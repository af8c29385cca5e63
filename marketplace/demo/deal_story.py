"""The demo's deal: a bid is accepted, and its video goes from the draft to the payout, with the money at each step.

Every step is a call of the API by whom it waits for. Only the days that a video stays live cannot be waited for: the
demo dates the publication back in its own database, says so, and lets the clock settle it as it would.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import numpy as np
import sqlalchemy as sa

from marketplace.cli.calls.inbox_call import duty_lines
from marketplace.cli.output import told
from marketplace.cli.shown.summaries import in_words, state
from marketplace.core import db, ids, jobs
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from marketplace.core.money import Money
from marketplace.deliverables.due_work import DUE
from marketplace.deliverables.models import Publication
from marketplace.demo import clips, wishes
from marketplace.demo.caller import DemoError, looks
from marketplace.demo.clips import DrawnCaption, DrawnLabel, DrawnScene
from marketplace.demo.walk import PATIENCE_S, DemoAccount, DemoMarket

NAME, CHINESE, LABEL = "LIMEISLE", "青柠岛", "Sponsored"
FPS = 12.0
KEEP_LIVE_DAYS = 30
# What is promised, and drawn: the pack for two seconds, and its name once.
PLAN = {
    "kind": "product",
    "start_s": {"low": 1.0, "high": 2.0},
    "seconds": {"low": 2.0, "high": 3.0},
    "area_share": "background",
    "centre": "edge",
    "plot": "loose",
}


class DealStory:
    """A deal on its way, and who has to do with it: its brand, its creator, two people of the platform.

    A story of another deal names another title, number of videos, price (fen, of all together), creator (the place
    among those without an agency), length of a clip (seconds, at least 4) and seed to draw the clips with.
    """

    title = f"{CHINESE}气泡水 · 合作示例"
    videos = 1
    price_minor = 1_234_567
    creator_place = 0
    seconds = 6.0
    seed = 20

    def __init__(self, market: DemoMarket, admins: Sequence[str]) -> None:
        self.call, self.brand = market.caller, market.brands[0]
        alone = [number for number, owner in sorted(market.owners.items()) if owner.kind == "creator"]
        mine = alone[self.creator_place]
        self.creator, self.channel_id = market.owners[mine], market.channel_ids[mine]
        self.ada, self.bo = admins
        self.deal: dict[str, Any] = {}

    def agree(self) -> None:
        """A bid on a brief of its own is accepted; the creator counters, and the brand confirms."""
        call, brand, creator = self.call, self.brand.token, self.creator.token
        moment = now().replace(microsecond=0)
        body = wishes.brief(0, moment, moment + timedelta(seconds=90)) | {
            "title": self.title,
            "brand": {"names": [CHINESE, NAME], "aliases": []},
            "deliverables": [{"kind": "video", "count": self.videos}],
            "publish_window": {
                "starts_at": wishes.when(moment + timedelta(seconds=91)),
                "ends_at": wishes.when(moment + timedelta(days=30)),
            },
            "tolerance": 90,
            "ceiling_per_thousand": None,
            "disclosure": {"required": True, "text": LABEL},
        }
        brief = call("POST", "/briefs", brand, body)["id"]
        call("POST", f"/briefs/{brief}/publish", brand)
        offer = {
            "channel_id": self.channel_id,
            "price": {"model": "flat", "amount": {"amount_minor": self.price_minor, "currency": "CNY"}},
            "deliverables": [{"kind": "video", "count": self.videos}],
            "plan": {"duration_s": self.seconds, "exposures": [PLAN]},
        }
        bid = call("POST", f"/briefs/{brief}/bids", creator, offer)["id"]
        call("POST", f"/briefs/{brief}/close", brand)
        for review in call("GET", "/reviews", self.ada, query={"subject_id": bid})["data"]:
            for admin in (self.ada, self.bo)[: 2 if review["needs_two"] else 1]:
                seen = call("GET", f"/reviews/{review['id']}", admin)["seen_fingerprint"]
                reason = {"reason": "价格与方案已核对", "seen_fingerprint": seen}
                call("POST", f"/reviews/{review['id']}/approve", admin, reason)
        call("POST", f"/bids/{bid}/accept", brand, {})
        [self.deal] = call("GET", "/deals", brand, query={"bid_id": bid})["data"]
        self._tell("接受报价", "the bid is accepted")
        self._inbox(self.creator)
        changes = {"content_hash": self.deal["content_hash"], "changes": {"keep_live_days": KEEP_LIVE_DAYS}}
        self.deal = call("POST", f"/deals/{self.deal['id']}/counter", creator, changes)
        self._tell(f"创作者还价：保留 {KEEP_LIVE_DAYS} 天", f"the creator counters: live for {KEEP_LIVE_DAYS} days")
        self._inbox(self.brand)
        signed = {"content_hash": self.deal["content_hash"], "signed_name": "林小满"}
        self.deal = call("POST", f"/deals/{self.deal['id']}/confirm", brand, signed)
        self._tell("双方确认同一版条款", "both have confirmed one version of the terms")

    def pay_in(self) -> None:
        """One person of the platform records what came in, and another one confirms it."""
        total = {"amount_minor": self.deal["total_minor"], "currency": "CNY"}
        body = {"amount": total, "reference": f"demo {new_id().hex[-8:]}", "received_on": now().date().isoformat()}
        receipt = self.call("POST", f"/deals/{self.deal['id']}/receipts", self.ada, body)
        self.call("POST", f"/receipts/{receipt['id']}/confirm", self.bo)
        self._refresh()
        held = Money("CNY", self.deal["total_minor"]).show()
        self._tell(f"两人确认到账，{held} 进入托管", f"two people confirm what came in: {held} in escrow")
        self._inbox(self.creator)

    def make(self, folder: Path, position: int = 1) -> None:
        """The creator has a drawn clip checked and sends it; the brand approves it, and it goes live."""
        owed = self._owed(position)
        path = folder / f"deal-{self.seed + position}.mp4"
        folder.mkdir(parents=True, exist_ok=True)
        draw(path, self.seconds, seed=self.seed + position)
        video = self.call("POST", "/videos", self.creator.token, query={"name": path.name}, file=path.read_bytes())
        body = {"video_id": video["id"], "deliverable_id": owed}
        check = self._done(self.call("POST", "/video-checks", self.creator.token, body)["id"])
        draft = self.call("POST", f"/deliverables/{owed}/drafts", self.creator.token, {"check_id": check["id"]})
        self._tell(f"第 {position} 条成片已检查并提交", f"draft of video {position} is checked and sent")
        for finding in draft["findings"]:
            click.echo(f"      {finding['weight']}: {told(finding)}")
        self._inbox(self.brand)
        self.call("POST", f"/drafts/{draft['id']}/approve", self.brand.token)
        live = {
            "url": f"https://www.example.com/video/{new_id().hex[-8:]}",
            "published_at": now().isoformat(),
            "label_seconds": self.seconds - 1,
            "video_id": video["id"],
        }
        self.call("POST", f"/deliverables/{owed}/publication", self.creator.token, live)
        self._refresh()
        self._tell("品牌方通过，视频上线", "the brand approves it, and it is live")

    def settle(self) -> None:
        """The days live pass: what is live is dated back in the demo's own database, and the clock comes."""
        live = [one["id"] for one in self.deal["deliverables"] if one["status"] == "live"]
        passed = timedelta(days=KEEP_LIVE_DAYS + 1)
        with db.transaction() as session:
            back = {
                "published_at": Publication.published_at - passed,
                "keep_live_until": Publication.keep_live_until - passed.days,
            }
            session.execute(
                sa.update(Publication)
                .where(Publication.deliverable_id.in_([ids.read("dlv", owed) for owed in live]))
                .values(back)
            )
            jobs.enqueue(session, DUE)
        for _ in looks(PATIENCE_S):
            self._refresh()
            if all(one["status"] == "done" for one in self.deal["deliverables"] if one["id"] in live):
                break
        else:
            raise DemoError(f"what is live was not settled within {PATIENCE_S:g} s")
        days = passed.days
        self._tell(
            f"演示不等 {KEEP_LIVE_DAYS} 天：在自己的库里把发布日期提前 {days} 天，由时钟结算",
            f"nobody waits {KEEP_LIVE_DAYS} days here: the demo dates the publication {days} days back in its own"
            " database, and the clock settles it",
        )

    def pay_out(self) -> None:
        """The channel is proven to be the creator's, and two people of the platform send what it has earned."""
        self._inbox(self.creator)
        self.call("POST", f"/channels/{self.channel_id}/proof", self.creator.token, {"kind": "code_in_profile"})
        evidence = {"reason": "主页有验证码", "evidence": "https://www.example.com/profile"}
        self.call("POST", f"/channel-claims/{self.channel_id}/prove", self.ada, evidence)
        for payout in self.call("GET", "/payouts", self.creator.token, query={"status": "waiting"})["data"]:
            sent = {"reference": f"demo {new_id().hex[-8:]}"}
            self.call("POST", f"/payouts/{payout['id']}/send", self.ada, sent)
            self.call("POST", f"/payouts/{payout['id']}/confirm", self.bo)
            amount = Money(payout["amount"]["currency"], payout["amount"]["amount_minor"]).show()
            self._tell(f"两人打款，{amount} 到创作者", f"two people pay out: {amount} to the creator")

    def money(self) -> None:
        """Print where each payment of the deal has gone."""
        for payment in self._payments():
            amount = Money(payment["amount"]["currency"], payment["amount"]["amount_minor"]).show()
            line = f"   {payment['position']}  {amount}  {state(payment['status'])}"
            shares = payment["shares"]
            if shares:
                maker, agency, fee = (
                    Money("CNY", shares[name]).show() for name in ("maker_minor", "agency_minor", "fee_minor")
                )
                line += in_words(
                    f"：创作者 {maker}，机构 {agency}，平台 {fee}",
                    f": creator {maker}, agency {agency}, platform {fee}",
                )
            if payment["returned_minor"]:
                back = Money("CNY", payment["returned_minor"]).show()
                line += in_words(f"；退回品牌方 {back}", f"; returned to the brand {back}")
            click.echo(line)

    def _payments(self) -> list[dict[str, Any]]:
        found = self.call("GET", "/payments", self.ada, query={"deal_id": self.deal["id"]})["data"]
        return sorted(found, key=lambda payment: int(payment["position"]))

    def _refresh(self) -> None:
        self.deal = self.call("GET", f"/deals/{self.deal['id']}", self.brand.token)

    def _owed(self, position: int) -> str:
        return str(self.deal["deliverables"][position - 1]["id"])

    def _done(self, check_id: str) -> dict[str, Any]:
        for _ in looks(PATIENCE_S):
            check: dict[str, Any] = self.call("GET", f"/video-checks/{check_id}", self.creator.token)
            if check["status"] == "done":
                return check
            if check["status"] not in ("queued", "running"):
                raise DemoError(f"the check ended as {check['status']}: {check['refusal']}")
        raise DemoError(f"the check was not done within {PATIENCE_S:g} s")

    def _tell(self, zh: str, en: str) -> None:
        stage = state(self.deal["status"])
        click.echo(in_words(f" → {zh}（{stage}）", f" → {en} ({stage})"))

    def _inbox(self, who: DemoAccount) -> int:
        """Print what of this deal waits for a party, and return how much it is."""
        duties = [
            duty
            for duty in self.call("GET", "/inbox", who.token, query={"limit": 100})["data"]
            if self.title in (duty["about"] or "") or duty["subject_kind"] == "payouts"
        ]
        for (head, silence), count in Counter(tuple(duty_lines(duty)[:2]) for duty in duties).items():
            times = f" (× {count})" if count > 1 else ""
            click.echo(in_words(f"      {who.name} 的待办 {head}{times}", f"      inbox of {who.name}: {head}{times}"))
            click.echo(f"      {silence}")
        return len(duties)


def show_deal(market: DemoMarket, admins: Sequence[str], folder: Path) -> None:
    """Carry one deal from its acceptance to the payout, and print the story with its money. Raises DemoError."""
    story = DealStory(market, admins)
    click.echo(in_words("\n一笔合作，从接受报价到打款", "\nOne deal, from the acceptance to the payout"))
    story.agree()
    story.pay_in()
    story.make(folder)
    story.settle()
    story.pay_out()
    story.money()


def show_end(market: DemoMarket, admin: str) -> None:
    """Print whether the money adds up, and what waits for the platform."""
    found = market.caller("GET", "/ledger/verification", admin)
    faults = len(found["faults"])
    click.echo(
        in_words(
            f"inlay verify ledger：{found['accounts']} 个账户、{found['transfers']} 笔转账，{faults} 处不符",
            f"inlay verify ledger: {found['accounts']} accounts, {found['transfers']} transfers, {faults} faults",
        )
    )
    page = market.caller("GET", "/inbox", admin, query={"limit": 3})
    click.echo(in_words("管理员的待办（inlay inbox）：", "The inbox of an administrator (inlay inbox):"))
    for duty in page["data"]:
        click.echo(f"   {duty_lines(duty)[0]}")
    if not page["data"]:
        click.echo(in_words("   没有等待处理的事。", "   Nothing waits."))
    elif page["has_more"]:
        click.echo(in_words("   ……", "   ..."))


def draw(path: Path, seconds: float, seed: int) -> None:
    """Write a short clip: a drawn scene, the pack for two seconds, its name, the label of disclosure, a quiet hiss."""
    scene = DrawnScene(540, 960, seed, cut_every_s=3.0)
    pack = (DrawnLabel(1.5, 3.8, 150.0, (0.4, 0.45), (0.6, 0.5)),)
    words = (
        DrawnCaption(seconds - 1.8, seconds - 0.4, f"{NAME} soda", 34),
        DrawnCaption(0.2, seconds - 0.2, LABEL, 60, (0.5, 0.1)),
    )
    drawn = clips.frames(scene.frame, seconds, FPS, clips.label(NAME), pack, words)
    sound = np.random.default_rng(seed).normal(0, 0.02, int(seconds * clips.SOUND_HZ)).astype(np.float32)
    clips.encode(path, (picture for picture, _ in drawn), FPS, sound=sound)
