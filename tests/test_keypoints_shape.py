"""The Gaussian of face shapes: what it keeps, what it fills in; and how sure a heat map is."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from depthnet_lib.keypoints.rcn import SIZE, spread
from depthnet_lib.keypoints.shape import LEAST, MODES, fit_shapes, restore

from .conftest import toy_faces

FACES = torch.from_numpy(toy_faces(600).xy).float() * SIZE


@pytest.fixture(scope="module")
def shapes():
    return fit_shapes(FACES[:500])


def test_the_modes_carry_the_variance_of_the_faces(shapes):
    flat = FACES[:500].flatten(1)
    torch.testing.assert_close(shapes.mean, flat.mean(0))
    whole = flat.var(0, unbiased=False).sum()
    assert shapes.modes.square().sum() + (136 - MODES) * shapes.rest == pytest.approx(float(whole), rel=1e-3)


def test_the_posterior_is_that_of_the_whole_gaussian(shapes):
    """Against the 136 x 136 formula, mean + C (C + D)^-1 (x - mean)."""
    at, noise = FACES[500:504] + torch.randn(4, 68, 2), torch.rand(4, 68, 2) * 20
    c = (shapes.modes @ shapes.modes.T + shapes.rest * torch.eye(136)).double()
    for found, x, d in zip(restore(shapes, at, noise), at, noise, strict=True):
        whole = c + torch.diag(d.flatten().double() + LEAST)
        expected = shapes.mean + c @ torch.linalg.solve(whole, (x.flatten() - shapes.mean).double())
        torch.testing.assert_close(found.flatten(), expected.float(), atol=2e-3, rtol=0)


def test_sure_points_stay_and_lost_ones_come_back(shapes):
    true = FACES[500:]
    kept = restore(shapes, true, torch.zeros_like(true))
    assert (kept - true).norm(dim=2).mean() < 0.4
    lost, variance = true.clone(), torch.zeros_like(true)
    lost[:, 40:60] += torch.tensor([25.0, -18.0])  # an eye, the nose and the mouth somewhere else, and known to be
    variance[:, 40:60] = 900
    again = restore(shapes, lost, variance)[:, 40:60]
    assert (again - true[:, 40:60]).norm(dim=2).mean() < 2.5
    nothing = restore(shapes, lost, torch.full_like(lost, 1e9))
    torch.testing.assert_close(nothing.flatten(1), shapes.mean.expand(100, -1), atol=1e-2, rtol=0)


@given(st.integers(0, 39), st.integers(0, 39), st.floats(0, 79), st.floats(0, 79))
def test_spread_of_one_peak_is_its_squared_distance(column, row, x, y):
    logits = torch.full((1, 1, 40, 40), -40.0)
    logits[0, 0, row, column] = 0.0
    got = spread(logits, torch.tensor([[[x, y]]]))[0, 0].numpy()
    np.testing.assert_allclose(got, [(2 * column + 0.5 - x) ** 2, (2 * row + 0.5 - y) ** 2], atol=1e-2, rtol=1e-4)


def test_two_peaks_make_a_map_unsure():
    logits = torch.full((1, 1, SIZE, SIZE), -40.0)
    logits[0, 0, 10, 10] = logits[0, 0, 10, 50] = 0.0
    assert spread(logits, torch.tensor([[[10.0, 10.0]]]))[0, 0].tolist() == pytest.approx([800, 0], abs=1e-2)
