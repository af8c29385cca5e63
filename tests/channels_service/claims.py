"""Claims of an account as their people ask for them and decide them, and what became of them."""

from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from marketplace.channels import policy
from marketplace.channels.models import Channel
from marketplace.core import ids
from marketplace.core.events import Event
from tests.make.people import Somebody

API = "/api/v1"
SEEN = {"reason": "the code is in the profile", "evidence": "https://v.example/u/1, seen on 28 November"}


def shown(channel: Channel) -> str:
    return ids.show("chn", channel.id)


def ask(client: FlaskClient, who: Somebody, channel: Channel, **body: Any) -> Any:
    return client.post(f"{API}/channels/{shown(channel)}/proof", json=body, headers=who.once())


def decide(client: FlaskClient, who: Somebody, channel: Channel, name: str, **body: Any) -> Any:
    body = body or (SEEN if name == "prove" else {"reason": "no code there"})
    return client.post(f"{API}/channel-claims/{shown(channel)}/{name}", json=body, headers=who.once())


def proven(client: FlaskClient, who: Somebody, admin: Somebody, channel: Channel) -> Channel:
    assert ask(client, who, channel).status_code == 201
    answer = decide(client, admin, channel, "prove")
    assert answer.status_code == 200, answer.text
    return channel


def rename(client: FlaskClient, who: Somebody, channel: Channel, handle: str) -> Any:
    url = f"{API}/channels/{shown(channel)}"
    version = client.get(url, headers=who.headers).get_json()["version"]
    return client.patch(url, json={"handle": handle}, headers={**who.once(), "If-Match": f'"{version}"'})


def claim_of(client: FlaskClient, who: Somebody, channel: Channel) -> str:
    return str(client.get(f"{API}/channels/{shown(channel)}", headers=who.headers).get_json()["claim_status"])


def events_of(session: Session, subject_id: Any) -> list[Event]:
    session.expire_all()
    return list(session.scalars(sa.select(Event).filter_by(subject_id=subject_id).order_by(Event.id)))


def counted(session: Session, *channels: Channel, condition: str = policy.counts_once("c")) -> list[bool]:
    session.rollback()
    query = sa.text(f"SELECT id FROM channels c WHERE id = ANY(:ids) AND {condition}")
    found = set(session.scalars(query, {"ids": [channel.id for channel in channels]}))
    return [channel.id in found for channel in channels]
