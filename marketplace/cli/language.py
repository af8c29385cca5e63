"""The language of what the command says: one choice for all of them.

`--language`, else `INLAY_LANGUAGE`, else the locale (`LC_ALL`, `LC_MESSAGES`, `LANG`: the first that is set, Chinese
where it begins with zh), else English. So is help (`help_formatter.py`).
"""

from typing import Any, cast

import click

from marketplace.core.message import Language

LANGUAGES: tuple[Language, ...] = ("zh", "en")
_SETTINGS = ("INLAY_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


class LanguageOption(click.Option):
    """`--language`, which falls back to the locale; a locale that is not Chinese means English."""

    def __init__(self, **attrs: Any) -> None:
        super().__init__(
            ["--language"],
            type=click.Choice(LANGUAGES),
            help="The language of what is printed; else that of INLAY_LANGUAGE or of the locale.",
            is_eager=True,  # before --help, which speaks it
            **attrs,
        )

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        """Return the language of the environment."""
        locale = super().resolve_envvar_value(ctx) or ""
        return "zh" if locale.lower().startswith("zh") else "en"


def of_environment() -> Language:
    """Return the language that the settings and the locale name."""
    option = LanguageOption(envvar=_SETTINGS)
    return cast(Language, option.resolve_envvar_value(click.Context(click.Command("inlay"))))


def root_option() -> LanguageOption:
    """Return `--language` before a command, with the environment behind it."""
    return LanguageOption(envvar=_SETTINGS, show_envvar=False)
