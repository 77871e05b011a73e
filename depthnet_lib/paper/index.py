"""The page that shows all tables and figures of a folder, each beside its reading and the paper's numbers."""

import json
from pathlib import Path

from ..files import write_bytes
from . import MANIFEST
from .readings import READINGS

HEAD = """# Tables and figures

Made by `depthnets figures` (page and all); `depthnets figures ID` makes one again, and a pdf of it for print. Each has
its numbers in ID.json, which the command compares with those committed here. The paper's numbers were measured on its
own data and stand beside ours, never in their place.
"""


def write_index(folder: Path) -> None:
    """Write README.md over the tables and figures that the folder has."""
    parts = [HEAD]
    for id, (_, title) in MANIFEST.items():
        path = folder / id / f"{id}.json"
        if path.is_file():
            parts.append(_section(id, title, json.loads(path.read_text()), path.with_suffix(".md")))
    write_bytes(folder / "README.md", "\n".join(parts).encode())


def _section(id: str, title: str, record: dict, table: Path) -> str:
    lines = [f"## {name_of(id)}: {title}", ""]
    if id in READINGS:
        lines += [f"**We see.** {READINGS[id].says}", "", f"**The paper.** {READINGS[id].paper}", ""]
    weights = READINGS[id].weights if id in READINGS else ()
    made = f"*Data: {', '.join(record['data'])}." + (f" Weights: {', '.join(weights)}." if weights else "")
    lines += [f"{made} [Numbers]({id}/{id}.json).*", ""]
    lines += [table.read_text() if table.is_file() else f"![{title}]({id}/{id}.png)\n"]
    lines += [f"* {note}" for note in record["notes"]]
    return "\n".join(lines) + "\n"


def name_of(id: str) -> str:
    """Table 1, Figure S8."""
    return id.replace("table", "Table ").replace("fig", "Figure ").capitalize().replace("re s", "re S")
