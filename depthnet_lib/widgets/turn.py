"""Turn a face by sliders."""

import numpy as np
from ipywidgets import FloatSlider, HBox, Image, VBox

from ..pipeline import Portrait, turn_portrait
from ..warp.export import on_white
from .pictures import png_bytes


def turned_picture(portrait: Portrait, yaw: float, pitch: float, depth_scale: float) -> np.ndarray:
    """The face turned by angles in degrees, its depth stretched first: RGB uint8 (S, S, 3) on white."""
    return on_white(turn_portrait(portrait, yaw, pitch, depth_scale))


def turn_widget(portrait: Portrait) -> VBox:
    """Sliders for yaw, pitch and depth scale over the turned face."""
    sliders = {
        "yaw": FloatSlider(20, min=-60, max=60, step=1, description="yaw (°)"),
        "pitch": FloatSlider(0, min=-30, max=30, step=1, description="pitch (°)"),
        "depth_scale": FloatSlider(1, min=-1, max=2, step=0.05, description="depth scale"),
    }
    picture = Image(format="png", width=len(portrait.image))

    def show(*_):
        values = {name: slider.value for name, slider in sliders.items()}
        picture.value = png_bytes(turned_picture(portrait, **values))

    for slider in sliders.values():
        slider.observe(show, "value")
    show()
    return HBox([picture, VBox(list(sliders.values()))])
