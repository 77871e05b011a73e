"""Albums: many rendered shots in one memory-mapped file, made once by several processes."""

import hashlib
import json
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from ..errors import InputError
from .basis import FILE
from .sampler import Shots, sample_shots

_CHUNK = 64  # pictures that a process draws at a time
_VERSION = 1  # raise it when pictures of the same recipe change


@dataclass(frozen=True)
class Recipe:
    """What is in an album: ``people`` persons from number ``first`` on, ``shots`` pictures of each.

    ``size`` in pixels; ``yaw`` the range of turns in degrees; ``margin`` and ``expressive`` as in `sample_shots`.
    """

    first: int
    people: int
    shots: int
    size: int
    yaw: tuple[float, float] = (-60.0, 60.0)
    margin: tuple[float, float] = (1.35, 1.75)
    expressive: float = 0.7
    seed: int = 1

    def __len__(self) -> int:
        return self.people * self.shots

    def draw(self, rows: slice = slice(None)) -> Shots:
        """The shots of some rows; row i is picture i % shots of person first + i // shots."""
        i = np.arange(len(self))[rows]
        people, shots = self.first + i // self.shots, i % self.shots
        return sample_shots(self.seed, people, shots, self.yaw, self.expressive, self.margin)

    def row(self) -> np.dtype:
        """One picture in the file; `Pictures` and `Shots` tell what the fields mean."""
        s = self.size
        fields = [("image", "u1", (s, s, 3)), ("mask", "u1", (s, s)), ("xy", "f4", (68, 2)), ("z", "f4", 68)]
        return np.dtype([*fields, ("hidden", "?", 68), ("angles", "f4", 3), ("identity", "i4"), ("shot", "i4")])

    def name(self) -> str:
        """File name: readable, and different for every recipe, version and basis."""
        known = json.dumps([_VERSION, FILE.stat().st_size, asdict(self)])
        code = hashlib.sha256(known.encode()).hexdigest()[:8]
        return f"anny-{self.size}px-{self.people}x{self.shots}-from{self.first}-{code}.npy"


def open_album(recipe: Recipe, folder: Path, workers: int | None = None) -> np.ndarray:
    """The album of a recipe as a read-only memory-mapped record array; drawn first if ``folder`` lacks it.

    ``workers`` processes draw (all cores if None). The file is written beside its name and renamed when complete, so
    that several programs may make it at once. After the records come 32 bytes: their sha256, see `check_album`.
    """
    path = Path(folder) / recipe.name()
    if not path.is_file():
        _draw_album(recipe, path, workers or os.cpu_count() or 1)
    return _map(path)


def check_album(path: Path) -> None:
    """Raise InputError where an album was damaged since it was made."""
    with open(path, "rb") as file:
        content = hashlib.sha256()
        left = path.stat().st_size - 32
        while left > 0 and (block := file.read(min(left, 1 << 22))):
            content.update(block)
            left -= len(block)
        if left or file.read() != content.digest():
            raise InputError(path, "is damaged (its checksum is wrong)", "delete it; it will be drawn again")


def _map(path: Path) -> np.ndarray:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError):
        raise InputError(path, "is damaged (too short)", "delete it; it will be drawn again") from None


def _draw_album(recipe: Recipe, path: Path, workers: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        np.lib.format.open_memmap(part, "w+", recipe.row(), (len(recipe),)).flush()
        step = max(_CHUNK // recipe.shots, 1) * recipe.shots  # whole persons: each is dressed once
        jobs = [(recipe, part, slice(i, min(i + step, len(recipe)))) for i in range(0, len(recipe), step)]
        with tqdm(total=len(recipe), desc=f"drawing {path.name}", unit="picture", delay=2) as bar:
            for done in _spread(jobs, min(workers, len(jobs))):
                bar.update(done)
        _seal(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _spread(jobs: list, workers: int):
    if workers == 1:
        yield from map(_draw_rows, jobs)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:  # OpenGL does not survive a fork
        yield from pool.map(_draw_rows, jobs)


def _draw_rows(job: tuple[Recipe, Path, slice]) -> int:
    from .render import render

    recipe, part, rows = job
    shots = recipe.draw(rows)
    pictures = render(shots, recipe.size)
    table = np.lib.format.open_memmap(part, "r+")
    for name in ("image", "mask", "xy", "z", "hidden", "identity"):
        table[name][rows] = getattr(pictures, name)
    table["angles"][rows], table["shot"][rows] = shots.angles, shots.shot
    table.flush()
    return len(shots)


def _seal(part: Path) -> None:
    content = hashlib.sha256()
    with open(part, "r+b") as file:
        while block := file.read(1 << 22):
            content.update(block)
        file.write(content.digest())
