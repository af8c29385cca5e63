"""Where a sign-in is kept on this machine: in one file of the user's own, which nobody else may read, by market."""

import json
import os
from pathlib import Path
from typing import Any

import click

READABLE_BY_OWNER = 0o600


def file() -> Path:
    """Return where sign-ins are kept, `~/.config/inlay/sign-ins.json` on Linux."""
    return Path(click.get_app_dir("inlay"), "sign-ins.json")


def token(url: str) -> str:
    """Return the token of the sign-in at this market, empty if there is none."""
    return str(_read().get(_market(url), {}).get("token", ""))


def keep(url: str, signed_in: dict[str, Any]) -> None:
    """Keep a sign-in in place of the last one at this market. Raises OSError."""
    _write({**_read(), _market(url): signed_in})


def forget(url: str) -> None:
    """Remove the sign-in at this market, if there is one. Raises OSError."""
    kept = _read()
    if kept.pop(_market(url), None) is not None:
        _write(kept)


def _market(url: str) -> str:
    return url.rstrip("/")


def _read() -> dict[str, Any]:
    try:
        kept = json.loads(file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _write(kept: dict[str, Any]) -> None:
    """Put the file in place at once: it is never half written, nor readable by others for a moment."""
    target = file()
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = target.with_name(f"{target.name}.{os.getpid()}")
    with open(
        os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, READABLE_BY_OWNER), "w", encoding="utf-8"
    ) as opened:
        json.dump(kept, opened)
    draft.replace(target)
