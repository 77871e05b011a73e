"""Glasses: two rims, a bridge and temples, laid on the keypoints of a head."""

from functools import lru_cache

import numpy as np

_RIM, _TUBE = 36, 6  # points around a lens, around the wire


@lru_cache(maxsize=1)
def glasses_triangles() -> np.ndarray:
    """(T, 3) triangles of the four wires of `glasses_points`: two closed rims and two open sides, then the bridge."""
    blocks, start = [], 0
    for n, closed in ((_RIM, True), (_RIM, True), (4, False), (4, False), (5, False)):
        i, j = np.meshgrid(np.arange(n if closed else n - 1), np.arange(_TUBE), indexing="ij")
        a, b = i * _TUBE + j, i * _TUBE + (j + 1) % _TUBE
        c, d = (i + 1) % n * _TUBE + j, (i + 1) % n * _TUBE + (j + 1) % _TUBE
        quads = np.stack([a, b, d, a, d, c], -1).reshape(-1, 3)
        blocks.append(quads + start)
        start += n * _TUBE
    return np.concatenate(blocks).astype(np.int32)


def glasses_points(points: np.ndarray, seed: int) -> np.ndarray:
    """(P, 3) of a pair of glasses on the keypoints (68, 3) of a head at rest, in cm; the seed sets shape and wire."""
    rng = np.random.default_rng(seed + 4)
    width, height = rng.uniform(2.3, 2.75), rng.uniform(1.7, 2.25)
    corner, thick = rng.uniform(2.0, 4.0), rng.choice([0.09, 0.13, 0.2])
    turn = np.linspace(0, 2 * np.pi, _RIM, endpoint=False)
    round_ = lambda f: np.sign(f) * np.abs(f) ** (2 / corner)  # noqa: E731
    wires, middle = [], points[36:48].mean(0)
    front = max(points[27, 2] + 0.5, points[[37, 38, 43, 44], 2].max() + 1.0)
    for eye in (points[36:42].mean(0), points[42:48].mean(0)):
        x, y = eye[0] + width * round_(np.cos(turn)), eye[1] + 0.35 + height * round_(np.sin(turn))
        bend = 0.035 * (x - middle[0]) ** 2  # the frame curves back around the face
        wires.append((np.stack([x, y, front - bend], 1), True))
    for ear, rim, sign in ((points[0], wires[0][0], -1), (points[16], wires[1][0], 1)):
        hinge = rim[np.argmax(sign * rim[:, 0])] - np.array([0, 0.9, 0])
        back = np.array([ear[0] + sign * 0.9, ear[1] - 0.1, ear[2] - 2.5])
        bow = hinge + np.array([sign * 0.5, 0, -0.8])
        wires.append((np.stack([hinge, bow, (bow + back) / 2 + [sign * 0.2, 0, 0], back]), False))
    left, right = wires[0][0], wires[1][0]
    a, b = left[np.argmax(left[:, 0] - 0.35 * left[:, 1])], right[np.argmin(right[:, 0] + 0.35 * right[:, 1])]
    s = np.linspace(0, 1, 5)[:, None]
    wires.append((a + s * (b - a) + np.sin(s * np.pi) * [0, -0.2, 0.25], False))
    return np.concatenate([_tube(path, closed, thick) for path, closed in wires])


def _tube(path: np.ndarray, closed: bool, radius: float) -> np.ndarray:
    """(n * _TUBE, 3) points on a wire along a path (n, 3)."""
    along = np.roll(path, -1, 0) - np.roll(path, 1, 0) if closed else np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    side = np.cross(along, [0.31, 0.17, 0.93] if closed else [0.1, 0.99, 0.1])
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    other = np.cross(along, side)
    angle = np.linspace(0, 2 * np.pi, _TUBE, endpoint=False)[:, None]
    ring = path[:, None] + radius * (np.cos(angle) * side[:, None] + np.sin(angle) * other[:, None])
    return ring.reshape(-1, 3)
