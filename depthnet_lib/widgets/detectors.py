"""Keypoint detectors beside each other on a photo that is made harder."""

from dataclasses import dataclass

import cv2
import numpy as np
from ipywidgets import FloatSlider, Image, IntSlider, VBox
from matplotlib.figure import Figure

from ..keypoints import DETECTORS, points_in
from ..keypoints.boxes import crop
from ..keypoints.rcn import box_around, widen
from ..keypoints.score import nme
from ..plots import draw_keypoints, show_picture
from .pictures import LiveFigure

VIEW = 360  # pixels of the view that is degraded
MARGIN = 2.0  # its width over the face box's


@dataclass(frozen=True)
class Hardship:
    """What a photo has to suffer: ``tilt`` in degrees, ``width`` of the face box in pixels, ``light`` the exponent of
    the tone curve (above 1 darker), ``cover`` the share of the face box that is covered from below."""

    tilt: float = 0.0
    width: int = 180
    light: float = 1.0
    cover: float = 0.0


def suffer(view: np.ndarray, points: np.ndarray, hardship: Hardship) -> tuple[np.ndarray, np.ndarray]:
    """A view (S, S, 3) and its points (N, 2) after a hardship: the same size, the points where they went."""
    box = box_around(points)
    out = view.copy()
    top = int(box[3] - hardship.cover * (box[3] - box[1]))
    if hardship.cover:
        out[max(top, 0) :] = (90, 120, 150)
    out = np.rint(255 * (out / 255.0) ** hardship.light).astype(np.uint8)
    (cx, cy), size = (box[:2] + box[2:]) / 2, view.shape[:2]
    matrix = cv2.getRotationMatrix2D((cx, cy), -hardship.tilt, 1.0)
    out = cv2.warpAffine(out, matrix, size[::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    small = max(2, round(size[0] * hardship.width / (box[2] - box[0])))
    if small < size[0]:
        out = cv2.resize(cv2.resize(out, (small, small), interpolation=cv2.INTER_AREA), size[::-1])
    return out, points @ matrix[:, :2].T + matrix[:, 2]


def detector_figure(photo: np.ndarray, points: np.ndarray, hardship: Hardship) -> Figure:
    """Each detector on a photo (H, W, 3) with known ``points`` (68, 2), made harder. Both get the same, true box.

    The error is against where the detector itself put its points on the unchanged photo.
    """
    figure = _empty()
    _fill(figure, photo, points, hardship)
    return figure


def _empty() -> Figure:
    figure = Figure(figsize=(4 * len(DETECTORS), 4.2), layout="constrained")
    for ax in figure.subplots(1, len(DETECTORS)):
        ax.set(xlim=(-0.5, VIEW - 0.5), ylim=(VIEW - 0.5, -0.5), aspect="equal")
        ax.set_axis_off()
    return figure


def _fill(figure: Figure, photo: np.ndarray, points: np.ndarray, hardship: Hardship) -> None:
    view, matrix = crop(photo, widen(box_around(points), MARGIN), VIEW)
    x = points @ matrix[:, :2].T + matrix[:, 2]
    hard, there = suffer(view, x, hardship)
    for ax, name in zip(figure.axes, DETECTORS, strict=True):
        _, wanted = suffer(view, points_in(view, box_around(x)[None], name)[0], hardship)
        found = points_in(hard, box_around(there)[None], name)[0]
        show_picture(ax, hard, f"{name}: {100 * nme(found[None], wanted[None])[0]:.1f} % off")
        draw_keypoints(ax, found, size=8)


def detector_widget(photo: np.ndarray, points: np.ndarray) -> VBox:
    """Sliders that make a photo (H, W, 3) with known points (68, 2) harder, and what each detector finds then."""
    sliders = {
        "tilt": FloatSlider(0, min=-90, max=90, step=5, description="tilt (°)", continuous_update=False),
        "width": IntSlider(180, min=10, max=180, description="face (px)", continuous_update=False),
        "light": FloatSlider(1, min=0.2, max=5, step=0.1, description="dark", continuous_update=False),
        "cover": FloatSlider(0, min=0, max=0.8, step=0.05, description="covered", continuous_update=False),
    }
    picture, live = Image(format="png"), LiveFigure(_empty(), _fill)

    def show(*_):
        hardship = Hardship(**{name: slider.value for name, slider in sliders.items()})
        picture.value = live.png(photo, points, hardship)

    for slider in sliders.values():
        slider.observe(show, "value")
    show()
    return VBox([*sliders.values(), picture])
