"""Before and after repair under one line that moves, and the sample sheets of a training in their order."""

import numpy as np
from ipywidgets import Dropdown, FloatSlider, Image, SelectionSlider, VBox

from .pictures import png_bytes

_LINE = np.array([230, 159, 0], np.uint8)  # orange, seen with every kind of colour vision


def wiped(before: np.ndarray, after: np.ndarray, share: float) -> np.ndarray:
    """RGB (H, W, 3): ``before`` left of a line at ``share`` of the width, ``after`` right of it."""
    width = before.shape[1]
    column = round(share * width)
    picture = np.where(np.arange(width)[None, :, None] < column, before, after)
    if 0 < column < width:
        picture[:, column] = _LINE
    return picture


def wipe_widget(pairs: dict[str, tuple[np.ndarray, np.ndarray]], height: int = 320) -> VBox:
    """A slider that wipes from before (H, W, 3) to after, for pairs by name."""
    choice = Dropdown(options=list(pairs), description="picture")
    line = FloatSlider(0.5, min=0, max=1, step=0.01, description="line", readout=False)
    picture = Image(format="png", height=height)

    def show(*_):
        picture.value = png_bytes(wiped(*pairs[choice.value], line.value))

    for control in (choice, line):
        control.observe(show, "value")
    show()
    return VBox([choice, line, picture])


def sheets_widget(sheets: dict[int, np.ndarray]) -> VBox:
    """A slider through the sample sheets (H, W, 3) of a training, by step."""
    step = SelectionSlider(options=sorted(sheets), description="step")
    picture = Image(format="png")

    def show(*_):
        picture.value = png_bytes(sheets[step.value])

    step.observe(show, "value")
    show()
    return VBox([step, picture])
