"""Frontalize and swap, from photo to picture."""

import json
import shutil

import numpy as np
import pytest
import skimage
from PIL import ExifTags, Image, ImageSequence

from depthnet_lib.cli import main
from depthnet_lib.errors import InputError
from depthnet_lib.heads import load_basis
from depthnet_lib.heads.camera import rotation
from depthnet_lib.images import SYNTHETIC, read_image, write_image
from depthnet_lib.keypoints import find_face
from depthnet_lib.pipeline import Portrait, frontalize, read_portrait, swap_face
from depthnet_lib.warp.export import write_animation


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


def label_of(path) -> str:
    """What a picture's metadata say of it."""
    with Image.open(path) as picture:
        if path.suffix == ".png":
            return picture.text.get("synthetic", "")
        return picture.info.get("comment", b"").decode() or picture.getexif().get(ExifTags.Base.ImageDescription, "")


def test_every_command_says_that_its_pictures_are_synthetic(tmp_path):
    """All that turns or replaces a face, and nothing else: the picture of depths shows the photo as it is."""
    photo = tmp_path / "a.png"
    write_image(photo, skimage.data.astronaut())
    assert label_of(photo) == ""
    assert run("demo", photo, "--target", photo, "--out", tmp_path / "demo") == 0
    assert run("frontalize", photo, "--out", tmp_path / "f.png") == 0
    assert run("frontalize", photo, "--out", tmp_path / "r.png", "--repair") == 0
    assert run("swap", photo, photo, "--out", tmp_path / "s.jpg", "--blend", "plain") == 0
    points = tmp_path / "demo" / "x_s.txt"
    np.savetxt(points, json.loads((tmp_path / "demo" / "result.json").read_text())["keypoints"])
    assert run("depth", "--source", points, "--target", points, "--out", tmp_path / "d") == 0
    files = {
        "--image": photo,
        "--keypoints": points,
        "--depth": tmp_path / "d/depth.txt",
        "--affine": tmp_path / "d/affine.txt",
    }
    assert run("warp", *(v for pair in files.items() for v in pair), "--out", tmp_path / "w.png") == 0
    for folder, name in {"source": "a.png", "keypoints": "a.txt", "depth": "a.txt", "affine": "a.txt"}.items():
        source = {"source": photo, "keypoints": points}.get(folder, tmp_path / "d" / f"{folder}.txt")
        (tmp_path / "all" / folder).mkdir(parents=True)
        shutil.copy(source, tmp_path / "all" / folder / name)
    assert run("warp", "--dataset", tmp_path / "all", "--out", tmp_path / "warped") == 0
    made = [tmp_path / name for name in ("f.png", "r.png", "s.jpg", "w.png", "warped/a.png")]
    made += [tmp_path / "demo" / name for name in ("sweep.png", "turn.gif", "target.png")]
    assert [path.name for path in made if "not a photograph" not in label_of(path)] == []
    assert label_of(tmp_path / "demo" / "depth.png") == ""


def test_the_label_changes_no_pixel(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (9, 8, 4), np.uint8)
    for name, text in (("plain.png", None), ("labelled.png", SYNTHETIC)):
        write_image(tmp_path / name, pixels, text)
        assert np.array_equal(np.asarray(Image.open(tmp_path / name)), pixels)
    frames = list(np.random.default_rng(0).integers(0, 255, (3, 9, 8, 3), np.uint8))
    for name, text in (("plain.gif", None), ("labelled.gif", SYNTHETIC)):
        write_animation(tmp_path / name, frames, text=text)
    read = {}
    for name in ("plain.gif", "labelled.gif"):
        with Image.open(tmp_path / name) as gif:
            read[name] = np.stack([np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(gif)])
    assert np.array_equal(*read.values())


@pytest.mark.parametrize("suffix", ["png", "jpg", "jpeg", "webp", "tif"])
def test_outputs_say_that_they_are_synthetic(tmp_path, suffix):
    path = tmp_path / f"s.{suffix}"
    write_image(path, np.zeros((8, 8, 3), np.uint8), SYNTHETIC)
    assert "not a photograph" in label_of(path)


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
