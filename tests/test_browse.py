"""Pages of faces: points that are hidden, pictures that are not shown, and the widget that turns them."""

import io

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from depthnet_lib.browse import available, draw_face, face_browser, face_page, frontal_mean, needs_opengl
from depthnet_lib.datasets import KeypointSet, load
from depthnet_lib.errors import InputError
from depthnet_lib.layouts import IBUG68
from tests.conftest import toy_faces


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DEPTHNETS_DATA", str(tmp_path))


def drawn(faces, **options):
    axes = Figure().subplots()
    draw_face(axes, faces, 0, **options)
    return axes


def visible(axes):
    return int(np.isfinite(np.ma.filled(axes.collections[0].get_offsets(), np.nan)).all(1).sum())


def face(**known):
    faces = toy_faces(2)
    return KeypointSet("toy", faces.xy, faces.z, **known)


def test_hidden_points_are_crossed_out_or_left_away():
    hidden = np.zeros((2, 68), bool)
    hidden[:, :5] = True
    assert visible(drawn(face(hidden=hidden))) == 68
    assert len(drawn(face(hidden=hidden)).collections[1].get_offsets()) == 5
    assert visible(drawn(face(hidden=hidden), hidden=False)) == 63


def test_hidden_points_of_unknown_place_are_not_drawn():
    faces, hidden = face(), np.zeros((2, 68), bool)
    hidden[:, :5], faces.xy[:, :5] = True, 0
    axes = drawn(KeypointSet("toy", faces.xy, hidden=hidden))
    assert visible(axes) == 63 and axes.get_xlim()[0] > 0


def test_depth_colours_can_be_switched_off():
    assert drawn(face()).collections[0].get_array() is not None
    assert drawn(face(), depth=False).collections[0].get_array() is None


def test_pictures_are_drawn_only_where_they_may_be_shown():
    image = lambda i: np.zeros((20, 20, 3), np.uint8)  # noqa: E731
    assert len(drawn(face(image=image)).images) == 1
    assert len(drawn(face(image=image, shareable=False)).images) == 0


def test_browser_turns_pages():
    assert available()[0] == "anny"
    browser = face_browser(["anny"])
    page, controls = browser.children
    _, number, _, depth = controls.children
    first = page.value
    assert Image.open(io.BytesIO(first)).size[0] > 300 and number.max == 224
    number.value = 150
    assert page.value != first and page.value == face_page(load("anny:test"), 150)
    depth.value = False
    assert page.value == face_page(load("anny:test"), 150, depth=False)


def test_frontal_mean_is_upright_and_symmetric():
    mean = frontal_mean(load("anny:test"))
    mirrored = mean[list(IBUG68.mirror)] * [-1, 1, 1]
    assert np.abs(mean - mirrored).max() < 0.03 * np.linalg.norm(mean[36] - mean[45])
    assert mean[30, 2] > mean[[0, 16], 2].max() and mean[8, 1] > mean[27, 1]  # nose in front, chin below


def test_without_opengl_a_cell_says_so_and_goes_on(capsys):
    with needs_opengl():
        raise InputError("OpenGL", "cannot be opened", "install libegl1")
    assert capsys.readouterr().out == "OpenGL: cannot be opened; install libegl1\n"
