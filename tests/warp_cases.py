"""What the tests of the warp share: faces, pictures, and whether this machine has OpenGL."""

from pathlib import Path

import numpy as np
import pytest

from depthnet_lib.errors import InputError
from depthnet_lib.layouts import IBUG68
from depthnet_lib.warp import open_backend

EXAMPLE = Path(__file__).parents[2] / "shared" / "data" / "facewarper_example"
needs_example = pytest.mark.skipif(not EXAMPLE.is_dir(), reason="FaceWarper's example folder is not beside the clone")


def has_opengl() -> bool:
    try:
        return open_backend("gl") is not None
    except InputError:
        return False


needs_opengl = pytest.mark.skipif(not has_opengl(), reason="no OpenGL on this machine")
BACKENDS = [pytest.param("gl", marks=needs_opengl), "cpu"]


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def face(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Keypoints (68, 2) that fill a picture, and a plausible depth (68,): a bowl, in pixels."""
    unit = 0.45 * min(height, width)
    x_s = IBUG68.template * unit + [width / 2, height / 2]
    return x_s, -0.5 * unit * (IBUG68.template**2).sum(1)
