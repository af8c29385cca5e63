"""The web application: the list of rooms, and the description of the API they make together."""

from flask import Flask, request
from sqlalchemy.orm import Session

from marketplace.bids.routes import room as bids
from marketplace.briefs.routes import room as briefs
from marketplace.channels.routes import room as channels
from marketplace.channels.routes_imports import room as imports
from marketplace.checks.routes import room as checks
from marketplace.core import api
from marketplace.core.actor import Actor
from marketplace.core.config import Config
from marketplace.core.http import Room
from marketplace.core.server import make_server
from marketplace.identity import credentials
from marketplace.identity.routes import room as identity
from marketplace.matching.routes import room as matching
from marketplace.matching.routes_discovery import room as discovery
from marketplace.matching.routes_exclusivity import room as exclusivity
from marketplace.matching.routes_growth import room as readings
from marketplace.matching.routes_overlaps import room as overlaps
from marketplace.matching.routes_pacing import room as pacing
from marketplace.matching.routes_prices import room as prices
from marketplace.records.routes import room as records
from marketplace.reviews.routes import room as reviews
from marketplace.selections.routes import room as selections
from marketplace.videos.routes import room as videos
from marketplace.videos.routes_uploads import room as video_uploads

ROOMS: tuple[Room, ...] = (
    identity,
    channels,
    imports,
    briefs,
    bids,
    matching,
    discovery,
    prices,
    overlaps,
    readings,
    pacing,
    exclusivity,
    selections,
    reviews,
    records,
    videos,
    video_uploads,
    checks,
)


def _who(session: Session) -> Actor:
    return credentials.authenticate(session, request.headers.get("Authorization", ""))


def create_app(config: Config) -> Flask:
    app = make_server(config, _who)
    api.publish(app, ROOMS)
    return app
