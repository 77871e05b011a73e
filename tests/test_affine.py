"""Closed forms: against torch.linalg.pinv, known answers, gradients, and what happens on degenerate faces."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from depthnet_lib.affine import (
    apply_affine,
    design_matrix,
    solve_affine,
    solve_affine_2d,
    solve_similarity,
    stacked_system,
    to_unit,
)


def faces(seed=0, batch=(6,), n=68, dtype=torch.float64):
    g = torch.Generator().manual_seed(seed)
    rand = lambda *shape: torch.rand(*batch, *shape, generator=g, dtype=dtype)  # noqa: E731
    return rand(n, 2), rand(n), rand(n, 2)


@pytest.mark.parametrize("n", [66, 68, 76])
def test_equals_the_pseudo_inverse(n):
    x_s, z, x_t = faces(n=n)
    reference = (torch.linalg.pinv(design_matrix(x_s, z)) @ x_t).mT
    torch.testing.assert_close(solve_affine(x_s, z, x_t), reference, rtol=0, atol=1e-9)


def test_equals_equation_3_on_the_stacked_system():
    x_s, z, x_t = faces()
    a = stacked_system(x_s, z)
    assert a.shape == (6, 136, 8)
    m = torch.linalg.solve(a.mT @ a, a.mT @ x_t.flatten(1)[..., None])
    torch.testing.assert_close(solve_affine(x_s, z, x_t).flatten(1), m[..., 0], rtol=0, atol=1e-9)


def test_stacked_system_is_written_as_in_equation_2():
    a = stacked_system(torch.tensor([[2.0, 3.0]]), torch.tensor([5.0]))
    assert a.tolist() == [[2, 3, 5, 1, 0, 0, 0, 0], [0, 0, 0, 0, 2, 3, 5, 1]]


def test_recovers_the_affine_that_made_the_target():
    x_s, z, _ = faces()
    m = torch.randn(6, 2, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(solve_affine(x_s, z, apply_affine(x_s, z, m)), m, rtol=0, atol=1e-9)


def test_leading_dimensions_broadcast():
    x_s, z, _ = faces(batch=(3,))
    x_t = faces(1, batch=(5,))[2]
    all_pairs = solve_affine(x_s[:, None], z[:, None], x_t[None])
    assert all_pairs.shape == (3, 5, 2, 4)
    torch.testing.assert_close(all_pairs[2, 4], solve_affine(x_s[2], z[2], x_t[4]))


def test_gradients_pass_gradcheck():
    x_s, z, x_t = (t.requires_grad_() for t in faces(n=8, batch=(2,)))
    assert torch.autograd.gradcheck(solve_affine, (x_s, z, x_t))
    assert torch.autograd.gradcheck(lambda a, b: solve_affine_2d(a, b), (x_s, x_t))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("kind", ["constant", "zero", "tilted plane", "line", "one point"])
def test_degenerate_faces_stay_finite_with_gradient(kind, dtype):
    x_s, z, x_t = faces(dtype=dtype)
    if kind == "constant":
        z = torch.full_like(z, 5)
    elif kind == "zero":
        z = torch.zeros_like(z)
    elif kind == "tilted plane":
        z = 3 * x_s[..., 0] - 2 * x_s[..., 1] + 1
    elif kind == "line":
        x_s = x_s[..., :1] * torch.ones(2, dtype=dtype)
    else:
        x_s, z = torch.full_like(x_s, 0.3), torch.full_like(z, 0.3)
    z.requires_grad_()
    m = solve_affine(x_s, z, x_t)
    residual = (apply_affine(x_s, z, m) - x_t).square().mean()
    (gradient,) = torch.autograd.grad(residual, z)
    assert torch.isfinite(m).all() and torch.isfinite(gradient).all()
    flat = (apply_affine(x_s, torch.zeros_like(z), solve_affine_2d(x_s, x_t)) - x_t).square().mean()
    assert residual <= flat * (1 + 1e-4)  # a depth that says nothing never makes the fit worse


def test_flat_depth_gives_the_2d_affine():
    x_s, z, x_t = faces()
    flat = torch.full_like(z, 7.0)
    m, m2 = solve_affine(x_s, flat, x_t), solve_affine_2d(x_s, x_t)
    torch.testing.assert_close(apply_affine(x_s, flat, m), apply_affine(x_s, flat, m2), rtol=0, atol=1e-9)
    assert (m2[..., 2] == 0).all()


@given(st.floats(-3, 3).filter(lambda a: abs(a) > 0.1), *[st.floats(-3, 3)] * 3, st.integers(0, 100))
@settings(max_examples=30, deadline=None)
def test_residual_does_not_see_the_gauge(a, b, c, e, seed):
    x_s, z, x_t = faces(seed, batch=())
    other = a * z + b * x_s[..., 0] + c * x_s[..., 1] + e
    fit = lambda depth: apply_affine(x_s, depth, solve_affine(x_s, depth, x_t))  # noqa: E731
    torch.testing.assert_close(fit(z), fit(other), rtol=0, atol=1e-8)


def test_similarity_recovers_a_turn_and_never_mirrors():
    g = torch.Generator().manual_seed(3)
    a = torch.randn(4, 30, 3, generator=g, dtype=torch.float64)
    q, _ = torch.linalg.qr(torch.randn(4, 3, 3, generator=g, dtype=torch.float64))
    rotation = q * torch.linalg.det(q)[:, None, None]
    b = 2.5 * a @ rotation.mT + torch.tensor([1.0, 2.0, 3.0])
    scale, found, shift = solve_similarity(a, b)
    torch.testing.assert_close(scale, torch.full((4,), 2.5, dtype=torch.float64))
    torch.testing.assert_close(found, rotation)
    torch.testing.assert_close(shift, torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64).expand(4, 3))
    mirrored = solve_similarity(a, a * torch.tensor([-1.0, 1.0, 1.0]))[1]
    torch.testing.assert_close(torch.linalg.det(mirrored), torch.ones(4, dtype=torch.float64))


def test_to_unit_of_equal_points_is_finite():
    unit, centre, _ = to_unit(torch.full((3, 68, 2), 0.25))
    assert (unit == 0).all() and (centre == 0.25).all()
