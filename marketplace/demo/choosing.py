"""The demo's last step: the best set of a brief's bids, with reasons, pictures, a what-if and the verification."""

import time
from pathlib import Path
from typing import Any

import click
import urllib3

from marketplace.cli.select_bids import print_outcome
from marketplace.demo.caller import DemoClient, DemoError
from marketplace.demo.walk import PATIENCE_S, DemoAccount
from marketplace.matching.scoring.schemas import BID_PICTURES
from marketplace.matching.selection.schemas import PICTURES

LEFT_OUT_SHOWN = 4


def show_selection(call: DemoClient, url: str, brand: DemoAccount, brief: dict[str, Any], folder: Path) -> None:
    """Choose, print, draw and verify. Raises DemoError where it takes too long."""
    made = _chosen(call, brand, brief["id"])
    click.echo(f"\n最优组合 {made['id']} · {brief['title']}")
    print_outcome(made["result"], "zh", LEFT_OUT_SHOWN)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = dict.fromkeys(PICTURES, f"/selections/{made['id']}")
    wanted |= {name: f"/bids/{one['bid_id']}" for one in made["result"]["chosen"][:1] for name in BID_PICTURES}
    for name, path in wanted.items():
        answer = urllib3.request(
            "GET",
            f"{url}/api/v1{path}/picture?name={name}&language=zh",
            headers={"Authorization": f"Bearer {brand.token}"},
            timeout=30,
        )
        if answer.status != 200:
            raise DemoError(f"the picture {name} was answered with {answer.status}")
        (folder / f"{name}.svg").write_bytes(answer.data)
    click.echo(f"\n图：{folder}/*.svg（{', '.join(wanted)}）")
    budget = made["result"]["budget"]
    half = {"budget": {**budget, "amount_minor": budget["amount_minor"] // 2}}
    told = call("POST", f"/briefs/{brief['id']}/what-if", brand.token, half)["outcome"]
    click.echo(f"如果预算减半：{told['reach']['zh']}")
    checked = call("GET", f"/selections/{made['id']}/verification", brand.token)
    click.echo(
        f"核验：重算{'一致' if checked['same_value'] else '不一致'}；闭式 {checked['value']:,.0f} 人，"
        f"合成样本 {checked['panel_people']:,.0f} ± {checked['panel_error']:,.0f} 人；"
        f"问题 {', '.join(checked['faults']) or '无'}"
    )


def _chosen(call: DemoClient, brand: DemoAccount, brief_id: str) -> Any:
    """Ask for a selection when all scores are fresh, and wait until it is done."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        state = call("GET", f"/briefs/{brief_id}/ranking", brand.token, query={"limit": 1})
        if state["fresh"] == state["total"]:
            break
        time.sleep(0.25)
    made = call("POST", f"/briefs/{brief_id}/selections", brand.token, {"time_limit_s": 10})
    while time.monotonic() < deadline:
        found = call("GET", f"/selections/{made['id']}", brand.token)
        if found["status"] == "done":
            return found
        if found["status"] == "failed":
            raise DemoError(f"the selection failed: {found['message']}")
        time.sleep(0.25)
    raise DemoError(f"the selection was not done within {PATIENCE_S:g} s")
