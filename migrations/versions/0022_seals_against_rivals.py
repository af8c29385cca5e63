"""seals against rivals

Events know the transaction that recorded them, so that the stream can end at the oldest one that is still open. Deal
prices, windows of exclusivity and video checks know which agency they are the business of.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

ROLE = "inlay_app"
REPORT = ["channel_id", "brand_key", "settled_on", "deal_minor", "currency"]
FORMER_KEY = "uq_deal_prices_channel_id_brand_key_settled_on_deal_minor_currency"

# Who told a price, and whose deal it was: the event of the telling says who acted; the newest accepted bid of the brand
# for the channel says through which agency.
FILL_TELLERS = """
UPDATE deal_prices d SET told_by_id = e.actor_party_id,
  agency_id = CASE WHEN e.actor_role = 'agency' THEN e.actor_party_id END
FROM events e WHERE e.subject_id = d.id AND e.kind = 'deal_prices.new'
"""
FILL_AGENCIES = """
UPDATE deal_prices d SET agency_id = (
  SELECT b.agency_id FROM bids b WHERE b.channel_id = d.channel_id AND b.brand_id = d.brand_id AND b.status = 'accepted'
  ORDER BY b.id DESC LIMIT 1
) WHERE d.agency_id IS NULL
"""
FILL_WINDOWS = """
UPDATE exclusivity_windows w SET agency_id = e.actor_party_id
FROM events e WHERE e.subject_id = w.id AND e.kind = 'exclusivity_windows.new' AND e.actor_role = 'agency'
"""
# A check for an agency's bid is that agency's; so is one that somebody with a seat in an agency of the creator requested.
FILL_CHECKS = """
UPDATE video_checks c SET agency_id = coalesce(
  (SELECT m.party_id FROM memberships m JOIN mandates d ON d.agency_id = m.party_id AND d.creator_id = c.party_id
   WHERE m.person_id = c.person_id ORDER BY d.id DESC LIMIT 1),
  (SELECT b.agency_id FROM bids b WHERE b.id = c.bid_id)
)
"""


def upgrade() -> None:
    # 0 for what is there: those transactions are over, and among them the ids are the order that cursors went by.
    op.add_column("events", sa.Column("xid", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.alter_column("events", "xid", server_default=sa.text("((pg_current_xact_id())::text)::bigint"))
    op.create_index("ix_events_stream", "events", ["xid", "id"])
    op.execute(
        "CREATE FUNCTION event_xid(event uuid) RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER"
        " SET search_path = public, pg_temp"
        " AS $$ SELECT coalesce((SELECT xid FROM events WHERE id = event), 0) $$"
    )
    for table in ("deal_prices", "exclusivity_windows", "video_checks"):
        op.add_column(table, sa.Column("agency_id", sa.Uuid(), nullable=True))
        op.create_foreign_key(op.f(f"fk_{table}_agency_id"), table, "parties", ["agency_id"], ["id"])
    op.create_index(op.f("ix_deal_prices_agency_id"), "deal_prices", ["agency_id"])
    op.create_index(op.f("ix_video_checks_agency_id"), "video_checks", ["agency_id"])
    _deal_prices()
    for filling in (FILL_TELLERS, FILL_AGENCIES, FILL_WINDOWS, FILL_CHECKS):
        op.execute(filling)


def _deal_prices() -> None:
    for name, target in (("told_by_id", "parties"), ("bid_id", "bids")):
        op.add_column("deal_prices", sa.Column(name, sa.Uuid(), nullable=True))
        op.create_foreign_key(op.f(f"fk_deal_prices_{name}"), "deal_prices", target, [name], ["id"])
    op.add_column("deal_prices", sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_deal_prices_bid_id"), "deal_prices", ["bid_id"])
    op.drop_constraint(op.f(FORMER_KEY), "deal_prices")
    op.create_index(
        "uq_deal_prices_one_report",
        "deal_prices",
        [*REPORT, "told_by_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("removed_at IS NULL AND source <> 'market'"),
    )
    op.create_index(
        "uq_deal_prices_one_of_a_bid",
        "deal_prices",
        ["bid_id"],
        unique=True,
        postgresql_where=sa.text("removed_at IS NULL AND source = 'market'"),
    )
    op.execute(f"GRANT UPDATE (removed_at) ON deal_prices TO {ROLE}")


def downgrade() -> None:
    # The former key knows one report of a deal only, and no prices that the market stored itself.
    op.execute("DELETE FROM deal_prices WHERE source = 'market' OR removed_at IS NOT NULL")
    op.execute(
        "DELETE FROM deal_prices d USING deal_prices o WHERE o.id < d.id AND "
        + " AND ".join(f"o.{name} = d.{name}" for name in REPORT)
    )
    for name in ("told_by_id", "bid_id", "removed_at"):
        op.drop_column("deal_prices", name)
    op.create_unique_constraint(op.f(FORMER_KEY), "deal_prices", REPORT)
    for table in ("deal_prices", "exclusivity_windows", "video_checks"):
        op.drop_column(table, "agency_id")
    op.execute("DROP FUNCTION event_xid(uuid)")
    op.drop_index("ix_events_stream", table_name="events")
    op.drop_column("events", "xid")
