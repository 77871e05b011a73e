"""Properties that hold for any input: closed forms, conversions between layouts, the warp."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from depthnet_lib.affine import apply_affine, solve_affine, to_unit
from depthnet_lib.layouts import to_66, to_68
from depthnet_lib.warp import turned, warp

seeds = st.integers(0, 2**32 - 1)
some = settings(max_examples=40, deadline=None)


def face(seed: int, n: int = 12) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """x_s (n, 2), z (n,) and x_t (n, 2) without any structure."""
    rng = np.random.default_rng(seed)
    return tuple(torch.from_numpy(rng.normal(size=shape)) for shape in ((n, 2), (n,), (n, 2)))


def residual(x_s, z, x_t):
    return apply_affine(x_s, z, solve_affine(x_s, z, x_t)) - x_t


@some
@given(seeds, st.floats(0.1, 10), st.booleans(), st.floats(-3, 3), st.floats(-3, 3), st.floats(-10, 10))
def test_the_residual_does_not_see_the_gauge_of_depth(seed, a, flip, b, c, e):
    x_s, z, x_t = face(seed)
    other = (-a if flip else a) * z + b * x_s[:, 0] + c * x_s[:, 1] + e
    torch.testing.assert_close(residual(x_s, other, x_t), residual(x_s, z, x_t), rtol=0, atol=1e-7)


@some
@given(seeds, seeds)
def test_an_affine_of_the_target_is_an_affine_of_the_solution(seed, other):
    x_s, z, x_t = face(seed)
    linear = torch.from_numpy(np.random.default_rng(other).normal(size=(2, 2)))
    shift = torch.tensor([3.0, -7.0], dtype=torch.float64)
    expected = linear @ solve_affine(x_s, z, x_t)
    expected[:, 3] += shift
    torch.testing.assert_close(solve_affine(x_s, z, x_t @ linear.mT + shift), expected, rtol=0, atol=1e-8)


@some
@given(seeds)
def test_no_affine_near_the_solution_is_better(seed):
    x_s, z, x_t = face(seed)
    m = solve_affine(x_s, z, x_t)
    step = 1e-3 * torch.from_numpy(np.random.default_rng(seed + 1).normal(size=(2, 4)))
    error = lambda m: (apply_affine(x_s, z, m) - x_t).square().sum()  # noqa: E731
    assert error(m) <= error(m + step)


@some
@given(seeds, st.floats(1e-3, 1e3), st.floats(-1e3, 1e3))
def test_unit_coordinates_forget_place_and_size(seed, scale, shift):
    xy = face(seed)[0]
    unit, centre, size = to_unit(xy)
    torch.testing.assert_close(unit * size + centre, xy)
    torch.testing.assert_close(to_unit(xy * scale + shift)[0], unit, rtol=0, atol=1e-6)
    torch.testing.assert_close(to_unit(unit)[0], unit)


@some
@given(seeds, st.sampled_from([2, 3]))
def test_66_points_survive_68(seed, dimensions):
    points = np.random.default_rng(seed).normal(size=(5, 66, dimensions))
    np.testing.assert_array_equal(to_66(to_68(points)), points)


def picture(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A picture (H, W, 3) of any small size, x_s (N, 2) anywhere about it, z (N,)."""
    rng = np.random.default_rng(seed)
    height, width, n = (int(v) for v in rng.integers((1, 1, 4), (24, 24, 12)))
    image = rng.integers(40, 200, (height, width, 3), dtype=np.uint8)
    return image, rng.uniform(-5, 29, (n, 2)), rng.normal(size=n) * 5


@some
@given(seeds)
def test_the_identity_keeps_every_pixel_that_it_draws(seed):
    image, x_s, z = picture(seed)
    result = warp(image, x_s, z, np.eye(2, 4), backend="cpu")
    on = result[..., 3] == 255
    assert np.isin(result[..., 3], [0, 255]).all() and (result[~on] == 0).all()
    np.testing.assert_array_equal(result[on][:, :3], image[on])


@some
@given(seeds, st.integers(-9, 9), st.integers(-9, 9))
def test_a_shift_by_whole_pixels_is_a_shift(seed, right, down):
    image, x_s, z = picture(seed)
    m = np.eye(2, 4)
    m[:, 3] = right, down
    size = (60, 60)
    shifted, plain = (warp(image, x_s, z, affine, size=size, backend="cpu") for affine in (m, np.eye(2, 4)))
    rows, columns = slice(max(0, down), 60 + min(0, down)), slice(max(0, right), 60 + min(0, right))
    back = slice(max(0, -down), 60 + min(0, -down)), slice(max(0, -right), 60 + min(0, -right))
    difference = (shifted[rows, columns].astype(int) != plain[back]).any(-1)
    assert difference.mean() < 0.01  # an edge through the centre of a pixel may round to either side


@some
@given(seeds, seeds)
def test_any_affine_invents_no_colour_and_stays_inside_its_points(seed, other):
    image, x_s, z = picture(seed)
    m = np.random.default_rng(other).normal(size=(2, 4)) * [1, 1, 0.5, 10]
    result = warp(image, x_s, z, m, size=(40, 40), backend="cpu")
    drawn = result[result[..., 3] == 255][:, :3]
    assert ((drawn >= image.min((0, 1))) & (drawn <= image.max((0, 1)))).all()
    at = np.argwhere(result[..., 3] == 255)[:, ::-1]
    points = turned(x_s, z, m)[:, :2]
    assert ((at >= points.min(0) - 1) & (at <= points.max(0) + 1)).all()
