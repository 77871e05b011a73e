"""Figures 4, 5, S6, S7 and S8: background synthesis, face swap and extreme poses, on rendered heads.

Rows are people whom no training saw. The paper's columns, and where rendered heads know it, the true answer last.
"""

import numpy as np
from matplotlib.figure import Figure

from ..pipeline import METRIC_MODEL, frontalize, repair_frontal, repair_swap, swap_face, warp_portrait
from ..plots import draw_keypoints
from ..repair.inputs import background_input, composite
from ..repair_sets import PEOPLE, YAW, draw_scenes
from ..warp.export import on_white

ROWS = 8
SIZE = 192  # pixels of a picture
SWEEP = np.linspace(-45, 45, 7)  # degrees of yaw of the faces whose pose is taken


def background_figure(first: int) -> Figure:
    """Figures 4 and S6: source, keypoints, DepthNet's face, with the background, repaired, true answer.

    ``first`` of the held-out people of `repair_sets`.
    """
    scenes = draw_scenes(_people(first, ROWS), YAW["background"], scenes=1, size=SIZE)
    titles = ["source", "keypoints", "DepthNet (DN)", "DN + background", "repaired", "true answer"]
    figure, axes = _grid(titles)
    for row, portrait, answer in zip(axes, scenes.faces, scenes.answers().pictures, strict=True):
        face = frontalize(portrait, "keypoints", fill=False).face
        pasted = composite(background_input(face, portrait.image, portrait.x_s))
        _show(row, [portrait.image, portrait.image, on_white(face), pasted, repair_frontal(portrait)[0].image, answer])
        draw_keypoints(row[1], portrait.x_s, lines=False, size=3)
    return figure


def swap_figure(first: int) -> Figure:
    """Figures 5 and S7: source, target, warp to target, repaired; ``first`` as in `background_figure`."""
    sources = draw_scenes(_people(first, ROWS), YAW["swap"], scenes=1, size=SIZE)
    targets = draw_scenes(_people(first + 1, ROWS), YAW["swap"], scenes=2, size=SIZE)
    figure, axes = _grid(["source", "target", "warp to target", "repaired"])
    for row, source, target in zip(axes, sources.faces, targets.faces[1::2], strict=True):
        pasted, _ = swap_face(source, target.image, target.x_s, mesh="keypoints", fill=False, blend="plain")
        _show(row, [source.image, target.image, pasted, repair_swap(source, target.image, target.x_s)])
    return figure


def extreme_figure(first: int) -> Figure:
    """Figure S8: in pairs of rows, the faces whose poses are taken, and source, frontalized, repaired, re-projected."""
    scenes = draw_scenes(_people(first, ROWS), YAW["extreme"], scenes=1, size=SIZE)
    others = draw_scenes(_people(first + ROWS, len(SWEEP)), YAW["extreme"], scenes=1, size=SIZE)
    poses = others.facing(np.column_stack([SWEEP, np.zeros((len(SWEEP), 2))]))
    figure, axes = _grid(["source", "frontalized", "repaired", *(f"{yaw:+.0f}°" for yaw in SWEEP)], 2 * ROWS)
    for above, row, portrait in zip(axes[::2], axes[1::2], scenes.faces, strict=True):
        front, _ = repair_frontal(portrait)
        sweep = warp_portrait(front, poses.x_s, METRIC_MODEL)
        face = frontalize(portrait, "keypoints", fill=False).face
        _show(above, [None, None, None, *poses.pictures])
        _show(row, [portrait.image, on_white(face), front.image, *map(on_white, sweep)])
    return figure


def _people(first: int, count: int) -> np.ndarray:
    return np.take(PEOPLE["test"], np.arange(first, first + count), mode="wrap")


def _grid(titles: list[str], rows: int = ROWS) -> tuple[Figure, np.ndarray]:
    figure = Figure(figsize=(1.3 * len(titles), 1.3 * rows + 0.2), layout="constrained")
    axes = figure.subplots(rows, len(titles), squeeze=False)
    for ax, title in zip(axes[0], titles, strict=True):
        ax.set_title(title, fontsize=9)
    return figure, axes


def _show(row: np.ndarray, pictures: list[np.ndarray | None]) -> None:
    for ax, picture in zip(row, pictures, strict=True):
        ax.set_axis_off()
        if picture is not None:
            ax.imshow(picture)
