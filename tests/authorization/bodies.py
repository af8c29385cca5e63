"""What a call on a thing of the world sends: a body that is valid, a file, headers."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Flask

from marketplace.core import ids
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from tests.authorization.world import World, pair
from tests.make import bids as make_bids
from tests.make import briefs as make_briefs
from tests.make import offered_deals as deals
from tests.make import overlaps as make_overlaps
from tests.make import owed as make_owed
from tests.make import pacing as make_pacing
from tests.make import people
from tests.make import videos as make_videos

EPISODES_DAY = "2030-05-06"
REASON = {"reason": "looked at it"}
EVIDENCE = {**REASON, "evidence": "seen on the page of the account"}


@dataclass(frozen=True)
class Sent:
    """What a call sends that is no JSON: its query, its bytes and what they are, further headers."""

    query: str = ""
    data: bytes | None = None
    media_type: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


def sent(app: Flask, method: str, path: str, world: World, subject: str) -> Sent | None:
    """What goes with a call whose body is a file or that says more in headers; the same image twice is a conflict."""
    if path == "/briefs/{brief_id}/assets" and method == "POST":
        return Sent("name=x", make_briefs.PNG + new_id().bytes, "image/png")
    if path == "/imports" and method == "POST":
        return Sent("file_name=a.csv", b"a,b\n1,2\n", "text/csv")
    if path == "/deliverables/{deliverable_id}/orders":
        return Sent("name=a.csv", b"order_id,ordered_at,amount\n", "text/csv")
    if path == "/videos" and method == "POST":
        return Sent("name=x", make_videos.video(), "video/mp4")
    if path == "/videos/{video_id}/signed":
        query = make_videos.signed(app, method, world.id_of("video_id", subject))
        return Sent(query, make_videos.video(), "video/mp4") if method == "PUT" else Sent(query)
    if path == "/statements":
        return Sent("month=2026-11")
    if path == "/video-checks/{check_id}/pictures":
        return Sent("number=0")
    if path == "/video-uploads":
        return Sent(headers={"Upload-Length": "4096", "Tus-Resumable": "1.0.0"})
    if path.startswith("/video-uploads/") and method == "PATCH":
        headers = {"Upload-Offset": "0", "Tus-Resumable": "1.0.0"}
        return Sent("", make_videos.video()[:4096], make_videos.STRETCH, headers)
    return None


def _quoted(world: World, subject: str) -> dict[str, str]:
    """The hash of what cancelling a deal costs its brand, or of what its request to cancel goes by."""
    return {"quote_hash": world.quotes.get(subject, "0" * 64)}


def _present(world: World) -> dict[str, str]:
    """The hash of the terms that wait for the brand."""
    return {"content_hash": deals.hash_of(world.by_subject["countered"]["deal_id"])}


def body(method: str, path: str, world: World) -> Any:
    """A body that is valid, so that a stranger meets the look-up and not the validation."""
    # Apart from the others, which are made whatever is asked for: over a thousand people are counted for a sketch.
    if (method, path) == ("POST", "/audience-sketches"):
        return {
            "channel_id": _show("chn", world.ids["channel_id"]),
            "kind": "viewers",
            "taken_on": now().date().isoformat(),
            "source": "export",
            "sketch": make_overlaps.sketch_text(),
        }
    plain = make_briefs.document()
    channel = {"platform": "douyin", "handle": f"h{new_id().hex[-8:]}", "name": "新账号"}
    found: dict[tuple[str, str], Any] = {
        ("POST", "/sign-up"): {
            "email": f"{new_id().hex}@example.org",
            "password": new_id().hex,
            "name": "N",
            "party": {"kind": "brand", "name": "P"},
        },
        # Another address each time: wrong passwords are counted per account.
        ("POST", "/sessions"): {"email": f"{new_id().hex}@example.org", "password": "not the password"},
        ("POST", "/password-resets"): {"email": f"{new_id().hex}@example.org"},
        ("POST", "/password-resets/confirm"): {"token": "x" * 51, "password": new_id().hex},
        ("POST", "/people/me/password"): {"old": "not the password", "new": new_id().hex},
        ("POST", "/people/me/second-factor/confirm"): {"code": "000000"},
        ("POST", "/people/me/second-factor/remove"): {"password": "not the password", "code": "000000"},
        ("POST", "/people/{person_id}/reset-second-factor"): REASON,
        ("PATCH", "/parties/{party_id}"): {"name": "New name"},
        **{("POST", f"/parties/{{party_id}}/{name}"): REASON for name in ("suspend", "reinstate", "unverify")},
        **{("POST", f"/people/{{person_id}}/{name}"): REASON for name in ("suspend", "reinstate")},
        ("POST", "/parties/{party_id}/verify"): EVIDENCE,
        ("POST", "/channels/{channel_id}/proof"): {"kind": "code_in_profile"},
        ("POST", "/channel-claims/{channel_id}/prove"): EVIDENCE,
        ("POST", "/channel-claims/{channel_id}/refuse"): REASON,
        ("POST", "/channels/{channel_id}/transfer"): {
            "creator_id": _show("pty", world.people["other_creator"].party_id)
        },
        ("POST", "/bids/{bid_id}/accept"): dict(make_bids.ACCEPTS),
        ("POST", "/selections/{selection_id}/confirm"): {"over_budget": False, "despite": []},
        ("POST", "/briefs/{brief_id}/rescore"): REASON,
        ("POST", "/payments/{payment_id}/claw-back"): {**REASON, "amount": {"amount_minor": 5, "currency": "CNY"}},
        ("POST", "/receipts/{receipt_id}/refuse"): REASON,
        ("POST", "/deals/{deal_id}/receipts"): {
            "amount": {"amount_minor": 5, "currency": "CNY"},
            "reference": f"bank {new_id().hex}",
            "received_on": "2026-11-30",
        },
        ("POST", "/payouts/{payout_id}/send"): {"reference": f"bank {new_id().hex}"},
        **{("POST", f"/payouts/{{payout_id}}/{name}"): REASON for name in ("fail", "bounce")},
        ("POST", "/invites"): {"email": "y@example.org", "permissions": ["read"]},
        ("POST", "/invites/accept"): {"token": "x" * 43, "name": "N", "password": new_id().hex},
        ("POST", "/creators"): {"name": "新人"},
        ("POST", "/mandates"): {"creator_id": _show("pty", world.people["other_creator"].party_id), **_terms()},
        ("POST", "/mandates/{mandate_id}/end"): {"ends_on": people.home_day().isoformat()},
        ("POST", "/api-keys"): {"name": "k", "scopes": ["read"]},
        ("POST", "/channels"): channel,
        ("POST", "/videos/{video_id}/links"): {"seconds": 60},
        ("POST", "/video-checks"): {"video_id": _show("vfl", world.ids["video_id"]), "names": ["x"]},
        ("POST", "/video-checks/{check_id}/corrections"): {"timeline": {"exposures": []}},
        ("POST", "/video-links"): {"name": "x.mp4", "size_bytes": 9000, "seconds": 60},
        ("PATCH", "/channels/{channel_id}"): {"name": "别名", "pacing": make_pacing.RULE},
        ("POST", "/channels/{channel_id}/exclusivity"): make_pacing.WINDOW,
        ("POST", "/channels/{channel_id}/audience-snapshots"): {"taken_on": now().date().isoformat(), "followers": 5},
        ("POST", "/briefs"): plain,
        ("PATCH", "/briefs/{brief_id}"): {"tolerance": 33},
        ("POST", "/briefs/{brief_id}/cancel"): {"reason": "plan changed"},
        ("POST", "/briefs/{brief_id}/bids"): {
            **make_bids.document(),
            "channel_id": _show("chn", world.ids["channel_id"]),
        },
        ("POST", "/bids/{bid_id}/revisions"): make_bids.document(),
        ("POST", "/bids/{bid_id}/confirm-brief"): {
            "brief_version_id": _show("brv", world.id_of("version_id", "published"))
        },
        ("POST", "/bids/{bid_id}/step-back"): {"reason": "plan changed"},
        ("POST", "/deals/{deal_id}/counter"): {**_present(world), "changes": {"keep_live_days": 7}},
        **{
            ("POST", f"/deals/{{deal_id}}/{name}"): REASON
            for name in ("decline", "withdraw", "pause", "cancellation/refuse")
        },
        ("POST", "/deals/{deal_id}/cancel"): {**_quoted(world, "under_way"), **REASON},
        ("POST", "/deals/{deal_id}/disputes"): REASON,
        ("POST", "/disputes/{dispute_id}/evidence"): {"body": "as agreed"},
        ("POST", "/disputes/{dispute_id}/propose"): {
            **REASON,
            "outcome": "cancel",
            "amounts": [
                {
                    "deliverable_id": _show("dlv", world.id_of("deliverable_id", "disputed")),
                    "due_minor": 0,
                }
            ],
        },
        # Opened with words of its own, answered, proposed.
        ("POST", "/disputes/{dispute_id}/confirm"): {"version": 4},
        ("POST", "/deals/{deal_id}/cancellation/agree"): _quoted(world, "maker_leaves"),
        ("POST", "/deals/{deal_id}/confirm"): {**_present(world), "signed_name": "林小满"},
        ("POST", "/series"): {
            "channel_id": _show("chn", world.ids["channel_id"]),
            "title": "慢生活",
            "slots": ["片尾"],
            "episodes": [{"title": "第 1 集", "airs_on": EPISODES_DAY}],
        },
        ("POST", "/series/{series_id}/episodes"): {"title": "番外", "airs_on": EPISODES_DAY},
        ("POST", "/episodes/{episode_id}/move"): {**REASON, "airs_on": EPISODES_DAY},
        ("POST", "/episodes/{episode_id}/drop"): REASON,
        ("POST", "/deliverables/{deliverable_id}/scripts"): {"body": "晨跑之后，喝一口。"},
        ("POST", "/deliverables/{deliverable_id}/rounds"): {
            "kind": "draft",
            "price": {"amount_minor": 5, "currency": "CNY"},
        },
        ("POST", "/scripts/{script_id}/send-back"): {"reasons": "节奏慢"},
        ("POST", "/deliverables/{deliverable_id}/drafts"): {"check_id": _show("vck", world.ids["owed_check_id"])},
        ("POST", "/drafts/{draft_id}/request-changes"): {"changes": [{"at_s": 2.5, "reason": "标识再小一些"}]},
        ("POST", "/deliverables/{deliverable_id}/publication"): {
            "url": "https://www.douyin.com/video/7",
            "published_at": make_briefs.moment(days=make_owed.PUBLISHED_AFTER_DAYS),
            "label_seconds": 3,
            "video_id": _show("vfl", world.ids["owed_video_id"]),
        },
        ("POST", "/deliverables/{deliverable_id}/publication/report"): {
            **REASON,
            "seen_at": make_briefs.moment(days=make_owed.PUBLISHED_AFTER_DAYS),
        },
        ("POST", "/deliverables/{deliverable_id}/publication/decide"): {**REASON, "upheld": False},
        ("POST", "/deliverables/{deliverable_id}/views"): {
            "views": 8_000,
            "counted_on": (people.home_day() + timedelta(days=make_owed.PUBLISHED_AFTER_DAYS)).isoformat(),
            "evidence": "seen",
        },
        ("POST", "/figures/{figure_id}/contest"): REASON,
        ("POST", "/figures/{figure_id}/decide"): {**REASON, "views": 6_000},
        ("POST", "/channels/{channel_id}/video-readings"): {
            "readings": [
                {
                    "external_id": "v10",
                    "published_at": "2026-01-01T00:00:00Z",
                    "taken_at": "2026-01-02T00:00:00Z",
                    "views": 9,
                }
            ],
        },
        ("POST", "/overlaps"): {
            **make_overlaps.BODY,
            **{name: _show("chn", channel) for name, channel in pair(world).items()},
        },
        ("POST", "/deal-prices"): {
            "channel_id": _show("chn", world.ids["channel_id"]),
            "settled_on": now().date().isoformat(),
            "deal_price": {"amount_minor": new_id().int % 1_000_000 + 1, "currency": "CNY"},
        },
    }
    if path in ("/briefs/{brief_id}/selections", "/briefs/{brief_id}/what-if"):
        wishes = {
            "budget": {"amount_minor": 500_000, "currency": "CNY"},
            "bids_min": 0,
            "bids_max": 3,
            "caps": {"agency": 2, "platform": 2, "niche": 2},
            "must": [],
            "never": [],
            "contacts_per_person_max": 3,
            "intrusiveness_max": 60,
            "ad_load_max": 0.5,
        }
        more = {"target": plain["target"]} if path.endswith("what-if") else {"prove": "never", "time_limit_s": 5}
        return {**wishes, **more}
    if path == "/reviews/decisions":
        seen = {"id": _show("rvw", world.ids["review_id"]), "seen_fingerprint": "a"}
        return {"verdict": "hold", "reason": "looked at it", "reviews": [seen]}
    if path.startswith(("/reviews/", "/bids/{bid_id}/review/")) and method == "POST":
        return {"reason": "looked at it", **({"overall": 50} if path.endswith("/override") else {})}
    return found.get((method, path))


def _terms() -> dict[str, Any]:
    return {"starts_on": people.home_day().isoformat(), "ends_on": None, "share_basis_points": 1000}


def _show(prefix: str, value: UUID) -> str:
    return ids.show(prefix, value)
