"""A face in profile: its depth is changed by dragging points."""

from pathlib import Path

import anywidget
import numpy as np
import traitlets

from ..layouts import layout_of

SIZE = 300  # pixels of the view, both ways
_MARGIN = 14


class DepthProfile(anywidget.AnyWidget):
    """Points of x_s (N, 2) seen from the side, to be dragged along depth; ``depth`` (N,) is z in the unit of x_s.

    A point can also be clicked and moved by the arrow keys. ``observe(f, "z")`` calls f after every change. The view
    shows depths between -reach and reach, around the face's mean depth at the start.
    """

    _esm = Path(__file__).with_name("profile.js")
    width = traitlets.Int(SIZE).tag(sync=True)
    height = traitlets.Int(SIZE).tag(sync=True)
    lines = traitlets.List().tag(sync=True)
    rows = traitlets.List(traitlets.Float()).tag(sync=True)
    reach = traitlets.Float(1.0).tag(sync=True)
    z = traitlets.List(traitlets.Float()).tag(sync=True)  # from ``middle`` on

    def __init__(self, x_s: np.ndarray, z: np.ndarray):
        self.middle = float(np.mean(z))
        y, height = x_s[:, 1], float(np.ptp(x_s[:, 1]))
        rows = _MARGIN + (y - y.min()) / height * (SIZE - 2 * _MARGIN)
        lines = [list(line) for line in layout_of(len(z)).lines]
        super().__init__(lines=lines, rows=rows.tolist(), reach=height * 0.75, z=(z - self.middle).tolist())

    @property
    def depth(self) -> np.ndarray:
        return np.array(self.z) + self.middle

    @depth.setter
    def depth(self, value: np.ndarray) -> None:
        self.z = (np.asarray(value) - self.middle).tolist()
