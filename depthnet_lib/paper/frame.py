"""Makes tables and figures by their id, writes them, and compares their numbers with the committed ones.

The committed numbers, figures/ID/ID.json, are the reference. What agrees with them within the manifest's tolerance is
written over them, and so is what has no reference yet. What differs, or has the columns of fewer or more data sets
because this machine has, is written into another folder: the reference stays.
"""

import io
import json
import re
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
from ..files import write_bytes
from . import MANIFEST, Plate
from .compare import differences
from .readings import READINGS

ELSEWHERE = Path("out") / "figures"  # where goes what must not replace the reference


@dataclass(frozen=True)
class Status:
    """How it went: ``result`` is "pass", "new", "differs", "made" (not compared) or "not made"; ``reason`` says what
    differs or why it was not made; ``stem`` is the files' path without their ending."""

    id: str
    result: str
    seconds: float
    data: Sequence[str] = ()
    reason: str = ""
    stem: Path | None = None


def produce(id: str, data: Sequence[str] = (), out: Path | None = None, accept: bool = False) -> Status:
    """Make one table or figure; raises InputError for an unknown id only.

    data: other sets than the module's own, for which there is no reference. out: write there, whatever the numbers.
    accept: the new numbers become the reference, differ or not.
    """
    if id not in MANIFEST:
        raise InputError(id, "no such table or figure", f"choose from: {', '.join(MANIFEST)}")
    started = time.perf_counter()
    seconds = lambda: time.perf_counter() - started  # noqa: E731
    wanted = tuple(data)
    try:
        module = import_module(f".{MANIFEST[id][0]}", __package__)
        wanted = wanted or tuple(module.DATA)
        plate: Plate = module.make(id, wanted)
    except InputError as error:
        return Status(id, "not made", seconds(), wanted, str(error))
    numbers = json.loads(json.dumps(plate.numbers))  # tuples are lists in the file
    absent = [name for name in wanted if any(note.startswith(f"no column for {name}:") for note in plate.notes)]
    reference = None if data else _reference(id)
    more = [name for name in wanted if reference and name in numbers and name not in reference]
    result, reason = ("made", "") if data else _compare(id, numbers, reference, (*absent, *more))
    for word, names in {"without": absent, "with": more}.items():
        if names:
            reason = "; ".join(filter(None, [reason, f"{word} {' and '.join(names)}"]))
    keeps = data or ((result == "differs" or absent or more) and not accept)
    stem = (out or (ELSEWHERE if keeps else FIGURES)) / id / id
    if result != "pass" or keeps or out or accept:  # else the reference stays, to the last digit
        record = {"id": id, "title": MANIFEST[id][1], "data": list(wanted), "versions": versions()}
        write_bytes(stem.with_suffix(".json"), _json(record | {"notes": plate.notes, "numbers": numbers}))
    for kind in ("png", "pdf"):
        write_bytes(stem.with_suffix(f".{kind}"), picture(plate.figure, kind))
    if plate.markdown:
        write_bytes(stem.with_suffix(".md"), plate.markdown.encode())
    return Status(id, result, seconds(), wanted, reason, stem)


def _reference(id: str) -> dict | None:
    """The committed numbers, where there are any."""
    path = FIGURES / id / f"{id}.json"
    return json.loads(path.read_text())["numbers"] if path.is_file() else None


def _compare(id: str, numbers: dict, reference: dict | None, apart: Sequence[str]) -> tuple[str, str]:
    """("pass", ""), ("new", "") or ("differs", what first and how much more); sets ``apart``, which only one of the
    two has, do not count."""
    if reference is None:
        return "new", ""
    both = ({key: value for key, value in n.items() if key not in apart} for n in (numbers, reference))
    found = list(differences(*both, READINGS[id].tolerance))
    if not found:
        return "pass", ""
    return "differs", found[0] + (f" (and {len(found) - 1} more)" if len(found) > 1 else "")


def picture(figure: Figure, kind: str = "png") -> bytes:
    """A figure as a file, without the date: the same numbers give the same bytes."""
    file = io.BytesIO()
    metadata = {"png": {"Software": None}, "pdf": {"CreationDate": None}}[kind]
    figure.savefig(file, format=kind, dpi=120, metadata=metadata)
    return file.getvalue()


def _json(value: dict) -> bytes:
    """Indented, but a list of plain numbers on one line: heat maps have 10,000."""
    text = json.dumps(value, indent=1, ensure_ascii=False)
    return (re.sub(r"\[\s*([^\[\]{}\"]*?)\s*\]", lambda m: "[" + re.sub(r"\s+", " ", m[1]) + "]", text) + "\n").encode()


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
