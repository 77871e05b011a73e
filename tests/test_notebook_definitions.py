"""The functions that notebooks define in their cells, on cases with known answers."""

import numpy as np
import pytest
import torch

from depthnet_lib.affine import apply_affine, solve_affine, to_unit
from depthnet_lib.datasets.tensors import as_faces
from depthnet_lib.models import build_model

from .conftest import toy_faces
from .notebook_cells import NOTEBOOKS, defined, definitions

TESTED: dict[str, set[str]] = {}


def covers(notebook: str, *names: str):
    """Mark a test as that of functions of a notebook."""
    TESTED.setdefault(notebook, set()).update(names)
    return pytest.mark.skipif(not (NOTEBOOKS / notebook).is_file(), reason=f"{notebook} is not here")


@pytest.fixture
def pair():
    """Double-precision source, its depth, and a target that no affine reaches."""
    faces = toy_faces(2)
    x_s, x_t = torch.from_numpy(faces.xy)
    return x_s, torch.from_numpy(faces.z)[0], x_t


@covers("03_pinv.ipynb", "loss", "by_inverse", "show_gauge")
def test_pinv(pair):
    x_s, z, x_t = pair
    cells = definitions("03_pinv.ipynb", x_s=x_s, x_t=x_t, x32=x_s.float(), t32=x_t.float(), z=z)
    best = (apply_affine(x_s, z, solve_affine(x_s, z, x_t)) - x_t).square().sum()
    assert cells.loss(z) == pytest.approx(float(best)) and cells.loss(0.5 - 3 * z) == pytest.approx(float(best))
    torch.testing.assert_close(cells.by_inverse(z.float()), solve_affine(x_s, z, x_t).float(), atol=1e-3, rtol=1e-3)


@covers("03_pinv.ipynb", "solve_weighted")
@covers("solutions/03_pinv.ipynb", "solve_weighted")
def test_weighted_solve(pair):
    """The exercise's start ignores the weights; its solution does not, and agrees with leaving points out."""
    x_s, z, x_t = pair
    w = torch.where(torch.arange(68) < 9, 0.0, 1.0).double()
    wild = x_t.clone()
    wild[:9] += 5
    given = definitions("03_pinv.ipynb").solve_weighted
    solved = definitions("solutions/03_pinv.ipynb").solve_weighted
    kept = solve_affine(x_s[9:], z[9:], x_t[9:])
    torch.testing.assert_close(solved(x_s, z, wild, w), kept, atol=1e-8, rtol=1e-8)
    torch.testing.assert_close(solved(x_s, z, x_t, torch.ones_like(w)), solve_affine(x_s, z, x_t))
    assert (given(x_s, z, wild, w) - kept).abs().max() > 0.1


@covers("solutions/01_faces_and_data.ipynb", "pose_from_points")
@covers("01_faces_and_data.ipynb", "pose_from_points")
def test_pose_from_points():
    """Right for most of clearly turned heads, at any size and place; the exercise's start is not."""
    faces = toy_faces(60)
    solved = definitions("solutions/01_faces_and_data.ipynb").pose_from_points
    right = np.mean([solved(xy) == pose for xy, pose in zip(faces.xy, faces.pose, strict=True)])
    assert right > 0.75
    assert [solved(xy) for xy in faces.xy] == [solved(300 * xy + 40) for xy in faces.xy]
    given = definitions("01_faces_and_data.ipynb").pose_from_points
    assert np.mean([given(xy) == pose for xy, pose in zip(faces.xy, faces.pose, strict=True)]) < right


