"""Correcting keypoints by hand: the bookkeeping, and the widget driven by the messages that its view sends."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthnet_lib.errors import InputError
from depthnet_lib.keypoints import read_points
from depthnet_lib.keypoints.editor import Edits, KeypointEditor
from depthnet_lib.layouts import IBUG68

FACE = IBUG68.template * 60 + [150, 130]


@given(st.lists(st.tuples(st.integers(0, 67), st.floats(0, 300), st.floats(0, 300)), max_size=8))
def test_as_many_undos_as_moves_give_the_start_back(moves):
    edits = Edits(FACE)
    for index, x, y in moves:
        edits.move(index, (x, y))
        np.testing.assert_array_equal(edits.points[index], [x, y])
    for _ in moves:
        edits.undo()
    np.testing.assert_array_equal(edits.points, FACE)
    edits.undo()
    np.testing.assert_array_equal(edits.points, FACE)


@pytest.mark.parametrize(("index", "xy"), [(68, (1, 1)), (-1, (1, 1)), (0, (np.nan, 1))])
def test_impossible_moves_are_refused(index, xy):
    with pytest.raises(InputError, match="cannot be moved"):
        Edits(FACE).move(index, xy)


def test_points_given_and_got_are_copies():
    given_ = FACE.copy()
    edits = Edits(given_)
    given_[0] = edits.points[1] = -1
    np.testing.assert_array_equal(edits.points, FACE)


def test_the_widget_moves_undoes_and_saves(tmp_path):
    editor = KeypointEditor(np.full((260, 300, 3), 90, np.uint8), FACE, tmp_path / "face.txt")
    seen = []
    editor.observe(lambda change: seen.append(change["new"]), "view_points")
    there = np.array(editor.view_points)
    assert ((there > 0) & (there < editor.size)).all()
    editor.handle({"do": "move", "index": 30, "xy": (there[30] + [50, 0]).tolist()})
    moved = editor.points - FACE
    assert moved[30, 0] > 5 and abs(moved[30, 1]) < 1e-9 and np.count_nonzero(np.abs(moved) > 1e-9) == 1
    editor.handle({"do": "save"})
    np.testing.assert_allclose(read_points(tmp_path / "face.txt"), editor.points, rtol=1e-8)
    assert "saved" in editor.message
    editor.handle({"do": "undo"})
    np.testing.assert_allclose(editor.points, FACE)
    assert len(seen) == 2
