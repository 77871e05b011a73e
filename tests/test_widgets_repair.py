"""The wipe and the slider through sheets: what they show follows their controls."""

import io

import numpy as np
from PIL import Image

from depthnet_lib.widgets.repair import sheets_widget, wipe_widget, wiped

DARK, LIGHT = (np.full((6, 10, 3), value, np.uint8) for value in (20, 200))


def shown(widget):
    return np.asarray(Image.open(io.BytesIO(widget.children[-1].value)))


def test_the_line_parts_before_from_after():
    half = wiped(DARK, LIGHT, 0.5)
    assert (half[:, :5] == 20).all() and (half[:, 6:] == 200).all() and (half[:, 5] == [230, 159, 0]).all()
    assert np.array_equal(wiped(DARK, LIGHT, 0), LIGHT) and np.array_equal(wiped(DARK, LIGHT, 1), DARK)


def test_the_wipe_follows_its_controls():
    widget = wipe_widget({"a": (DARK, LIGHT), "b": (LIGHT, DARK)})
    choice, line, _ = widget.children
    assert np.array_equal(shown(widget), wiped(DARK, LIGHT, 0.5))
    choice.value, line.value = "b", 0.2
    assert np.array_equal(shown(widget), wiped(LIGHT, DARK, 0.2))


def test_sheets_come_in_order_of_steps():
    widget = sheets_widget({500: LIGHT, 50: DARK})
    assert np.array_equal(shown(widget), DARK)
    widget.children[0].value = 500
    assert np.array_equal(shown(widget), LIGHT)
