"""Makes tables and figures by their id and writes them: png, pdf, plotted numbers as json, tables as Markdown."""

import io
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from matplotlib.figure import Figure

from ..config import FIGURES
from ..datasets import KeypointSet, load
from ..errors import InputError
from ..experiments import versions
from ..files import write_bytes, write_json
from . import MANIFEST, Plate


@dataclass(frozen=True)
class Status:
    """How it went: ``reason`` says why something was not made."""

    id: str
    seconds: float
    data: Sequence[str] = ()
    reason: str = ""


def produce(id: str, data: Sequence[str] = (), folder: Path = FIGURES) -> Status:
    """Make one table or figure into ``folder``/ID/; raises InputError for an unknown id only."""
    if id not in MANIFEST:
        raise InputError(id, "no such table or figure", f"choose from: {', '.join(MANIFEST)}")
    module, title = import_module(f".{MANIFEST[id][0]}", __package__), MANIFEST[id][1]
    data, started = tuple(data) or module.DATA, time.perf_counter()
    try:
        plate: Plate = module.make(id, data)
    except InputError as error:
        return Status(id, time.perf_counter() - started, data, str(error))
    stem = folder / id / id
    record = {"id": id, "title": title, "data": list(data), "versions": versions(), "notes": plate.notes}
    write_json(stem.with_suffix(".json"), record | {"numbers": plate.numbers})
    for kind in ("png", "pdf"):
        write_bytes(stem.with_suffix(f".{kind}"), picture(plate.figure, kind))
    if plate.markdown:
        write_bytes(stem.with_suffix(".md"), plate.markdown.encode())
    return Status(id, time.perf_counter() - started, data)


def picture(figure: Figure, kind: str = "png") -> bytes:
    """A figure as a file, without the date: the same numbers give the same bytes."""
    file = io.BytesIO()
    metadata = {"png": {"Software": None}, "pdf": {"CreationDate": None}}[kind]
    figure.savefig(file, format=kind, dpi=150, metadata=metadata)
    return file.getvalue()


def test_sets(names: Sequence[str]) -> tuple[dict[str, KeypointSet], list[str]]:
    """The test split of each set that this machine has, and a note for each that it has not."""
    sets, notes = {}, []
    for name in names:
        try:
            sets[name] = load(name if ":" in name or name.endswith(".npz") else f"{name}:test")
        except InputError as error:
            notes.append(f"no column for {name}: {error.reason} ({error.remedy})")
    if not sets:
        raise InputError(", ".join(names), "none of these data sets is on this machine", "see depthnets data list")
    return sets, notes
