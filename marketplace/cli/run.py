"""Runs the market: each part alone, or all of them together on the embedded servers."""

import os
import sys
import time
from pathlib import Path

import click
import sqlalchemy as sa

from marketplace import database_roles, database_state, schema
from marketplace.cli.client import fail
from marketplace.cli.lazy_group import LazyGroup
from marketplace.cli.number_options import WholeNumber
from marketplace.cli.shown.summaries import in_words
from marketplace.core import db
from marketplace.core.actor import EVERYTHING, Actor, Role
from marketplace.core.config import Config
from marketplace.core.ids import show
from marketplace.core.jobs import QUEUES
from marketplace.core.message import Bilingual
from marketplace.identity import api_keys
from marketplace.identity import service as identity
from marketplace.local.market_tree import MarketTree
from marketplace.local.programs import MARKET_QUEUES, ringer_argv, web_argv
from marketplace.local.servers import EmbeddedError

STALE_S = 60


@click.command("web")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=WholeNumber(1, 65535), default=8000, show_default=True, help="The port to listen on.")
@click.option("--workers", type=WholeNumber(1, 64), default=1, show_default=True, help="How many processes.")
@click.option(
    "--threads", type=WholeNumber(1, 64), help="Threads a process; without it as many as WEB_THREADS says, or 8."
)
def web(host: str, port: int, workers: int, threads: int | None) -> None:
    """Serve the API."""
    Config.from_env()
    argv = web_argv(host, port, workers)
    environment = dict(os.environ) | ({} if threads is None else {"WEB_THREADS": str(threads)})  # noqa: TID251 - handed on
    os.execve(sys.executable, argv, environment)  # noqa: S606 - our own interpreter with fixed arguments


@click.command("worker")
@click.option("--children", type=WholeNumber(1, 64), default=2, show_default=True, help="How many processes do jobs.")
@click.option(
    "--queue",
    "queues",
    multiple=True,
    type=click.Choice(QUEUES),
    default=MARKET_QUEUES,
    show_default=True,
    help="Which work; repeatable.",
)
def worker(children: int, queues: tuple[str, ...]) -> None:
    """Do jobs.

    A watchdog beside the worker restarts it when work is due and nobody drains it."""
    config = Config.from_env()
    db.connect(config.database_url, pool_size=2)
    tree = MarketTree(dict(os.environ))  # noqa: TID251 - handed on to the child as it is
    tree.add_worker(children, queues=queues)
    sys.exit(tree.run())


@click.command("ringer")
def ringer() -> None:
    """Ring for due work: timers, lost rings, expired leases."""
    Config.from_env()
    os.execv(sys.executable, ringer_argv())  # noqa: S606 - fixed arguments


@click.command("migrate")
@click.option("--revision", default="head", show_default=True, help="The schema's revision to go to.")
def migrate(revision: str) -> None:
    """Bring the database in DATABASE_URL to the newest schema.

    It does so as the login of MIGRATION_DATABASE_URL, which owns the tables, and makes the login of
    DATABASE_URL if there is none.
    """
    config = Config.from_env()
    try:
        stands_at = schema.migrate(config.migration_database_url, config.database_url, revision)
    except database_roles.OwnerNeeded as error:
        fail(error.text)
    engine = sa.create_engine(config.database_url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        missing = database_state.fault(connection) if revision == "head" else None
        advice = database_state.advice(connection)
    if missing is not None:
        fail(missing)
    if advice is not None:
        click.echo(in_words(advice.zh, advice.en), err=True)
    click.echo(in_words(f"数据库结构版本：{stands_at}", f"the schema is at {stands_at}"))


@click.command("health")
@click.argument("part", type=click.Choice(["worker", "ringer"]), help="Which part is asked about.")
def health(part: str) -> None:
    """Say by the exit code whether a part does its work."""
    config = Config.from_env()
    if part == "ringer":
        beat = Path(config.heartbeat_dir or ".", "ringer")
        # By this machine's clock, which wrote the file's time too.
        if not beat.exists() or time.time() - beat.stat().st_mtime > STALE_S:  # noqa: TID251
            fail(Bilingual("时钟进程已有一分钟没有动静。", "The ringer has not rung for a minute."))
        return
    db.connect(config.database_url, pool_size=1)
    with db.transaction() as session:
        overdue = session.scalar(
            sa.text(
                "SELECT count(*) FROM jobs WHERE state = 'queued' AND queue <> 'vision'"
                " AND next_at < now() - make_interval(secs => :stale)"
            ),
            {"stale": STALE_S},
        )
    if overdue:
        fail(
            Bilingual(
                f"{overdue} 个任务已到期超过 {STALE_S} 秒。", f"{overdue} jobs have been due for more than {STALE_S} s."
            )
        )


@click.command("up")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=".data",
    show_default=True,
    help="Where everything is kept.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=WholeNumber(1, 65535), default=8000, show_default=True, help="The port to listen on.")
def up(data: Path, host: str, port: int) -> None:
    """Start a whole market here; Ctrl-C stops it all.

    It runs on the embedded servers, or on DATABASE_URL and REDIS_URL where those are set.
    """
    try:
        with MarketTree.on_embedded_servers(data, host, port) as tree:
            address = f"http://{host}:{port}"
            click.echo(
                in_words(
                    f"Inlay 运行在 {address}（API：/api/v1，说明：/docs）。Ctrl-C 停止。",
                    f"Inlay is at {address}  (API: /api/v1, description: /docs). Ctrl-C stops it.",
                )
            )
            code = tree.run()
    except EmbeddedError as error:
        fail(error.text)
    sys.exit(code)


@click.group("admin", cls=LazyGroup)
def admin() -> None:
    """Do what only the machine's owner may do."""


@admin.command("create")
@click.option("--email", required=True, help="The person's e-mail address.")
@click.option("--name", required=True, help="The person's name.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=".data",
    show_default=True,
    help="Where the market's data is, as `inlay up` was told.",
)
@click.option(
    "--password",
    envvar="INLAY_PASSWORD",
    help="At least 12 characters; asked for when left out; better there or as INLAY_PASSWORD.",
)
def create_admin(email: str, name: str, data: Path, password: str | None) -> None:
    """Make an administrator, with a key that is shown once."""
    try:
        db.connect(MarketTree.database_url(data), pool_size=1)
        with db.transaction() as session:
            session.execute(sa.text("SELECT 1 FROM parties LIMIT 1"))
    except EmbeddedError as error:
        fail(error.text)
    except sa.exc.SQLAlchemyError:
        fail(
            Bilingual(
                f"{data} 的数据库连不上，或还没有建表：请先运行 inlay up。",
                f"The database of {data} cannot be reached or has no tables yet: run `inlay up` first.",
            )
        )
    password = password or click.prompt("Password", hide_input=True, confirmation_prompt=True)
    with db.transaction() as session:
        membership = identity.make_platform_admin(session, email=email, name=name, password=password)
        actor = Actor(role=Role.ADMIN, party_id=membership.party.id, person_id=membership.person.id)
        key = api_keys.create(session, actor, name="first", scopes=sorted(EVERYTHING), expires_at=None).secret
    person = show("per", membership.person.id)
    click.echo(in_words(f"{person} 可以管理平台。", f"{person} may administer the platform."))
    click.echo(f"INLAY_KEY={key}")
