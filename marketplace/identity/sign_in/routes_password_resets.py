"""The part of the API with which whoever has forgotten a password sets a new one."""

from typing import Any

from flask import current_app

from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.endpoint import ANYONE
from marketplace.core.http.failed_attempts import FailedAttempts
from marketplace.core.http.request_handling import session
from marketplace.identity.sign_in import password_resets
from marketplace.identity.sign_in.password_reset_schemas import PasswordResetConfirmIn, PasswordResetIn

blueprint = GuardedBlueprint("password_resets", __name__, tag="people", description="Forgotten passwords, by mail")

# Open to the world, so counted strictly; without an Idempotency-Key, for nothing of a password may be kept.
_OPEN: dict[str, Any] = {"allow": ANYONE, "once": False}


@blueprint.post("/password-resets", **_OPEN, counted="password-reset", takes=PasswordResetIn, status=202)
def request_password_reset(body: dict[str, Any]) -> None:
    """Have a mail sent to the address with what sets a new password.

    The answer is the same whether anybody has the address. What the mail shows is good once, for 30 minutes; an
    account gets three such mails at most in that time.
    """
    password_resets.ask(session(), **body)


@blueprint.post("/password-resets/confirm", **_OPEN, counted="sign-in", takes=PasswordResetConfirmIn, status=204)
def confirm_password_reset(body: dict[str, Any]) -> None:
    """Set a new password with what the mail shows; every session of the person ends.

    An account with a second factor asks for its code at the next sign-in all the same.
    """
    attempts: FailedAttempts = current_app.extensions["failed_attempts"]
    attempts.forgive(password_resets.confirm(session(), **body))
