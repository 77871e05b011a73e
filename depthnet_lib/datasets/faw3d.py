"""3DFAW: pictures with 66 points in 3D, the data of the paper's tables 2 and 3.

Layout: train_img/NAME.jpg and train_lm/NAME_lm.csv (66 lines "x,y,z", x and y in pixels), the same for valid; a text
file with the names of the test pictures, where there is one.
"""

from pathlib import PurePosixPath

import numpy as np
from tqdm import tqdm

from ..errors import InputError
from ..layouts import FAW66
from .aflw2000 import balanced_test
from .base import KeypointSet, pose_of_yaw, yaw_of
from .photos import check_pictures
from .sources import Source
from .store import Report, cached, registered

PUBLISHED = {"train": 13671, "valid": 4500}


def load(split: str) -> KeypointSet:
    """train: train_img. test: of valid_img the pictures that a list names, else 75 of each pose by the checksum of
    their names (section 3.2 took 75 of each and did not publish which)."""
    source = registered("3dfaw")
    part = "train" if split == "train" else "valid"
    names, xy, z, yaw = _points(source, part)
    images, pose = _pairs(source, part)[0], pose_of_yaw(yaw)
    faces = KeypointSet(
        f"3dfaw:{split}",
        xy,
        z,
        pose,
        identity=np.arange(len(names)) + (PUBLISHED["train"] if split == "test" else 0),  # each its own: unpublished
        image=lambda i: source.image(images[names[i]]),
        shareable=False,
    )
    if split == "train":
        return faces
    listed = _listed(source)
    return faces[np.isin(names, list(listed)) if listed else balanced_test(names, pose)]


def recognise(source: Source) -> bool:
    return bool(source.match("train_lm/*.csv") or source.match("valid_lm/*.csv"))


def check(source: Source) -> Report:
    """Every picture has its points and the reverse; all are whole; most points lie in the picture."""
    report = Report()
    for part, count in PUBLISHED.items():
        images, tables = _pairs(source, part)
        for stem in sorted(images.keys() ^ tables.keys()):
            absent = f"{part}_lm/{stem}_lm.csv" if stem in images else f"{part}_img/{stem}.jpg"
            report.problems[absent] = "missing, though its other half is here"
        check_pictures(source, list(images.values()), report)
        for stem, name in tqdm(tables.items(), part, leave=False, delay=1):
            try:
                points = _read_csv(source.text(name))
                if stem in images and images[stem] not in report.problems:
                    inside = (points[:, :2] >= 0) & (points[:, :2] < source.image_size(images[stem]))
                    if inside.all(1).mean() < 0.5:
                        report.problems[name] = "most of its points lie outside the picture"
            except ValueError as error:
                report.problems[name] = str(error)
        report.facts.append(f"{part}: {len(images):,} of {count:,} pictures")
    if listed := _listed(source):
        images = _pairs(source, "valid")[0]
        report.facts.append(f"test list of {len(listed)} pictures")
        absent = sorted(listed - set(images))
        report.problems |= {f"valid_img/{stem}.jpg": "missing, though the test list names it" for stem in absent}
    return report


def _pairs(source: Source, part: str) -> tuple[dict[str, str], dict[str, str]]:
    """Pictures and tables of a part by the stem that they share."""
    images = {PurePosixPath(n).stem: n for n in source.match(f"{part}_img/*.jpg")}
    tables = {PurePosixPath(n).stem.removesuffix("_lm"): n for n in source.match(f"{part}_lm/*.csv")}
    return images, tables


def _listed(source: Source) -> set[str]:
    lines = "\n".join(source.text(name) for name in source.match("*test*.txt")).split()
    return {PurePosixPath(line).stem for line in lines}


def _read_csv(text: str) -> np.ndarray:
    """(66, 3); a header line is skipped. Raises ValueError where the table is cut or not numeric."""
    lines = [line for line in text.splitlines() if line.strip()]
    if lines and any(c.isalpha() and c not in "eE" for c in lines[0]):
        lines = lines[1:]
    points = np.array([line.split(",")[-3:] for line in lines], float) if lines else np.zeros((0, 3))
    if points.shape != (66, 3) or not np.isfinite(points).all():
        raise ValueError(f"damaged or truncated: {len(points)} of 66 points")
    return points


def _points(source: Source, part: str) -> tuple[np.ndarray, ...]:
    """Names (M,), xy (M, 66, 2), z (M, 66), yaw (M,) of a part; cached, for 13,671 small files take a while."""

    def build() -> dict[str, np.ndarray]:
        images, tables = _pairs(source, part)
        names = sorted(images.keys() & tables.keys())
        if not names:
            raise InputError(source.path, f"has no {part}_img and {part}_lm", "bring the whole set")
        points = np.stack([_read_csv(source.text(tables[n])) for n in tqdm(names, part, delay=1)])
        side = np.array([max(source.image_size(images[n])) for n in tqdm(names, part, delay=1)])
        points = points / side[:, None, None]
        if np.median(points[:, FAW66.near, 2].mean(1) - points[:, FAW66.far, 2].mean(1)) < 0:
            points[..., 2] *= -1  # z away from the viewer
        return {"names": np.array(names), "points": points, "yaw": yaw_of(points)}

    arrays = cached(source, f"3dfaw/{part}", build)
    return arrays["names"], arrays["points"][..., :2], arrays["points"][..., 2], arrays["yaw"]
