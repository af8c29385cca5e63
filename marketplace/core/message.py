"""A message to people, in Chinese and in English, with the numbers it is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Language = Literal["zh", "en"]


class Bilingual(NamedTuple):
    """A text in Chinese and in English without a code: a name, or a part of a sentence."""

    zh: str
    en: str

    def said_in(self, language: Language) -> str:
        """Return the text in this language alone."""
        return self.zh if language == "zh" else self.en


class ToldError(ValueError):
    """A fault in what a person gave: `said` tells it in both languages, and logs have the English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.said = Bilingual(zh, en)


@dataclass(frozen=True)
class Message:
    """One statement in two languages.

    `code` is stable, so that programs can act on it; each of `numbers` carries its unit, and its interval, count,
    source and date where it has them.
    """

    code: str
    zh: str
    en: str
    numbers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the message as JSON data, as it is stored and shown."""
        return {"code": self.code, "zh": self.zh, "en": self.en, "numbers": dict(self.numbers)}
