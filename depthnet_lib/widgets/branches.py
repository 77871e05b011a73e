"""The branches of the Recombinator Network: what each sees, and what is lost where one sees nothing."""

import numpy as np
import torch
from ipywidgets import Dropdown, HBox, Image, IntSlider, ToggleButton, VBox
from matplotlib.figure import Figure

from ..keypoints.rcn import BRANCHES, SIZE, TRUNK, read_out, standardise, trained
from ..plots import show_picture
from .pictures import LiveFigure

SIDES = tuple(SIZE // 2**k for k in reversed(range(len(TRUNK))))  # of the maps, coarse to fine: 5, 10, 20, 40, 80
KEYPOINTS = {"tip of the nose": 30, "corner of the mouth": 48, "corner of the eye": 36, "chin": 8, "end of the jaw": 0}


def branch_maps(crop: np.ndarray, off: tuple[int, ...] = ()) -> tuple[list[np.ndarray], np.ndarray]:
    """Probabilities of each branch [(68, 5, 5) ... (68, 80, 80)] for a grey uint8 crop (80, 80), and the points
    (5, 68, 2) read out of each, in crop pixels. Branches in ``off`` (0 the coarsest) see nothing."""
    with torch.inference_mode():
        logits = trained().net.heat_maps(standardise(torch.from_numpy(crop)[None]), off=off)
        maps = [m.flatten(2).softmax(2).view_as(m)[0].numpy() for m in logits]
        return maps, torch.cat([read_out(m) for m in logits]).numpy()


def branch_figure(crop: np.ndarray, true: np.ndarray, keypoint: int, off: tuple[int, ...] = ()) -> Figure:
    """The crop with the finest branch's points, and one keypoint's map of each branch over it, coarse to fine.

    ``crop`` (80, 80) grey uint8, ``true`` (68, 2) in its pixels. A cross is the truth, a ring what the branch says.
    """
    figure = _empty()
    _fill(figure, crop, true, keypoint, off)
    return figure


def _empty() -> Figure:
    figure = Figure(figsize=(12, 2.5), layout="constrained")
    for ax in figure.subplots(1, 1 + len(BRANCHES)):
        ax.set(xlim=(-0.5, SIZE - 0.5), ylim=(SIZE - 0.5, -0.5), aspect="equal")
        ax.set_axis_off()
    return figure


def _fill(figure: Figure, crop: np.ndarray, true: np.ndarray, keypoint: int, off: tuple[int, ...]) -> None:
    maps, points = branch_maps(crop, off)
    first, *axes = figure.axes
    show_picture(first, crop, f"finest branch: {_off(points[-1], true):.1f} px off")
    first.scatter(*points[-1].T, s=6, color="#56b4e9")
    for k, (ax, side, map_, found) in enumerate(zip(axes, SIDES, maps, points, strict=True)):
        missed = np.hypot(*(found[keypoint] - true[keypoint]))
        show_picture(ax, crop, f"{side} x {side}" + (", off" if k in off else "") + f": {missed:.1f} px off")
        extent = (-0.5, SIZE - 0.5, SIZE - 0.5, -0.5)
        seen = map_[keypoint] / map_[keypoint].max()
        ax.imshow(seen, cmap="inferno", alpha=0.15 + 0.85 * np.sqrt(seen), extent=extent, vmin=0, vmax=1)
        ax.plot(*true[keypoint], "x", color="white", markersize=7)
        ax.plot(*found[keypoint], "o", color="#56b4e9", fillstyle="none", markersize=9)
    for ax in figure.axes:
        ax.images[0].set_cmap("gray")


def branch_widget(crops: np.ndarray, true: np.ndarray) -> VBox:
    """Choose one of the crops (M, 80, 80) with true points (M, 68, 2) and a keypoint, and turn branches off."""
    face = IntSlider(0, min=0, max=len(crops) - 1, description="face")
    keypoint = Dropdown(options=list(KEYPOINTS.items()), value=48, description="keypoint")
    switches = [ToggleButton(True, description=f"{side} x {side}") for side in SIDES]
    picture, live = Image(format="png"), LiveFigure(_empty(), _fill)

    def show(*_):
        off = tuple(k for k, switch in enumerate(switches) if not switch.value)
        picture.value = live.png(crops[face.value], true[face.value], keypoint.value, off)

    for control in (face, keypoint, *switches):
        control.observe(show, "value")
    show()
    return VBox([HBox([face, keypoint]), HBox(switches), picture])


def _off(found: np.ndarray, true: np.ndarray) -> float:
    return float(np.linalg.norm(found - true, axis=1).mean())
