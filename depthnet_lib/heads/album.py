"""Albums: many rendered shots in one memory-mapped file, made once by several processes."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from ..errors import InputError
from ..files import PART, alone, writable
from ..workers import worker_pool
from .basis import FILE
from .sampler import Shots, sample_shots

_CHUNK = 64  # pictures that a process draws at a time
_VERSION = 3  # raise it when pictures of the same recipe change


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

    ``workers`` processes draw (all cores if None). The file has its name when it is complete; of programs that want
    the same album one draws and the others wait; after a kill the next goes on where it stopped. After the records
    come 32 bytes: their sha256, see `check_album`. Raises InputError for a damaged album and where the disk is full.
    """
    path = Path(folder) / recipe.name()
    if not path.is_file():
        with alone(path):
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
    part, drawn = path.with_name(path.name + PART), path.with_name(path.name + ".drawn" + PART)
    with writable(path):
        if not drawn.is_file():
            _blank(recipe, part)
        with open(drawn, "a+") as record:  # a line "first last" for each job that is done
            record.seek(0)
            done = {tuple(map(int, line.split())) for line in record.read().split("\n")[:-1]}
            step = max(_CHUNK // recipe.shots, 1) * recipe.shots  # whole persons: each is dressed once
            jobs = [(recipe, part, slice(i, min(i + step, len(recipe)))) for i in range(0, len(recipe), step)]
            todo = [job for job in jobs if (job[2].start, job[2].stop) not in done]
            bar = tqdm(total=len(recipe), desc=f"drawing {path.name}", unit="picture", delay=2)
            bar.update(len(recipe) - sum(rows.stop - rows.start for *_, rows in todo))
            for rows in _spread(todo, min(workers, len(todo))):
                print(rows.start, rows.stop, file=record, flush=True)
                bar.update(rows.stop - rows.start)
            bar.close()
        _seal(part)
        drawn.unlink()
        part.replace(path)


def _blank(recipe: Recipe, part: Path) -> None:
    """An empty album, its space reserved: a mapped file that outgrows the disk would kill whoever draws into it."""
    table = np.lib.format.open_memmap(part, "w+", recipe.row(), (len(recipe),))
    if hasattr(os, "posix_fallocate"):
        try:
            with open(part, "r+b") as file:
                os.posix_fallocate(file.fileno(), 0, table.offset + table.nbytes)
        except OSError:
            part.unlink()
            raise


def _spread(jobs: list, workers: int):
    if workers <= 1:
        yield from map(_draw_rows, jobs)
        return
    with worker_pool(workers) as pool:
        yield from pool.map(_draw_rows, jobs)


def _draw_rows(job: tuple[Recipe, Path, slice]) -> slice:
    from .render import render

    recipe, part, rows = job
    shots = recipe.draw(rows)
    pictures = render(shots, recipe.size)
    table = np.lib.format.open_memmap(part, "r+")
    for name in ("image", "mask", "xy", "z", "hidden", "identity"):
        table[name][rows] = getattr(pictures, name)
    table["angles"][rows], table["shot"][rows] = shots.angles, shots.shot
    table.flush()
    return rows


def _seal(part: Path) -> None:
    table, content = np.load(part, mmap_mode="r", allow_pickle=False), hashlib.sha256()
    left = table.offset + table.nbytes
    with open(part, "r+b") as file:
        while left and (block := file.read(min(left, 1 << 22))):
            content.update(block)
            left -= len(block)
        file.write(content.digest())
