"""Figures 1 (right) and S2 to S5: a face carried onto another head's poses, which stand in the row above.

Multi-PIE's place is taken by rendered heads whom no training saw: people at rest under one light, turned in steps.
"""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from ..datasets.anny import TRAIN_PEOPLE
from ..errors import InputError
from ..heads.render import Pictures
from ..pipeline import PAPER_MODEL
from ..plots import show_picture
from ..poses import YAWS, against_truth, landed, portrait_of, project, row_of_poses
from ..warp.export import on_white
from . import Plate
from .architecture import draw_architecture

DATA = ("anny",)
SIZE = 160  # pixels of a picture


class Row(NamedTuple):
    """A pair of rows: the source (people are numbered from the first of anny:test) and its yaw, and the target."""

    source: int
    yaw: float
    target: int


ROWS = {
    "fig1": [Row(0, 0, 1), Row(2, 0, 3), Row(4, 0, 5)],
    "figS2": [Row(6 + i, 0, 26 + i) for i in range(5)],
    "figS3": [Row(11 + i, 0, 31 + i) for i in range(5)],
    "figS4": [Row(16 + i, 40 * (-1) ** i, 36 + i) for i in range(5)],
    "figS5": [Row(21, 0, 21), Row(22, 40, 22)],
}


def make(id: str, data: tuple[str, ...]) -> Plate:
    """Pairs of rows; numbers are the keypoints' distances from their targets, and for one person's own poses how close
    the pictures come to the true ones. InputError for other data: these figures show rendered heads."""
    if tuple(data) != DATA:
        raise InputError(", ".join(data), "has no rows of poses", f"these figures are made on {DATA[0]}")
    figure, grid = _grid(len(ROWS[id]), architecture=id == "fig1")
    rows = []
    for row, (above, below) in zip(ROWS[id], grid, strict=True):
        targets = row_of_poses(TRAIN_PEOPLE + row.target, YAWS, size=SIZE)
        source = portrait_of(row_of_poses(TRAIN_PEOPLE + row.source, (row.yaw,), size=SIZE), 0)
        x_t = np.stack([portrait_of(targets, i).x_s for i in range(len(YAWS))])
        faces = [on_white(face) for face in project(source, x_t, SIZE)]
        for axes, pictures in ((above, [None, *targets.image]), (below, [source.image, *faces])):
            for ax, picture in zip(axes, pictures, strict=True):
                show_picture(ax, picture) if picture is not None else ax.set_axis_off()
        distances = np.linalg.norm(landed(source, x_t) - x_t, axis=-1).mean(-1)
        rows.append(row._asdict() | {"distance": distances.tolist()})
        if row.source == row.target:
            rows[-1] |= _truth(source, targets)
    notes = [
        f"model {PAPER_MODEL} (7 of table 1), trained on anny:train; people of anny:test, {SIZE}-pixel pictures",
        f"distance: mean over keypoints from the target's, in pixels; targets at yaw {', '.join(map(str, YAWS))}",
        "of the source and its mirror image the one closer in pose is used (supplement S.3)",
    ]
    if id == "figS5":
        notes.append("psnr (dB), ssim: to the true picture of the pose, where both show the same skin; gt: true depth")
    return Plate({"rows": rows}, figure, notes=notes)


def _truth(source, targets: Pictures) -> dict[str, dict]:
    """Closeness to the true pictures, with the model's depth and with the true one; the source is not mirrored."""
    models = (PAPER_MODEL, "gt")
    each = [against_truth(source, portrait_of(targets, i), models) for i in range(len(YAWS))]
    return {model: {key: [getattr(t[model], key) for t in each] for key in ("psnr", "ssim")} for model in models}


def _grid(pairs: int, architecture: bool) -> tuple[Figure, np.ndarray]:
    """A figure and its axes (pairs, 2, 1 + poses), right of the network's drawing where there is one."""
    columns, left = 1 + len(YAWS), 4.2 if architecture else 0.0
    figure = Figure(figsize=(1.1 * columns + left, 2.2 * pairs), layout="constrained")
    parts = figure.subfigures(1, 2, width_ratios=(left, 1.1 * columns)) if architecture else [None, figure]
    if architecture:
        draw_architecture(parts[0].subplots())
    figure.get_layout_engine().set(w_pad=0.01, h_pad=0.01, wspace=0.01, hspace=0.01)
    return figure, parts[1].subplots(2 * pairs, columns, squeeze=False).reshape(pairs, 2, columns)
