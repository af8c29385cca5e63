"""seals in the row

A bid says itself since when it is sealed no more, and the database writes it when its brief closes. Policies no longer
ask another table for each bid, and each asks who acts once and not once for each side.
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

ME, ADMIN = "(SELECT app_party())", "(SELECT app_all())"
MINE = "= ANY ((SELECT app_parties())::uuid[])"

# One that was called off while it took bids never closed, and unseals nothing.
CLOSED = "f.closed_at IS NOT NULL AND (f.cancelled_at IS NULL OR f.closed_at < f.cancelled_at)"
DEFINER = "SECURITY DEFINER SET search_path = public, pg_temp"
FUNCTIONS = (
    f"CREATE FUNCTION brief_closed_at(brief uuid) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE {DEFINER} AS"
    f" $$ SELECT f.closed_at FROM briefs f WHERE f.id = brief AND {CLOSED} $$",
    f"CREATE FUNCTION seal_bid() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS"
    " $$ BEGIN NEW.unsealed_at := brief_closed_at(NEW.brief_id); RETURN NEW; END $$",
    # Only those that change, so that a brief called off later writes none of its bids again.
    f"CREATE FUNCTION unseal_bids() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS"
    " $$ BEGIN UPDATE bids SET unsealed_at = NULL WHERE brief_id = NEW.id"
    " AND unsealed_at IS DISTINCT FROM brief_closed_at(NEW.id); RETURN NULL; END $$",
)
TRIGGERS = (
    "CREATE TRIGGER sealed BEFORE INSERT OR UPDATE OF unsealed_at, brief_id ON bids"
    " FOR EACH ROW EXECUTE FUNCTION seal_bid()",
    "CREATE TRIGGER closed AFTER UPDATE OF closed_at, cancelled_at ON briefs"
    " FOR EACH ROW EXECUTE FUNCTION unseal_bids()",
)

# Whoever acts is asked for once: each question to a setting is a plan of its own, in every statement.
BID = (
    f"{ME} = ANY (ARRAY[creator_id, agency_id, CASE WHEN unsealed_at IS NOT NULL"
    # The brand sees what was on the table when it could first look.
    " AND (status <> 'withdrawn' OR withdrawn_at >= unsealed_at) THEN brand_id END])"
    f" OR (agency_id IS NULL AND creator_id {MINE}) OR (unsealed_at IS NOT NULL AND {ADMIN})"
)
OWN_COSTS = f"{ME} = ANY (ARRAY[b.creator_id, b.agency_id]) OR (b.agency_id IS NULL AND b.creator_id {MINE})"


def through_bid(table: str, where: str) -> str:
    """Rows that whoever sees the bid sees: the policy of bids applies within."""
    return f"EXISTS (SELECT 1 FROM bids b WHERE b.id = {table} AND ({where}))"


POLICIES = {
    "bids": BID,
    # A brand was never offered an earlier wording.
    "bid_revisions": through_bid("bid_revisions.bid_id", f"b.revision_id = bid_revisions.id OR b.brand_id <> {ME}"),
    "bid_costs": through_bid("bid_costs.bid_id", OWN_COSTS),
    # A place in a ranking says something of rivals, so a bidder too sees its own after the close only.
    "matches": through_bid("matches.id", "b.unsealed_at IS NOT NULL"),
}
FORMER_FUNCTIONS = ("app_closed_briefs()", "brief_was_closed(uuid)", "was_withdrawn_later(uuid, timestamptz)")


def upgrade() -> None:
    op.add_column("bids", sa.Column("unsealed_at", sa.DateTime(timezone=True), nullable=True))
    for statement in FUNCTIONS:
        op.execute(statement)
    op.execute("UPDATE bids SET unsealed_at = f.closed_at FROM briefs f WHERE f.id = bids.brief_id AND " + CLOSED)
    for statement in TRIGGERS:
        op.execute(statement)
    for table, rule in POLICIES.items():
        op.execute(f"ALTER POLICY tenant ON {table} USING ({rule})")
    for function in FORMER_FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")


FORMER_DEFINER = f"STABLE PARALLEL SAFE {DEFINER}"
FORMER_BODIES = {
    "app_closed_briefs()": f"uuid[] LANGUAGE sql {FORMER_DEFINER} AS $$ SELECT coalesce(array_agg(f.id), '{{}}')"
    f" FROM briefs f WHERE f.brand_id = app_party() AND {CLOSED} $$",
    "brief_was_closed(brief uuid)": f"boolean LANGUAGE sql {FORMER_DEFINER} AS"
    f" $$ SELECT EXISTS (SELECT 1 FROM briefs f WHERE f.id = brief AND {CLOSED}) $$",
    "was_withdrawn_later(brief uuid, moment timestamptz)": f"boolean LANGUAGE sql {FORMER_DEFINER} AS"
    " $$ SELECT EXISTS (SELECT 1 FROM briefs f WHERE f.id = brief AND moment >= f.closed_at) $$",
}
OF_CLOSED = "brief_id = ANY ((SELECT app_closed_briefs())::uuid[])"


def _own_bid(alias: str) -> str:
    return (
        f"({alias}.creator_id = {ME} OR {alias}.agency_id = {ME}"
        f" OR ({alias}.agency_id IS NULL AND {alias}.creator_id {MINE}))"
    )


FORMER = {
    "bids": f"{_own_bid('bids')} OR (brand_id = {ME} AND {OF_CLOSED}"
    " AND (status <> 'withdrawn' OR was_withdrawn_later(brief_id, withdrawn_at)))"
    f" OR ({ADMIN} AND brief_was_closed(brief_id))",
    "bid_revisions": through_bid("bid_revisions.bid_id", f"b.brand_id <> {ME} OR b.revision_id = bid_revisions.id"),
    "bid_costs": through_bid("bid_costs.bid_id", _own_bid("b")),
    "matches": f"({OF_CLOSED} OR brief_was_closed(brief_id)) AND {through_bid('matches.id', 'true')}",
}


def downgrade() -> None:
    for signature, body in FORMER_BODIES.items():
        op.execute(f"CREATE FUNCTION {signature} RETURNS {body}")
    for table, rule in FORMER.items():
        op.execute(f"ALTER POLICY tenant ON {table} USING ({rule})")
    op.execute("DROP TRIGGER closed ON briefs")
    op.execute("DROP TRIGGER sealed ON bids")
    for function in ("unseal_bids()", "seal_bid()", "brief_closed_at(uuid)"):
        op.execute(f"DROP FUNCTION {function}")
    op.drop_column("bids", "unsealed_at")
