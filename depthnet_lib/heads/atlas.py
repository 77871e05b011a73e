"""What lies where in the texture: for every texel its place on the mean head and the regions it belongs to."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from ..layouts import double_area
from .basis import load_basis

SIZE = 768  # texels along the side of a head's texture


@dataclass(frozen=True)
class Atlas:
    """Maps of SIZE x SIZE texels.

    ``position`` (S, S, 3) on the mean head in cm, continued past the edges of the charts; ``part`` (S, S) index of the
    basis's parts, 255 between charts; ``regions`` name -> (S, S) in [0, 1]; ``landmarks`` (68, 2) in texels; ``boxes``
    where each part lies.
    """

    position: np.ndarray
    part: np.ndarray
    regions: dict[str, np.ndarray]
    landmarks: np.ndarray

    boxes: dict[str, tuple[int, int, int, int]]  # part -> left, top, right, bottom


@lru_cache(maxsize=1)
def load_atlas() -> Atlas:
    """Draw the maps once a process (about a second)."""
    basis = load_basis()
    values = np.concatenate([basis.mean, np.stack(list(basis.regions.values()), 1)], 1)[basis.texture_vertex]
    image = np.zeros((SIZE, SIZE, values.shape[1]), np.float32)
    part = np.full((SIZE, SIZE), 255, np.uint8)
    uv = basis.uv * SIZE - 0.5
    corners = uv[basis.texture_triangles]
    area = double_area(corners)
    order = np.argsort(area < 0, kind="stable")  # where charts fold over, the front comes last
    order = order[np.abs(area[order]) > 1e-4]
    edges = np.concatenate([corners[order], np.ones((len(order), 3, 1))], -1)
    for t, shares in zip(order, np.linalg.inv(edges), strict=True):
        x, y, inside = _covered(corners[t], shares)
        image[y, x] = inside @ values[basis.texture_triangles[t]]
        part[y, x] = basis.part[t]
    image = _continued(image, part)
    regions = {name: image[..., 3 + i] for i, name in enumerate(basis.regions)}
    place_of = {int(v): u for u, v in reversed(list(enumerate(basis.texture_vertex)))}
    places = np.vectorize(place_of.__getitem__)(basis.landmark_vertices)
    landmarks = (uv[places] * basis.landmark_weights[..., None]).sum(1)
    boxes = {}
    for i, name in enumerate(basis.part_names):
        rows, columns = np.nonzero(part == i)
        boxes[name] = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    return Atlas(image[..., :3], part, regions, landmarks, boxes)


def _covered(corners: np.ndarray, shares: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, y (n,) of the texels whose centre a triangle (3, 2) covers, and the corners' shares (n, 3) there.

    ``shares`` (3, 3) takes (x, y, 1) to barycentric coordinates.
    """
    (x0, y0), (x1, y1) = np.ceil(corners.min(0)).astype(int), np.floor(corners.max(0)).astype(int)
    x, y = (a.ravel() for a in np.meshgrid(np.arange(x0, x1 + 1), np.arange(y0, y1 + 1)))
    inside = np.outer(x, shares[0]) + np.outer(y, shares[1]) + shares[2]
    covered = (inside > -1e-6).all(-1)
    return x[covered], y[covered], inside[covered]


def _continued(image: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Fill the texels between charts with the value of the nearest covered one, so that seams do not show."""
    _, nearest = cv2.distanceTransformWithLabels(
        (part == 255).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    rows, columns = np.nonzero(part != 255)
    index = np.zeros(nearest.max() + 1, int)
    index[nearest[rows, columns]] = rows * part.shape[1] + columns
    return image.reshape(-1, image.shape[-1])[index[nearest]]
