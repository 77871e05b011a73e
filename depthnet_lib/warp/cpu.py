"""The warp without OpenGL: a rasteriser in numpy that covers exactly the pixels that OpenGL covers.

OpenGL snaps vertices to a grid of 1/256 pixel; on that grid the edge functions are integers, so whether a pixel's
centre lies inside a triangle is decided without rounding, and of two triangles that share an edge exactly one owns a
centre on it (the top-left rule). Colours are interpolated in floats, finer than the 8 bits of texture units.
"""

import numpy as np

from ..layouts import double_area

GRID = 256  # positions in a pixel, as in every common OpenGL
_CHUNK = 1 << 20  # pixels coloured at once: bounds memory on large pictures


def draw(
    image: np.ndarray,
    xyz: np.ndarray,
    source: np.ndarray,
    triangles: np.ndarray,
    size: tuple[int, int],
    depth_test: bool = True,
) -> np.ndarray:
    """RGBA uint8 (H, W, 4) of textured triangles; the arguments are those of `depthnet_lib.warp.draw`."""
    owner = triangle_map(xyz, triangles, size, depth_test).ravel()
    planes = _planes(xyz[triangles, :2], source[triangles])
    out = np.zeros((size[0] * size[1], 4), np.uint8)
    inside = np.flatnonzero(owner >= 0)
    for start in range(0, len(inside), _CHUNK):
        pixel = inside[start : start + _CHUNK]
        y, x = np.divmod(pixel, size[1])
        at = _evaluate(planes, owner[pixel], x, y)
        out[pixel, :3] = bilinear(image, at)
    out[inside, 3] = 255
    return out.reshape(*size, 4)


def triangle_map(xyz: np.ndarray, triangles: np.ndarray, size: tuple[int, int], depth_test: bool = True) -> np.ndarray:
    """(H, W) int32: the triangle that each pixel shows, -1 outside.

    xyz (N, 3) in target pixels. Where triangles overlap the nearest wins (largest z), of equal ones and without
    depth test the last.
    """
    owner = np.full(size[0] * size[1], -1, np.int32)
    nearest = np.full(size[0] * size[1], -np.inf) if depth_test else None
    planes = _planes(xyz[triangles, :2], xyz[triangles, 2:]) if depth_test else None
    for triangle, x, y in _covered(xyz[triangles, :2], size):
        pixel = y * size[1] + x
        if depth_test:
            depth = _evaluate(planes, triangle, x, y)[:, 0]
            order = np.argsort(depth, kind="stable")
            order = order[depth[order] >= nearest[pixel[order]]]
            pixel, triangle = pixel[order], triangle[order]
            nearest[pixel] = depth[order]
        owner[pixel] = triangle  # of repeated pixels numpy keeps the last: the nearest, or the last drawn
    return owner.reshape(size)


