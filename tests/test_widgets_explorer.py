"""The depth and affine explorer: the pure landing, and the widgets driven as their views drive them."""

import numpy as np
import pytest

from depthnet_lib.pipeline import Portrait
from depthnet_lib.warp import turn, turned
from depthnet_lib.warp.uses import onto
from depthnet_lib.widgets import DepthProfile, TargetPicker, explorer_widget, face_thumb, land_on, landing_figure
from depthnet_lib.widgets.explorer import VIEW

from .warp_cases import face, noise

X_S, Z = face(128, 128)
PORTRAIT = Portrait(noise(128, 128), X_S, Z)
TURNED = turned(X_S, Z, turn(X_S, Z, 25, 5))[:, :2]
BENT = TURNED + np.random.default_rng(0).normal(0, 2, TURNED.shape)


def test_an_affine_target_is_reached_exactly_and_no_affine_beats_the_solved_one():
    exact = land_on(PORTRAIT, Z, onto(X_S, Z, TURNED), TURNED)
    assert exact.mse == pytest.approx(0, abs=1e-9) and exact.flat > 1
    np.testing.assert_allclose(exact.x_n, TURNED, atol=1e-6)
    m = onto(X_S, Z, BENT)
    best = land_on(PORTRAIT, Z, m, BENT)
    assert best.mse == pytest.approx(best.solved) and best.solved < best.flat
    nudged = land_on(PORTRAIT, Z, m + 0.01, BENT)
    assert nudged.mse > nudged.solved == pytest.approx(best.solved)
    assert exact.picture.shape == (VIEW, VIEW, 3) and exact.picture.dtype == np.uint8


def test_far_away_affines_still_draw():
    landing = land_on(PORTRAIT, Z, np.full((2, 4), 1e4), TURNED)
    assert np.isfinite(landing.mse)


def test_the_profile_keeps_its_mean_and_gives_depth_back():
    profile = DepthProfile(X_S, Z)
    np.testing.assert_allclose(profile.depth, Z)
    assert max(map(abs, profile.z)) < profile.reach
    z = list(profile.z)
    z[30] += 10
    profile.z = z
    assert profile.depth[30] == pytest.approx(Z[30] + 10)


def test_the_picker_marks_what_is_chosen():
    picker = TargetPicker({"a": X_S, "b": TURNED})
    assert picker.value == "a" and picker.buttons["a"].button_style == "primary"
    picker.buttons["b"].click()
    assert picker.value == "b"
    assert [button.button_style for button in picker.buttons.values()] == ["", "primary"]
    assert (face_thumb(X_S) != face_thumb(TURNED)).any()


def test_the_explorer_follows_depth_target_and_sliders():
    explorer = explorer_widget(PORTRAIT, {"turned": TURNED, "bent": BENT})
    picker, row = explorer.children
    (picture, residual), (profile, buttons), (solve, *numbers) = (box.children for box in row.children)
    first = picture.value
    np.testing.assert_allclose([slider.value for slider in numbers], onto(X_S, Z, TURNED).ravel(), atol=1e-9)
    assert "<b>0.0</b>" in residual.value
    buttons.children[1].click()  # flat: the affine falls back to the flat one
    assert numbers[2].value == pytest.approx(0, abs=1e-6)
    assert picture.value != first and "<b>0.0</b>" not in residual.value
    buttons.children[0].click()
    assert picture.value == first
    numbers[3].value += numbers[3].step / 3  # a browser's rounding
    assert solve.value
    numbers[3].value += 5  # by hand: the box unticks itself, the others stay
    assert not solve.value and picture.value != first
    by_hand = picture.value
    z = list(profile.z)
    z[30] += 20
    profile.z = z
    assert picture.value != by_hand
    picker.value = "bent"
    solve.value = True
    np.testing.assert_allclose([s.value for s in numbers], onto(X_S, profile.depth, BENT).ravel(), atol=1e-9)


def test_the_static_twin_shows_the_same_numbers():
    axes = landing_figure(PORTRAIT, Z, onto(X_S, Z, BENT), BENT).axes
    assert f"{land_on(PORTRAIT, Z, onto(X_S, Z, BENT), BENT).mse:.1f} px²" in axes[2].get_title()
