"""Metric depth from 2D faces alone: what is built in, what is learned, and what stays open."""

import signal
from dataclasses import replace

import numpy as np
import pytest
import torch

from depthnet_lib.affine import to_unit
from depthnet_lib.datasets import load_npz
from depthnet_lib.datasets.tensors import as_faces
from depthnet_lib.errors import InputError
from depthnet_lib.experiments import train_depth_model
from depthnet_lib.geometry import consistent_signs
from depthnet_lib.layouts import IBUG68, layout_of
from depthnet_lib.metric import TEACHERS, mirrored
from depthnet_lib.metric_training import MetricTask
from depthnet_lib.metrics import evaluate, face_correlations
from depthnet_lib.models import Faces, build_model, load_model, recipe_of
from depthnet_lib.training import Run, fit

from .conftest import toy_faces
from .test_training import assert_same

SMALL = replace(recipe_of("metric"), hidden=(64, 64), batch_size=32, teacher="head", lesson=0.5)


def train(out, name="metric", epochs=2, data=None, recipe=SMALL, **run):
    return train_depth_model(name, data or toy_faces(120), recipe, Run(out, epochs, progress=False, **run))


def blind(data):
    return replace(data, z=None, pose=None, identity=None)


def ready(n_keypoints=68):
    model = build_model("metric", n_keypoints, replace(SMALL))
    generator = torch.Generator().manual_seed(0)
    model.reset(generator)
    model.fit(as_faces(toy_faces(50, n_keypoints=n_keypoints)), generator)
    return model.eval()


def depth(model, xy):
    return model.encode(Faces(xy)).code[0]


def test_depth_stays_when_the_picture_is_turned_in_its_plane_and_mirrors_with_it():
    model, xy = ready(), as_faces(toy_faces(5, seed=3)).xy
    c, s = np.cos(0.5), np.sin(0.5)
    turn = torch.tensor([[c, -s], [s, c]], dtype=torch.float32)
    z = depth(model, xy)
    torch.testing.assert_close(depth(model, 90 * xy @ turn.T + 7), 90 * z, rtol=0, atol=2e-3)
    torch.testing.assert_close(depth(model, mirrored(xy, IBUG68)), z[:, list(IBUG68.mirror)], rtol=0, atol=1e-5)


@pytest.mark.parametrize("teacher", TEACHERS)
def test_teachers_read_depth_from_2d_faces(teacher):
    data = toy_faces(150, seed=1)
    x, _, scale = to_unit(torch.from_numpy(data.xy))
    z = TEACHERS[teacher](x, IBUG68, torch.Generator().manual_seed(0))
    true = torch.from_numpy(data.z)
    assert face_correlations(z, true).median() > 0.95 and face_correlations(z, true).min() > 0
    true = (true - true.mean(1, keepdim=True)) / scale[..., 0]
    slope = (z * true).sum(1) / true.square().sum(1)
    assert 0.85 < slope.median() < 1.15  # metric: the scale is right too


def test_training_needs_no_depth_and_never_looks_at_it(tmp_path):
    data = toy_faces(200, seed=1)
    train(tmp_path / "a", epochs=6, data=blind(data))
    train(tmp_path / "b", epochs=6, data=replace(data, z=-data.z))
    assert_same(tmp_path / "a", tmp_path / "b")
    scores = evaluate(load_model(str(tmp_path / "a")), toy_faces(60, seed=2))
    assert scores["per_face_r"]["median"] > 0.9 and scores["per_face_r"]["negative_fraction"] == 0


def test_oracle_learns_true_depth_and_says_when_there_is_none(tmp_path):
    recipe = replace(recipe_of("oracle"), hidden=(64, 64), batch_size=32)
    train(tmp_path / "a", "oracle", 6, toy_faces(200, seed=1), recipe)
    assert evaluate(load_model(str(tmp_path / "a")), toy_faces(60, seed=2))["per_face_r"]["median"] > 0.95
    with pytest.raises(InputError, match="no true depth"):
        train(tmp_path / "b", "oracle", 1, blind(toy_faces(20)), recipe)


class Cut(MetricTask):
    """Asked to end in the second of two epochs, past the lesson."""

    def training_step(self, batch, update):
        self.steps = getattr(self, "steps", 0) + 1
        if self.steps == 160:
            signal.raise_signal(signal.SIGINT)
        return super().training_step(batch, update)


def test_resumed_equals_uninterrupted(tmp_path):
    train(tmp_path / "whole")
    model, generator = build_model("metric", 68, SMALL), torch.Generator().manual_seed(0)
    model.reset(generator)
    with pytest.raises(KeyboardInterrupt):
        fit(Cut(model, toy_faces(120), generator), Run(tmp_path / "cut", 2, progress=False))
    train(tmp_path / "cut", resume=True)
    assert_same(tmp_path / "whole", tmp_path / "cut")


def test_signs_are_one_over_all_faces():
    data = toy_faces(80)
    x, true = torch.from_numpy(data.xy), torch.from_numpy(data.z)
    flipped = true * torch.tensor([1.0, -1.0]).repeat(40)[:, None].double()
    torch.testing.assert_close(consistent_signs(flipped, x, IBUG68.near, IBUG68.far), true)
    torch.testing.assert_close(consistent_signs(flipped, x, (), ()).abs(), true.abs())
    assert face_correlations(consistent_signs(flipped, x, (), ()), true).sign().unique().numel() == 1


def test_a_set_names_near_and_far_points_or_is_told_that_the_sign_is_open(tmp_path):
    data = toy_faces(150, n_keypoints=30)
    path = tmp_path / "thirty.npz"
    np.savez(path, xy=data.xy)
    assert "open" in train(tmp_path / "open", data=load_npz(path))["note"]
    order = data.z.mean(0).argsort()  # of many turned heads: which points stand out
    np.savez(path, xy=data.xy, near=order[-1], far=order[:2])
    record = train(tmp_path / "named", data=load_npz(path), epochs=6)
    assert "note" not in record
    scores = evaluate(load_model(str(tmp_path / "named"), 30), toy_faces(40, n_keypoints=30))
    assert scores["per_face_r"]["median"] > 0.8


@pytest.mark.parametrize("near", [[], [30], [-1], [0.5], [[1]]])
def test_points_that_do_not_exist(near, tmp_path):
    np.savez(tmp_path / "a.npz", xy=toy_faces(4, n_keypoints=30).xy, near=near, far=[1, 2])
    with pytest.raises(InputError, match="near does not name points"):
        load_npz(tmp_path / "a.npz")


def test_layouts_of_76_points_know_their_sign_and_mirror():
    layout = layout_of(76)
    assert layout.near and layout.far and sorted(layout.mirror) == list(range(76))
    assert build_model("metric", 76).eval().encode(Faces(torch.rand(3, 76, 2))).code[0].shape == (3, 76)
