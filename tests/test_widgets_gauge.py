"""The gauge explorer: sliders move depth and affine, never the residual."""

import io

import numpy as np
import PIL.Image
import torch
from matplotlib.figure import Figure

from depthnet_lib.widgets import gauge_figure, gauge_widget
from depthnet_lib.widgets.gauge import _empty, _fill
from depthnet_lib.widgets.pictures import LiveFigure, figure_bytes

from .conftest import toy_faces

FACES = toy_faces(2)
X_S, X_T = torch.from_numpy(FACES.xy)
Z = torch.from_numpy(FACES.z)[0]


def titles(figure: Figure) -> list[str]:
    return [axes.get_title() for axes in figure.axes]


def test_the_residual_stays_and_the_rest_moves():
    still, moved = (gauge_figure(X_S, Z, X_T, **moves) for moves in ({}, {"a": -0.5, "b": 0.3, "c": -0.2, "e": 0.1}))
    assert titles(still)[2] == titles(moved)[2] and titles(still)[1] != titles(moved)[1]
    heights = [[bar.get_height() for bar in figure.axes[1].patches] for figure in (still, moved)]
    assert np.abs(np.subtract(*heights)).max() > 0.1


def test_a_slider_draws_anew():
    view = gauge_widget(X_S.numpy(), Z.numpy(), X_T.numpy())
    rows, picture = view.children[:2], view.children[2]
    before = picture.value
    rows[0].children[0].value = -1.5
    assert bytes(picture.value) != bytes(before) and bytes(picture.value).startswith(b"\x89PNG")
    rows[0].children[0].value = 0.0  # flat: the affine fades, nothing explodes
    assert bytes(picture.value).startswith(b"\x89PNG")


def test_a_live_figure_is_the_whole_figure_drawn_anew():
    """After a first drawing with other numbers, all but a few rounded pixels."""
    live = LiveFigure(_empty(X_T), _fill)
    live.png(X_S, Z, X_T)
    moves = {"a": -0.5, "b": 0.3}
    made, whole = live.png(X_S, Z, X_T, **moves), figure_bytes(gauge_figure(X_S, Z, X_T, **moves))
    made, whole = (np.asarray(PIL.Image.open(io.BytesIO(png)).convert("RGB"), int) for png in (made, whole))
    assert made.shape == whole.shape and np.abs(made - whole).mean() < 0.2
    still = PIL.Image.open(io.BytesIO(live.png(X_S, Z, X_T)))
    assert np.abs(np.asarray(still, int) - whole).mean() > 1  # what was filled in before is gone
