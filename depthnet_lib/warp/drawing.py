"""The warp's front: keypoints, depth and affine in, a picture out; OpenGL where there is one, else the CPU."""

import atexit
import os
import sys
from functools import cache
from itertools import repeat

import numpy as np

from ..errors import InputError
from ..layouts import FARTHEST, layout_of, mesh_triangles
from . import cpu
from .geometry import turned
from .gl import NoOpenGL, OpenGL

BACKENDS = ("auto", "gl", "cpu")


def warp(
    image: np.ndarray,
    x_s: np.ndarray,
    z: np.ndarray,
    m: np.ndarray,
    triangles: np.ndarray | None = None,
    size: tuple[int, int] | None = None,
    backend: str = "auto",
) -> np.ndarray:
    """Move the face by its depth and affine: RGBA uint8 (H, W, 4), alpha 255 on the mesh (section 2.1, step 5).

    image (H, W, 3) RGB uint8; keypoints x_s (N, 2) in its pixels, (0, 0) the centre of the top-left one; depth z (N,)
    toward the viewer; affine m (2, 4) into pixels of the result; triangles (T, 3), by default those of the keypoint
    layout; size (height, width) of the result, by default the image's. Where the mesh folds over itself the nearest
    part shows (see `third_row` for which that is). Raises InputError for shapes that do not fit and values that are
    not finite.
    """
    x_s, z, m = np.asarray(x_s, float), np.asarray(z, float), np.asarray(m, float)
    if z.shape != x_s.shape[:1] or m.shape != (2, 4):
        shapes = f"keypoints {x_s.shape}, depth {z.shape}, affine {m.shape}"
        raise InputError("warp", shapes, "expected (N, 2), (N,) and (2, 4)")
    if not (np.isfinite(z).all() and np.isfinite(m).all()):
        raise InputError("warp", "depth or affine is not finite", "solve again without the NaN")
    if triangles is None:
        triangles = mesh_triangles(layout_of(len(x_s)), x_s)
    return draw(image, turned(x_s, z, m), x_s, triangles, size, backend=backend)


def warp_many(
    images: np.ndarray,
    x_s: np.ndarray,
    z: np.ndarray,
    m: np.ndarray,
    triangles: np.ndarray | None = None,
    size: tuple[int, int] | None = None,
    backend: str = "auto",
) -> np.ndarray:
    """`warp` for many faces: RGBA uint8 (B, H, W, 4) from images (B, H, W, 3), x_s (B, N, 2), z (B, N), m (B, 2, 4).

    What is the same for all faces may be given once, without its first axis: one picture in many poses is
    ``warp_many(image, x_s, z, m)`` with m (B, 2, 4).
    """
    x_s, z, m = (np.asarray(a, float) for a in (x_s, z, m))
    given = {"images": (images, 3), "x_s": (x_s, 2), "z": (z, 1), "m": (m, 2)}
    lengths = {len(a) for a, single in given.values() if np.ndim(a) == single + 1}
    if len(lengths) != 1:
        shapes = ", ".join(f"{name} {np.shape(a)}" for name, (a, _) in given.items())
        raise InputError("warp", shapes, "give the same number of faces everywhere, or one of a kind for all")
    every = [a if np.ndim(a) == single + 1 else repeat(a) for a, single in given.values()]
    faces = zip(range(lengths.pop()), *every, strict=False)
    return np.stack([warp(*face, triangles, size, backend) for _, *face in faces])


def draw(
    image: np.ndarray,
    xyz: np.ndarray,
    source: np.ndarray,
    triangles: np.ndarray,
    size: tuple[int, int] | None = None,
    depth_test: bool = True,
    backend: str = "auto",
) -> np.ndarray:
    """Draw any textured mesh orthographically: RGBA uint8 (H, W, 4), alpha 255 on the mesh, zeros elsewhere.

    image (H, W, 3) RGB uint8 gives the colours, bilinear, its border repeated; vertices xyz (N, 3) in pixels of the
    result, z toward the viewer; source (N, 2) where each vertex lies in the image; triangles (T, 3). With depth test
    the nearest triangle shows, without it the last. Both sides of a triangle are drawn.
    """
    image, size = np.asarray(image), tuple(size or np.shape(image)[:2])
    xyz, source, triangles = np.asarray(xyz, float), np.asarray(source, float), np.asarray(triangles)
    _check(image, xyz, source, triangles, size)
    arguments = image, xyz, source, triangles, size, depth_test
    for _ in range(2):  # a context can be lost between two faces: then a new one
        try:
            return open_backend(backend).draw(*arguments)
        except NoOpenGL as error:
            lost = error
            _close_opengl()
    return _without_opengl(backend, lost).draw(*arguments)


def open_backend(name: str = "auto"):
    """What draws: OpenGL's one context of this process, or the module `cpu`; "auto" takes the first that works."""
    if name not in BACKENDS:
        raise InputError(name, "unknown backend", "use one of: " + ", ".join(BACKENDS))
    if name == "cpu":
        return cpu
    try:
        return _opengl()
    except NoOpenGL as error:
        return _without_opengl(name, error)


def _without_opengl(name: str, error: NoOpenGL):
    if name == "gl":
        remedy = "apt-get install libegl1 libgl1 libgl1-mesa-dri, or use the cpu backend"
        raise InputError("OpenGL", f"not available ({error})", remedy) from None
    _notice(str(error))
    return cpu


@cache
def _opengl() -> OpenGL:
    return OpenGL()


@cache
def _notice(reason: str) -> None:
    print(f"depthnets: no OpenGL here ({reason}); drawing on the CPU", file=sys.stderr)


def _close_opengl() -> None:
    if _opengl.cache_info().currsize:
        _opengl().close()
        _opengl.cache_clear()


atexit.register(_close_opengl)
if hasattr(os, "register_at_fork"):  # a forked process must not draw through its parent's context
    os.register_at_fork(after_in_child=_opengl.cache_clear)


def _check(image, xyz, source, triangles, size) -> None:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise InputError("warp", f"image is {image.dtype} {image.shape}", "give RGB uint8 (H, W, 3)")
    if xyz.ndim != 2 or xyz.shape[1] != 3 or source.shape != (len(xyz), 2):
        raise InputError("warp", f"vertices {xyz.shape}, source {source.shape}", "expected (N, 3) and (N, 2)")
    if triangles.ndim != 2 or triangles.shape[1] != 3 or not np.issubdtype(triangles.dtype, np.integer):
        raise InputError("warp", f"triangles are {triangles.dtype} {triangles.shape}", "give integers (T, 3)")
    if triangles.size and not (triangles.min() >= 0 and triangles.max() < len(xyz)):
        raise InputError("warp", f"a triangle names a point beyond the {len(xyz)} given", "count points from 0")
    if not (np.isfinite(xyz).all() and np.isfinite(source).all()):
        raise InputError("warp", "keypoints are not finite", "remove the NaN")
    if np.abs(xyz[:, :2]).max(initial=0) > FARTHEST or np.abs(source).max(initial=0) > FARTHEST:
        raise InputError("warp", "keypoints land millions of pixels away", "check the affine and the units of depth")
    if len(size) != 2 or min(size) < 1:
        raise InputError("warp", f"size {size}", "give (height, width) in pixels")
