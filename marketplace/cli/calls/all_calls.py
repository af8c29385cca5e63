"""Every command that mirrors a call of the API, and every call that another command makes."""

from collections.abc import Mapping

from marketplace.cli.calls import (
    channel_calls,
    deal_calls,
    deliverable_calls,
    dispute_calls,
    market_calls,
    money_calls,
    other_calls,
    people_calls,
    result_calls,
    series_calls,
    stopping_calls,
)

CALLS = (
    *market_calls.CALLS,
    *deal_calls.CALLS,
    *deliverable_calls.CALLS,
    *series_calls.CALLS,
    *result_calls.CALLS,
    *channel_calls.CALLS,
    *stopping_calls.CALLS,
    *dispute_calls.CALLS,
    *people_calls.CALLS,
    *money_calls.CALLS,
    *other_calls.CALLS,
)

# What commands call that are written by hand: several calls, files in and out, or answers that are waited for.
BY_HAND: Mapping[str, tuple[str, ...]] = {
    "sign-up": ("POST /sign-up",),
    "sign-in": ("POST /sessions",),
    "me second-factor": (
        "POST /people/me/second-factor",
        "POST /people/me/second-factor/confirm",
        "POST /people/me/second-factor/remove",
    ),
    "sign-out": ("DELETE /sessions/current",),
    "me password": ("POST /people/me/password",),
    "passwords ask": ("POST /password-resets",),
    "passwords reset": ("POST /password-resets/confirm",),
    "invites accept": ("POST /invites/accept",),
    "export": ("GET /channels/export",),
    "import": ("POST /imports",),
    "inbox": ("GET /inbox",),
    "labels": ("GET /video-checks/labels",),
    "upload": ("POST /videos", "POST /video-uploads", "PATCH /video-uploads/{upload}"),
    "pictures": (
        "GET /bids/{bid}/picture",
        "GET /selections/{selection}/picture",
        "GET /video-checks/{check}/pictures",
    ),
    "ranking": ("GET /briefs/{brief}/ranking",),
    "select": ("POST /briefs/{brief}/selections",),
    "selections confirm": ("POST /selections/{selection}/confirm",),
    "what-if": ("POST /briefs/{brief}/what-if",),
    "suggestions": ("GET /bids/{bid}/suggestions", "POST /bids/{bid}/suggestions/{suggestion}/accept"),
    "bids accept": ("POST /bids/{bid}/accept",),
    "reviews decide": ("POST /reviews/decisions",),
    "price-index": ("GET /price-index",),
    "verify ledger": ("GET /ledger/verification",),
    "verify events": ("GET /event-links", "GET /event-heads"),
}

# What no command calls, and why.
LEFT_OUT: Mapping[str, str] = {
    "GET /briefs/{brief}/ranking/stream": "a stream for pages; `inlay ranking --wait` waits for the same",
    "GET /videos/{video}/signed": "the address that `inlay videos link` prints, for whoever has no key",
    "POST /payment-provider/notices": "what a payment provider tells, signed",
    "PUT /videos/{video}/signed": "the address that `inlay videos ask` prints, for whoever has no key",
}
