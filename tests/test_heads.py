"""The head basis, the people drawn from it and the cameras that look at them."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthnet_lib.heads import cameras, load_basis, sample_shots
from depthnet_lib.heads.basis import FILE
from depthnet_lib.heads.camera import rotation
from depthnet_lib.layouts import IBUG68

ICT = Path(__file__).parents[2] / "shared" / "data" / "ict" / "ict_landmarks.npz"
MIRROR = np.array(IBUG68.mirror)


@pytest.fixture(scope="module")
def basis():
    return load_basis()


@pytest.fixture(scope="module")
def neutral(basis):
    """(68, 3) points of the mean head at rest."""
    return basis.landmarks(np.zeros(len(basis.identity)), np.zeros(len(basis.actions)))


def moved(basis, *names):
    """(68, 3) points of the mean head with some actions at full strength."""
    actions = np.zeros(len(basis.actions))
    actions[[basis.action(name) for name in names]] = 1
    return basis.landmarks(np.zeros(len(basis.identity)), actions)


def test_file_is_small_and_read_once():
    assert FILE.stat().st_size < 6e6
    assert load_basis() is load_basis()


def test_mesh_is_consistent(basis):
    v = len(basis.mean)
    assert basis.identity.shape[1:] == basis.actions.shape[1:] == (v, 3)
    assert basis.triangles.min() == 0 and basis.triangles.max() == v - 1
    assert (basis.texture_vertex[basis.texture_triangles] == basis.triangles).all()
    assert basis.uv.min() >= 0 and basis.uv.max() <= 1
    assert len(basis.part) == len(basis.triangles) and set(basis.part) == set(range(len(basis.part_names)))
    assert all(w.shape == (v,) and w.min() >= 0 and w.max() <= 1 for w in basis.regions.values())


def test_skin_faces_outward(basis):
    """With y up the skin's triangles are counter-clockwise, so that their volume is positive."""
    corners = (basis.mean * [1, -1, 1])[basis.triangles[basis.part == 0]]
    assert np.einsum("ti,ti->t", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() > 0


def test_landmarks_without_the_head_equal_those_on_it(basis):
    shots = sample_shots(3, np.arange(4), 0)
    full = basis.points(basis.vertices(shots.shape, shots.actions))
    np.testing.assert_allclose(basis.landmarks(shots.shape, shots.actions), full, atol=1e-4)


def test_landmarks_are_symmetric_distinct_and_in_order(neutral):
    assert np.abs(neutral - neutral[MIRROR] * [-1, 1, 1]).max() < 0.1
    apart = np.linalg.norm(neutral[:, None] - neutral, axis=-1) + np.eye(68)
    assert apart.min() > 0.08
    assert neutral[:17, 0].tolist() == sorted(neutral[:17, 0])  # the jaw from left to right
    assert np.argmax(neutral[:, 2]) == 30 and np.argmax(neutral[:, 1]) == 8  # tip of the nose, chin
    x, y = neutral[:, 0], neutral[:, 1]
    assert (y[[37, 38, 43, 44]] < y[[41, 40, 47, 46]]).all()
    assert (y[[61, 62, 63]] < y[[67, 66, 65]]).all() and (y[[50, 51, 52]] < y[[61, 62, 63]]).all()
    assert x[48] < x[60] < x[61] < x[62] < x[63] < x[64] < x[54]


def test_sizes_are_those_of_people(neutral):
    width = lambda a, b: np.linalg.norm(neutral[a] - neutral[b])  # noqa: E731
    assert 8 < width(36, 45) < 11 and 2.5 < width(39, 42) < 4.2 and 4.5 < width(48, 54) < 6.5


def test_actions_do_what_they_say(basis, neutral):
    gap = lambda p, a, b: np.linalg.norm(p[a] - p[b])  # noqa: E731
    assert gap(moved(basis, "eyeBlinkRight"), 37, 41) < 0.4 * gap(neutral, 37, 41)
    assert gap(moved(basis, "eyeBlinkRight"), 43, 47) > 0.95 * gap(neutral, 43, 47)
    assert gap(moved(basis, "jawOpen"), 62, 66) > gap(neutral, 62, 66) + 1.5
    assert gap(moved(basis, "mouthSmileLeft", "mouthSmileRight"), 48, 54) > gap(neutral, 48, 54) + 0.3
    assert moved(basis, "browInnerUp")[21, 1] < neutral[21, 1] - 0.3


def test_rotation_directions():
    nose, ear = np.array([0.0, 0, 1]), np.array([1.0, 0, 0])
    np.testing.assert_allclose(rotation(np.array([90.0, 0, 0])) @ nose, [1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(rotation(np.array([0.0, 90, 0])) @ nose, [0, 1, 0], atol=1e-12)
    np.testing.assert_allclose(rotation(np.array([0.0, 0, 90])) @ ear, [0, 1, 0], atol=1e-12)


@given(st.tuples(*[st.floats(-180, 180)] * 3))
def test_rotations_are_proper(angles):
    r = rotation(np.array(angles))
    np.testing.assert_allclose(r @ r.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(r) > 0


def test_camera_frames_the_keypoints_and_shares_one_unit(basis):
    shots = sample_shots(0, np.arange(200), 0)
    points = basis.landmarks(shots.shape, shots.actions)
    camera = cameras(shots, points)
    seen = camera(points)
    assert seen[..., :2].min() > 0 and seen[..., :2].max() < 1
    box = seen[..., :2].max(1) - seen[..., :2].min(1)
    np.testing.assert_allclose(box.max(1), 1 / shots.margin)
    # two points of the plane z = 0 before the camera keep their distance, divided by the side
    flat = np.zeros((len(shots), 2, 3))
    flat[:, 1] = camera.rotation.mT[..., 0]
    step = camera(flat)[:, 1] - camera(flat)[:, 0]
    np.testing.assert_allclose(step, np.stack([1 / camera.side, 0 * camera.side, 0 * camera.side], 1), atol=1e-12)


def test_nearer_points_are_larger():
    shots = sample_shots(0, [0], 0, (0.0, 0.0))
    camera = cameras(shots, load_basis().landmarks(shots.shape, shots.actions))
    r = camera.rotation[0].T  # undo the head's turn
    near, far = (np.stack([r @ [0, 0, z], r @ [1, 0, z]])[None] for z in (9.0, -9.0))
    d = shots.distance[0]
    ratio = np.ptp(camera(near)[0, :, 0]) / np.ptp(camera(far)[0, :, 0])
    assert ratio == pytest.approx((d + 9) / (d - 9))


def test_a_face_is_the_same_alone_and_in_a_batch():
    together = sample_shots(5, np.repeat(np.arange(6), 3), np.tile(np.arange(3), 6))
    alone = sample_shots(5, 4, 2)
    for name in ("shape", "actions", "angles", "distance", "margin", "shift"):
        np.testing.assert_array_equal(getattr(together[14], name), getattr(alone, name))


def test_one_person_in_many_pictures():
    shots = sample_shots(0, [7, 7, 8], [0, 1, 0])
    np.testing.assert_array_equal(shots.shape[0], shots.shape[1])
    assert not np.allclose(shots.shape[0], shots.shape[2])
    assert not np.allclose(shots.angles[0], shots.angles[1])


def test_draws_keep_their_limits():
    shots = sample_shots(0, np.arange(300), 0, (-90.0, 90.0))
    assert np.abs(shots.angles[:, 0]).max() > 80 and np.abs(shots.angles[:, 1:]).max() <= 25
    assert shots.actions.min() >= 0 and shots.actions.max() <= 1
    assert set(shots.pose) == {"left", "front", "right"}
    at_rest = sample_shots(0, np.arange(50), 0, expressive=0.0)
    assert at_rest.actions[:, load_basis().action("jawOpen")].max() <= 0.2


@pytest.mark.skipif(not ICT.is_file(), reason="needs ../shared/data/ict/ict_landmarks.npz beside the clone")
def test_mean_face_agrees_with_scans(neutral):
    """Aligned by Procrustes, the 68 points of ICT-FaceKit's neutral face differ by less than 8% of interocular."""
    import torch

    from depthnet_lib.affine import solve_similarity

    theirs = np.load(ICT, allow_pickle=False)["neutral"] * [1, -1, 1]
    s, r, t = (a.numpy() for a in solve_similarity(torch.tensor(neutral), torch.tensor(theirs.astype(np.float64))))
    error = np.linalg.norm(s * neutral @ r.T + t - theirs, axis=1) / np.linalg.norm(theirs[36] - theirs[45])
    assert error.mean() < 0.08 and error[:17].mean() < 0.08 and error[17:].mean() < 0.08
