"""review verdicts

A review carries what its sides may read of it (reason, time), and the override that two people have agreed on; each of
its risks says whether it asks for a person.

What happens to the reviews that are there:

- Decided and held ones stay as they are and get their reason, time and, where two people had agreed on one, the
  override, which binds from now on. Both sides read the reason of a held or rejected one and of an override.
- Open ones that nobody has touched, of bids that are over or accepted, are dropped: a decision would bind nothing.
- Open ones that somebody has decided anything about, now or before they were reopened, stay open.
- Open ones that nobody has touched, with a risk that needs a person, stay open: whoever was asked is still asked.
- Open ones that nobody has touched, with notes alone, become passed, with an event of their own and one that both
  sides read, as if they had been assessed today. Nothing is deleted.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

# The codes of the former rules that ask for a person.
ASKING = "'severe_intrusiveness', 'suspicious_figures', 'large_amount'"

GRADE = f"""
UPDATE reviews SET risks = (
  SELECT jsonb_agg(risk.value || jsonb_build_object('asks', risk.value ->> 'code' IN ({ASKING})) ORDER BY risk.position)
  FROM jsonb_array_elements(risks) WITH ORDINALITY risk (value, position))
WHERE risks <> '[]'
"""

# The last decision by the version that was decided on, as the service finds it.
LAST = """
SELECT DISTINCT ON (review_id) review_id, person_id, reason, created_at
FROM review_decisions ORDER BY review_id, (seen ->> 'version')::bigint DESC
"""

DECIDED = f"""
UPDATE reviews r SET decided_at = last.created_at,
  reason = CASE WHEN r.status <> 'approved' THEN last.reason END
FROM ({LAST}) last WHERE last.review_id = r.id AND r.status IN ('held', 'approved', 'rejected')
"""

# The event of an approval names the override that it agreed to (JSON's null for none), the decision who gave it.
OVERRIDES = f"""
UPDATE reviews r SET reason = given.reason, override = agreed.override || jsonb_build_object(
  'reason', given.reason, 'decided_at', r.decided_at, 'by', jsonb_build_array(given.person_id, last.person_id))
FROM ({LAST}) last,
  (SELECT DISTINCT ON (subject_id) subject_id, data -> 'override' AS override
   FROM events WHERE kind = 'reviews.approve' ORDER BY subject_id, created_at DESC, id DESC) agreed,
  LATERAL (SELECT d.reason, d.person_id FROM review_decisions d
   WHERE d.review_id = agreed.subject_id AND d.override = agreed.override
   ORDER BY (d.seen ->> 'version')::bigint LIMIT 1) given
WHERE r.status = 'approved' AND last.review_id = r.id AND agreed.subject_id = r.id
  AND jsonb_typeof(agreed.override) = 'object'
"""

UNTOUCHED = "status = 'open' AND NOT EXISTS (SELECT 1 FROM review_decisions d WHERE d.review_id = r.id)"

DROP = f"""
WITH over AS (
  UPDATE reviews r SET status = 'dropped', version = version + 1
  WHERE {UNTOUCHED} AND EXISTS (SELECT 1 FROM bids b WHERE b.id = r.subject_id AND b.status <> 'open') RETURNING id)
INSERT INTO events (id, created_at, kind, subject_id, party_ids, actor_role, data, relayed_at)
SELECT uuidv7(), now(), 'reviews.drop', id, '{{}}', 'system',
  jsonb_build_object('before', 'open', 'after', 'dropped'), now() FROM over
"""

PASS = f"""
WITH calm AS (
  UPDATE reviews r SET status = 'passed', version = version + 1
  WHERE {UNTOUCHED} AND NOT EXISTS (SELECT 1 FROM jsonb_array_elements(risks) risk WHERE risk ->> 'code' IN ({ASKING}))
  RETURNING id, subject_kind, subject_id, about_id, party_ids, seen_fingerprint)
INSERT INTO events (id, created_at, kind, subject_id, party_ids, actor_role, data, relayed_at)
SELECT uuidv7(), now(), 'reviews.pass', id, '{{}}', 'system',
  jsonb_build_object('before', 'open', 'after', 'passed', 'fingerprint', seen_fingerprint), now() FROM calm
UNION ALL
SELECT uuidv7(), now(), subject_kind || 's.pass_review', subject_id, party_ids, 'system',
  jsonb_build_object('brief_id', about_id, 'fingerprint', seen_fingerprint), now() FROM calm
"""


def upgrade() -> None:
    op.add_column("reviews", sa.Column("reason", sa.Text(), nullable=True))
    op.add_column("reviews", sa.Column("override", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column("reviews", sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True))
    for statement in (GRADE, DECIDED, OVERRIDES, DROP, PASS):
        op.execute(statement)


def downgrade() -> None:
    # The former program knows neither status. It asked a person about everything, so these wait for one again.
    op.execute("UPDATE reviews SET status = 'open' WHERE status IN ('deferred', 'passed')")
    for name in ("decided_at", "override", "reason"):
        op.drop_column("reviews", name)
