"""Every command of `inlay` with its parameters."""

from collections.abc import Iterator

import click

from marketplace.cli.main import main


def every(command: click.Command = main, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, by the words that call it."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from every(found, (*path, name))


def params() -> Iterator[tuple[str, click.Parameter]]:
    """Every parameter, by the words that call its command and its own name."""
    for path, command in every():
        for param in command.params:
            yield " ".join((*path, param.opts[0])), param
