"""Drawings of faces for figures: keypoints over a picture, coloured by depth, seen from the front and the side."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .layouts import Layout, layout_of

DEPTH_COLOURS = "viridis"  # readable without colour vision, and in grey: bright is near


def show_picture(axes: Axes, image: np.ndarray, title: str = "") -> None:
    """A picture (H, W, 3 or 4) without ticks; what is transparent stays the page's colour."""
    axes.imshow(image)
    axes.set_title(title, fontsize=9)
    axes.set_axis_off()


def draw_keypoints(axes: Axes, points: np.ndarray, z: np.ndarray | None = None, lines: bool = True, size: float = 12):
    """Keypoints (N, 2), y down, with the layout's outlines; coloured by depth z (N,) where given. Returns the dots."""
    layout: Layout = layout_of(len(points))
    for line in layout.lines if lines else ():
        axes.plot(*points[list(line)].T, color="0.6", linewidth=0.8, zorder=1)
    colours = {"c": z, "cmap": DEPTH_COLOURS} if z is not None else {"color": "black"}
    return axes.scatter(*points.T, s=size, zorder=2, linewidths=0.3, edgecolors="white", **colours)


def frame_face(axes: Axes, like: np.ndarray) -> None:
    """Axes cut to the square around a face's keypoints `like` (N, 2), y down, without ticks."""
    (x, y), half = (like.min(0) + like.max(0)) / 2, 0.68 * np.ptp(like, 0).max()
    axes.set(xlim=(x - half, x + half), ylim=(y + half, y - half), aspect="equal")
    axes.set_axis_off()


def depth_figure(image: np.ndarray, x_s: np.ndarray, z: np.ndarray, title: str) -> Figure:
    """Depth of a face three ways: dots over the picture, from the front, and in profile, one colour scale."""
    figure = Figure(figsize=(11, 4), layout="constrained")
    over, front, side = figure.subplots(1, 3, width_ratios=(1, 1, 0.8))
    show_picture(over, image, "keypoints, coloured by depth")
    dots = draw_keypoints(over, x_s, z, lines=False)
    draw_keypoints(front, x_s, z)
    frame_face(front, x_s)
    front.set_title("from the front", fontsize=9)
    draw_keypoints(side, np.column_stack([z, x_s[:, 1]]), z)
    side.set(aspect="equal", xlabel="depth z (pixels, toward the viewer)", ylabel="y (pixels)")
    side.invert_yaxis()
    side.set_title("in profile", fontsize=9)
    figure.colorbar(dots, ax=side, label="depth (pixels)", shrink=0.8)
    figure.suptitle(title, fontsize=10)
    return figure
