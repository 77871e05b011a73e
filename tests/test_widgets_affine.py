import numpy as np

from depthnet_lib.pipeline import Portrait
from depthnet_lib.warp import turn
from depthnet_lib.warp.uses import onto
from depthnet_lib.widgets import affine_picture, affine_widget, png_bytes

from .warp_cases import face, noise


def test_sliders_angles_and_targets_move_the_face():
    x_s, z = face(90, 90)
    portrait = Portrait(noise(90, 90), x_s, z)
    target = 0.8 * x_s + 10
    picture, controls, numbers = affine_widget(portrait, {"smaller": target}).children
    yaw, pitch, choice, stretch, backend = controls.children
    backend.value = "cpu"
    shows = lambda m, scale=1.0: picture.value == png_bytes(affine_picture(portrait, m, scale, "cpu"))  # noqa: E731
    assert shows(np.eye(2, 4))
    numbers.children[3].value = 12.15  # tx
    assert shows(np.array([[1, 0, 0, 12.15], [0, 1, 0, 0]]))
    yaw.value, pitch.value = 30, -10
    m = turn(x_s, z, 30, -10)
    assert shows(m)
    assert np.allclose([slider.value for slider in numbers.children], m.ravel())
    stretch.value = 0.5
    assert shows(m, 0.5)
    choice.value = "smaller"
    assert shows(onto(x_s, z, target), 0.5)
