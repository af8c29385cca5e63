"""What the market wrote into its folder of mail, where no mail server is set: for whoever runs it on one machine."""

from pathlib import Path
from typing import Any

import click

from marketplace.cli.client import ApiClient, fail
from marketplace.cli.lazy_group import LazyGroup
from marketplace.cli.output import Column, echo_json, table
from marketplace.core.message import Bilingual
from marketplace.mail import folder_transport
from marketplace.mail.folder_transport import KeptMail

MAIL_COLUMNS = (
    Column("id", "id"),
    Column("at", "sent_at"),
    Column("to address", "to", 16),
    Column("title", "subject", 12),
)
_data = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=".data",
    show_default=True,
    help="Where the market's data is, as `inlay up` was told.",
)


@click.group("mail", cls=LazyGroup)
def mail() -> None:
    """Read the mail that was written into a folder."""


@mail.command("list")
@_data
@click.pass_obj
def list_mail(api: ApiClient, /, data: Path) -> None:
    """List the mail in the data folder, the newest first.

    It is there where no MAIL_URL is set.
    """
    rows = [_row(one) for one in _kept(data)]
    if api.as_json:
        echo_json(rows)
    else:
        table(rows, MAIL_COLUMNS)


@mail.command("show")
@click.argument("name", help="The mail's id, as `inlay mail list` prints it; the newest when left out.", required=False)
@_data
@click.pass_obj
def show_mail(api: ApiClient, /, name: str | None, data: Path) -> None:
    """Print a mail in the data folder."""
    found = next((one for one in _kept(data) if name in (None, one.name)), None)
    if found is None:
        said = name or str(data)
        fail(Bilingual(f"没有这封邮件：{said}。", f"There is no such mail: {said}."))
    if api.as_json:
        echo_json({**_row(found), "text": found.text})
    else:
        click.echo(f"{found.recipient}\n{found.subject}\n\n{found.text}")


def _kept(data: Path) -> list[KeptMail]:
    try:
        return list(folder_transport.kept_mails(data / "mail"))
    except OSError as error:
        fail(Bilingual(f"{data} 不能读取：{error.strerror}。", f"{data} cannot be read: {error.strerror}."))


def _row(one: KeptMail) -> dict[str, Any]:
    sent_at = None if one.sent_at is None else f"{one.sent_at:%Y-%m-%dT%H:%M:%SZ}"
    return {"id": one.name, "sent_at": sent_at, "to": one.recipient, "subject": one.subject}
