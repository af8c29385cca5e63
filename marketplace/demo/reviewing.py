"""The demo's reviews: how many bids need a person, what one of them shows, and many decided with one reason by two."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import click

from marketplace.cli.output import told
from marketplace.cli.shown.summaries import in_words, state
from marketplace.demo.walk import DemoMarket

REASON = "数据来源与方案均已核对"


def show_reviews(market: DemoMarket, reviewers: Mapping[str, str]) -> None:
    """Print how much of the market waits for people, and let the reviewers decide the most frequent kind of review.

    `reviewers` are two people by name, each with a key of theirs.
    """
    key = next(iter(reviewers.values()))
    counts = market.caller("GET", "/reviews/summary", key)["by_status"]
    queue = _waiting(market, key)
    passed = market.bids - sum(counts.values()) + counts["passed"]
    deferred, share = f"{counts['deferred']:,}", f"{len(queue) / market.bids:.1%}"
    click.echo(
        in_words(
            f"\n审核：{market.bids:,} 份报价中 {passed:,} 份按规则通过，{deferred} 份暂不需要人看，"
            f"{len(queue):,} 份等人看（{share}）",
            f"\nReviews: of {market.bids:,} bids {passed:,} passed by rule, {deferred} need nobody yet,"
            f" {len(queue):,} wait for a person ({share})",
        )
    )
    for code, count in Counter(code for review in queue for code in asking(review)).most_common():
        click.echo(f"   {code}: {count}")
    if not queue:
        return
    first = queue[0]
    click.echo(in_words(f"队列首位 {first['id']}：", f"First in the queue, {first['id']}:"))
    for risk in first["risks"]:
        click.echo(f"   {told(risk)}" + ("" if risk["asks"] else in_words("（仅备注）", " (a note)")))
    kind, number = Counter(tuple(sorted(asking(review))) for review in queue).most_common(1)[0]
    risks = ", ".join(kind)
    click.echo(
        in_words(
            f"风险仅为 {risks} 的 {number} 份，以同一理由一并审核：",
            f"The {number} with {risks} alone, for one reason:",
        )
    )
    chosen = [review for review in queue if tuple(sorted(asking(review))) == kind][:200]
    for name, own_key in reviewers.items():
        seen = [{field: review[field] for field in ("id", "seen_fingerprint")} for review in chosen]
        body = {"verdict": "approve", "reason": REASON, "reviews": seen}
        decided = market.caller("POST", "/reviews/decisions", own_key, body)["data"]
        states = Counter(one["status"] for one in decided)
        told_states = ", ".join(f"{count} {state(code)}" for code, count in states.items())
        click.echo(in_words(f"   {name} 通过 → {told_states}", f"   {name} approves: {told_states}"))
        if set(states) == {"approved"}:
            break
    left = len(_waiting(market, key))
    click.echo(in_words(f"   队列还剩 {left:,} 份", f"   {left:,} are left in the queue"))


def asking(review: Mapping[str, Any]) -> set[str]:
    """Return the codes of the risks that a person is needed for."""
    return {risk["code"] for risk in review["risks"] if risk["asks"]}


def _waiting(market: DemoMarket, key: str) -> list[Any]:
    """Return the whole queue, the most urgent first."""
    found: list[Any] = []
    query: dict[str, Any] = {"limit": 100}
    while True:
        page = market.caller("GET", "/reviews", key, query=query)
        found += page["data"]
        if not page["has_more"]:
            return found
        query["starting_after"] = found[-1]["id"]
