"""The README's numbers, written from the committed tables so that they cannot drift from them."""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean

from ..datasets.base import POSES
from ..files import write_bytes
from .tables import Table

BLOCK = re.compile(r"(?<=<!-- numbers -->\n).*?(?=<!-- end -->)", re.S)


def update_readme(readme: Path, figures: Path) -> None:
    """Put the numbers of a folder of figures into a README that has a place for them."""
    text = readme.read_text()
    new = BLOCK.sub(lambda _: summary(figures), text, count=1)  # once: an empty block matches twice
    if new != text:
        write_bytes(readme, new.encode())


def summary(figures: Path) -> str:
    """Tables 1 and 3 in short, the paper's column first."""
    from .table1 import ROWS as PAIRED
    from .table3 import ROWS as UNPAIRED

    parts = []
    if one := _numbers(figures, "table1"):
        title = "Table 1: squared error on pairs of faces of one person (pixels of an 80-pixel crop)"
        parts.append(_table(title, {row[0]: row[1] for row in PAIRED}, one, {"": lambda e: f"{e['mse']:.3f}"}))
    if three := _numbers(figures, "table3"):
        for model, (mse, _, *corr) in three["paper, 3DFAW"].items():
            three["paper, 3DFAW"][model] = {"mse": [1e-5 * mse]} | {p: [c] for p, c in zip(POSES, corr, strict=True)}
        title = "Table 3: pairs of faces of different people; squared error x 1e5, DepthCorr of 66"
        cells = {"MSE": lambda e: f"{1e5 * mean(e['mse']):.2f}", "DepthCorr": _depthcorr}
        parts.append(_table(title, UNPAIRED, three, cells))
    return "\n".join(parts)


def _numbers(figures: Path, id: str) -> dict:
    path = figures / id / f"{id}.json"
    return json.loads(path.read_text())["numbers"] if path.is_file() else {}


def _table(title: str, models: dict[str, str], sets: dict, cells: dict[str, Callable]) -> str:
    """Rows: models; columns: each kind of cell for each set."""
    columns = [(name, cell) for cell in cells for name in sets]
    head = [title, *(f"{cell} {name}".strip() for name, cell in columns)]
    rows = [
        [label, *(_cell(sets[name].get(model), cells[cell]) for name, cell in columns)]
        for model, label in models.items()
        if any(model in entries for entries in sets.values())
    ]
    return Table(head, rows).markdown()


def _cell(entry: dict | None, show: Callable) -> str:
    return show(entry) if entry else ""


def _depthcorr(entry: dict) -> str:
    """Mean over the source's poses."""
    known: Sequence[float] = [mean(entry[pose]) for pose in POSES if pose in entry]
    return f"{mean(known):.1f}" if known else ""
