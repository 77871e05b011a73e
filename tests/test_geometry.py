"""The closed forms of depth from pairs: each against what it claims to equal."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from depthnet_lib.affine import apply_affine, solve_affine, solve_affine_2d, to_unit
from depthnet_lib.geometry import (
    factorization,
    gauge,
    metric_upgrade,
    orient,
    pair_optimum,
    rigidity,
    source_optimum,
)
from depthnet_lib.layouts import IBUG68, layout_of


@pytest.fixture(autouse=True)
def _float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def random(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def rotations(seed, count):
    q, r = torch.linalg.qr(random(seed, count, 3, 3))
    q = q * r.diagonal(dim1=-2, dim2=-1).sign()[:, None]
    return q * torch.linalg.det(q)[:, None, None].sign()


def rigid_views(seed, views, n=20):
    """One random solid under scaled-orthographic cameras: pictures (V, n, 2) and true depth in each (V, n)."""
    solid = random(seed, n, 3)
    scale = 0.5 + random(seed + 1, views).abs()
    seen = (solid @ rotations(seed + 2, views).mT) * scale[:, None, None] + random(seed + 3, views, 1, 3)
    return seen[..., :2], seen[..., 2] - seen[..., 2].mean(-1, keepdim=True)


def mse(x_s, z, x_t):
    return (apply_affine(x_s, z, solve_affine(x_s, z, x_t)) - x_t).square().mean((-2, -1))


@given(seed=st.integers(0, 999), a=st.floats(0.1, 10), flip=st.booleans(), bce=st.tuples(*[st.floats(-5, 5)] * 3))
@settings(max_examples=30, deadline=None)
def test_the_residual_is_blind_to_the_gauge(seed, a, flip, bce):
    x_s, z, x_t = random(seed, 12, 2), random(seed + 1, 12), random(seed + 2, 12, 2)
    moved = gauge(z, x_s, -a if flip else a, *bce)
    torch.testing.assert_close(mse(x_s, moved, x_t), mse(x_s, z, x_t), rtol=1e-7, atol=1e-10)


def descend(x_s, targets, z):
    """The mean MSE that descent on z itself reaches from a start."""
    z = z.clone().requires_grad_()
    optimizer = torch.optim.LBFGS([z], max_iter=400, tolerance_grad=1e-12, line_search_fn="strong_wolfe")

    def loss():
        optimizer.zero_grad()
        value = mse(x_s, z, targets).mean()
        value.backward()
        return value

    optimizer.step(loss)
    return loss().detach()


def brute_force(x_s, targets):
    return min(descend(x_s, targets, random(100 + start, x_s.shape[0])) for start in range(3))


@pytest.mark.parametrize("seed", [0, 1])
def test_the_optimum_of_a_pair_is_what_brute_force_finds(seed):
    x_s, x_t = random(seed, 15, 2), random(seed + 10, 15, 2)
    z, bound = pair_optimum(x_s, x_t)
    torch.testing.assert_close(mse(x_s, z, x_t), bound)
    torch.testing.assert_close(brute_force(x_s, x_t), bound, rtol=1e-6, atol=0)
    assert (
        bound < mse(x_s, random(3, 15), x_t) < (x_t - apply_affine(x_s, z, solve_affine_2d(x_s, x_t))).square().mean()
    )


@pytest.mark.parametrize("seed", [0, 1])
def test_the_optimum_of_a_source_is_what_brute_force_finds(seed):
    x_s, targets = random(seed, 15, 2), random(seed + 10, 6, 15, 2)
    z, best = source_optimum(x_s, targets)
    torch.testing.assert_close(mse(x_s, z, targets).mean(), best)
    torch.testing.assert_close(brute_force(x_s, targets), best, rtol=1e-6, atol=0)


def test_a_source_with_one_target_has_the_optimum_of_the_pair():
    x_s, x_t = random(0, 4, 9, 2), random(1, 9, 2)
    torch.testing.assert_close(source_optimum(x_s, x_t[None])[1], pair_optimum(x_s, x_t)[1])


@given(seed=st.integers(0, 999))
@settings(max_examples=20, deadline=None)
def test_rigidity_is_zero_exactly_for_turned_heads(seed):
    camera = torch.cat([3.7 * rotations(seed, 1)[0, :2], random(seed, 2, 1)], -1)
    assert rigidity(camera) < 1e-28
    s = torch.linalg.svdvals(random(seed, 2, 3))
    general = torch.cat([random(seed, 2, 3), random(seed, 2, 1)], -1)
    expected = ((s[0] ** 2 - s[1] ** 2) / (s[0] ** 2 + s[1] ** 2)) ** 2
    torch.testing.assert_close(rigidity(general), expected)


def test_rigidity_of_a_squeeze_is_one_and_of_nothing_zero():
    assert rigidity(torch.tensor([[1.0, 2, 3, 0], [2, 4, 6, 0]])) == 1
    assert rigidity(torch.zeros(2, 4)) == 0


def test_rigidity_has_the_right_gradient():
    x_s, z, x_t = random(0, 8, 2), random(1, 8), random(2, 3, 8, 2)
    assert torch.autograd.gradcheck(rigidity, random(3, 5, 2, 4).requires_grad_())
    assert torch.autograd.gradcheck(lambda z: rigidity(solve_affine(x_s, z, x_t)), z.requires_grad_())


@given(seed=st.integers(0, 999))
@settings(max_examples=20, deadline=None)
def test_factorization_is_exact_on_a_rigid_head(seed):
    pictures, depth = rigid_views(seed, 12)
    layout = replace(layout_of(20), near=(int(depth[0].argmax()),), far=(int(depth[0].argmin()),))
    torch.testing.assert_close(factorization(pictures[0], pictures[1:], layout), depth[0], rtol=1e-6, atol=1e-6)


def test_factorization_returns_the_unit_of_its_input_whatever_that_of_the_targets():
    pictures, depth = rigid_views(5, 12)
    z = factorization(pictures[:3], pictures[3:])
    torch.testing.assert_close(factorization(80 * pictures[:3] + 7, pictures[3:] - 1), 80 * z)
    torch.testing.assert_close(z.abs(), depth[:3].abs())  # no point is named near or far: the sign stays open


def test_upgrade_undoes_any_gauge():
    pictures, depth = rigid_views(6, 9)
    moved = gauge(depth[:1], pictures[:1], -0.3, 2.0, -1.0, 5.0)
    torch.testing.assert_close(-metric_upgrade(moved, pictures[:1], pictures[1:]), depth[:1])


def test_many_sources_are_each_alone():
    pictures = random(0, 300, 9, 2)
    z = factorization(pictures, pictures[:20])
    assert z.shape == (300, 9)
    torch.testing.assert_close(z[299].abs(), factorization(pictures[299], pictures[:20]).abs())


def test_orient_puts_the_nose_before_the_jaw():
    z = random(0, 5, 68)
    turned = orient(z, IBUG68.near, IBUG68.far)
    assert (turned[:, list(IBUG68.near)].mean(1) > turned[:, list(IBUG68.far)].mean(1)).all()
    torch.testing.assert_close(turned.abs(), z.abs())
    assert orient(z, (), ()) is z


@pytest.mark.parametrize("case", ["one face", "affine copies", "a line", "a point"])
def test_degenerate_faces_stay_finite(case):
    face = random(0, 10, 2)
    targets = {
        "one face": face.repeat(5, 1, 1),
        "affine copies": face @ random(1, 5, 2, 2),
        "a line": random(1, 5, 10, 1) * torch.tensor([1.0, 2.0]),
        "a point": torch.zeros(5, 10, 2),
    }[case]
    for x_s in (face, targets[0]):
        z = factorization(x_s, targets)
        assert z.isfinite().all() and z.abs().max() < 100
        assert pair_optimum(x_s, targets[1])[1].isfinite() and source_optimum(x_s, targets)[1].isfinite()


def test_unit_spread():
    faces = 5 * random(0, 3, 7, 2) + 1
    x, centre, scale = to_unit(faces)
    torch.testing.assert_close(x.square().sum(-1).mean(-1), torch.ones(3))
    torch.testing.assert_close(x.mean(-2), torch.zeros(3, 2))
    torch.testing.assert_close(centre + scale * x, faces)
