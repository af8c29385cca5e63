"""platforms by one code

Since it was decided that a platform has one code at every door, `tik_tok` is `tiktok`; rows from before have other
spellings. Of two channels of one creator and account, or two that are proven of one account, the one that has the code
already, or the older, has it from now on; the other stays as it is, with all that hangs on it, and is shown as a
channel of an unknown platform.
"""

from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

# What people write for a code, without the signs between; what was stored is of small letters, digits and _.
NAMES = {
    "douyin": ("douyin",),
    "tiktok": ("tiktok",),
    "kuaishou": ("kuaishou", "kwai"),
    "xiaohongshu": ("xiaohongshu", "rednote", "red", "xhs"),
    "bilibili": ("bilibili",),
    "weibo": ("weibo", "sinaweibo"),
    "weixin_channels": ("weixinchannels", "wechatchannels"),
    "youtube": ("youtube", "youtubeshorts", "yt"),
    "instagram": ("instagram", "instagramreels", "ig", "ins"),
    "facebook": ("facebook", "facebookreels", "fb"),
}
VALUES = ", ".join(f"('{name}', '{code}')" for code, names in NAMES.items() for name in names)
CODES = f"(VALUES {VALUES}) AS known (name, code)"


def upgrade() -> None:
    op.execute(
        "WITH coded AS (SELECT id, claim_status, code, platform,"
        " row_number() OVER (PARTITION BY code, account_key, creator_id ORDER BY platform <> code, id) AS of_creator,"
        " row_number() OVER (PARTITION BY code, account_key, claim_status ORDER BY platform <> code, id) AS of_account"
        f" FROM channels JOIN {CODES} ON known.name = replace(platform, '_', ''))"
        " UPDATE channels c SET platform = coded.code FROM coded WHERE coded.id = c.id AND coded.platform <> coded.code"
        " AND of_creator = 1 AND (of_account = 1 OR coded.claim_status <> 'proven')"
    )
    op.execute(
        "UPDATE close_features f SET platform = c.platform FROM channels c"
        " WHERE c.id = f.channel_id AND c.platform <> f.platform"
    )
    for table in ("audience_sketches", "deal_prices", "price_index_cells"):
        op.execute(
            f"UPDATE {table} t SET platform = code FROM {CODES}"
            " WHERE known.name = replace(t.platform, '_', '') AND t.platform <> code"
        )
    op.execute(
        "UPDATE brief_versions v SET content = jsonb_set(v.content, '{deliverables}', spelt.deliverables) FROM ("
        " SELECT v.id, jsonb_agg(CASE WHEN code IS NULL THEN line"
        " ELSE jsonb_set(line, '{platform}', to_jsonb(code)) END ORDER BY place) AS deliverables"
        " FROM brief_versions v, jsonb_array_elements(v.content -> 'deliverables') WITH ORDINALITY AS l (line, place)"
        f" LEFT JOIN {CODES} ON known.name = replace(line ->> 'platform', '_', '') GROUP BY v.id) AS spelt"
        " WHERE spelt.id = v.id AND spelt.deliverables <> v.content -> 'deliverables'"
    )


def downgrade() -> None:
    """Leave the codes: the former program reads them as it reads any."""