def interpolate(values: np.ndarray, xyz: np.ndarray, triangles: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """(H, W, C) of values (N, C) given at the vertices, over the pixels of a `triangle_map`; NaN outside."""
    out = np.full((*owner.shape, values.shape[1]), np.nan)
    y, x = np.nonzero(owner >= 0)
    out[y, x] = _evaluate(_planes(xyz[triangles, :2], values[triangles]), owner[y, x], x, y)
    return out


def bilinear(image: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Colours uint8 (P, 3) of a picture (H, W, 3) at positions (P, 2) in its pixels; the border is repeated."""
    height, width = image.shape[:2]
    low = np.floor(at)
    right, down = (at - low).astype(np.float32).T[..., None]
    x, y = low.astype(np.int64).T
    x0, x1 = x.clip(0, width - 1), (x + 1).clip(0, width - 1)
    y0, y1 = y.clip(0, height - 1) * width, (y + 1).clip(0, height - 1) * width
    pixels = image.reshape(-1, 3)
    take = lambda index: pixels.take(index, axis=0).astype(np.float32)  # noqa: E731
    top = take(y0 + x0) * (1 - right) + take(y0 + x1) * right
    bottom = take(y1 + x0) * (1 - right) + take(y1 + x1) * right
    return (top * (1 - down) + bottom * down + 0.5).astype(np.uint8)


def _covered(corners: np.ndarray, size: tuple[int, int]):
    """Yield (triangle, x, y) of all covered pixels, triangles (T, 3, 2) in order, some million pixels at a time."""
    corners = np.rint(corners * GRID).astype(np.int64)
    area = double_area(corners)
    keep = np.flatnonzero(area)
    corners = np.where(area[:, None, None] < 0, corners[:, ::-1], corners)[keep]
    # one entry for each row of pixels that a triangle reaches
    first_row = np.maximum(-(-corners[..., 1].min(1) // GRID), 0)
    last_row = np.minimum(corners[..., 1].max(1) // GRID, size[0] - 1)
    triangle, y = _ranges(first_row, last_row)
    first, last = np.zeros(len(y), np.int64), np.full(len(y), size[1] - 1)
    for a, b in ((0, 1), (1, 2), (2, 0)):
        ax, ay = corners[triangle, a].T
        dx, dy = (corners[:, b] - corners[:, a])[triangle].T
        # The centre (x, y) is inside where -dy GRID x + constant >= 0; on the edge itself only for left and top ones.
        constant = dx * (y * GRID - ay) + dy * ax - np.where((dy < 0) | ((dy == 0) & (dx > 0)), 0, 1)
        step = np.maximum(np.abs(dy) * GRID, 1)
        first = np.where(dy < 0, np.maximum(first, -(constant // step)), first)
        last = np.where(dy > 0, np.minimum(last, constant // step), last)
        last = np.where((dy == 0) & (constant < 0), -1, last)
    pixels = np.cumsum(np.maximum(last - first + 1, 0))
    cuts = np.searchsorted(pixels, np.arange(_CHUNK, pixels[-1] if len(pixels) else 0, _CHUNK))
    for part in np.split(np.arange(len(y)), np.unique(cuts)):
        span, x = _ranges(first[part], last[part])
        yield keep[triangle[part][span]], x, y[part][span]


def _ranges(first: np.ndarray, last: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All integers first[i] ... last[i], one range after the other, and the i of each."""
    count = np.maximum(last - first + 1, 0)
    index = np.repeat(np.arange(len(first)), count)
    begin = np.cumsum(count) - count
    return index, np.arange(len(index)) - begin[index] + first[index]


def _planes(corners: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(T, 3, C) coefficients of x, y and 1 of the planes through values (T, 3, C) at corners (T, 3, 2).

    Corners are taken as they are, so that the identity warp samples exactly; but a triangle that only the grid gives
    its area is interpolated on the grid.
    """
    grid = np.rint(corners * GRID) / GRID
    thin = np.abs(double_area(corners)) < 0.5 * np.abs(double_area(grid))
    corners = np.where(thin[:, None, None], grid, corners)
    (ux, uy), (vx, vy) = (corners[:, 1] - corners[:, 0]).T, (corners[:, 2] - corners[:, 0]).T
    area = double_area(corners)
    scale = np.divide(1.0, area, out=np.zeros_like(area), where=area != 0)[:, None]
    du, dv = values[:, 1] - values[:, 0], values[:, 2] - values[:, 0]
    by_x = (du * vy[:, None] - dv * uy[:, None]) * scale
    by_y = (dv * ux[:, None] - du * vx[:, None]) * scale
    constant = values[:, 0] - by_x * corners[:, 0, :1] - by_y * corners[:, 0, 1:]
    return np.stack([by_x, by_y, constant], 1)


def _evaluate(planes: np.ndarray, triangle: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(P, C) values of each pixel's plane."""
    by_x, by_y, constant = np.moveaxis(planes, 1, 0)
    return by_x.take(triangle, 0) * x[:, None] + by_y.take(triangle, 0) * y[:, None] + constant.take(triangle, 0)
