"""anny-wide: rendered heads in every turn with room around them, what the keypoint network learns from.

People and pictures as in ``anny-images``, but other recipes: to both profiles, and cut wide enough that a crop can be
turned and shifted inside the picture and still shows hair, neck and background instead of an invented edge.
"""

from dataclasses import replace

from . import anny_images
from .base import KeypointSet

PEOPLE = {"train": 2000, "test": 60}


def load(split: str) -> KeypointSet:
    """12,000 pictures of 2,000 people, or 360 of 60 others; the first call draws them."""
    faces = anny_images.load(split, people=PEOPLE[split], shots=6, size=128, yaw=(-85.0, 85.0), margin=(2.0, 2.4))
    return replace(faces, name=f"anny-wide:{split}")
