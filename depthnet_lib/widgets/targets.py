"""Choosing a target face by its picture."""

import cv2
import numpy as np
import traitlets
from ipywidgets import Button, HBox, Image, Layout, VBox

from ..layouts import layout_of
from .pictures import png_bytes

THUMB = 72  # pixels


def face_thumb(points: np.ndarray, size: int = THUMB) -> np.ndarray:
    """Keypoints (N, 2) of any unit as a small line drawing, RGB uint8 (size, size, 3), centred, on white."""
    low, high = points.min(0), points.max(0)
    place = (points - (low + high) / 2) * 0.8 * size / (high - low).max() + (size - 1) / 2
    picture = np.full((size, size, 3), 255, np.uint8)
    for line in layout_of(len(points)).lines:
        path = np.rint(place[list(line)] * 8).astype(np.int32)
        cv2.polylines(picture, [path], False, (60, 60, 60), 1, cv2.LINE_AA, shift=3)
    return picture


class TargetPicker(VBox):
    """Named target keypoints (N, 2) as a row of pictures with a button each; ``value`` is the chosen name."""

    value = traitlets.Unicode()

    def __init__(self, targets: dict[str, np.ndarray]):
        self.buttons = {name: Button(description=name, layout=Layout(width=f"{THUMB}px")) for name in targets}
        cells = []
        for name, button in self.buttons.items():
            button.on_click(lambda clicked: setattr(self, "value", clicked.description))
            picture = Image(value=png_bytes(face_thumb(targets[name])), format="png", width=THUMB)
            cells.append(VBox([picture, button]))
        super().__init__([HBox(cells, layout=Layout(flex_flow="row wrap"))])
        self.observe(self._mark, "value")
        self.value = next(iter(targets))

    def _mark(self, change: dict) -> None:
        for name, button in self.buttons.items():
            button.button_style = "primary" if name == change["new"] else ""
