"""Shapes of people from one 2D view of each: what is learned, against faces whose shapes and cameras are known."""

from dataclasses import replace

import pytest
import torch

from depthnet_lib.errors import InputError
from depthnet_lib.layouts import IBUG68, layout_of
from depthnet_lib.metrics import face_correlations
from depthnet_lib.shape_fit import Mirror, fit_shapes
from depthnet_lib.shapes import ShapeModel, Views, seen_by

COUNT, POINTS = 200, 16


@pytest.fixture(autouse=True)
def _float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def random(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def turned(seed, count):
    """Rotations by up to a radian or so about all axes."""
    x, y, z = (torch.tensor([0.4, 0.7, 0.2]) * random(seed, count, 3)).unbind(1)
    o = torch.zeros_like(x)
    return torch.linalg.matrix_exp(torch.stack([o, -z, y, z, o, -x, -y, x, o], 1).unflatten(1, (3, 3)))


def people(seed=0, count=COUNT, closeness=0.0, points=POINTS, noise=0.0):
    """Shapes of rank 2 (mean size 1, varying by a tenth) under cameras: pictures, depth, and depth of the mean."""
    mean = random(1, points, 3)
    mean = (mean - mean.mean(0)) / mean.square().sum(1).mean().sqrt()
    loadings = 0.06 * random(2, points, 3, 2)
    shapes = mean + torch.einsum("nir,mr->mni", loadings - loadings.mean(0), random(seed + 3, count, 2))
    rotation, scale = turned(seed + 4, count), 0.5 + random(seed + 5, count).abs()
    seen, posed = scale[:, None, None] * shapes @ rotation.mT, scale[:, None, None] * mean @ rotation.mT
    near = 1 / (1 - closeness * seen[..., 2] / scale[:, None])
    xy = seen[..., :2] * near[..., None] + random(seed + 6, count, 1, 2)
    return xy + noise * random(seed + 7, *xy.shape), seen[..., 2], posed[..., 2]


def named(z):
    """A plain layout that knows a near and a far point of these people, on the average over all poses."""
    order = z.mean(0).argsort()
    return replace(layout_of(z.shape[1]), near=(int(order[-1]),), far=(int(order[0]),))


def same_person(z, true, mean):
    """Correlation over all faces of what is not the mean's."""
    centred = [v - v.mean(1, keepdim=True) for v in (z - mean, true - mean)]
    return float(torch.corrcoef(torch.stack([v.flatten() for v in centred]))[0, 1])


def test_people_are_found_exactly_in_clean_pictures():
    xy, z, mean = people()
    model = fit_shapes(xy, named(z), rank=2, rounds=40, floor=1e-4)
    depth = model.depth(xy)
    assert face_correlations(depth, z).median() > 0.9999 and face_correlations(depth, z).min() > 0.999
    assert same_person(depth, z, mean) > 0.995
    assert model.noise.max() < 0.01**2 and model.closeness.abs().max() < 0.01


def test_what_is_learned_holds_for_faces_never_seen():
    xy, z, _ = people()
    model = fit_shapes(xy, named(z), rank=4)
    new, true, mean = people(seed=50)
    depth = model.depth(new)
    assert face_correlations(depth, true).min() > 0.99
    assert same_person(depth, true, mean) > 0.8


def test_perspective_is_found_and_tells_the_sign():
    xy, z, mean = people(closeness=0.15)
    model = fit_shapes(xy, rank=2, rounds=40, floor=1e-3)  # no point is named
    assert abs(model.closeness[0] - 0.15) < 0.02
    depth = model.depth(xy)
    assert face_correlations(depth, z).min() > 0.999
    assert same_person(depth, z, mean) > 0.98


def test_noise_is_learned_above_the_floor():
    xy, z, _ = people(noise=0.05)
    x_spread = (xy - xy.mean(1, keepdim=True)).square().sum(-1).mean(-1).sqrt().mean()
    noise = fit_shapes(xy, named(z), rank=2).noise.sqrt().mean()
    assert abs(noise * x_spread - 0.05) < 0.015


def test_points_led_astray_hardly_count():
    xy, z, mean = people()
    xy[::10, 3] += 2.0
    model = fit_shapes(xy, named(z), rank=2)
    clean = torch.arange(len(xy)) % 10 > 0
    depth = model.depth(xy)
    assert same_person(depth[clean], z[clean], mean[clean]) > 0.9
    right = torch.arange(POINTS) != 3
    assert face_correlations(depth[~clean][:, right], z[~clean][:, right]).median() > 0.99


def test_derivatives_are_those_of_the_picture():
    model = ShapeModel(random(0, 7, 3, 4), torch.ones(7), torch.tensor([0.05, 0.02]))
    a = torch.cat([random(1, 2, 3), torch.ones(2, 1)], 1)
    view = Views(turned(2, 2), torch.tensor([0.7, 1.2]), random(3, 2, 2), torch.tensor([0.04, -0.02]), a)
    _, by_shape, by_camera, _ = seen_by(model, view)
    by_a = torch.einsum("nkij,kjr->nkir", by_shape, model.loadings)
    jacobian = torch.cat([by_camera, by_a], -1)
    for j in range(10):
        step = torch.zeros(2, 10)
        step[:, j] = 1e-6
        ahead, behind = seen_by(model, view.moved(step))[0], seen_by(model, view.moved(-step))[0]
        torch.testing.assert_close(jacobian[..., j], (ahead - behind) / 2e-6, rtol=1e-5, atol=1e-7)


@pytest.fixture(scope="module")
def symmetric_model():
    from .conftest import toy_faces

    xy = torch.from_numpy(toy_faces(120).xy)
    return fit_shapes(xy, IBUG68, rank=8, rounds=8), xy


def test_mean_and_loadings_are_mirror_symmetric(symmetric_model):
    model, _ = symmetric_model
    mirror = Mirror.of(IBUG68, 8)
    assert mirror.parity.tolist() == [1] * 5 + [-1] * 3 + [1]
    for column, parity in zip(model.basis.unbind(-1), mirror.parity, strict=True):
        torch.testing.assert_close(mirror(column), parity * column, rtol=0, atol=1e-9)


def test_a_mirrored_face_has_the_mirrored_depth(symmetric_model):
    model, xy = symmetric_model
    flipped = torch.stack([1 - xy[..., 0], xy[..., 1]], -1)[:, list(IBUG68.mirror)]
    torch.testing.assert_close(model.depth(flipped), model.depth(xy)[:, list(IBUG68.mirror)], rtol=0, atol=1e-6)


def test_depth_has_the_unit_and_shape_of_the_keypoints(symmetric_model):
    model, xy = symmetric_model
    z = model.depth(xy[:4])
    torch.testing.assert_close(model.depth(80 * xy[:4].reshape(2, 2, 68, 2) - 3), 80 * z.reshape(2, 2, 68))
    assert model.depth(xy[0].float()).dtype == torch.float32
    torch.testing.assert_close(z.mean(1), torch.zeros(4), rtol=0, atol=1e-12)


def test_one_seed_one_model():
    xy = people(count=60)[0]
    a, b, c = (fit_shapes(xy, seed=s, rank=2, rounds=3) for s in (0, 0, 1))
    assert torch.equal(a.basis, b.basis) and not torch.equal(a.basis, c.basis)


@pytest.mark.parametrize("case", ["one face", "a line", "some are a point", "flat heads"])
def test_degenerate_faces_stay_finite(case):
    face = random(0, 10, 2)
    xy = {
        "one face": face.expand(20, 10, 2),
        "a line": random(1, 20, 10, 1) * torch.tensor([1.0, 2.0]),
        "some are a point": random(1, 20, 10, 2) * (torch.arange(20) > 5)[:, None, None],
        "flat heads": face @ random(2, 20, 2, 2),
    }[case]
    model = fit_shapes(xy, rank=3, rounds=5)
    assert model.depth(xy).isfinite().all() and model.depth(random(3, 2, 10, 2)).isfinite().all()


@pytest.mark.parametrize(
    "xy", [torch.ones(7, 68, 2).cumsum(1), torch.zeros(20, 68, 2), torch.zeros(20, 68, 3), torch.zeros(68, 2)]
)
def test_what_is_not_a_set_of_faces_is_refused(xy):
    with pytest.raises(InputError, match="no shapes can be learned"):
        fit_shapes(xy)


def test_a_nan_is_refused():
    xy = random(0, 20, 10, 2)
    xy[3, 4, 1] = torch.nan
    with pytest.raises(InputError, match="NaN"):
        fit_shapes(xy)
