"""What proves who somebody is: hashes of passwords and of keys, secrets of apps, hashes of recovery codes.

They stand in a table that no role of the market may read, write or list. Functions with its owner's rights answer about
one owner of a credential at a time, and only the system may call them: a forgotten filter gives none away, nor does a
statement that somebody smuggles into a read.
"""

from collections.abc import Collection
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db


class CredentialKind(StrEnum):
    """What a credential is, and whose id it stands under: a person's, or a key's."""

    PASSWORD = "password"  # noqa: S105 - a person's, hashed slowly
    APP = "app"  # a person's: what the app of a second factor makes its codes of
    RECOVERY = "recovery"  # a person's, hashed: each is good once
    API_KEY = "api_key"  # a key's, hashed


_KEEP = sa.text("SELECT keep_credentials(:owner, :kind, :secrets)").bindparams(
    sa.bindparam("secrets", type_=sa.ARRAY(sa.Text))
)
_READ = sa.text("SELECT read_credential(:owner, :kind)")
_SPEND = sa.text("SELECT spend_credential(:owner, :kind, :secret)")
# The SQL that a key's secret, of which `:secret_hash` is the hash, is that of the key `k`.
KEY_FITS = f"credential_fits(k.id, '{CredentialKind.API_KEY}', :secret_hash)"


def keep(session: Session, owner_id: UUID, kind: CredentialKind, secrets: Collection[str]) -> None:
    """Put these in the place of the owner's credentials of the kind; with none, forget them. As the system."""
    db.run(session, _KEEP, {"owner": owner_id, "kind": str(kind), "secrets": sorted(secrets)})


def read(session: Session, owner_id: UUID, kind: CredentialKind) -> str | None:
    """Return the owner's password hash, or the secret of their app: nothing else can be read. As the system."""
    found: str | None = db.run(session, _READ, {"owner": owner_id, "kind": str(kind)}).scalar()
    return found


def spend(session: Session, owner_id: UUID, kind: CredentialKind, secret: str) -> bool:
    """Take one of the owner's credentials away, if there is such a one, and return whether there was. As the system."""
    return bool(db.run(session, _SPEND, {"owner": owner_id, "kind": str(kind), "secret": secret}).scalar())
