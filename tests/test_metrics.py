"""Scores with known answers, and against slow loops written here."""

import numpy as np
import pytest
import torch

from depthnet_lib.affine import apply_affine, solve_affine_2d
from depthnet_lib.datasets import KeypointSet
from depthnet_lib.errors import InputError
from depthnet_lib.layouts import IBUG68
from depthnet_lib.metrics import evaluate, identity_scores, interocular, ordered_pairs, posed_mean_head
from depthnet_lib.models import RECIPES, DepthModel, build_model

from .conftest import toy_faces


class GivenDepth(DepthModel):
    """Answers a fixed multiple of true depth, to see what the scores say."""

    def __init__(self, n, change):
        super().__init__(n, RECIPES["paper"])
        self.change = change

    def depth(self, source, target):
        return self.change(source.z)


def test_scores_agree_with_a_loop_over_pairs():
    data = toy_faces(12)
    scores = evaluate(build_model("gt", 68), data)
    errors = []
    for i in range(12):
        for j in range(12):
            if i != j:
                a = np.c_[data.xy[i], data.z[i], np.ones(68)]
                m = np.linalg.lstsq(a, data.xy[j], rcond=None)[0]
                errors.append(((a @ m - data.xy[j]) ** 2).mean())
    assert scores["pairs"] == 132
    assert scores["mse"]["mean"] == pytest.approx(np.mean(errors), rel=1e-4)
    assert scores["mse"]["std"] == pytest.approx(np.std(errors, ddof=1), rel=1e-3)


def test_true_depth_scores_full_marks_and_its_mirror_loses_the_sign():
    data = toy_faces(40)
    true = evaluate(build_model("gt", 68), data)
    assert true["depthcorr_all"] == pytest.approx(68, abs=1e-3)
    assert true["per_face_r"]["median"] == pytest.approx(1, abs=1e-6)
    assert true["identity_r"] == pytest.approx(1, abs=1e-5)
    negated = evaluate(GivenDepth(68, lambda z: -z), data)
    assert negated["depthcorr_all"] == pytest.approx(68, abs=1e-3)  # it takes absolute values
    assert negated["per_face_r"]["negative_fraction"] == 1
    assert negated["gauge_free_r"] == pytest.approx(1, abs=1e-5)
    assert negated["mse"]["mean"] == pytest.approx(true["mse"]["mean"], rel=1e-4)


def test_depthcorr_grid_counts_each_cell_by_hand():
    data = toy_faces(30)
    rng = np.random.default_rng(5)
    noise = torch.from_numpy(rng.normal(size=(30, 68))).float() * 0.05
    known = {
        tuple(z[:3].tolist()): k for k, z in enumerate(torch.from_numpy(data.z - data.z.mean(1, keepdims=True)).float())
    }
    model = GivenDepth(68, lambda z: torch.stack([v + noise[known[tuple(v[:3].tolist())]] for v in z]))
    scores = evaluate(model, data)
    true = data.z - data.z.mean(1, keepdims=True)
    guess = true + noise.numpy()
    guess -= guess.mean(1, keepdims=True)
    left, right = (np.flatnonzero(data.pose == side) for side in ("left", "right"))
    pairs = [(i, j) for i in left for j in right]
    rows = [i for i, _ in pairs]
    by_hand = sum(abs(np.corrcoef(guess[rows, k], true[rows, k])[0, 1]) for k in range(68))
    assert scores["depthcorr"]["left"]["right"] == pytest.approx(by_hand, rel=1e-4)


def test_bounds_hold_for_any_depth():
    data = toy_faces(15)
    for change in (lambda z: z, lambda z: z.square(), torch.zeros_like):
        scores = evaluate(GivenDepth(68, change), data)
        assert scores["optimum_mse"] <= scores["mse"]["mean"] * (1 + 1e-5)
        assert scores["mse"]["mean"] <= scores["affine2d_mse"] * (1 + 1e-5)


def test_the_mean_head_scores_nothing_on_identity():
    data = toy_faces(40)
    xy, z = torch.from_numpy(data.xy), torch.from_numpy(data.z)
    spread = (xy - xy.mean(1, keepdim=True)).square().sum(2).mean(1, keepdim=True).sqrt()
    template = posed_mean_head(xy, z) * spread
    slightly = template + 1e-9 * torch.randn(z.shape, generator=torch.Generator().manual_seed(0))
    assert abs(identity_scores(xy, z, slightly)[0]) < 0.05
    assert identity_scores(xy, z, z)[0] == pytest.approx(1)


def test_pairs_of_one_identity():
    data = toy_faces(12, shots=3)
    pairs = ordered_pairs(data, "identity")
    assert len(pairs) == 4 * 3 * 2
    assert (data.identity[pairs[:, 0]] == data.identity[pairs[:, 1]]).all()
    with pytest.raises(InputError, match="one face of each"):
        ordered_pairs(toy_faces(5), "identity")


def test_mse_norm_is_percent_of_the_eye_distance():
    data = toy_faces(2)
    eyes = interocular(torch.from_numpy(data.xy), IBUG68)
    x_s, x_t = torch.from_numpy(data.xy).unbind(0)
    scores = evaluate(build_model("affine2d", 68), data)
    error = lambda a, b, eye: (apply_affine(a, a[:, 0] * 0, solve_affine_2d(a, b)) - b).norm(dim=1).mean() / eye  # noqa: E731
    expected = 50 * (error(x_s, x_t, eyes[1]) + error(x_t, x_s, eyes[0]))
    assert scores["mse_norm"] == pytest.approx(float(expected), rel=1e-4)


def test_sets_without_depth_or_pose():
    data = toy_faces(6)
    bare = evaluate(build_model("affine2d", 68), KeypointSet("bare", data.xy))
    assert bare["depthcorr"] is None and bare["identity_r"] is None
    no_pose = evaluate(build_model("gt", 68), KeypointSet("no pose", data.xy, data.z))
    assert no_pose["depthcorr"] == {} and no_pose["depthcorr_all"] == pytest.approx(68, abs=1e-3)
