"""Draws the rooms and their imports into docs/architecture.md: `make rooms`.

The rooms and their order are those of import-linter's contract in pyproject.toml; the arrows are the imports that it
checks. An arrow is left out where a longer way through other rooms leads to the same place, or none could be read.
"""

import tomllib
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/architecture.md"
BEGIN, END = "<!-- rooms: drawn by `make rooms` -->", "<!-- end of rooms -->"
GROUPS = {"marketplace.matching": "matching"}

Arrows = dict[str, set[str]]


def layers() -> list[str]:
    """Return the rooms from the highest to the lowest, as the contract lists them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    (found,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    return list(found)


def arrows(rooms: list[str]) -> Arrows:
    """Return the rooms that each room imports from, without those that it also reaches through another."""
    graph = grimp.build_graph("marketplace", "workers", cache_dir=None)
    imports: Arrows = {room: set() for room in rooms}
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            room, other = room_of(module, rooms), room_of(imported, rooms)
            if room and other and room != other:
                imports[room].add(other)
    reached: Arrows = {}
    # From below, since imports run downwards: what a room reaches is known before those that import it are looked at.
    for room in reversed(rooms):
        reached[room] = imports[room].union(*(reached[other] for other in imports[room]))
    return {
        room: {other for other in imports[room] if not any(other in reached[between] for between in imports[room])}
        for room in rooms
    }


def room_of(module: str, rooms: list[str]) -> str | None:
    return next((room for room in rooms if module == room or module.startswith(f"{room}.")), None)


def draw() -> str:
    """Return the picture as a Mermaid flowchart."""
    rooms = layers()
    lines = ["```mermaid", "flowchart TD"]
    for group, title in GROUPS.items():
        lines += [
            f"    subgraph {title}",
            *(f"        {node(room)}" for room in rooms if inside(room, group)),
            "    end",
        ]
    lines += [f"    {node(room)}" for room in rooms if not any(inside(room, group) for group in GROUPS)]
    found = arrows(rooms)
    for room in rooms:
        lines += [f"    {key(room)} --> {key(other)}" for other in rooms if other in found[room]]
    return "\n".join([*lines, "```"])


def inside(room: str, group: str) -> bool:
    return room.startswith(f"{group}.")


def key(room: str) -> str:
    return room.removeprefix("marketplace.").replace(".", "_")


def node(room: str) -> str:
    return f"{key(room)}[{room.rpartition('.')[2]}]"


def page(text: str, picture: str) -> str:
    """Return the page's text with the picture between its marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{picture}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), draw()), encoding="utf-8")
