"""one spelling of unknown platforms

Platforms that the market does not know are written without signs, so that an account on one is not claimed a second
time under `twi_tch`. Where a channel of the creator, or a proof of the account, has that spelling already, the other
stays as it is.
"""

from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

# With signs still after the migration before: `weixin_channels`, a code, and what had to stay as it was.
KNOWN = (
    "'douyin', 'tiktok', 'kuaishou', 'kwai', 'xiaohongshu', 'rednote', 'red', 'xhs', 'bilibili', 'weibo', 'sinaweibo',"
    " 'weixinchannels', 'wechatchannels', 'youtube', 'youtubeshorts', 'yt', 'instagram', 'instagramreels', 'ig', 'ins',"
    " 'facebook', 'facebookreels', 'fb'"
)
PLAIN = "replace({0}, '_', '')"
SIGNED = f"{{0}} LIKE '%\\_%' AND {PLAIN} NOT IN ({KNOWN})"


def upgrade() -> None:
    plain = PLAIN.format("platform")
    op.execute(
        "WITH spelt AS (SELECT id, claim_status, platform,"
        f" row_number() OVER (PARTITION BY {plain}, account_key, creator_id ORDER BY platform <> {plain}, id) AS mine,"
        f" row_number() OVER (PARTITION BY {plain}, account_key, claim_status ORDER BY platform <> {plain}, id) AS one"
        " FROM channels)"
        f" UPDATE channels c SET platform = {PLAIN.format('c.platform')} FROM spelt"
        f" WHERE spelt.id = c.id AND {SIGNED.format('c.platform')}"
        " AND mine = 1 AND (one = 1 OR spelt.claim_status <> 'proven')"
    )
    op.execute(
        "UPDATE close_features f SET platform = c.platform FROM channels c"
        " WHERE c.id = f.channel_id AND c.platform <> f.platform"
    )
    for table in ("audience_sketches", "deal_prices", "price_index_cells"):
        op.execute(f"UPDATE {table} SET platform = {plain} WHERE {SIGNED.format('platform')}")
    line = "line ->> 'platform'"
    op.execute(
        "UPDATE brief_versions v SET content = jsonb_set(v.content, '{deliverables}', spelt.deliverables) FROM ("
        f" SELECT v.id, jsonb_agg(CASE WHEN {SIGNED.format(f'({line})')}"
        f" THEN jsonb_set(line, '{{platform}}', to_jsonb({PLAIN.format(line)})) ELSE line END ORDER BY place)"
        " AS deliverables"
        " FROM brief_versions v, jsonb_array_elements(v.content -> 'deliverables') WITH ORDINALITY AS l (line, place)"
        " GROUP BY v.id) AS spelt"
        " WHERE spelt.id = v.id AND spelt.deliverables <> v.content -> 'deliverables'"
    )


def downgrade() -> None:
    """Leave the spelling: the former program reads it as it reads any."""
