"""events of a subject in order

A transaction that waits for a lock may have its number from before the one that it waits for, and an id tells only the
millisecond. So an event takes the place of the last one of its subject if that is later, and a number that is drawn as
it is recorded.
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

DEFINER = "SECURITY DEFINER SET search_path = public, pg_temp"


def upgrade() -> None:
    # 0 for what is there, whose order was that of the ids and stays so.
    op.add_column("events", sa.Column("number", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.execute("CREATE SEQUENCE event_numbers OWNED BY events.number")
    _index("ix_events_stream", "xid", "number", "id")
    _index("ix_events_subject_id", "subject_id", "xid")
    op.execute(
        f"CREATE FUNCTION event_number(event uuid) RETURNS bigint LANGUAGE sql STABLE {DEFINER}"
        " AS $$ SELECT coalesce((SELECT number FROM events WHERE id = event), 0) $$"
    )
    # Of all events of the subject, whoever may read them.
    op.execute(
        f"CREATE FUNCTION event_place() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$ BEGIN"
        " NEW.number := nextval('event_numbers');"
        " NEW.xid := greatest(NEW.xid, (SELECT max(xid) FROM events WHERE subject_id = NEW.subject_id));"
        " RETURN NEW; END $$"
    )
    op.execute("CREATE TRIGGER event_place BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION event_place()")


def downgrade() -> None:
    op.execute("DROP TRIGGER event_place ON events")
    for function in ("event_place()", "event_number(uuid)"):
        op.execute(f"DROP FUNCTION {function}")
    _index("ix_events_stream", "xid", "id")
    _index("ix_events_subject_id", "subject_id")
    op.drop_column("events", "number")


def _index(name: str, *columns: str) -> None:
    op.drop_index(name, table_name="events")
    op.create_index(name, "events", list(columns))