@covers("02_keypoints.ipynb", "combined")
@covers("02_keypoints.ipynb", "combined")
@covers("solutions/02_keypoints.ipynb", "combined")
def test_sum_of_branches():
    """Where all maps agree on a place, so does their sum; a place that one of them excludes loses."""
    maps = [torch.zeros(1, 68, side, side) for side in (5, 10, 20, 40, 80)]
    maps[4][..., 60, 20], maps[4][..., 10, 70] = 5.0, 6.0
    maps[2][..., 15, 5] = 5.0
    peak = definitions("solutions/02_keypoints.ipynb").combined(maps).flatten(2).argmax(-1)
    assert definitions("02_keypoints.ipynb").combined(maps) is maps[4]  # the exercise's start
    assert definitions("02_keypoints.ipynb").combined(maps) is maps[4]  # the exercise's start
    assert (peak == 60 * 80 + 20).all() and (maps[4].flatten(2).argmax(-1) == 10 * 80 + 70).all()


@covers("06_opengl_warp.ipynb", "naive_warp", "faces_viewer")
@covers("solutions/06_opengl_warp.ipynb", "faces_viewer")
def test_naive_warp_and_facing():
    """A square of two triangles over a ramp gives the ramp back; turned over, its triangles face away."""
    ramp = np.repeat(np.arange(0, 240, 20, np.uint8)[None, :, None].repeat(12, 0), 3, -1)
    corners = np.array([[2, 2], [8, 2], [8, 8], [2, 8.0]])
    flat, triangles = np.column_stack([corners, np.zeros(4)]), np.array([[0, 1, 2], [0, 2, 3]])
    out = definitions("06_opengl_warp.ipynb").naive_warp(ramp, np.add(flat, [1, 0, 0]), corners, triangles)
    np.testing.assert_array_equal(out[3:8, 4:9, :3], ramp[3:8, 3:8])
    assert not out[..., 3][[0, 11]].any() and not out[0].any()
    facing = definitions("solutions/06_opengl_warp.ipynb").faces_viewer
    assert facing(flat, triangles).all() and not facing(flat * [-1, 1, 1], triangles).any()


@covers("04_depth_and_affine.ipynb", "second_step")
@covers("solutions/04_depth_and_affine.ipynb", "second_step")
def test_second_step():
    """The least-squares affine on the same depth is never worse than the network's own."""
    faces = as_faces(toy_faces(20))
    model = build_model("separate", 68)
    model.reset(torch.Generator().manual_seed(0))
    with torch.inference_mode():
        faces = model.encode(faces)
        source, target = faces[:10], faces[10:]
        own = model(source, target).x_n
        given = definitions("04_depth_and_affine.ipynb").second_step(model, source, target)
        solved = definitions("solutions/04_depth_and_affine.ipynb").second_step(model, source, target)
    torch.testing.assert_close(given, own)
    assert ((solved - target.xy).square().sum((1, 2)) <= (own - target.xy).square().sum((1, 2)) + 1e-5).all()


@covers("05_depthcorr.ipynb", "pose_grid", "corr_of", "best_gauge", "gauge_free")
@covers("solutions/05_depthcorr.ipynb", "gauge_free")
def test_depthcorr_and_the_gauge():
    """Plain DepthCorr forgives a common sign and no tilt of single faces; the exercise's start neither, its solution
    both."""
    faces = toy_faces(40, shots=4)
    xy, z = torch.from_numpy(faces.xy), torch.from_numpy(faces.z)
    tilt = torch.linspace(-1, 1, 40).double()[:, None]
    moved = tilt.sign() * (z + tilt * xy[..., 0] + 3)
    unit = to_unit(xy)[0]
    cells = definitions("05_depthcorr.ipynb", z=z, unit=unit)
    assert cells.corr_of(-z) == pytest.approx(68) and cells.corr_of(moved) < 40
    torch.testing.assert_close(cells.best_gauge(moved), z)
    grid = {s: {t: 10 * i + j for j, t in enumerate(cells.POSES)} for i, s in enumerate(cells.POSES)}
    assert cells.pose_grid({"depthcorr": grid}).tolist() == [[0, 1, 2], [10, 11, 12], [20, 21, 22]]
    solved = definitions("solutions/05_depthcorr.ipynb").gauge_free
    assert solved(z, z, xy) == solved(moved, z, xy) == pytest.approx(68)
    noise = torch.randn(z.shape, generator=torch.Generator().manual_seed(0), dtype=z.dtype)
    assert solved(noise, z, xy) < 30 and cells.gauge_free(moved, z, xy) < 40


