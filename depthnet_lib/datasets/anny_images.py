"""anny-images: rendered heads with 68 keypoints, several pictures of each person, for everything that sees pixels.

Drawn once by `depthnet_lib.heads.render` and kept in the data folder; nothing to download. The splits' people never
meet, nor do they meet those of ``anny``. The paper's table 1 has 2,401 people: ``load("train", people=2401)``.
"""

import numpy as np

from ..config import data_dir
from ..heads.album import Recipe, open_album
from ..heads.sampler import TURNED
from .base import KeypointSet

FIRST = {"train": 100_000, "test": 200_000}
PEOPLE = {"train": 400, "test": 60}


def recipe(split: str, people: int | None = None, shots: int = 8, size: int = 96, **draw) -> Recipe:
    """The album of a split; ``draw`` may set yaw, margin and expressive (see `sample_shots`)."""
    return Recipe(FIRST[split], people or PEOPLE[split], shots, size, **draw)


def load(split: str, workers: int | None = None, **album) -> KeypointSet:
    """The pictures of a split with keypoints, depth, pose, identity and hidden points.

    ``album`` are the parameters of `recipe`. The first call draws (about 25 pictures a second and core at 96 pixels).
    """
    made = recipe(split, **album)
    table = open_album(made, data_dir() / "anny-images", workers)
    yaw = table["angles"][:, 0]
    pose = np.where(yaw < -TURNED, "left", np.where(yaw > TURNED, "right", "front"))
    xy, z = np.array(table["xy"], float), np.array(table["z"], float)
    hidden, identity = np.array(table["hidden"]), np.array(table["identity"])
    return KeypointSet(f"anny-images:{split}", xy, z, pose, identity, hidden, lambda i: np.array(table["image"][i]))


def identity_pairs(identity: np.ndarray) -> np.ndarray:
    """(P, 2) all ordered pairs of different pictures of one person (section 3.1 of the paper)."""
    order = np.argsort(identity, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(np.asarray(identity)[order])) + 1)
    return np.concatenate([np.stack([np.repeat(g, len(g)), np.tile(g, len(g))], 1)[_apart(len(g))] for g in groups])


def _apart(n: int) -> np.ndarray:
    return ~np.eye(n, dtype=bool).ravel()
