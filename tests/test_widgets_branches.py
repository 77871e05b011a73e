import numpy as np
import pytest
import torch

from depthnet_lib.keypoints.rcn import RCN, SIZE, Trained, folded
from depthnet_lib.keypoints.shape import fit_shapes
from depthnet_lib.widgets import branch_widget, branches


@pytest.fixture
def untrained(monkeypatch):
    net = RCN()
    net.reset(torch.Generator().manual_seed(0))
    model = Trained(folded(net), fit_shapes(torch.rand(200, 68, 2) * SIZE))
    monkeypatch.setattr(branches, "trained", lambda: model)


def crops(count):
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (count, SIZE, SIZE), np.uint8), rng.uniform(10, 70, (count, 68, 2))


def test_maps_are_probabilities_and_a_branch_that_is_off_changes_the_finer_ones(untrained):
    crop = crops(1)[0][0]
    maps, points = branches.branch_maps(crop)
    assert [m.shape for m in maps] == [(68, s, s) for s in branches.SIDES]
    np.testing.assert_allclose([m.sum((1, 2)) for m in maps], 1, atol=1e-4)
    assert points.shape == (5, 68, 2) and ((points > -1) & (points < SIZE)).all()
    without, _ = branches.branch_maps(crop, off=(3,))
    assert [np.array_equal(a, b) for a, b in zip(maps, without, strict=True)] == [True, True, True, False, False]


def test_every_control_redraws(untrained):
    faces, switches, picture = branch_widget(*crops(2)).children
    seen = {bytes(picture.value)}
    for control, value in ((faces.children[0], 1), (faces.children[1], 30), (switches.children[0], False)):
        control.value = value
        seen.add(bytes(picture.value))
    assert len(seen) == 4 and all(png.startswith(b"\x89PNG") for png in seen)
