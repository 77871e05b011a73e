"""Short trainings for the notebook: they learn, their settings do what they say, the widget shows them."""

import numpy as np
import pytest

from depthnet_lib.widgets.training import train_briefly, training_widget

from .conftest import toy_faces


@pytest.fixture(scope="module")
def trace():
    return train_briefly(toy_faces(256), toy_faces(2, seed=9), epochs=4)


def test_depth_comes_out_of_noise(trace):
    assert trace.loss.shape == (4,) and trace.z.shape == (5, 68) and trace.x_n.shape == (5, 68, 2)
    assert trace.loss[-1] < trace.loss[0]
    assert abs(trace.r()[0]) < 0.5 < abs(trace.r()[-1])
    assert abs(trace.x_n[-1] - trace.x_t).mean() < abs(trace.x_n[0] - trace.x_t).mean()


def test_holding_the_affine_changes_nothing_and_another_rate_does(trace):
    again = [train_briefly(toy_faces(256), toy_faces(2, seed=9), epochs=4, **k) for k in ({}, {"hold_affine": True})]
    np.testing.assert_array_equal(again[0].loss, trace.loss)
    np.testing.assert_allclose(again[1].loss, trace.loss, rtol=1e-3)
    slow = train_briefly(toy_faces(256), toy_faces(2, seed=9), epochs=4, learning_rate=1e-6)
    assert slow.loss[-1] > trace.loss[-1]
    noisy = train_briefly(toy_faces(256), toy_faces(2, seed=9), epochs=4, noise=0.03)
    assert noisy.loss[-1] > 2 * trace.loss[-1]


def test_the_widget_trains_and_moves_through_the_epochs():
    widget = training_widget(toy_faces(128), toy_faces(2, seed=9), epochs=2)
    controls, epoch, view = widget.children
    last = view.value
    epoch.value = 0
    first = view.value
    assert last[:4] == first[:4] == b"\x89PNG" and first != last
    controls.children[0].value = 1e-5
    controls.children[3].click()
    epoch.value = 2
    assert view.value not in (first, last)
