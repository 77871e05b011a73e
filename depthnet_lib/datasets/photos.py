"""Sets that are photos without the points a model needs: keypoints are detected once and read from text files.

`depthnets keypoints` writes one NAME.txt a photo, N lines "x y" in pixels. For a set they lie under
data_dir()/SET/keypoints: NAME.txt, or PERSON/NAME.txt where the names of photos repeat from person to person.
"""

from pathlib import Path, PurePosixPath

import numpy as np
from tqdm import tqdm

from ..config import data_dir
from ..errors import InputError
from ..keypoints.files import read_points
from .base import KeypointSet
from .sources import Source, picture_problem
from .store import Report, cached

PICTURES = (".jpg", ".jpeg", ".png")


def pictures(source: Source) -> list[str]:
    """Names of all pictures, in order."""
    return [name for name in source.sizes if name.lower().endswith(PICTURES)]


def check_pictures(source: Source, names: list[str], report: Report) -> None:
    """Adds every picture that is not whole to the report."""
    for name in tqdm(names, "pictures", leave=False, delay=1):
        if problem := picture_problem(source.read(name)):
            report.problems[name] = problem


def keypoint_folder(name: str) -> Path:
    """Where the detected keypoints of a set lie, in the folders of its photos."""
    return data_dir() / name / "keypoints"


def detected(name: str, source: Source, names: list[str], identity: np.ndarray) -> KeypointSet:
    """The pictures ``names`` (M,) of people ``identity`` (M,) that have detected keypoints; others are left out.

    Raises InputError where there are none, and where they are not all of one number.
    """
    folder = keypoint_folder(name.partition(":")[0])
    written = {path.relative_to(folder).with_suffix("").as_posix(): path for path in folder.rglob("*.txt")}
    stems = [PurePosixPath(picture).with_suffix("") for picture in names]
    files = [written.get("/".join(stem.parts[-2:])) or written.get(stem.name) for stem in stems]
    keep = [i for i, file in enumerate(files) if file]
    if not keep:
        remedy = f"depthnets keypoints {source.path} --out {folder}, person by person where names repeat"
        raise InputError(name, "its photos have no keypoints yet", remedy)
    count = len(read_points(files[keep[0]]))
    points = [read_points(files[i], count) for i in tqdm(keep, "keypoints", delay=1)]
    kept = [names[i] for i in keep]
    side = sides(source, kept, f"{name.replace(':', '/')}-sides")
    return KeypointSet(
        name,
        np.stack(points) / side[:, None, None],
        identity=identity[keep],
        image=lambda i: source.image(kept[i]),
        shareable=False,
    )


def sides(source: Source, names: list[str], name: str) -> np.ndarray:
    """(M,) longer side of each picture in pixels, remembered under data_dir()/NAME.npz."""

    def build() -> dict[str, np.ndarray]:
        return {"sides": np.array([max(source.image_size(n)) for n in tqdm(names, "sizes", delay=1)], float)}

    found = cached(source, name, build)["sides"]
    return found if len(found) == len(names) else build()["sides"]
