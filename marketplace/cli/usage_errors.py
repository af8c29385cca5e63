"""What is wrong with a command line, as one sentence in the language of the command. click words it in English only."""

import click

from marketplace.cli.client import ApiClient
from marketplace.cli.language import of_environment


def sentence(error: click.ClickException) -> str:
    """Return the error in one line, and where the help is."""
    context = getattr(error, "ctx", None)
    api = context.find_object(ApiClient) if context is not None else None
    chinese = (of_environment() if api is None else api.language) == "zh"
    text = " ".join((_chinese(error) if chinese else error.format_message()).split())
    if context is None or not isinstance(error, click.UsageError):
        return text
    return f"{text}见 `{context.command_path} --help`。" if chinese else f"{text} See `{context.command_path} --help`."


def _chinese(error: click.ClickException) -> str:
    match error:
        case click.exceptions.NoSuchCommand():
            return f"没有 {error.command_name} 这个命令。{_meant(error.possibilities)}"
        case click.NoSuchOption():
            return f"没有 {error.option_name} 这个选项。{_meant(error.possibilities)}"
        case click.MissingParameter():
            return f"缺少 {_name(error)}。"
        case click.BadOptionUsage():
            return f"选项 {error.option_name} 后面的值不对或缺失。"
        case click.BadParameter():
            return f"{_name(error)} 的值无效：{_why(error)}"
        case click.FileError():
            return f"打不开文件 {error.ui_filename}：{error.message}"
        case click.UsageError():
            return f"命令的写法不对：{error.message}"
        case _:
            return error.format_message()


def _meant(possibilities: object) -> str:
    words = list(possibilities) if isinstance(possibilities, list | tuple | set) else []
    return f"是不是 {'、'.join(sorted(words))}？" if words else ""


def _name(error: click.BadParameter) -> str:
    if error.param is not None:
        return (
            error.param.opts[0] if isinstance(error.param, click.Option) else error.param.make_metavar(_context(error))
        )
    return str(error.param_hint or "参数")


def _context(error: click.BadParameter) -> click.Context:
    return error.ctx or click.Context(click.Command("inlay"))


def _why(error: click.BadParameter) -> str:
    kind = getattr(error.param, "type", None)
    if isinstance(kind, click.Choice):
        return f"只能是 {'、'.join(map(str, kind.choices))}。"
    if isinstance(kind, click.Path | click.File):
        return f"文件或文件夹打不开或不存在（{error.message}）"
    return error.message
