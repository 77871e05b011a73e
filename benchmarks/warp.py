"""Faces a second of the warp: arrays and PNG folders, OpenGL and CPU. `python -m benchmarks.warp`

Every row is measured in this run, one after the other on one thread, on astronaut faces turned from -40 to 40
degrees. "png" reads and writes the same pictures without warping them: what a folder could reach at best.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import time
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from skimage.data import astronaut

from depthnet_lib.errors import InputError
from depthnet_lib.images import read_image, write_image
from depthnet_lib.keypoints import write_affine, write_depth, write_points
from depthnet_lib.layouts import IBUG68
from depthnet_lib.warp import open_backend, turn, warp_many
from depthnet_lib.warp.folder import list_faces, warp_folder

SIZES = (80, 128, 256)
SECONDS = 1.5  # for each number, at least
BOX = np.s_[60:220, 142:302]  # the astronaut's face


def faces(size: int, number: int = 64) -> tuple[np.ndarray, ...]:
    """Pictures (B, S, S, 3), keypoints (68, 2), depth (68,), affines (B, 2, 4)."""
    picture = cv2.resize(astronaut()[BOX], (size, size), interpolation=cv2.INTER_AREA)
    x_s = IBUG68.template * 0.45 * size + size / 2
    z = -0.5 * 0.45 * size * (IBUG68.template**2).sum(1)
    m = np.stack([turn(x_s, z, yaw) for yaw in np.linspace(-40, 40, number)])
    return np.repeat(picture[None], number, 0), x_s, z, m


def rate(work, number: int) -> float:
    """Faces a second of a call that does ``number`` faces, after one call to warm up; the best of its rounds."""
    work()
    best, end = np.inf, time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return number / best


def write_folder(folder: Path, images: np.ndarray, x_s: np.ndarray, z: np.ndarray, m: np.ndarray) -> None:
    for i, (image, affine) in enumerate(zip(images, m, strict=True)):
        write_image(folder / "source" / f"{i}.png", image)
        write_points(folder / "keypoints" / f"{i}.txt", x_s)
        write_depth(folder / "depth" / f"{i}.txt", z)
        write_affine(folder / "affine" / f"{i}.txt", affine)


def only_png(folder: Path, out: Path, results: list[np.ndarray]) -> None:
    """Read every source and write every result, and nothing between."""
    for face, picture in zip(list_faces(folder, out)[0], results, strict=True):
        read_image(face.source)
        write_image(face.result, picture)


def backends() -> list[str]:
    try:
        open_backend("gl")
        return ["gl", "cpu"]
    except InputError as error:
        print(error)
        return ["cpu"]


def main() -> None:
    names = backends()
    columns = [f"{name} {what}" for what in ("arrays", "folder") for name in names]
    print("faces a second".ljust(16) + "".join(c.rjust(12) for c in [*columns, "png"]))
    for size in SIZES:
        images, x_s, z, m = faces(size)
        row = [rate(lambda: warp_many(images, x_s, z, m, backend=name), len(m)) for name in names]  # noqa: B023
        with TemporaryDirectory() as name:
            folder = Path(name)
            fresh = (folder / f"out{i}" for i in count())  # overwriting makes file systems wait for the disk
            write_folder(folder, images, x_s, z, m)
            for backend in names:
                row.append(rate(lambda: warp_folder(folder, next(fresh), backend), len(m)))  # noqa: B023
            results = [read_rgba(path) for path in warp_folder(folder, next(fresh))]
            row.append(rate(lambda: only_png(folder, next(fresh), results), len(m)))  # noqa: B023
        print(f"{size} x {size}".ljust(16) + "".join(f"{value:12.0f}" for value in row))


def read_rgba(path: Path) -> np.ndarray:
    return cv2.cvtColor(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA)


if __name__ == "__main__":
    main()
