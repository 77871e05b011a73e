import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from depthnet_lib.keypoints.rcn import box_around
from depthnet_lib.layouts import IBUG68
from depthnet_lib.widgets import Hardship, detector_widget, detectors

FACE = IBUG68.template * 60 + [178, 170]


def test_no_hardship_changes_nothing():
    view = np.random.default_rng(0).integers(0, 256, (360, 360, 3), np.uint8)
    out, points = detectors.suffer(view, FACE, Hardship(width=400))
    np.testing.assert_array_equal(out, view)
    np.testing.assert_allclose(points, FACE)


@settings(max_examples=20)
@given(st.floats(-90, 90), st.integers(60, 180))
def test_points_go_where_the_picture_goes(tilt, width):
    """A bright blob at a keypoint is found again at the moved keypoint."""
    x, y = FACE[30]
    grid = np.arange(360)
    blob = 255 * np.exp(-((grid - x) ** 2 + (grid[:, None] - y) ** 2) / 60)
    out, points = detectors.suffer(np.repeat(blob[..., None], 3, 2).astype(np.uint8), FACE, Hardship(tilt, width))
    weight = out[..., 0].astype(float)
    centre = [(weight.sum(axis) * grid).sum() / weight.sum() for axis in (0, 1)]
    np.testing.assert_allclose(points[30], centre, atol=1.0)


def test_cover_and_dark():
    view = np.full((360, 360, 3), 128, np.uint8)
    box = box_around(FACE)
    covered, _ = detectors.suffer(view, FACE, Hardship(cover=0.5, width=400))
    changed = (covered != view).any(2).any(1)
    assert changed.sum() and changed.argmax() == int((box[1] + box[3]) / 2) and changed[changed.argmax() :].all()
    assert detectors.suffer(view, FACE, Hardship(light=3.0))[0].max() < 40


def test_every_slider_redraws(monkeypatch):
    monkeypatch.setattr(detectors, "points_in", lambda view, boxes, name: FACE[None] + view[100, 180, 0] / 9)
    photo = np.random.default_rng(0).integers(0, 256, (360, 360, 3), np.uint8)
    *sliders, picture = detector_widget(photo, FACE).children
    seen = {bytes(picture.value)}
    for slider, value in zip(sliders, (30, 40, 2, 0.5), strict=True):
        slider.value = value
        seen.add(bytes(picture.value))
    assert len(seen) == 5
