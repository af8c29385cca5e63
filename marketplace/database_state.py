"""What a market's database has to have beside its rows: the role of the application, its rights and the policies.

A dump that was restored by hand easily lacks them: roles are no part of it, and where they are missing PostgreSQL
leaves the policies out and goes on.
"""

import sqlalchemy as sa

from marketplace.core.db import SERVICE_ROLE
from marketplace.core.message import Bilingual
from marketplace.database_roles import ROLES, login_owns

# Tables without policies, and why. Every other one has them, also one that is made later.
_MARKETS = "what is learned of all parties together; it names nobody"
_QUEUE = "the machine's own: it names nobody"
_ROOMS = "read by many sides, each as its room's policy.py says"
OPEN_TABLES = {
    "alembic_version": _QUEUE,
    "job_probes": _QUEUE,
    "worker_beats": _QUEUE,
    "forecast_models": _MARKETS,
    "growth_models": _MARKETS,
    "overlap_models": _MARKETS,
    "price_index_cells": _MARKETS,
    "price_models": _MARKETS,
    "sketch_salts": "told to everybody who makes a sketch",
    "video_pictures": "found by what a video looks like, not by whose it is",
    "video_step_answers": "found by a key that only whoever has the video can compute",
    "channels": _ROOMS,
    "parties": _ROOMS,
    "videos": _ROOMS,
}
# No role of the market may read these: functions answer about one row at a time.
SEALED_TABLES = ("credentials",)

_ROLE = sa.text("SELECT pg_has_role(session_user, oid, 'SET') FROM pg_roles WHERE rolname = :role")
_UNGUARDED = sa.text(
    "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'"
    " WHERE c.relkind IN ('r', 'p') AND NOT c.relname = ANY (:open) AND (NOT c.relrowsecurity"
    " OR NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)"
    " OR has_table_privilege(:role, c.oid, 'SELECT') = (c.relname = ANY (:sealed))) ORDER BY c.relname"
)


def fault(connection: sa.Connection) -> Bilingual | None:
    """Return what is missing, as a sentence that says what to do; None if the database is as migrations leave it."""
    for role in ROLES:
        may = connection.execute(_ROLE, {"role": role}).scalar()
        if may is None:
            return Bilingual(
                f"数据库缺少角色 {role}：请用 inlay restore 恢复备份，不要直接用 pg_restore。",
                f"The database has no role {role}: restore a backup with `inlay restore`, not with pg_restore alone.",
            )
        if not may:
            return Bilingual(
                f"数据库账号不能切换到角色 {role}：请执行 GRANT {role} TO 该账号。",
                f"The database's login may not take the role {role}: GRANT {role} TO it.",
            )
    values = {"open": sorted(OPEN_TABLES), "sealed": list(SEALED_TABLES), "role": SERVICE_ROLE}
    tables = list(connection.execute(_UNGUARDED, values).scalars())
    if tables:
        named = ", ".join(tables[:5])
        return Bilingual(
            f"数据库缺少这些表的行级权限：{named}。请用 inlay restore 恢复备份。",
            f"The database lacks the policies or rights of {named}: restore a backup with `inlay restore`.",
        )
    return None


def advice(connection: sa.Connection) -> Bilingual | None:
    """Return what an operator should change, though the market works; None if there is nothing."""
    if login_owns(connection):
        return Bilingual(
            "数据库账号拥有这些表，行级权限拦不住它：请在 DATABASE_URL 中写另一个账号，"
            "在 MIGRATION_DATABASE_URL 中写这个账号，再执行 inlay migrate。",
            "The database's login owns the tables, and no policy holds it: name another login in DATABASE_URL and this"
            " one in MIGRATION_DATABASE_URL, and run `inlay migrate`.",
        )
    return None
