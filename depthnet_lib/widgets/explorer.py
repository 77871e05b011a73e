"""Depth and affine by hand: what each does to the face, and how far it still is from a target."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from ipywidgets import HTML, Button, Checkbox, FloatSlider, HBox, Image, Layout, VBox
from matplotlib.figure import Figure

from ..affine import apply_affine, solve_affine_2d
from ..pipeline import Portrait
from ..plots import draw_keypoints, show_picture
from ..warp import warp
from ..warp.export import on_white
from ..warp.uses import onto
from .pictures import png_bytes
from .profile import DepthProfile
from .targets import TargetPicker

NAMES = ("m1", "m2", "m3", "tx", "m4", "m5", "m6", "ty")
VIEW = 320  # pixels of the picture in the page; the warp is computed at the portrait's size
_LANDED, _TARGET = (213, 94, 0), (0, 114, 178)  # orange and blue of Okabe and Ito


@dataclass(frozen=True)
class Landing:
    """Where depth and affine bring a face: RGB uint8 ``picture`` (VIEW, VIEW, 3), the landed points
    ``x_n`` (N, 2), and mean squared errors over the 2 N coordinates, in squared pixels: ``mse`` of this affine,
    ``solved`` of equation 3 with this depth, ``flat`` of the best 2D affine."""

    picture: np.ndarray
    x_n: np.ndarray
    mse: float
    solved: float
    flat: float


def land_on(portrait: Portrait, z: np.ndarray, m: np.ndarray, x_t: np.ndarray) -> Landing:
    """The portrait's face with depth z (N,) moved by m (2, 4), beside the target x_t (N, 2) in the portrait's pixels.

    Blue rings: the target. Orange lines: from it to where each point lands (equation 1's residual).
    """
    move = lambda depth, affine: apply_affine(*map(torch.from_numpy, (portrait.x_s, depth, affine))).numpy()  # noqa: E731
    error = lambda points: float(np.square(points - x_t).mean())  # noqa: E731
    x_n = move(z, m)
    flat = solve_affine_2d(torch.from_numpy(portrait.x_s), torch.from_numpy(x_t)).numpy()
    matrix = _view(portrait.x_s)  # drawn at the page's size, else lines are as coarse as the picture
    picture = on_white(warp(portrait.image, portrait.x_s, z, m))
    picture = cv2.warpAffine(picture, matrix, (VIEW, VIEW), borderValue=(255, 255, 255))
    for landed, wanted in zip(_fixed(x_n, matrix), _fixed(x_t, matrix), strict=True):
        cv2.line(picture, landed, wanted, _LANDED, 1, cv2.LINE_AA, shift=4)
        cv2.circle(picture, wanted, 2 << 4, _TARGET, 1, cv2.LINE_AA, shift=4)
    return Landing(picture, x_n, error(x_n), error(move(z, onto(portrait.x_s, z, x_t))), error(move(z, flat)))


def _view(x_s: np.ndarray) -> np.ndarray:
    """(2, 3): the square around the face's keypoints (N, 2), with room to turn, onto the view."""
    scale = VIEW / (1.6 * np.ptp(x_s, 0).max())
    middle = (x_s.min(0) + x_s.max(0)) / 2
    return np.column_stack([np.eye(2) * scale, (VIEW - 1) / 2 - scale * middle])


def _fixed(points: np.ndarray, matrix: np.ndarray) -> list[tuple[int, int]]:
    """Points in the view, in OpenCV's sixteenths of a pixel; far away ones stay within its integers."""
    placed = points @ matrix[:, :2].T + matrix[:, 2]
    return [tuple(p) for p in np.rint(16 * placed).clip(-1e6, 1e6).astype(int).tolist()]


def landing_figure(portrait: Portrait, z: np.ndarray, m: np.ndarray, x_t: np.ndarray) -> Figure:
    """The explorer's state on paper: depth in profile, the eight numbers, the face and its residual."""
    landing = land_on(portrait, z, m, x_t)
    figure = Figure(figsize=(11, 3.8), layout="constrained")
    side, bars, face = figure.subplots(1, 3)
    draw_keypoints(side, np.column_stack([z - z.mean(), portrait.x_s[:, 1]]), z)
    side.set(xlabel="depth z (pixels)", ylabel="y (pixels)", aspect="equal")
    side.set_title("depth, in profile", fontsize=9)
    side.invert_yaxis()
    keep = [0, 1, 2, 4, 5, 6]
    bars.bar([NAMES[i] for i in keep], m.ravel()[keep], color="#0072b2")
    bars.axhline(0, color="0.6", linewidth=0.8)
    bars.set_title(f"the affine; tx = {m[0, 3]:.0f}, ty = {m[1, 3]:.0f} pixels", fontsize=9)
    title = f"residual {landing.mse:.1f} px² (equation 3: {landing.solved:.1f}, 2D affine: {landing.flat:.1f})"
    show_picture(face, landing.picture, title)
    return figure


def explorer_widget(portrait: Portrait, targets: dict[str, np.ndarray]) -> VBox:
    """Eight sliders for m, depth to drag in profile, a target to choose; the warped face and its residual follow.

    targets: named keypoints (N, 2) in pixels of the portrait. While "solve" is ticked, m is equation 3's answer for
    the depth and the target; moving one of its sliders takes it by hand.
    """
    numbers = [_slider(name, len(portrait.image)) for name in NAMES]
    profile, picker = DepthProfile(portrait.x_s, portrait.z), TargetPicker(targets)
    solve = Checkbox(True, description="solve m for the target (equation 3)", indent=False)
    presets = {
        "true depth": lambda: portrait.z,
        "flat": lambda: np.full_like(portrait.z, portrait.z.mean()),
        "hollow": lambda: 2 * portrait.z.mean() - profile.depth,
    }
    buttons = [Button(description=name, layout=Layout(width="90px")) for name in presets]
    picture, residual = Image(format="png", width=VIEW, height=VIEW, layout={"flex": "none"}), HTML()
    picture.add_class("explorer-picture")  # a name for style sheets and tests
    moving = False  # the program moves the sliders, not a hand

    def show(*_):
        nonlocal moving
        x_t = targets[picker.value]
        if solve.value:
            moving = True
            for slider, value in zip(numbers, onto(portrait.x_s, profile.depth, x_t).ravel(), strict=True):
                slider.value = value
            moving = False
        m = np.array([slider.value for slider in numbers]).reshape(2, 4)
        landing = land_on(portrait, profile.depth, m, x_t)
        picture.value = png_bytes(landing.picture)
        residual.value = (
            f"residual <b>{landing.mse:.1f}</b> px² (solved for this depth: {landing.solved:.1f}, "
            f"2D affine: {landing.flat:.1f})"
        )

    def by_hand(change):
        # A browser answers a number set by the program with the slider's nearest step: that is no hand.
        if not moving and abs(change.new - change.old) > 0.75 * change.owner.step:
            solve.value = False
            show()

    for slider in numbers:
        slider.observe(by_hand, "value")
    for button, depth in zip(buttons, presets.values(), strict=True):
        button.on_click(lambda _, depth=depth: setattr(profile, "depth", depth()))
    profile.observe(show, "z")
    picker.observe(show, "value")
    solve.observe(show, "value")
    show()
    hand = VBox([profile, HBox(buttons)])
    return VBox([picker, HBox([VBox([picture, residual]), hand, VBox([solve, *numbers])])])


def _slider(name: str, size: int) -> FloatSlider:
    """Wide enough for every pose: a slider cuts what is beyond its ends."""
    reach = 2 * size if name in ("tx", "ty") else 4
    return FloatSlider(0, min=-reach, max=reach, step=reach / 1000, description=name, readout_format=".2f")
