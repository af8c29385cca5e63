"""The demo's last step: the best set of a brief's bids, with reasons, pictures, a what-if and the verification."""

from pathlib import Path
from typing import Any

import click
import urllib3

from marketplace.cli.client import spoken
from marketplace.cli.output import told
from marketplace.cli.select_bids import print_outcome
from marketplace.cli.shown.summaries import in_words
from marketplace.demo.caller import DemoClient, DemoError, looks
from marketplace.demo.walk import PATIENCE_S, DemoAccount
from marketplace.matching.scoring.schemas import BID_PICTURES
from marketplace.matching.selection.schemas import PICTURES

LEFT_OUT_SHOWN = 4


def show_selection(call: DemoClient, url: str, brand: DemoAccount, brief: dict[str, Any], folder: Path) -> None:
    """Select a set, print it, draw it and verify it. Raises DemoError if that takes too long."""
    selection = _chosen(call, brand, brief["id"])
    click.echo(in_words("\n最优组合", "\nThe best set") + f" {selection['id']} · {brief['title']}")
    print_outcome(selection["result"], LEFT_OUT_SHOWN)
    folder.mkdir(parents=True, exist_ok=True)
    pictures = dict.fromkeys(PICTURES, f"/selections/{selection['id']}")
    pictures |= {
        name: f"/bids/{chosen['bid_id']}" for chosen in selection["result"]["chosen"][:1] for name in BID_PICTURES
    }
    for name, path in pictures.items():
        answer = urllib3.request(
            "GET",
            f"{url}/api/v1{path}/picture?name={name}&language={spoken()}",
            headers={"Authorization": f"Bearer {brand.token}"},
            timeout=30,
        )
        if answer.status != 200:
            raise DemoError(f"the picture {name} was answered with {answer.status}")
        (folder / f"{name}.svg").write_bytes(answer.data)
    names = ", ".join(pictures)
    click.echo(in_words(f"\n图：{folder}/*.svg（{names}）", f"\nPictures: {folder}/*.svg ({names})"))
    budget = selection["result"]["budget"]
    half = {"budget": {**budget, "amount_minor": budget["amount_minor"] // 2}}
    outcome = call("POST", f"/briefs/{brief['id']}/what-if", brand.token, half)["outcome"]
    click.echo(in_words("如果预算减半：", "With half the budget: ") + told(outcome["reach"]))
    verification = call("GET", f"/selections/{selection['id']}/verification", brand.token)
    same, value, panel = verification["same_value"], verification["value"], verification["panel_people"]
    error, faults = verification["panel_error"], ", ".join(verification["faults"])
    click.echo(
        in_words(
            f"核验：重算{'一致' if same else '不一致'}；闭式 {value:,.0f} 人，合成样本 {panel:,.0f} ± {error:,.0f} 人；"
            f"问题 {faults or '无'}",
            f"Verified: worked out again {'the same' if same else 'not the same'}; {value:,.0f} people in closed form,"
            f" {panel:,.0f} ± {error:,.0f} in a synthetic panel; faults: {faults or 'none'}",
        )
    )


def _chosen(call: DemoClient, brand: DemoAccount, brief_id: str) -> Any:
    """Request a selection once all scores are fresh, and wait until it is done."""
    for _ in looks(PATIENCE_S):
        state = call("GET", f"/briefs/{brief_id}/ranking", brand.token, query={"limit": 1})
        if state["fresh"] == state["total"]:
            break
    started = call("POST", f"/briefs/{brief_id}/selections", brand.token, {"time_limit_s": 10})
    for _ in looks(PATIENCE_S):
        selection = call("GET", f"/selections/{started['id']}", brand.token)
        if selection["status"] == "done":
            return selection
        if selection["status"] == "failed":
            raise DemoError(f"the selection failed: {selection['message']}")
    raise DemoError(f"the selection was not done within {PATIENCE_S:g} s")
