"""Accounts and sign-ins: whose market it is from here on, without an API key in the environment."""

from typing import Any

import click

from marketplace.cli.account import stored_sign_ins
from marketplace.cli.calls.api_commands import show
from marketplace.cli.calls.id_arguments import IdArgument
from marketplace.cli.client import ApiClient, fail
from marketplace.cli.output import echo_json, hint
from marketplace.cli.shown.summaries import in_words
from marketplace.core.message import Bilingual

_KINDS = ("brand", "creator", "agency")
_PASSWORD = "INLAY_PASSWORD"  # noqa: S105 - the name of a setting
_email = click.option("--email", required=True, help="Your e-mail address.")


def _password(help_: str, *, again: bool = False) -> Any:
    return click.option(
        "--password",
        envvar=_PASSWORD,
        prompt="Password",
        hide_input=True,
        confirmation_prompt=again,
        help=f"{help_} Asked for when left out; better there or as {_PASSWORD}, which no process list shows.",
    )


@click.command("sign-up")
@_email
@click.option("--name", required=True, help="Your own name.")
@click.option("--kind", required=True, type=click.Choice(_KINDS), help="What your party is.")
@click.option("--party", help="The party's name; else your own.")
@click.option("--timezone", help="Your time zone, such as Asia/Shanghai.")
@_password("At least 8 characters, and none that is guessed first.", again=True)
@click.pass_obj
def sign_up(
    api: ApiClient, /, email: str, name: str, kind: str, party: str | None, timezone: str | None, password: str
) -> None:
    """Make an account and the party that it acts for."""
    body = {"email": email, "password": password, "name": name, "party": {"kind": kind, "name": party or name}}
    body |= {"locale": {"zh": "zh-CN", "en": "en"}[api.language]} | ({} if timezone is None else {"timezone": timezone})
    answer = api.call("POST", "/sign-up", body)
    if api.as_json:
        echo_json(answer)
    else:
        click.echo(f"{answer['party']['id']}  {answer['party']['kind']} {answer['party']['name']}")
        hint(Bilingual("账户已建好，请登录：inlay sign-in。", "The account stands; sign in with `inlay sign-in`."))


@click.command("sign-in")
@_email
@click.option("--party", type=IdArgument("party"), help="The party to act for, where you sit in several.")
@click.option("--print-key", is_flag=True, help="Print the session's key, for INLAY_KEY, and keep nothing here.")
@_password("Your password.")
@click.option("--code", help="Of an account with a second factor: its app's code; asked for when left out.")
@click.pass_obj
def sign_in(api: ApiClient, /, email: str, party: str | None, print_key: bool, password: str, code: str | None) -> None:
    """Sign in at this market.

    The session is kept in a file of yours that nobody else may read, in place of the last one there. A key in
    INLAY_KEY or --key comes before it.
    """
    body = {"email": email, "password": password, "party_id": party, "code": code}
    answer = api.sign_in(body) or api.call("POST", "/sessions", body | {"code": _asked_code()})
    if print_key:
        click.echo(answer["token"])
        return
    try:
        stored_sign_ins.keep(api.url, {"token": answer["token"], "email": email, "expires_at": answer["expires_at"]})
    except OSError as error:
        file = stored_sign_ins.file()
        fail(Bilingual(f"登录信息写不进 {file}：{error.strerror}。", f"{file} cannot be written: {error.strerror}."))
    actor = answer["actor"]
    if api.as_json:
        echo_json({"party_id": actor["party_id"], "role": actor["role"], "expires_at": answer["expires_at"]})
        return
    until = answer["expires_at"][:16].replace("T", " ")
    hint(
        Bilingual(
            f"已登录 {api.url}：{actor['role']} {actor['party_id']}，有效至 {until}（UTC）。",
            f"Signed in at {api.url} as {actor['role']} {actor['party_id']}, until {until} UTC.",
        )
    )


def _asked_code() -> str:
    return str(click.prompt(in_words("验证码", "Code"), err=True))


