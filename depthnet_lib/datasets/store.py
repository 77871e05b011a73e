"""Where a data set lies on this machine: brought or downloaded, recognised by its files, checked, remembered."""

import json
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import pooch

from ..config import data_dir
from ..errors import InputError
from ..files import replacing, write_bytes
from .cards import CARDS, Card
from .download import download
from .sources import Source

# Adapters in the order in which they are asked whether a folder is theirs. Each has `recognise(source) -> bool`,
# `check(source) -> Report` and `load(split) -> KeypointSet`.
ADAPTERS = {
    "ict": "ict",
    "aflw2000": "aflw2000",
    "muct": "muct",
    "london": "london",
    "3dfaw": "faw3d",
    "celeba": "celeba",
    "multipie": "multipie",
    "300w": "w300",
    "vggface": "vggface",
}


@dataclass
class Report:
    """What a check found: ``facts`` to print, and ``problems`` by file."""

    facts: list[str] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)


def adapter(name: str) -> ModuleType:
    """The module of a data set that is not embedded; raises InputError for other names."""
    if name not in ADAPTERS:
        kind = "is embedded: nothing to get or check" if name in CARDS else "unknown data set"
        raise InputError(name, kind, f"one of: {', '.join(ADAPTERS)}")
    return import_module(f".{ADAPTERS[name]}", __package__)


def registered(name: str) -> Source:
    """The source of a data set on this machine; raises InputError that says how to get it."""
    path = _record(name).get("path")
    if path is None:
        raise InputError(name, "is not on this machine", f"depthnets data get {name}{_from(CARDS[name])}")
    if not Path(path).exists():
        raise InputError(path, f"{name} was here and is gone", f"depthnets data get {name} --from its new PATH")
    return Source(path)


def get(name: str, path: str | Path | None = None, accept: bool = False) -> Report:
    """Check what the user brought, or download it, and remember where it is. Raises InputError and remembers nothing
    where something is wrong with it, or where a download's licence was not accepted."""
    module, card = adapter(name), CARDS[name]
    if path is None:
        if not card.url:
            raise InputError(
                name,
                "has to be asked for or fetched by hand",
                f"see {card.page}, then depthnets data get {name} --from PATH, where PATH is {card.bring}",
            )
        if not accept:
            raise InputError(name, f"licence: {card.licence}", "if you accept it, repeat with --accept-licence")
        path = download(card.url, data_dir() / name, card.sha256 or None)
    source = Source(path)
    if not module.recognise(source):
        raise InputError(path, f"does not look like {name}", f"bring {card.bring}")
    report = module.check(source)
    _complain(source, report, card)
    record = json.dumps({"path": str(source.path), "files": source.sizes}, indent=0)
    write_bytes(data_dir() / name / "source.json", record.encode())
    return report


def check(what: str | Path) -> tuple[str, Report]:
    """Check a registered set by name, or any folder or archive by its path: (name of the set, what was found).

    Raises InputError that names every damaged or missing file.
    """
    name, record = str(what), {}
    if name in CARDS:
        adapter(name)
        source, record = registered(name), _record(name)
    else:
        source = Source(what)
        name = next((n for n in ADAPTERS if adapter(n).recognise(source)), None)
        if name is None:
            raise InputError(what, "no data set that the kit knows", f"one of: {', '.join(ADAPTERS)}")
    report = adapter(name).check(source)
    for file in source.match("LICENSE"):
        if "MIT License" in (text := source.text(file)) and not text.rstrip().endswith("SOFTWARE."):
            report.problems[file] = "truncated: the licence breaks off"
    for file, size in record.get("files", {}).items():
        if file not in source.sizes:
            report.problems.setdefault(file, "missing: it was here when the set was registered")
        elif source.sizes[file] != size:
            report.problems.setdefault(file, f"changed: {size:,} bytes when registered, now {source.sizes[file]:,}")
    card = CARDS[name]
    if card.sha256 and source.archive and pooch.file_hash(str(source.path)) == card.sha256:
        report.facts.append("sha256 is the published one")
    _complain(source, report, card)
    return name, report


def cached(source: Source, name: str, build: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Arrays that take long to read, kept as data_dir()/NAME.npz until the source's fingerprint changes."""
    path, mark = data_dir() / f"{name}.npz", source.fingerprint()
    damage = (OSError, ValueError, KeyError, zipfile.BadZipFile)  # absent or damaged: read the source again
    with suppress(*damage), open(path, "rb") as stream, np.load(stream, allow_pickle=False) as file:
        if str(file["fingerprint"]) == mark:
            return {k: file[k] for k in file.files if k != "fingerprint"}
    arrays = build()
    with replacing(path) as part, open(part, "wb") as file:
        np.savez(file, fingerprint=mark, **arrays)
    return arrays


def state(card: Card) -> str:
    """Where a set is: "embedded", "present: PATH", "lost: PATH" or "absent"."""
    path = _record(card.name).get("path")
    if card.embedded or path is None:
        return "embedded" if card.embedded else "absent"
    return f"present: {path}" if Path(path).exists() else f"lost: {path}"


def _record(name: str) -> dict:
    path = data_dir() / name / "source.json"
    if not path.is_file():
        return {}
    try:
        record = json.loads(path.read_bytes())
        if isinstance(record["path"], str) and isinstance(record["files"], dict):
            return record
        raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InputError(path, "is damaged", f"remove it and repeat: depthnets data get {name}") from None


def _from(card: Card) -> str:
    return " --accept-licence" if card.url else f" --from PATH, where PATH is {card.bring}"


def _complain(source: Source, report: Report, card: Card) -> None:
    if report.problems:
        shown = [f"{file}: {why}" for file, why in list(report.problems.items())[:20]]
        more = len(report.problems) - len(shown)
        reason = "; ".join(shown) + (f"; and {more} more" if more else "")
        raise InputError(source.path, reason, f"fetch these again ({card.page})")
