"""Estimated against true depth: all keypoints at once, one keypoint over all pairs, and the correlation of each."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from ipywidgets import Dropdown, HBox, Image, IntSlider, VBox
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..datasets import KeypointSet
from ..datasets.base import POSES
from ..metrics import estimated_depths
from ..models import load_model
from ..plots import draw_keypoints, frame_face
from .pictures import LiveFigure

CELLS, REACH = 80, 3.0  # a heat map's cells a side; its axes go to so many standard deviations


@dataclass(frozen=True)
class Agreement:
    """Depths (P, N) of pairs, estimated and true, each over all its values of unit spread, and ``r`` (N,)."""

    guess: np.ndarray
    true: np.ndarray
    heat: np.ndarray  # (CELLS, CELLS) counts over all pairs and keypoints, true depth along the first axis
    r: np.ndarray


def agreement(guess: np.ndarray, true: np.ndarray) -> Agreement:
    """How estimated depths (P, N) of pairs go with the true ones (P, N), both centred a face."""
    guess, true = (z / max(z.std(), 1e-12) for z in (np.asarray(guess, float), np.asarray(true, float)))
    p, t = guess - guess.mean(0), true - true.mean(0)
    scale = np.sqrt((p**2).sum(0) * (t**2).sum(0))
    r = np.divide((p * t).sum(0), scale, out=np.zeros(len(scale)), where=scale > 1e-9)
    return Agreement(guess, true, _heat(true, guess), r)


def _heat(true: np.ndarray, guess: np.ndarray) -> np.ndarray:
    return np.histogram2d(true.ravel(), guess.ravel(), CELLS, [(-REACH, REACH)] * 2)[0]


def depths_figure(found: Agreement, keypoint: int, points: np.ndarray) -> Figure:
    """The heat map of figure 2, the same of one keypoint, and |r| of every keypoint on a face (N, 2)."""
    figure = _empty(points)
    _fill(figure, found, keypoint, points)
    return figure


def _empty(points: np.ndarray) -> Figure:
    figure = Figure(figsize=(11, 3.4), layout="constrained")
    *heats, face = figure.subplots(1, 3)
    for axes in heats:
        axes.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), aspect="equal")
        axes.set(xlabel="true depth (standard deviations)", ylabel="estimated depth")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    frame_face(face, points)
    face.set_title("|r| of each keypoint", fontsize=9)
    figure.colorbar(ScalarMappable(Normalize(0, 1), "cividis"), ax=face, shrink=0.8)
    return figure


def _fill(figure: Figure, found: Agreement, keypoint: int, points: np.ndarray) -> None:
    everything, one, face, _ = figure.axes
    mine = _heat(found.true[:, keypoint], found.guess[:, keypoint])
    titles = (
        f"all keypoints: DepthCorr {np.abs(found.r).sum():.1f} of {len(found.r)}",
        (f"keypoint {keypoint}: r = {found.r[keypoint]:+.2f}"),
    )
    for axes, heat, title in zip((everything, one), (found.heat, mine), titles, strict=True):
        axes.imshow(np.log1p(heat.T), origin="lower", extent=(-REACH, REACH) * 2, cmap="magma")
        axes.set_title(title)
    draw_keypoints(face, points, np.abs(found.r), size=26).set(cmap="cividis", clim=(0, 1))
    face.scatter(*points[keypoint], s=120, facecolors="none", edgecolors="#d55e00", linewidths=1.5)


def depths_widget(data: KeypointSet, models: dict[str, str]) -> VBox:
    """A menu of models (label -> name), one of the source's pose, and a slider over keypoints, of a set with poses."""
    points = data.xy[np.flatnonzero(data.pose == "front")[0]]
    model = Dropdown(options=models, description="model")
    pose = Dropdown(options=["all", *POSES], description="source")
    keypoint = IntSlider(30, 0, data.xy.shape[1] - 1, description="keypoint")
    picture, live = Image(format="png", width=880), LiveFigure(_empty(points), _fill)

    @lru_cache(maxsize=2)
    def estimated(name):
        pairs, *depths = estimated_depths(load_model(name, data.xy.shape[1]), data)
        return data.pose[pairs[:, 0].numpy()], *(z.numpy() for z in depths)

    @lru_cache(maxsize=8)
    def seen(name, source):
        turned, guess, true = estimated(name)
        rows = (turned == source) | (source == "all")
        return agreement(guess[rows], true[rows])

    def show(*_):
        picture.value = live.png(seen(model.value, pose.value), keypoint.value, points)

    for control in (model, pose, keypoint):
        control.observe(show, "value")
    show()
    return VBox([HBox([model, pose, keypoint]), picture])
