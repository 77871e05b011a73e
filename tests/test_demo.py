"""The demonstration: what it writes, and that bad input leaves nothing behind."""

import json

import numpy as np
import pytest
import skimage
import trimesh

from depthnet_lib.cli import main
from depthnet_lib.demo import YAWS, heads_in_a_row
from depthnet_lib.images import read_image, write_image
from depthnet_lib.pipeline import make_portrait, metric_depth, place, predict, read_portrait, turn_portrait


def run(*arguments) -> int:
    with pytest.raises(SystemExit) as end:
        main([str(a) for a in arguments])
    return end.value.code or 0


@pytest.fixture(scope="module")
def portrait():
    return read_portrait(skimage.data.astronaut())


def test_demo_writes_everything_about_a_small_face_in_a_large_photo(tmp_path):
    photo = np.full((900, 1200, 3), 128, np.uint8)
    photo[100:612, 600:1112] = skimage.data.astronaut()
    write_image(tmp_path / "large.png", photo)
    write_image(tmp_path / "you.jpg", skimage.data.astronaut()[:, ::-1])
    out = tmp_path / "out"
    assert run("demo", tmp_path / "large.png", "--target", tmp_path / "you.jpg", "--out", out) == 0
    names = {"sweep.png", "turn.gif", "depth.png", "head.glb", "result.json", "target.png"}
    assert {p.name for p in out.iterdir()} == names
    result = json.loads((out / "result.json").read_text())
    points = np.array(result["keypoints"])
    assert points.shape == (68, 2) and len(result["depth"]) == 68
    assert np.ptp(points, 0).max() > 150  # the face fills its crop, however small it is in the photo
    assert read_image(out / "sweep.png").std() > 20
    assert len(trimesh.load(out / "head.glb").geometry) == 1


@pytest.mark.parametrize("kind", ["no picture", "no face", "missing"])
def test_bad_photos_are_one_line_and_leave_nothing(kind, tmp_path, capsys):
    photo, out = tmp_path / "photo.png", tmp_path / "out"
    if kind == "no picture":
        photo.write_text("hello")
    elif kind == "no face":
        write_image(photo, np.full((200, 300, 3), 90, np.uint8))
    assert run("demo", photo, "--out", out) == 2
    assert run("demo", "--target", photo, "--out", out) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 2 and all(str(photo) in line for line in lines)
    assert not out.exists()


def test_depth_is_a_head_and_scales_with_the_picture(portrait):
    assert portrait.z[30] > portrait.z[[0, 16]].max()  # the tip of the nose before the ears
    np.testing.assert_allclose(metric_depth(3 * portrait.x_s), 3 * metric_depth(portrait.x_s), rtol=1e-3, atol=0.1)
    np.testing.assert_allclose(metric_depth(portrait.x_s[None])[0], portrait.z, atol=1e-6)


def test_a_turn_by_nothing_is_the_picture_itself(portrait):
    same = turn_portrait(portrait, 0.0)
    inside = same[..., 3] > 0
    assert inside.mean() > 0.1
    np.testing.assert_array_equal(same[inside, :3], portrait.image[inside])


def test_turned_heads_look_where_they_should(portrait):
    """Carried onto heads that turn left to right, the nose moves to the right within the face."""
    targets = place(heads_in_a_row(), portrait.x_s)
    nose = (targets[:, 30] - targets.mean(1))[:, 0]
    assert (np.diff(nose) > 0).all() and len(nose) == len(YAWS)
    z, m = predict("pinv", np.broadcast_to(portrait.x_s, targets.shape), targets)
    points = np.concatenate(
        [np.broadcast_to(portrait.x_s, targets.shape), z[..., None], np.ones_like(z)[..., None]], -1
    )
    landed = points @ m.transpose(0, 2, 1)
    spread = np.sqrt(((targets - targets.mean(1, keepdims=True)) ** 2).sum(2).mean(1))
    assert (np.sqrt(((landed - targets) ** 2).sum(2).mean(1)) / spread).max() < 0.15


def test_the_same_points_give_the_same_portrait(portrait):
    again = make_portrait(portrait.image, portrait.x_s)
    np.testing.assert_allclose(again.z / np.ptp(again.x_s), portrait.z / np.ptp(portrait.x_s), atol=1e-3)
