"""Series as lines for the terminal, in the language of the command."""

from collections.abc import Iterator, Mapping
from typing import Any

from marketplace.cli.shown import summaries


def series(answer: Mapping[str, Any]) -> Iterator[str]:
    """A series: its episodes, their days, and which slots are taken by what category."""
    in_words = summaries.in_words
    taking_zh, taking_en = ("可签约", "open") if answer["status"] == "open" else ("不再签约", "closed")
    yield in_words(
        f"{answer['id']}：《{answer['title']}》，{taking_zh}", f'{answer["id"]}: "{answer["title"]}", {taking_en}'
    )
    for one in answer["episodes"]:
        dropped = in_words("（不播出）", " (dropped)") if one["status"] == "dropped" else ""
        yield f"{one['number']}. {one['airs_on']} {one['title']}{dropped}  {one['id']}"
        for place in one["places"]:
            yield f"   {place['slot']}: {_place(place)}"


def _place(place: Mapping[str, Any]) -> str:
    in_words = summaries.in_words
    if not place["is_taken"]:
        return in_words("空", "free")
    yours = in_words("（您的）", " (yours)") if place["is_yours"] else ""
    return f"{place['category']}{yours} {place['deliverable_id'] or ''}".rstrip()
