"""The eight numbers of m by hand, by angles, or by a target."""

import numpy as np
from ipywidgets import Dropdown, FloatSlider, HBox, Image, ToggleButtons, VBox

from ..pipeline import Portrait
from ..warp import turn, warp
from ..warp.export import on_white
from ..warp.uses import onto
from .pictures import png_bytes


def affine_picture(portrait: Portrait, m: np.ndarray, depth_scale: float, backend: str = "auto") -> np.ndarray:
    """The face moved by the affine m (2, 4), its depth stretched first: RGB uint8 (S, S, 3) on white."""
    return on_white(warp(portrait.image, portrait.x_s, depth_scale * portrait.z, m, backend=backend))


def affine_widget(portrait: Portrait, targets: dict[str, np.ndarray]) -> HBox:
    """The eight numbers of m as sliders over the warped face. Angles, or one of the named target keypoints (N, 2) in
    pixels of the portrait, set all eight; depth can be stretched and the backend changed."""
    size = len(portrait.image)
    names = ("m1", "m2", "m3", "tx", "m4", "m5", "m6", "ty")
    ranges = [(size if name[0] == "t" else 2) for name in names]
    numbers = [FloatSlider(0, min=-r, max=r, step=r / 200, description=n) for n, r in zip(names, ranges, strict=True)]
    angles = [FloatSlider(0, min=-75, max=75, step=1, description=f"{n} (°)") for n in ("yaw", "pitch")]
    target = Dropdown(options=["none", *targets], description="target")
    stretch = FloatSlider(1, min=-1, max=2, step=0.05, description="depth scale")
    backend = ToggleButtons(options=("auto", "cpu"), description="backend")
    picture = Image(format="png", width=size, layout={"flex": "none"})  # else sliders beside it squeeze the face
    affine = np.eye(2, 4)

    def show(*_):
        picture.value = png_bytes(affine_picture(portrait, affine, stretch.value, backend.value))

    def by_hand(change):
        affine.ravel()[numbers.index(change.owner)] = change.new
        show()

    def take(m):
        affine[:] = m
        for slider, value in zip(numbers, m.ravel(), strict=True):
            slider.unobserve(by_hand, "value")
            slider.value = value
            slider.observe(by_hand, "value")
        show()

    def by_angle(_):
        take(turn(portrait.x_s, portrait.z, *(slider.value for slider in angles)))

    def by_target(change):
        if change.new in targets:
            take(onto(portrait.x_s, portrait.z, targets[change.new]))

    for slider in angles:
        slider.observe(by_angle, "value")
    target.observe(by_target, "value")
    for control in (stretch, backend):
        control.observe(show, "value")
    take(np.eye(2, 4))
    return HBox([picture, VBox([*angles, target, stretch, backend]), VBox(numbers)])
