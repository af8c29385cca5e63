"""What comes in and goes out when a person sets a second factor up. What is secret is shown once and never kept."""

from marshmallow import Schema, fields

from marketplace.core.http.fields import TextField
from marketplace.identity.sign_in import passwords


class SecondFactorOut(Schema):
    """Type the secret into an app for one-time codes, or let it read `uri` from a picture. Shown this once."""

    secret = fields.String(required=True)
    uri = fields.String(required=True)


class SecondFactorCodeIn(Schema):
    code = TextField(40, required=True, load_only=True)


class RecoveryCodesOut(Schema):
    recovery_codes = fields.List(fields.String(), required=True, metadata={"description": "Each is good once."})


class SecondFactorRemoval(Schema):
    password = TextField(passwords.LONGEST, load_only=True, required=True)
    code = TextField(40, required=True, load_only=True)
