"""The demo's second deal: four videos, of which two are published and paid, and two are cancelled by their quote."""

from collections.abc import Sequence
from pathlib import Path

import click

from marketplace.cli.shown import stopping_lines
from marketplace.cli.shown.summaries import in_words
from marketplace.core.money import Money
from marketplace.demo import deal_story
from marketplace.demo.caller import DemoError
from marketplace.demo.deal_story import CHINESE, DealStory
from marketplace.demo.walk import DemoMarket

MADE = 2


class StoppedSeries(DealStory):
    """A deal of four episodes that its brand stops after two of them."""

    title = f"{CHINESE}气泡水 · 四集系列示例"
    videos = 4
    price_minor = 3_333_334  # four do not share it evenly: two have a fen more
    creator_place = 1
    seconds = 4.0  # each episode is drawn and checked for real: the shorter, the sooner
    seed = 40

    def cancel_the_rest(self) -> None:
        """The brand reads what it costs to stop, asks for just that, and the creator agrees to the same hash."""
        path = f"/deals/{self.deal['id']}"
        quote = self.call("GET", f"{path}/cancellation-quote", self.brand.token)
        self._tell("品牌方询问：现在取消要付多少", "the brand asks what it costs to cancel now")
        for line in stopping_lines.quote(quote):
            click.echo(f"      {line}")
        named = {"quote_hash": quote["quote_hash"]}
        self.deal = self.call("POST", f"{path}/cancel", self.brand.token, named | {"reason": "这一季不做了"})
        self._tell("品牌方按这份报价请求取消", "the brand asks to cancel by this quote")
        self._inbox(self.creator)
        self.deal = self.call("POST", f"{path}/cancellation/agree", self.creator.token, named)
        back = Money(quote["content"]["currency"], quote["content"]["returned_minor"]).show()
        self._tell(
            f"创作者同意：{back} 退回品牌方，已上线的 {MADE} 条照常结算",
            f"the creator agrees: {back} back to the brand; the {MADE} that are live are settled as agreed",
        )

    def show_sum(self) -> None:
        """Print what each has had of all that was paid in. Raises DemoError if a fen of it is missing."""
        payments = self._payments()
        maker, fee = (
            sum(one["shares"][name] for one in payments if one["shares"]) for name in ("maker_minor", "fee_minor")
        )
        back = sum(one["returned_minor"] for one in payments)
        if maker + fee + back != self.price_minor:
            raise DemoError(f"{maker} + {fee} + {back} fen is not the {self.price_minor} that was paid in")
        paid_in, made, kept, returned = (Money("CNY", minor).show() for minor in (self.price_minor, maker, fee, back))
        click.echo(
            in_words(
                f"   合计 {paid_in} = 创作者 {made} + 平台 {kept} + 退回品牌方 {returned}",
                f"   in all {paid_in} = creator {made} + platform {kept} + returned to the brand {returned}",
            )
        )

    def show_that_nothing_waits(self) -> None:
        """Print the empty inboxes of both sides. Raises DemoError if anything of this deal waits still."""
        for who in (self.brand, self.creator):
            if self._inbox(who):
                raise DemoError(f"something of the series waits for {who.name} after its end")
            click.echo(
                in_words(
                    f"   {who.name} 的待办：这笔合作没有等待处理的事",
                    f"   inbox of {who.name}: nothing of this deal waits",
                )
            )


def show_deals(market: DemoMarket, admins: Sequence[str], folder: Path) -> None:
    """Carry one deal to its payout and a series to its stop, and print both with their money. Raises DemoError."""
    deal_story.show_deal(market, admins, folder)
    show_series(market, admins, folder)
    deal_story.show_end(market, admins[0])


def show_series(market: DemoMarket, admins: Sequence[str], folder: Path) -> None:
    """Carry a deal of four episodes that stops after two, and print the story with its money. Raises DemoError."""
    story = StoppedSeries(market, admins)
    click.echo(in_words("\n四集的合作，两集后停止", "\nA deal of four episodes that stops after two"))
    story.agree()
    story.pay_in()
    for position in range(1, MADE + 1):
        story.make(folder, position)
    story.cancel_the_rest()
    story.settle()
    story.pay_out()
    story.money()
    story.show_sum()
    story.show_that_nothing_waits()
