"""The web application: the list of rooms, and the description of the API they make together."""

from flask import Flask, request
from sqlalchemy.orm import Session

from marketplace.bids.routes import room as bids
from marketplace.briefs.routes import room as briefs
from marketplace.channels.files.routes_imports import room as imports
from marketplace.channels.routes import room as channels
from marketplace.checks.routes import room as checks
from marketplace.core.actor import Actor
from marketplace.core.config import Config
from marketplace.core.http import openapi
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.server import make_server
from marketplace.identity import credentials
from marketplace.identity.routes import room as identity
from marketplace.matching.discovery.routes import room as discovery
from marketplace.matching.forecast.routes import room as readings
from marketplace.matching.overlap.routes import room as overlaps
from marketplace.matching.pricing.routes import room as prices
from marketplace.matching.scoring.routes import room as matching
from marketplace.matching.selection.routes import room as selections
from marketplace.operations.routes import room as records
from marketplace.pacing.routes import room as pacing
from marketplace.pacing.routes_exclusivity import room as exclusivity
from marketplace.reviews.routes import room as reviews
from marketplace.video_files.routes import room as videos
from marketplace.video_files.routes_uploads import room as video_uploads

ROOMS: tuple[GuardedBlueprint, ...] = (
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
    openapi.publish(app, ROOMS)
    return app