@covers("07_cyclegan_repair.ipynb", "toy_heads", "off", "learn", "Brighter")
def test_toy_of_repair():
    """Swapped and true toys differ in the inner face alone; a training of no step has one sheet and fresh networks."""
    rows, columns = np.mgrid[:16, :16] - 7.5
    cells = definitions("07_cyclegan_repair.ipynb", rows=rows, columns=columns)
    swapped, true = cells.toy_heads(20, seed=4)
    assert swapped.shape == true.shape == (20, 16, 16, 3)
    assert np.array_equal(swapped[:, ~cells.FACE], true[:, ~cells.FACE]) and (swapped != true).any((1, 2, 3)).all()
    toys = {"x_toy": swapped, "y_toy": true, "x_test": swapped, "y_test": true}
    cells = definitions("07_cyclegan_repair.ipynb", rows=rows, columns=columns, **toys)
    assert cells.off(None, ~cells.FACE) == 0 and cells.off(None, cells.FACE) > 10
    gan, sheets = cells.learn(2.0, steps=0)
    assert list(sheets) == [0] and sheets[0].shape == (3 * 64, 12 * 64, 3)
    assert cells.off(gan, cells.HEAD) > 0
    assert torch.equal(cells.Brighter()(torch.zeros(2)), torch.full((2,), 0.25))


@covers("07_cyclegan_repair.ipynb", "identity_loss", "Brighter")
@covers("solutions/07_cyclegan_repair.ipynb", "identity_loss", "Brighter")
def test_identity_loss():
    """Nothing for what changes nothing; the exercise's start is not right."""
    y = torch.rand(3, 3, 8, 8)
    given, solved = (definitions(f"{place}07_cyclegan_repair.ipynb", rows=0, columns=0) for place in ("", "solutions/"))
    assert solved.identity_loss(torch.nn.Identity(), y) == 0 != given.identity_loss(torch.nn.Identity(), y)
    assert solved.identity_loss(solved.Brighter(), y).item() == pytest.approx(0.25)


@covers("08_beyond_the_paper.ipynb", "best_gauge", "error")
@covers("solutions/08_beyond_the_paper.ipynb", "best_gauge")
def test_best_gauge(pair):
    """The solution undoes any gauge, and is the nearest member of it; the exercise's start does nothing."""
    x_s, z, x_t = pair
    solved = definitions("solutions/08_beyond_the_paper.ipynb").best_gauge
    spoiled = -0.4 * z + 0.7 * x_s[:, 0] + 2
    torch.testing.assert_close(solved(spoiled, x_s, z), z)
    wrong = spoiled + 0.1 * torch.sin(torch.arange(68.0))
    near = (solved(wrong, x_s, z) - z).square().sum()
    assert all(near <= (a * wrong + b * x_s[:, 0] - z).square().sum() for a in (-2, -0.5, 1) for b in (-1, 0, 0.3))
    free = z.clone().requires_grad_()
    optimizer = torch.optim.SGD([free], 0.0)
    cells = definitions("08_beyond_the_paper.ipynb", x_s=x_s, x_t=x_t, free=free, optimizer=optimizer)
    assert cells.best_gauge(spoiled, x_s, z) is spoiled
    assert cells.error().item() == pytest.approx(
        (apply_affine(x_s, z, solve_affine(x_s, z, x_t)) - x_t).square().mean().item()
    )


def test_no_function_is_left_out():
    """But the explorers', which answer clicks: those are the browser's (tests/test_browser.py)."""
    names = {str(path.relative_to(NOTEBOOKS)) for pattern in ("*", "solutions/*") for path in NOTEBOOKS.glob(pattern)}
    left = {name: defined(name) - TESTED.get(name, set()) for name in sorted(names) if name.endswith(".ipynb")}
    assert {name: functions for name, functions in left.items() if functions} == {}
