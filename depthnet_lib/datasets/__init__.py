"""Data sets by name: `load("anny:test")`, or `load("faces.npz")`. Each set is a module with `load(split)`."""

from importlib import import_module
from pathlib import Path

from ..errors import InputError
from .base import KeypointSet, joined, load_npz, save_npz
from .store import ADAPTERS

# name -> module of this package; those that a user brings are listed in store.py
SETS: dict[str, str] = {"anny": "anny", "anny-images": "anny_images", **ADAPTERS}

__all__ = ["SETS", "KeypointSet", "load", "load_npz", "save_npz"]


def load(name: str | Path) -> KeypointSet:
    """The keypoint set of a registered name ("anny:train", "anny:test", both as "anny:all"), or of an .npz file."""
    if str(name).endswith(".npz"):
        return load_npz(Path(name))
    base, _, split = str(name).partition(":")
    if base not in SETS:
        known = ", ".join(sorted(SETS))
        raise InputError(name, "unknown data set", f"give a path to an .npz, or one of: {known} (with :train or :test)")
    if split not in ("train", "test", "all"):
        raise InputError(name, "needs a split", f"write {base}:train, {base}:test or {base}:all")
    module = import_module(f".{SETS[base]}", __package__)
    return joined(name, module.load("train"), module.load("test")) if split == "all" else module.load(split)
