"""Completion in the shell: prints what switches it on."""

import click
from click.shell_completion import get_completion_class

from marketplace.cli.client import EXIT_USAGE, fail
from marketplace.core.message import Bilingual

SHELLS = ("bash", "zsh", "fish")
_HOW = {
    "bash": 'eval "$(inlay completion bash)"    # in ~/.bashrc',
    "zsh": 'eval "$(inlay completion zsh)"    # in ~/.zshrc, after compinit',
    "fish": "inlay completion fish | source    # in ~/.config/fish/config.fish",
}


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS), help="The shell to complete in.")
@click.pass_context
def completion(context: click.Context, /, shell: str) -> None:
    """Print what completes commands in a SHELL.

    To switch it on, put the line of your shell where it starts:

    \b
      eval "$(inlay completion bash)"     in ~/.bashrc
      eval "$(inlay completion zsh)"      in ~/.zshrc, after compinit
      inlay completion fish | source      in ~/.config/fish/config.fish
    """
    made = get_completion_class(shell)
    if made is None:
        fail(Bilingual(f"不支持 {shell}。", f"{shell} is not known."), EXIT_USAGE)
    try:
        script = made(context.find_root().command, {}, "inlay", "_INLAY_COMPLETE").source()
    except RuntimeError as error:
        fail(Bilingual(f"无法生成补全：{error}", f"Completion cannot be made: {error}"))
    click.echo(f"# {_HOW[shell]}\n{script}")
