"""What comes in when a password is reset by mail."""

from marshmallow import Schema

from marketplace.core.http.fields import TextField
from marketplace.identity.schemas import EmailField
from marketplace.identity.sign_in import passwords


class PasswordResetIn(Schema):
    email = EmailField(required=True)


class PasswordResetConfirmIn(Schema):
    token = TextField(100, required=True, load_only=True, metadata={"description": "As the mail shows it."})
    password = TextField(passwords.LONGEST, shortest=passwords.SHORTEST, required=True, load_only=True)
