"""A folder of somebody's own photos as a set: their keypoints are detected when it is read."""

from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from ..errors import InputError
from ..images import read_image
from ..keypoints import detect
from .base import KeypointSet, in_test
from .photos import PICTURES


def load_folder(folder: Path, split: str) -> KeypointSet:
    """The largest face of each photo in a folder and the folders in it; photos without one are left out.

    ``split``: "test" has every fifth photo or so by its name, "train" the others. Raises InputError for another split,
    for a file that is no picture, and where no photo shows a face.
    """
    if split not in ("train", "test"):
        raise InputError(folder, "needs a split", f"write {folder}:train or {folder}:test")
    files = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in PICTURES]
    files = [path for path in files if in_test(path.relative_to(folder).as_posix()) == (split == "test")]
    kept, points = [], []
    for path in tqdm(files, f"faces of {folder.name}", unit="photo", delay=2):
        image = read_image(path)
        if faces := detect(image):
            kept.append(path)
            points.append((faces[0].points + 0.5) / max(image.shape[:2]))
    if not kept:
        raise InputError(f"{folder}:{split}", f"no face in its {len(files)} photos", "bring more photos")
    return KeypointSet(folder.name, np.stack(points), image=lambda i: read_image(kept[i]), shareable=False)
