"""Keypoint layouts: mirror pairs, triangles, and the way between 66 and 68 points."""

import numpy as np
import pytest

from depthnet_lib.errors import InputError
from depthnet_lib.layouts import FAW66, IBUG68, LAYOUTS, double_area, layout_of, mesh_triangles, to_66, to_68

WITH_MIRROR = [layout for layout in LAYOUTS.values() if layout.mirror]


@pytest.mark.parametrize("layout", WITH_MIRROR, ids=lambda layout: layout.name)
def test_mirror_is_an_involution_that_swaps_the_eyes(layout):
    mirror = np.array(layout.mirror)
    assert sorted(mirror) == list(range(layout.n))
    assert (mirror[mirror] == np.arange(layout.n)).all()
    right, left = layout.eyes
    assert set(mirror[list(right)]) == set(left)


@pytest.mark.parametrize("layout", [IBUG68, FAW66], ids=lambda layout: layout.name)
def test_triangles_cover_the_template_once(layout):
    corners = layout.template[layout.triangles]
    assert (double_area(corners) > 0).all()
    assert set(layout.triangles.ravel()) == set(range(layout.n))
    mirrored = {tuple(sorted(layout.mirror[i] for i in t)) for t in layout.triangles}
    assert mirrored == {tuple(sorted(t)) for t in layout.triangles}
    edges = {tuple(sorted((a, b))) for t in layout.triangles.tolist() for a, b in zip(t, t[1:] + t[:1], strict=True)}
    assert layout.n - len(edges) + len(layout.triangles) == 1  # Euler: one piece without holes


def test_template_is_symmetric():
    mirror = list(IBUG68.mirror)
    np.testing.assert_allclose(IBUG68.template[mirror] * [-1, 1], IBUG68.template)


def test_66_to_68_and_back_is_exact():
    points = np.random.default_rng(0).normal(size=(5, 66, 3))
    np.testing.assert_array_equal(to_66(to_68(points)), points)


def test_restored_mouth_corners_are_where_the_template_has_them():
    restored = to_68(to_66(IBUG68.template))
    np.testing.assert_allclose(restored[[60, 64]], IBUG68.template[[60, 64]], atol=0.03)


def test_mesh_of_an_unnamed_layout_comes_from_its_points():
    points = np.random.default_rng(1).uniform(size=(20, 2))
    triangles = mesh_triangles(layout_of(20), points)
    assert (double_area(points[triangles]) > 0).all()


@pytest.mark.parametrize(
    "call", [lambda: layout_of(3), lambda: to_66(np.zeros((66, 2))), lambda: to_68(np.zeros((5, 2)))]
)
def test_wrong_counts_are_refused(call):
    with pytest.raises(InputError):
        call()