@click.command("sign-out")
@click.pass_obj
def sign_out(api: ApiClient, /) -> None:
    """End the session that was kept at sign-in."""
    kept = stored_sign_ins.token(api.url)
    if not kept:
        fail(Bilingual(f"这里没有登录 {api.url}。", f"Nobody is signed in at {api.url} here."))
    stored_sign_ins.forget(api.url)
    ApiClient(api.url, kept, language=api.language).end_session()
    hint(Bilingual("已退出登录。", "Signed out."))


@click.command("password")
@click.option("--old", prompt="Old password", hide_input=True, help="The password until now; asked for when left out.")
@click.option(
    "--new",
    prompt="New password",
    hide_input=True,
    confirmation_prompt=True,
    help="The password from now on; asked for when left out.",
)
@click.pass_obj
def change_password(api: ApiClient, /, old: str, new: str) -> None:
    """Change your password.

    Every other session of yours ends.
    """
    api.call("POST", "/people/me/password", {"old": old, "new": new})
    hint(Bilingual("密码已修改。", "The password is changed."))


@click.command("second-factor")
@click.option("--remove", is_flag=True, help="Take it away, with your password and a code.")
@click.pass_obj
def second_factor(api: ApiClient, /, remove: bool) -> None:
    """Set a second factor up, or take it away.

    Signing in asks for a code of an app then, and not for the password alone.
    """
    if remove:
        password = click.prompt(in_words("密码", "Password"), hide_input=True, err=True)
        api.call("POST", "/people/me/second-factor/remove", {"password": password, "code": _asked_code()})
        hint(Bilingual("已移除第二因素。", "The second factor is removed."))
        return
    made = api.call("POST", "/people/me/second-factor", None)
    hint(
        Bilingual(
            f"请在验证器应用中输入密钥 {made['secret']}，或使用地址 {made['uri']}",
            f"Type the secret {made['secret']} into your app, or use the address {made['uri']}",
        )
    )
    kept = api.call("POST", "/people/me/second-factor/confirm", {"code": _asked_code()})
    if api.as_json:
        echo_json(kept)
        return
    hint(
        Bilingual(
            "第二因素已启用。请把这些恢复码写在纸上，每个只能用一次：",
            "The second factor counts from now on. Keep these recovery codes on paper; each is good once:",
        )
    )
    for code in kept["recovery_codes"]:
        click.echo(code)


@click.command("ask")
@_email
@click.pass_obj
def ask_for_password_reset(api: ApiClient, /, email: str) -> None:
    """Have a mail sent with which you set a new password."""
    api.call("POST", "/password-resets", {"email": email})
    hint(
        Bilingual(
            "如果有账户使用这个邮箱，邮件很快就到；收到后运行：inlay passwords reset。",
            "If an account has this address, a mail is on its way; then run `inlay passwords reset`.",
        )
    )


@click.command("reset")
@click.option("--token", prompt="Token", hide_input=True, help="What the mail shows; asked for when left out.")
@_password("Your new password.", again=True)
@click.pass_obj
def confirm_password_reset(api: ApiClient, /, token: str, password: str) -> None:
    """Set a new password with what the mail shows.

    Every session of yours ends.
    """
    api.call("POST", "/password-resets/confirm", {"token": token.strip(), "password": password})
    hint(Bilingual("密码已重置，请登录：inlay sign-in。", "The password is reset; sign in with `inlay sign-in`."))


@click.command("accept")
@click.option("--token", required=True, help="The invitation's token, as it was handed to you.")
@click.option("--name", help="Your name, where you have no account yet.")
@_password("Your account's password, or the one that it will have.")
@click.pass_obj
def accept_invite(api: ApiClient, /, token: str, name: str | None, password: str) -> None:
    """Take the seat that an invitation offers.

    With your account, or a new one.
    """
    show(api, api.call("POST", "/invites/accept", {"token": token, "name": name, "password": password}))
