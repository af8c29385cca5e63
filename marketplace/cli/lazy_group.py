"""A group that imports a command only when it is called: some load libraries for a second or two, most need none."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import click

from marketplace.cli.client import EXIT_USAGE, ApiClient
from marketplace.cli.language import LanguageOption
from marketplace.cli.usage_errors import sentence
from marketplace.core.lazy_import import lazy_module
from marketplace.core.message import Language


class LazyCommand(NamedTuple):
    """Where a command is (``module:attribute``), and the first sentence of its help: listing must import nothing."""

    target: str
    help: str

    def load(self) -> click.Command:
        module, attribute = self.target.split(":")
        command: click.Command = getattr(lazy_module(module), attribute)
        return command


class LazyGroup(click.Group):
    """A group with commands of its own and ``lazy`` ones. Each takes `--json` and `--language` after its name too.

    ``sections`` says under which heading the help lists which commands; without it they make one list.
    """

    def __init__(
        self,
        *args: Any,
        lazy: Mapping[str, LazyCommand] | None = None,
        sections: Mapping[str, Sequence[str]] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.lazy = dict(lazy or {})
        self.sections = dict(sections or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *self.lazy})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self.lazy and cmd_name not in self.commands:
            self.add_command(self.lazy[cmd_name].load(), cmd_name)
        command = super().get_command(ctx, cmd_name)
        return None if command is None else _with_common_options(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        listed = {name: click.Command(name, help=command.help) for name, command in self.lazy.items()}
        named = {**listed, **self.commands}
        limit = formatter.width - 6 - max(map(len, named), default=0)
        for heading, names in (self.sections or {"Commands": sorted(named)}).items():
            with formatter.section(heading):
                formatter.write_dl([(name, named[name].get_short_help_str(limit)) for name in names])

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command. A wrong usage ends it with one line in the language of the command, and exit code 2."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        try:
            code = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            raise SystemExit(EXIT_USAGE) from None
        except click.ClickException as error:
            click.echo(f"inlay: {sentence(error)}", err=True)
            raise SystemExit(error.exit_code) from None
        except click.Abort:
            click.echo("", err=True)
            raise SystemExit(1) from None
        raise SystemExit(code if isinstance(code, int) else 0)


def _with_common_options(command: click.Command) -> click.Command:
    """Add to a command what may also stand before it, once."""
    if any("--json" in param.opts for param in command.params):
        return command
    command.params += [
        click.Option(
            ["--json"], is_flag=True, expose_value=False, callback=_print_json, help="Print the answer as JSON."
        ),
        LanguageOption(expose_value=False, callback=_speak),
    ]
    return command


def _print_json(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value and isinstance(context.obj, ApiClient):
        context.obj = replace(context.obj, as_json=True)


def _speak(context: click.Context, param: click.Parameter, value: Language) -> None:
    # Without the option on this command, what was said before it stands.
    typed = context.get_parameter_source(str(param.name)) is click.core.ParameterSource.COMMANDLINE
    if typed and isinstance(context.obj, ApiClient):
        context.obj = replace(context.obj, language=value)
