"""Frontalize and swap, from photo to picture."""

import numpy as np
import pytest
import skimage
from PIL import ExifTags, Image

from depthnet_lib.cli import main
from depthnet_lib.errors import InputError
from depthnet_lib.heads import load_basis
from depthnet_lib.heads.camera import rotation
from depthnet_lib.images import SYNTHETIC, read_image, write_image
from depthnet_lib.keypoints import find_face
from depthnet_lib.pipeline import Portrait, frontalize, read_portrait, swap_face


def run(*arguments) -> int:
    with pytest.raises(SystemExit) as end:
        main([str(a) for a in arguments])
    return end.value.code or 0


@pytest.fixture(scope="module")
def portrait():
    return read_portrait(skimage.data.astronaut())


def test_frontalized_head_looks_at_us():
    """An embedded head turned away, with true depth: its mask becomes symmetric, and the far side is marked hidden."""
    basis = load_basis()
    points = basis.landmarks(np.zeros(len(basis.identity)), np.zeros(len(basis.actions)))
    points = 9 * points @ rotation(np.array([50.0, 5.0, 10.0])).T + [100, 90, 0]
    image = np.full((200, 200, 3), 128, np.uint8)
    warped = frontalize(Portrait(image, points[:, :2], points[:, 2]), mesh="keypoints", fill=False)
    columns = np.flatnonzero(warped.face[..., 3].any(0))
    centre = (columns[0] + columns[-1]) / 2
    shown = warped.face[..., 3] > 0
    mirror = shown[:, np.clip((2 * centre - np.arange(200)).astype(int), 0, 199)]
    assert (shown & mirror).sum() > 0.95 * shown.sum()
    left, right = warped.hidden[:, : int(centre)].sum(), warped.hidden[:, int(centre) :].sum()
    assert right > 5 * left  # the nose pointed right, so the right half was turned away
    assert not warped.hidden[~shown].any()


def test_swapping_a_face_with_itself_changes_little(portrait):
    picture, warped = swap_face(portrait, portrait.image, portrait.x_s)
    difference = np.abs(picture.astype(int) - portrait.image)
    inside = warped.face[..., 3] > 0
    assert inside.sum() > 10_000
    assert difference[~inside].max() == 0
    assert difference[inside].mean() < 4


def test_mirrored_source_is_used_for_a_target_that_looks_the_other_way(portrait):
    """The mirror image of a photo as its own target: only the mirrored source lands on it exactly."""
    target = np.ascontiguousarray(portrait.image[:, ::-1])
    x_t = find_face(target).points
    picture, warped = swap_face(portrait, target, x_t, blend="plain", fill=False)
    inside = warped.face[..., 3] > 0
    assert np.abs(picture.astype(int) - target)[inside].mean() < 8


def test_commands_write_pictures(tmp_path):
    write_image(tmp_path / "a.png", skimage.data.astronaut())
    assert run("frontalize", tmp_path / "a.png", "--out", tmp_path / "f.png") == 0
    with Image.open(tmp_path / "f.png") as picture:
        assert picture.mode == "RGBA"
        assert 0.1 < (np.asarray(picture)[..., 3] > 0).mean() < 0.6
    assert run("frontalize", tmp_path / "a.png", "--out", tmp_path / "f.jpg", "--mesh", "head") == 0
    assert (read_image(tmp_path / "f.jpg")[:5, :5] > 250).all()
    assert run("swap", tmp_path / "a.png", tmp_path / "a.png", "--out", tmp_path / "s.png", "--blend", "plain") == 0
    assert read_image(tmp_path / "s.png").shape == skimage.data.astronaut().shape


@pytest.mark.parametrize("suffix", ["png", "jpg", "jpeg", "webp", "tif"])
def test_outputs_say_that_they_are_synthetic(tmp_path, suffix):
    path = tmp_path / f"s.{suffix}"
    write_image(path, np.zeros((8, 8, 3), np.uint8), SYNTHETIC)
    with Image.open(path) as picture:
        found = picture.text if suffix == "png" else picture.getexif()
    label = found["synthetic"] if suffix == "png" else found[ExifTags.Base.ImageDescription]
    assert "not a photograph" in label


def test_a_format_that_cannot_say_so_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot carry a label"):
        write_image(tmp_path / "s.bmp", np.zeros((8, 8, 3), np.uint8), SYNTHETIC)
    assert not list(tmp_path.iterdir())


def test_bad_photos_are_one_line_and_leave_nothing(tmp_path, capsys):
    write_image(tmp_path / "a.png", skimage.data.astronaut())
    write_image(tmp_path / "empty.png", np.full((80, 80, 3), 90, np.uint8))
    out = tmp_path / "out" / "x.png"
    for command in (
        ("frontalize", tmp_path / "none.png"),
        ("frontalize", tmp_path / "empty.png"),
        ("swap", tmp_path / "a.png", tmp_path / "empty.png"),
        ("swap", tmp_path / "a.png", tmp_path / "a.png", "--model", "nobody"),
        ("swap", tmp_path / "a.png", tmp_path / "a.png", "--mesh", "wire"),
    ):
        assert run(*command, "--out", out) == 2
        assert capsys.readouterr().err.count("\n") == 1
        assert not out.parent.exists()
