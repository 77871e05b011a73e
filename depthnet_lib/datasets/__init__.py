"""Data sets by name: `load("anny:test")`, or `load("faces.npz")`. Each set is a module with `load(split)`."""

from importlib import import_module
from pathlib import Path

from ..errors import InputError
from .base import KeypointSet, load_npz, save_npz

SETS: dict[str, str] = {
    "anny": "anny",
}  # name -> module of this package

__all__ = ["SETS", "KeypointSet", "load", "load_npz", "save_npz"]


def load(name: str | Path) -> KeypointSet:
    """The keypoint set of a registered name ("anny:train"), or of an .npz file."""
    if str(name).endswith(".npz"):
        return load_npz(Path(name))
    base, _, split = str(name).partition(":")
    if base not in SETS:
        known = ", ".join(sorted(SETS))
        raise InputError(name, "unknown data set", f"give a path to an .npz, or one of: {known} (with :train or :test)")
    if split not in ("train", "test"):
        raise InputError(name, "needs a split", f"write {base}:train or {base}:test")
    return import_module(f".{SETS[base]}", __package__).load(split)
