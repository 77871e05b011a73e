"""What is around a face follows it: anchors, lent halves and walls, and what of it is the photo's own."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depthnet_lib.heads import load_basis
from depthnet_lib.pipeline import frontal_affine
from depthnet_lib.warp.geometry import turn
from depthnet_lib.warp.surroundings import surroundings

SIZE = 96


def head(yaw: float, size: int = SIZE, scale: float = 0.4) -> tuple[np.ndarray, np.ndarray]:
    """Keypoints (68, 2) and depth (68,) of the mean head, its nose turned to the right by degrees of yaw."""
    basis = load_basis()
    points = basis.landmarks(np.zeros(len(basis.identity)), np.zeros(len(basis.actions)))
    c, s = np.cos(np.deg2rad(yaw)), np.sin(np.deg2rad(yaw))
    points = points @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]).T
    points = scale * size / np.ptp(points[:, 1]) * (points - points.mean(0)) + [size / 2, size / 2, 0]
    return points[:, :2], points[:, 2]


def columns(size: int = SIZE) -> np.ndarray:
    """A picture whose red is each pixel's column, whose green is its row."""
    x, y = np.meshgrid(np.arange(size), np.arange(size))
    return np.dstack([x, y, 0 * x]).astype(np.uint8)


def test_a_frontal_face_keeps_its_surroundings():
    x_s, z = head(0)
    there = surroundings(columns(), x_s, z, frontal_affine(x_s, z))[0]
    assert np.abs(there.astype(int) - columns()).max() <= 2


def test_the_outline_of_the_head_comes_to_its_middle():
    """Where the turned head has its jaw, the picture of the photo's jaw stands; the far border stays."""
    x_s, z = head(-35)
    m = frontal_affine(x_s, z)
    there = surroundings(columns(), x_s, z, m)[0].astype(float)
    to = np.column_stack([x_s, z]) @ m[:, :3].T + m[:, 3]
    seen = [i for i in (*range(9, 16), *range(22, 27)) if to[i, 0] > to[:, 0].mean() + 0.2 * np.ptp(to[:, 0])]
    assert len(seen) > 5  # of the jaw and the brow on the side that is seen
    for i in seen:
        column, row = np.rint(to[i]).astype(int)
        assert (
            np.abs(there[row, column, :2] - x_s[i]).max() < 6
        )  # the jaw is where the picture is pressed together most
    assert np.abs(there[: SIZE // 2, -1, 0] - (SIZE - 1)).max() <= 4


@pytest.mark.parametrize("yaw", [-35, 35])
def test_the_hidden_half_shows_the_other_one(yaw):
    x_s, z = head(yaw)
    m = frontal_affine(x_s, z)
    there = surroundings(columns(), x_s, z, m)[0]
    to = np.column_stack([x_s, z]) @ m[:, :3].T + m[:, 3]
    middle, row = to[:, 0].mean(), int(to[27, 1])
    half = np.ptp(to[:, 0]) / 2
    left, right = (there[row, round(middle + side * half)].astype(int) for side in (-1, 1))
    assert np.abs(left - right).max() <= 3


def test_a_mirrored_photo_gives_the_mirrored_answer():
    noise = np.random.default_rng(0).integers(0, 255, (12, 12, 3), np.uint8).repeat(8, 0).repeat(8, 1)
    (x_s, z), (x_m, z_m) = head(30), head(-30)
    there = surroundings(noise, x_s, z, frontal_affine(x_s, z))[0]
    mirrored = surroundings(noise[:, ::-1], x_m - [1, 0], z_m, frontal_affine(x_m - [1, 0], z_m))[0][:, ::-1]
    assert np.abs(there.astype(int) - mirrored).mean() < 3


def test_a_wall_that_the_photo_cannot_know_is_the_other_side_s():
    """A head that leaves the photo on the right: beyond its turned outline no hair goes on to the border."""
    x_s, z = head(-60)
    x_s = np.add(x_s, [0.1 * SIZE, 0])
    image = np.full((SIZE, SIZE, 3), 200, np.uint8)
    image[:, int(x_s[:, 0].min()) :] = 30  # the head
    there = surroundings(image, x_s, z, frontal_affine(x_s, z))[0]
    row = int(x_s[27, 1])
    assert there[row, -1].mean() > 150 and there[row, 0].mean() > 150


@pytest.mark.parametrize("yaw", [-40, 40])
def test_the_photo_s_own_wall_is_off_the_head_and_not_lent(yaw):
    x_s, z = head(yaw, scale=0.35)
    m = frontal_affine(x_s, z)
    there, own = surroundings(columns(), x_s, z, m)
    to = np.rint(np.column_stack([x_s, z]) @ m[:, :3].T + m[:, 3]).astype(int)
    assert not own[to[:, 1], to[:, 0]].any() and not own[-1].any()  # neither the face nor the shoulders
    far = np.s_[: SIZE // 2, -3:] if yaw < 0 else np.s_[: SIZE // 2, :3]  # the border beside the half that is seen
    assert own[far].mean() > 0.9
    drawn = np.diff(there[..., 0].astype(int), axis=1)
    assert (drawn[own[:, 1:] & own[:, :-1]] >= 0).mean() > 0.99  # a mirror image would run the other way


@settings(max_examples=25, deadline=None)
@given(st.floats(-80, 80), st.floats(-25, 25), st.floats(0.1, 1.5), st.integers(16, 80), st.integers(16, 80))
def test_any_head_in_any_picture(yaw, pitch, scale, height, width):
    x_s, z = head(yaw, scale=scale)
    m = turn(x_s, z, yaw, pitch)
    image = np.full((height, width, 3), 77, np.uint8)
    there = surroundings(image, x_s, z, m)[0]
    assert there.dtype == np.uint8 and (there == 77).all()  # one colour stays one, wherever it is taken from
