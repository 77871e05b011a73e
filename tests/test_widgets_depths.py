"""Estimated against true depth: correlations by hand, and menus that draw anew."""

import numpy as np
import pytest

from depthnet_lib.metrics import estimated_depths, evaluate
from depthnet_lib.models import load_model
from depthnet_lib.widgets import agreement, depths_figure, depths_widget

from .conftest import toy_faces

FACES = toy_faces(12)


def test_agreement_by_hand():
    rng = np.random.default_rng(0)
    true = rng.normal(size=(200, 68))
    guess = np.where(np.arange(68) < 34, -2 * true, rng.normal(size=true.shape))
    guess[:, 0] = 1.0
    found = agreement(guess, true)
    assert found.r[0] == 0 and found.r[1:34] == pytest.approx(-np.ones(33))
    assert found.r[34:] == pytest.approx([np.corrcoef(guess[:, k], true[:, k])[0, 1] for k in range(34, 68)])
    assert 0.9 * true.size < found.heat.sum() <= true.size
    axes = depths_figure(found, 5, FACES.xy[0]).axes
    assert f"DepthCorr {np.abs(found.r).sum():.1f} of 68" in axes[0].get_title()
    assert axes[1].get_title() == "keypoint 5: r = -1.00"


def test_it_is_the_score_of_evaluate():
    model = load_model("pinv")
    pairs, guess, true = estimated_depths(model, FACES)
    assert guess.shape == true.shape == (len(pairs), 68)
    assert guess.mean(1).numpy() == pytest.approx(0, abs=1e-6)
    assert np.abs(agreement(guess, true).r).sum() == pytest.approx(evaluate(model, FACES)["depthcorr_all"], abs=1e-3)


def test_menus_draw_anew():
    view = depths_widget(FACES, {"DepthNet": "pinv", "true depth": "gt"})
    (model, pose, keypoint), picture = view.children[0].children, view.children[1]
    seen = {bytes(picture.value)}
    for control, value in ((keypoint, 8), (pose, "front"), (model, "gt")):
        control.value = value
        seen.add(bytes(picture.value))
    assert len(seen) == 4 and all(png.startswith(b"\x89PNG") for png in seen)
