"""The web application: every blueprint, the description of the API that they make together, and the page at `/`."""

from flask import Flask, request
from sqlalchemy.orm import Session

from marketplace import database_state
from marketplace.bids.routes import blueprint as bids
from marketplace.briefs.routes import blueprint as briefs
from marketplace.channels.files.routes_imports import blueprint as imports
from marketplace.channels.routes import blueprint as channels
from marketplace.channels.routes_claims import blueprint as claims
from marketplace.checks.routes import blueprint as checks
from marketplace.core.actor import Actor
from marketplace.core.config import Config
from marketplace.core.http import openapi
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.front_page import add_front_page
from marketplace.core.http.server import DatabaseReview, make_server
from marketplace.deals.routes import blueprint as deals
from marketplace.deals.routes_funding import blueprint as funding
from marketplace.deals.series.routes import blueprint as series
from marketplace.deliverables.results.routes_results import blueprint as results
from marketplace.deliverables.routes import blueprint as deliverables
from marketplace.deliverables.routes_rounds import blueprint as rounds
from marketplace.identity.routes import blueprint as identity
from marketplace.identity.routes_suspensions import blueprint as standing
from marketplace.identity.sign_in import authentication
from marketplace.identity.sign_in.routes_password_resets import blueprint as password_resets
from marketplace.inbox.routes import blueprint as inbox
from marketplace.ledger.routes import blueprint as ledger
from marketplace.matching.closing.routes import blueprint as closing
from marketplace.matching.discovery.routes import blueprint as discovery
from marketplace.matching.forecast.routes import blueprint as readings
from marketplace.matching.gates.routes import blueprint as acceptance
from marketplace.matching.overlap.routes import blueprint as overlaps
from marketplace.matching.pricing.routes import blueprint as prices
from marketplace.matching.ranking.routes import blueprint as ranking
from marketplace.matching.scoring.routes import blueprint as matching
from marketplace.matching.selection.routes import blueprint as selections
from marketplace.operations.routes import blueprint as records
from marketplace.pacing.routes import blueprint as pacing
from marketplace.pacing.routes_exclusivity import blueprint as exclusivity
from marketplace.payments.provider.routes_provider import blueprint as payment_provider
from marketplace.payments.routes import blueprint as payments
from marketplace.reviews.routes import blueprint as reviews
from marketplace.stopping.disputes.routes import blueprint as disputes
from marketplace.stopping.routes import blueprint as stopping
from marketplace.video_files.routes import blueprint as videos
from marketplace.video_files.routes_uploads import blueprint as video_uploads

BLUEPRINTS: tuple[GuardedBlueprint, ...] = (
    identity,
    standing,
    password_resets,
    channels,
    claims,
    imports,
    briefs,
    bids,
    matching,
    ranking,
    closing,
    acceptance,
    deals,
    deliverables,
    rounds,
    stopping,
    inbox,
    series,
    disputes,
    results,
    discovery,
    prices,
    overlaps,
    readings,
    pacing,
    exclusivity,
    selections,
    reviews,
    records,
    ledger,
    payments,
    payment_provider,
    funding,
    videos,
    video_uploads,
    checks,
)


def authenticate(session: Session) -> Actor:
    return authentication.authenticate(session, request.headers.get("Authorization", ""))


def create_app(config: Config) -> Flask:
    app = make_server(config, authenticate, DatabaseReview(database_state.fault, database_state.advice))
    openapi.publish(app, BLUEPRINTS)
    add_front_page(app)
    return app
