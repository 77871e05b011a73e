"""`depthnets keypoints`: photos to text files of 68 points; many photos in several processes, restartable."""

import os
import sys
from concurrent.futures import as_completed
from pathlib import Path
from typing import Annotated, Literal

import typer

from ..errors import InputError

PICTURES = {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"}


def keypoints(
    photos: Annotated[list[Path], typer.Argument(help="Photos, or folders of photos.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Folder for the results: NAME.txt for NAME.jpg.", show_default=False)],
    detector: Annotated[
        Literal["dlib", "rcn"],
        typer.Option(
            help="dlib: regression trees trained on photos. rcn: the paper's network, trained on rendered heads."
        ),
    ] = "dlib",
    every_face: Annotated[
        bool, typer.Option("--all", help="Every face of a photo, not only the largest: NAME.2.txt, NAME.3.txt, ...")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Redo photos whose NAME.txt is there already.")] = False,
    processes: Annotated[int, typer.Option(min=1, help="Processes for many photos.")] = os.cpu_count() or 1,
    dask: Annotated[str | None, typer.Option(help="Address of a Dask scheduler whose workers see the folders.")] = None,
) -> None:
    """Find the 68 iBUG keypoints of faces (step 1 of the paper's pipeline).

    Each photo gets a text file of 68 lines "x y", in pixels, (0, 0) at the centre of the top-left pixel: jaw, brows,
    nose, eyes, outer and inner lips. Of several faces the largest counts. Folders inside a folder are kept. A run that
    was interrupted goes on where it stopped.
    """
    targets = _targets(photos, out)
    if targets.keys() == set(photos) and len(targets) == 1:
        _one(photos[0], targets[photos[0]], detector, every_face)
        return
    todo = {p: t for p, t in targets.items() if again or not _is_done(p, t)}
    failures = _many(todo, detector, every_face, processes, dask)
    already = len(targets) - len(todo)
    print(f"{len(todo) - failures} written to {out}" + (f", {already} were there already" if already else ""))
    if failures:
        raise InputError(out, f"{failures} of {len(todo)} photos gave no keypoints", "see the line of each above")


def _targets(photos: list[Path], out: Path) -> dict[Path, Path]:
    """Photo -> its text file, in a folder's own sub-folders; no two photos may share one."""
    found: dict[Path, Path] = {}
    for path in photos:
        inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in PICTURES) if path.is_dir() else [path]
        if not inside:
            raise InputError(path, "no pictures in this folder", f"expected files {' '.join(sorted(PICTURES))}")
        base = path if path.is_dir() else path.parent
        found |= {p: out / p.relative_to(base).with_suffix(".txt") for p in inside}
    first: dict[Path, Path] = {}
    for photo, target in found.items():
        if (other := first.setdefault(target, photo)) != photo:
            raise InputError(
                photo, f"would overwrite the keypoints of {other}", "rename one, or give two --out folders"
            )
    return found


def _is_done(photo: Path, target: Path) -> bool:
    return target.is_file() and photo.is_file() and target.stat().st_mtime >= photo.stat().st_mtime


def _one(photo: Path, target: Path, detector: str, every_face: bool) -> None:
    from ..images import read_image
    from ..keypoints import detect, find_face, write_points

    faces = detect(read_image(photo), detector) if every_face else []
    faces = faces or [find_face(photo, detector)]
    for i, face in reversed(list(enumerate(faces, 1))):  # the largest last: where NAME.txt is, all are
        write_points(target if i == 1 else target.with_suffix(f".{i}.txt"), face.points)


def _many(todo: dict[Path, Path], detector: str, every_face: bool, processes: int, dask: str | None) -> int:
    """Do them all, one line on stderr for each that fails; the number of those."""
    from tqdm import tqdm

    from ..workers import cluster, worker_pool

    failures = 0
    with cluster(dask) if dask else worker_pool(min(processes, len(todo) or 1)) as pool:
        jobs = [pool.submit(_attempt, photo, target, detector, every_face) for photo, target in todo.items()]
        for job in tqdm(as_completed(jobs), "keypoints", len(jobs), unit="photo", disable=not jobs):
            if complaint := job.result():
                failures += 1
                tqdm.write("depthnets: " + complaint, file=sys.stderr)
    return failures


def _attempt(*job) -> str | None:
    import cv2

    cv2.setNumThreads(1)  # the processes are the parallelism
    try:
        _one(*job)
    except InputError as error:
        return str(error)
