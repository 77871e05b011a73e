"""Whole folders in the layout of the authors' FaceWarper: source/ keypoints/ depth/ affine/, matched by file name.

There (0, 0) is the top-left *corner* of the picture, half a pixel from our origin. Where the folder has a
triangles.csv, those triangles are drawn in their order, later over earlier, without a depth test; where it has none,
the keypoint layout's triangles are drawn and the nearest shows. Outside the mesh the picture is opaque black.
Its metadata say that it is synthetic.
"""

from concurrent.futures import Executor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from ..errors import InputError
from ..files import sweep
from ..images import SYNTHETIC, read_image, write_image
from ..keypoints.files import read_affine, read_depth, read_points, read_table
from ..layouts import layout_of, mesh_triangles
from ..workers import worker_pool
from .drawing import draw, warp
from .geometry import turned

_CORNER = np.array([0.5, 0.5])  # where the centre of the top-left pixel is when its corner is (0, 0)
_TRIANGLES = "triangles.csv"
_BATCH = 32  # faces handed to a process at once
_WITH_ALPHA = (".png", ".webp", ".tif", ".tiff")


@dataclass(frozen=True)
class Face:
    """The four files of one face, and the picture to write."""

    source: Path
    keypoints: Path
    depth: Path
    affine: Path
    result: Path


def warp_folder(
    folder: str | Path,
    out: str | Path,
    backend: str = "auto",
    processes: int = 1,
    resume: bool = False,
    executor: Executor | None = None,
) -> list[Path]:
    """Warp every picture of ``folder``/source into ``out``/NAME.png; returns the results, in order of name.

    With ``resume`` a result that is newer than all it was made from is kept. The work is done here, by several
    ``processes``, or by any ``executor``: Dask's ``Client(...).get_executor()`` spreads it over machines that see the
    same folders. Raises InputError where a face lacks one of its files, before anything is drawn, and where a file
    is unusable; what was written before that stays, each file whole.
    """
    faces, triangles = list_faces(folder, out)
    sweep(Path(out))
    todo = [face for face in faces if not (resume and _is_done(face))]
    with tqdm(total=len(todo), desc="warp", unit="face", disable=None) as bar, ExitStack() as stack:
        if executor is None and processes > 1:
            executor = stack.enter_context(worker_pool(min(processes, -(-len(todo) // _BATCH) or 1)))
        if executor is None:
            for face in todo:
                warp_face(face, triangles, backend)
                bar.update()
        else:
            batches = [todo[i : i + _BATCH] for i in range(0, len(todo), _BATCH)]
            jobs = [executor.submit(_warp_batch, batch, triangles, backend) for batch in batches]
            stack.callback(lambda: [job.cancel() for job in jobs])  # after the first bad file the rest is left
            for job in as_completed(jobs):
                bar.update(job.result())
    return [face.result for face in faces]


def _warp_batch(faces: list[Face], triangles: np.ndarray | None, backend: str) -> int:
    for face in faces:
        warp_face(face, triangles, backend)
    return len(faces)


def _is_done(face: Face) -> bool:
    triangles = face.source.parents[1] / _TRIANGLES
    inputs = [face.source, face.keypoints, face.depth, face.affine, *([triangles] if triangles.is_file() else [])]
    return face.result.is_file() and face.result.stat().st_mtime >= max(p.stat().st_mtime for p in inputs)


def list_faces(folder: str | Path, out: str | Path) -> tuple[list[Face], np.ndarray | None]:
    """The faces of a folder, in order of name, and its own triangles (T, 3) if it has a triangles.csv."""
    folder, out = Path(folder), Path(out)
    remedy = "expected the folders source, keypoints, depth and affine with files of the same names"
    if not (folder / "source").is_dir():
        raise InputError(folder, "has no folder 'source'", remedy)
    kinds = Image.registered_extensions()
    faces: dict[str, Face] = {}
    for source in sorted(p for p in (folder / "source").iterdir() if p.suffix.lower() in kinds):
        name = source.stem
        if name in faces:
            raise InputError(source, f"has the same name as {faces[name].source.name}", "rename one of the two")
        texts = [folder / kind / f"{name}.txt" for kind in ("keypoints", "depth", "affine")]
        for path in texts:
            if not path.is_file():
                raise InputError(path, "no such file", remedy)
        faces[name] = Face(source, *texts, out / f"{name}.png")
    if not faces:
        raise InputError(folder / "source", "has no pictures", remedy)
    table = folder / _TRIANGLES
    return list(faces.values()), read_triangles(table) if table.is_file() else None


def read_triangles(path: Path) -> np.ndarray:
    """(T, 3) point numbers, counted from 0, of a triangles.csv."""
    table = read_table(path, 3, "write three point numbers a line, counted from 0")
    if (table != table.round()).any() or table.min() < 0:
        raise InputError(path, "has something else than point numbers", "give three whole numbers a line, from 0")
    return table.astype(int)


def warp_face(face: Face, triangles: np.ndarray | None, backend: str = "auto") -> None:
    """Read one face, warp it in its own picture size, write it."""
    image, x_s, z, m = _read_face(face.source, face.keypoints, face.depth, face.affine)
    in_order = triangles is not None
    if in_order and triangles.max() >= len(x_s):
        raise InputError(face.keypoints, f"{len(x_s)} points, triangles.csv names {triangles.max()}", "count from 0")
    if not in_order:
        triangles = mesh_triangles(layout_of(len(x_s)), x_s)
    xyz = turned(x_s, z, m) - [*_CORNER, 0]
    with _blaming(face.affine):
        picture = draw(image, xyz, x_s - _CORNER, triangles, depth_test=not in_order, backend=backend)
    picture[..., 3] = 255
    write_image(face.result, picture, SYNTHETIC)


def warp_picture(image: Path, keypoints: Path, depth: Path, affine: Path, out: Path, backend: str = "auto") -> None:
    """Warp one picture from files into ``out``, by the rules of `warp`; black outside if ``out`` has no alpha."""
    with _blaming(affine):
        result = warp(*_read_face(image, keypoints, depth, affine), backend=backend)
    write_image(out, result if Path(out).suffix.lower() in _WITH_ALPHA else result[..., :3], SYNTHETIC)


def _read_face(image: Path, keypoints: Path, depth: Path, affine: Path) -> tuple[np.ndarray, ...]:
    """Picture (H, W, 3), x_s (N, 2), z (N,) and m (2, 4) from their files, checked against each other."""
    x_s = read_points(keypoints)
    z = read_depth(depth, len(x_s))
    return read_image(image), x_s, z, read_affine(affine)


@contextmanager
def _blaming(path: Path):
    """What the warp itself refuses is put down to the file that the numbers came from."""
    try:
        yield
    except InputError as error:
        raise InputError(path if error.subject == "warp" else error.subject, error.reason, error.remedy) from None
