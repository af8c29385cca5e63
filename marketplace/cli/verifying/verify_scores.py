"""Recomputes stored scores of bids' plans and of checked videos, as far as a key may see them."""

from collections.abc import Iterable, Iterator

import click

from marketplace.checks import recompute_checks as checks_again
from marketplace.cli.calls.id_arguments import IdArgument
from marketplace.cli.client import ApiClient, fail
from marketplace.cli.output import hint
from marketplace.cli.verifying.verify import MOST, end_with
from marketplace.core.message import Bilingual
from marketplace.core.words.state_names import state_name
from marketplace.matching.scoring import recompute_scores as matching_again

EARLIER = Bilingual(
    "由较早的版本评分；数值保留，本版本无法重算",
    "scored by an earlier version; its numbers are kept and cannot be worked out by this one",
)


@click.command("scores")
@click.option(
    "--bid", "bids", multiple=True, type=IdArgument("bid"), metavar="ID", help="Only this bid, bid_...; repeatable."
)
@click.option(
    "--check",
    "checks",
    multiple=True,
    type=IdArgument("check"),
    metavar="ID",
    help="Only this check of a video, vck_...; repeatable.",
)
@click.pass_obj
def scores(api: ApiClient, /, bids: tuple[str, ...], checks: tuple[str, ...]) -> None:
    """Work stored intrusiveness scores out again on this machine.

    From what is stored beside them: of bids their plan and fit, of checked videos the timeline, what people corrected,
    the plan and the channel's last videos. Without names all that your key may see. Exit code 1 where a number does
    not follow.
    """
    named = bool(bids or checks)
    counts = {"bids": 0, "checks": 0, "earlier": 0}
    problems = [
        *_of_bids(api, bids if named else _bids(api), counts, named),
        *_of_checks(api, checks if named else _checks(api), counts),
    ]
    bid_count, check_count, found = counts["bids"], counts["checks"], len(problems)
    end_with(
        api,
        counts,
        problems,
        Bilingual(
            f"已重算 {bid_count} 个报价与 {check_count} 个检查，{found} 处不符",
            f"{bid_count} bids and {check_count} checks worked out again, {found} faults",
        ),
    )


def _of_bids(api: ApiClient, bids: Iterable[str], counts: dict[str, int], named: bool) -> Iterator[str]:
    for bid in bids:
        match = api.find(f"/bids/{bid}/match")
        if match is None and named:
            fail(Bilingual(f"{bid} 不存在，或尚未评分。", f"{bid} is not there, or not scored yet."))
        if match is not None and _counted(counts, "bids", bid, matching_again.same_version(match)):
            yield from (f"{bid}{problem}" for problem in matching_again.faults(api.call("GET", f"/bids/{bid}"), match))


def _of_checks(api: ApiClient, checks: Iterable[str], counts: dict[str, int]) -> Iterator[str]:
    for check in checks:
        check_row = api.call("GET", f"/video-checks/{check}")
        if check_row["result"] is None:
            name = state_name(check_row["status"])
            fail(
                Bilingual(
                    f"{check} 的状态是“{name.zh}”，没有分数可重算。",
                    f"{check} is {name.en}: there is no score to work out.",
                )
            )
        if _counted(counts, "checks", check, checks_again.same_version(check_row)):
            yield from (f"{check}{problem}" for problem in checks_again.differences(check_row))


def _counted(counts: dict[str, int], kind: str, name: str, same: bool) -> bool:
    counts[kind if same else "earlier"] += 1
    if not same:
        hint(Bilingual(f"注意：{name}：{EARLIER.zh}", f"note: {name}: {EARLIER.en}"))
    return same


def _bids(api: ApiClient) -> Iterator[str]:
    """Yield the bids that the key may see: its own side's, or those on its brand's closed briefs."""
    role = api.call("GET", "/people/me")["actor"]["role"]
    if role in ("creator", "agency"):
        yield from (row["id"] for row in api.every("/bids", most=MOST))
        return
    for brief in api.every("/briefs", {"status": "closed"}, MOST):
        yield from (row["id"] for row in api.every(f"/briefs/{brief['id']}/bids", most=MOST))


def _checks(api: ApiClient) -> Iterator[str]:
    yield from (row["id"] for row in api.every("/video-checks", {"status": "done"}, MOST))
