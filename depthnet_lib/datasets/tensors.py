"""A keypoint set as the tensors that models take."""

import cv2
import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from ..depth_model import Faces
from ..errors import InputError
from .base import KeypointSet

SIZE = 80  # pixels, the side of a face crop (S.1.1)
MARGIN = 1.5  # side of the crop over the longer side of the keypoints' bounding box


def as_faces(data: KeypointSet, depth: bool = True, images: bool = False) -> Faces:
    """All faces of a set: keypoints, and where asked for and known true depth (centred) and face crops.

    Raises InputError where pictures are asked for and the set has none.
    """
    z = None if data.z is None or not depth else torch.from_numpy(data.z - data.z.mean(1, keepdims=True)).float()
    return Faces(torch.from_numpy(data.xy).float(), z, _crops(data) if images else None)


def crop_box(xy: Tensor) -> tuple[Tensor, Tensor]:
    """Corner (..., 1, 2) and side (..., 1, 1) of the square face crop around keypoints (..., N, 2), in their unit."""
    low, high = xy.amin(-2, keepdim=True), xy.amax(-2, keepdim=True)
    side = MARGIN * (high - low).amax(-1, keepdim=True)
    return (low + high - side) / 2, side


def _crops(data: KeypointSet) -> Tensor:
    """(M, 80, 80, 3) uint8."""
    if data.image is None:
        raise InputError(data.name, "has no pictures, which this model looks at", "choose another set or model")
    corners, sides = (part.numpy() for part in crop_box(torch.from_numpy(data.xy)))
    crops = np.empty((len(data), SIZE, SIZE, 3), np.uint8)
    for i in tqdm(range(len(data)), "face crops", delay=2, leave=False):
        crops[i] = _crop(data.image(i), corners[i, 0], float(sides[i].item()))
    return torch.from_numpy(crops)


def _crop(image: np.ndarray, corner: np.ndarray, side: float) -> np.ndarray:
    """The square, resampled without aliasing; its border repeats where it leaves the picture."""
    unit = max(image.shape[:2])
    shrink = max(1, round(side * unit / SIZE))  # averaged first where the picture is much larger than the crop
    if shrink > 1:
        image = cv2.resize(image, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA)
    scale = side * unit / shrink / SIZE  # pixels of the picture a pixel of the crop
    start = corner * unit / shrink + scale / 2 - 0.5
    matrix = np.array([[scale, 0, start[0]], [0, scale, start[1]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(image, matrix, (SIZE, SIZE), flags=flags, borderMode=cv2.BORDER_REPLICATE)
