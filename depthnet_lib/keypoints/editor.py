"""Correcting keypoints by hand in a notebook: drag a point over the photo, undo, save.

`Edits` is the bookkeeping, `KeypointEditor` the thin view of it; the drawing is in editor.js.
"""

import base64
from io import BytesIO
from pathlib import Path

import anywidget
import numpy as np
import traitlets
from PIL import Image

from ..errors import InputError
from ..layouts import layout_of
from .boxes import crop
from .files import write_points
from .rcn import box_around, widen

VIEW = 640  # pixels of the square view
VIEW_MARGIN = 1.7  # its width over the face box's


class Edits:
    """Points (N, 2) in pixels, and how they came to be: every move can be undone."""

    def __init__(self, points: np.ndarray):
        self._history = [np.array(points, float)]

    @property
    def points(self) -> np.ndarray:
        return self._history[-1].copy()

    def move(self, index: int, xy: tuple[float, float]) -> None:
        """Put point ``index`` at ``xy``. Raises InputError where there is no such point or place."""
        points = self.points
        if not (0 <= index < len(points) and np.isfinite(xy).all()):
            raise InputError(f"point {index}", "cannot be moved there", f"points are numbered 0 to {len(points) - 1}")
        points[index] = xy
        self._history.append(points)

    def undo(self) -> None:
        """Take back the last move, if there is one."""
        self._history = self._history[:-1] or self._history


class KeypointEditor(anywidget.AnyWidget):
    """Shows a face of RGB uint8 (H, W, 3) with its points (N, 2); ``.points`` are the points as they stand.

    Drag a point with the mouse, or click it and use the arrow keys; Undo takes moves back one by one; Save, where a
    ``path`` is given, writes the keypoint file in the format of its suffix. ``observe(f, "view_points")`` calls f
    after every change.
    """

    _esm = Path(__file__).with_name("editor.js")
    picture = traitlets.Unicode().tag(sync=True)  # what is under the points, as a data URL
    size = traitlets.Int(VIEW).tag(sync=True)
    lines = traitlets.List().tag(sync=True)
    view_points = traitlets.List().tag(sync=True)  # in pixels of the view
    message = traitlets.Unicode().tag(sync=True)
    can_save = traitlets.Bool().tag(sync=True)

    def __init__(self, image: np.ndarray, points: np.ndarray, path: str | Path | None = None):
        self.edits, self.path = Edits(points), path
        view, self._matrix = crop(image, widen(box_around(self.edits.points), VIEW_MARGIN), VIEW)
        lines = [list(line) for line in layout_of(len(points)).lines]
        super().__init__(picture=_data_url(view), lines=lines, can_save=path is not None, view_points=self._in_view())
        self.on_msg(lambda _, content, __: self.handle(content))

    @property
    def points(self) -> np.ndarray:
        """(N, 2) in pixels of the photo."""
        return self.edits.points

    def handle(self, content: dict) -> None:
        """What the view asks for: {"do": "move", "index", "xy" in view pixels}, {"do": "undo"} or {"do": "save"}."""
        self.message = ""
        if content["do"] == "move":
            self.edits.move(content["index"], (content["xy"] - self._matrix[:, 2]) / np.diag(self._matrix[:, :2]))
        elif content["do"] == "undo":
            self.edits.undo()
        elif content["do"] == "save" and self.path is not None:
            write_points(self.path, self.points)
            self.message = f"saved {self.path}"
        self.view_points = self._in_view()

    def _in_view(self) -> list[list[float]]:
        return (self.edits.points * np.diag(self._matrix[:, :2]) + self._matrix[:, 2]).tolist()


def _data_url(view: np.ndarray) -> str:
    content = BytesIO()
    Image.fromarray(view).save(content, "jpeg", quality=90)
    return "data:image/jpeg;base64," + base64.b64encode(content.getvalue()).decode()
