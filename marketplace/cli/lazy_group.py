"""A group that imports a command only when it is called: some load libraries for a second or two, most need none."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import click

from marketplace.core.lazy_import import lazy_module


class LazyCommand(NamedTuple):
    """Where a command is (``module:attribute``), and the first sentence of its help: listing must import nothing."""

    target: str
    help: str

    def load(self) -> click.Command:
        module, attribute = self.target.split(":")
        command: click.Command = getattr(lazy_module(module), attribute)
        return command


class LazyGroup(click.Group):
    """A group with commands of its own and ``lazy`` ones."""

    def __init__(self, *args: Any, lazy: Mapping[str, LazyCommand], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lazy = dict(lazy)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *self.lazy})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self.lazy and cmd_name not in self.commands:
            self.add_command(self.lazy[cmd_name].load(), cmd_name)
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        listed = {name: click.Command(name, help=command.help) for name, command in self.lazy.items()}
        click.Group(commands={**listed, **self.commands}).format_commands(ctx, formatter)
