"""The demo's draft: draws a clip with a known exposure that breaks its plan, uploads it and has it checked."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import cv2
import numpy as np
import urllib3

from marketplace.cli.client import spoken
from marketplace.cli.shown.check_lines import of_check
from marketplace.cli.shown.summaries import in_words
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from marketplace.demo import clips, wishes
from marketplace.demo.caller import DemoError, looks
from marketplace.demo.clips import DrawnCaption, DrawnLabel, DrawnScene
from marketplace.demo.walk import PATIENCE_S, DemoAccount, DemoMarket

NAME, CHINESE = "LIMEISLE", "青柠岛"
SECONDS, FPS = 16.0, 25.0
# What is promised: four seconds in the background; what is drawn: more than twice as long, in the middle, and larger.
PROMISED = {
    "kind": "product",
    "start_s": {"low": 6.0, "high": 7.0},
    "seconds": {"low": 3.0, "high": 4.0},
    "area_share": "background",
    "centre": "edge",
    "plot": "loose",
}
DRAWN = DrawnLabel(3.0, 12.5, 300.0, (0.45, 0.5), (0.55, 0.5))
MARKED = DrawnCaption(0.5, 3.0, "#ad", 30, (0.85, 0.06))


def show_draft(market: DemoMarket, url: str, folder: Path) -> None:
    """Draw a draft, upload it, check it and print the result. Raises DemoError if a call is refused or the check does
    not end."""
    call, brand, creator = market.caller, market.brands[0], market.owners[0]
    brief = _brief(market, url, brand)
    bid = call(
        "POST",
        f"/briefs/{brief['id']}/bids",
        creator.token,
        {
            "channel_id": market.channel_ids[0],
            "price": {"model": "flat", "amount": {"amount_minor": 5_000_000, "currency": "CNY"}},
            "deliverables": [{"kind": "video", "count": 1}],
            "plan": {"duration_s": SECONDS, "exposures": [PROMISED]},
        },
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "draft.mp4"
    draw(path)
    video = call("POST", "/videos", creator.token, query={"name": path.name}, file=path.read_bytes())
    requested = call("POST", "/video-checks", creator.token, {"video_id": video["id"], "bid_id": bid["id"]})
    check = _done(market, creator, requested["id"])
    _print(check)
    _save(url, creator, check, folder)


def draw(path: Path) -> None:
    """Write the draft: a drawn scene, the label, a mark of disclosure, and a hiss for sound."""
    scene = DrawnScene(540, 960, 12, cut_every_s=5.0)
    drawn_frames = clips.frames(scene.frame, SECONDS, FPS, clips.label(NAME), (DRAWN,), (MARKED,))
    sound = np.random.default_rng(12).normal(0, 0.02, int(SECONDS * clips.SOUND_HZ)).astype(np.float32)
    clips.encode(path, (picture for picture, _ in drawn_frames), FPS, sound=sound)


def _brief(market: DemoMarket, url: str, brand: DemoAccount) -> Any:
    """Publish a brief with the image of the invented pack."""
    moment = now().replace(microsecond=0)
    body = wishes.brief(0, moment, moment + timedelta(hours=6)) | {
        "title": f"{CHINESE}气泡水 · 成片检查示例",
        "brand": {"names": [CHINESE, NAME], "aliases": []},
        "deliverables": [{"kind": "video", "count": 1}],
    }
    draft = market.caller("POST", "/briefs", brand.token, body)
    image = cv2.imencode(".png", clips.label(NAME))[1].tobytes()
    answer = urllib3.request(
        "POST",
        f"{url}/api/v1/briefs/{draft['id']}/assets?name=pack.png",
        body=image,
        timeout=30,
        headers={
            "Authorization": f"Bearer {brand.token}",
            "Content-Type": "image/png",
            "Idempotency-Key": str(new_id()),
        },
    )
    if answer.status != 201:
        raise DemoError(f"the pack's image was answered with {answer.status}: {answer.data[:500]!r}")
    return market.caller("POST", f"/briefs/{draft['id']}/publish", brand.token)


def _done(market: DemoMarket, creator: DemoAccount, check_id: str) -> dict[str, Any]:
    for _ in looks(PATIENCE_S):
        check: dict[str, Any] = market.caller("GET", f"/video-checks/{check_id}", creator.token)
        if check["status"] == "done":
            return check
        if check["status"] not in ("queued", "running"):
            raise DemoError(f"the check ended as {check['status']}: {check['refusal']}")
    raise DemoError(f"the check was not done within {PATIENCE_S:g} s")


def _print(check: dict[str, Any]) -> None:
    click.echo("")
    for line in of_check(check):
        click.echo(line)


def _save(url: str, creator: DemoAccount, check: dict[str, Any], folder: Path) -> None:
    (folder / "result.json").write_text(json.dumps(check, ensure_ascii=False, indent=1), encoding="utf-8")
    path = f"{url}/api/v1/video-checks/{check['id']}"
    files = {"timeline.svg": f"timeline?language={spoken()}"}
    files |= {f"keyframe-{number}.jpg": f"pictures?number={number}" for number in check["result"]["pictures"]}
    for name, query in files.items():
        answer = urllib3.request(
            "GET", f"{path}/{query}", headers={"Authorization": f"Bearer {creator.token}"}, timeout=30
        )
        if answer.status != 200:
            raise DemoError(f"{name} was answered with {answer.status}")
        (folder / name).write_bytes(answer.data)
    number = len(files) - 1
    click.echo(
        in_words(
            f"   图：{folder}（时间线与 {number} 张关键帧）",
            f"   Pictures: {folder} (the timeline and {number} keyframes)",
        )
    )
