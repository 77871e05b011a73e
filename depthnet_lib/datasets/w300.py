"""300-W: photos with 68 points by hand, a .pts file beside each, in the folders afw, ibug, helen and lfpw."""

from pathlib import PurePosixPath

import numpy as np
from tqdm import tqdm

from .base import KeypointSet
from .photos import check_pictures, pictures
from .sources import Source
from .store import Report, cached, registered

# the split that everybody uses: 3,148 to train on, 554 common and 135 challenging to test on
TRAIN = ("afw", "helen/trainset", "lfpw/trainset")
TEST = ("helen/testset", "lfpw/testset", "ibug")


def load(split: str) -> KeypointSet:
    """Photos with 68 points, split by their folders; what lies elsewhere is left out."""
    source = registered("300w")

    def build() -> dict[str, np.ndarray]:
        pairs = [(image, table) for image, table in _pairs(source).values() if image and table]
        xy = [read_pts(source.text(table)) for _, table in tqdm(pairs, "300w", delay=1)]
        side = [max(source.image_size(image)) for image, _ in tqdm(pairs, "300w", delay=1)]
        return {"names": np.array([p[0] for p in pairs]), "xy": np.array(xy) / np.array(side)[:, None, None]}

    arrays = cached(source, "300w/points", build)
    names = arrays["names"]
    faces = KeypointSet(
        f"300w:{split}",
        arrays["xy"],
        identity=np.arange(len(names)),
        image=lambda i: source.image(str(names[i])),
        shareable=False,
    )
    folders = TRAIN if split == "train" else TEST
    return faces[[i for i, n in enumerate(names) if any(f"/{f}/" in f"/{n}" for f in folders)]]


def read_pts(text: str) -> np.ndarray:
    """(N, 2) points of a .pts file, in pixels from 0 (the files count from 1, as MATLAB does).

    Raises ValueError where the file is cut or not numeric.
    """
    head, _, body = text.partition("{")
    count = int(head.partition("n_points:")[2].split()[0])
    body, end, _ = body.partition("}")
    points = np.array([line.split() for line in body.strip().splitlines()], float)
    if not end or points.shape != (count, 2) or not np.isfinite(points).all():
        raise ValueError(f"{len(points)} of {count} points")
    return points - 1


def recognise(source: Source) -> bool:
    return bool(source.match("*.pts"))


def check(source: Source) -> Report:
    """Every photo has its .pts and the reverse; all are whole; 68 points, most of them in the picture."""
    report = Report()
    pairs = _pairs(source)
    for stem, (image, table) in pairs.items():
        if not (image and table):
            report.problems[f"{stem}{'.pts' if image else '.jpg or .png'}"] = "missing, though its other half is here"
    check_pictures(source, [image for image, _ in pairs.values() if image], report)
    for image, table in tqdm(pairs.values(), "300w", leave=False, delay=1):
        try:
            points = read_pts(source.text(table)) if table else np.zeros((68, 2))
            if len(points) != 68:
                report.problems[table] = f"{len(points)} points where 68 were expected"
            elif image and table and image not in report.problems:
                inside = ((points >= 0) & (points < source.image_size(image))).all(1)
                if inside.mean() < 0.5:
                    report.problems[table] = "most of its points lie outside the picture"
        except (ValueError, IndexError) as error:
            report.problems[table] = f"damaged or truncated ({error})"
    for title, folders, count in (("train", TRAIN, 3148), ("test", TEST, 689)):
        here = sum(any(f"/{f}/" in f"/{stem}" for f in folders) for stem in pairs)
        report.facts.append(f"{title}: {here:,} of {count:,} photos")
    return report


def _pairs(source: Source) -> dict[str, tuple[str | None, str | None]]:
    """Picture and .pts by the stem that they share; pictures in folders without any .pts are not of this set."""
    tables = {str(PurePosixPath(n).with_suffix("")): n for n in source.match("*.pts")}
    folders = {stem.rpartition("/")[0] for stem in tables}
    images = {str(PurePosixPath(n).with_suffix("")): n for n in pictures(source) if n.rpartition("/")[0] in folders}
    return {stem: (images.get(stem), tables.get(stem)) for stem in sorted(images | tables)}
