"""Detectors on photos: sizes, edges, several faces, none; the crop's geometry; the command."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from skimage import data

from depthnet_lib import cli
from depthnet_lib.errors import InputError
from depthnet_lib.images import read_image, write_image
from depthnet_lib.keypoints import detect, find_face, points_in, read_points
from depthnet_lib.keypoints.boxes import crop, find_boxes
from depthnet_lib.layouts import IBUG68

SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="module")
def photo():
    return data.astronaut()


@pytest.fixture(scope="module")
def face(photo):
    return find_face(photo)


def error(points, face):
    """NME: mean distance over the outer interocular distance."""
    return np.linalg.norm(points - face.points, axis=1).mean() / np.linalg.norm(face.points[36] - face.points[45])


def two_faces(photo):
    return np.hstack([np.pad(photo, ((0, 256), (0, 0), (0, 0))), cv2.resize(photo, (768, 768))])


def test_astronaut_points_lie_on_the_face(face):
    assert face.points.shape == (68, 2) and face.points.dtype == np.float64
    eyes = [face.points[list(group)].mean(0) for group in IBUG68.eyes]
    np.testing.assert_allclose(eyes, [[203, 101], [247, 104]], atol=3)
    np.testing.assert_allclose(face.points[30], [225, 127], atol=3)


@pytest.mark.parametrize("width", [60, 40, 25])
def test_small_faces_are_found_to_a_fraction_of_a_pixel(photo, face, width):
    scale = width / 88
    small = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    k = np.array(small.shape[1::-1]) / photo.shape[1::-1]
    assert error((find_face(small).points + 0.5) / k - 0.5, face) < 0.025


def test_a_photo_of_24_megapixels(photo, face):
    large = np.full((4000, 6000, 3), 90, np.uint8)
    large[500:3500, 1000:4000] = cv2.resize(photo, (3000, 3000))
    assert error((find_face(large).points - [1000, 500] + 0.5) * 512 / 3000 - 0.5, face) < 0.02


@pytest.mark.parametrize(("top", "left"), [(0, 185), (95, 0), (60, 165)])
def test_a_face_at_the_edge(photo, face, top, left):
    part = np.ascontiguousarray(photo[top:, left:])
    assert error(find_face(part).points + np.array([left, top]), face) < 0.04


def test_two_faces_largest_first(photo):
    faces = detect(two_faces(photo))
    assert [bool(f.box[0] > 512) for f in faces] == [True, False]


@pytest.mark.parametrize("shape", [(200, 200, 3), (1, 1, 3), (2, 3000, 3)])
def test_no_face(shape):
    with pytest.raises(InputError, match="no face found"):
        find_face(np.full(shape, 128, np.uint8))


def test_unknown_detector(photo, face):
    with pytest.raises(InputError, match="unknown keypoint detector"):
        points_in(photo, face.box[None], "retina")


def test_points_do_not_lean_to_a_side(photo):
    """A detector with its origin at the pixel's corner would move by one pixel when the photo is flipped."""
    large = cv2.resize(photo, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    box = find_boxes(large)[:1]
    flipped_box = len(large[0]) - 1 - box[:, [2, 1, 0, 3]]
    flipped_box[:, [1, 3]] = box[:, [1, 3]]
    there = points_in(large, box)[0]
    back = points_in(np.ascontiguousarray(large[:, ::-1]), flipped_box)[0][list(IBUG68.mirror)]
    back[:, 0] = len(large[0]) - 1 - back[:, 0]
    inner = slice(17, 68)  # the jaw of a turned face is a guess
    shift = (there - back)[inner].mean(0) / (box[0, 2] - box[0, 0])
    assert np.abs(shift).max() < 0.02


@given(st.floats(-20, 90), st.floats(-20, 90), st.floats(5, 120), st.integers(8, 90))
def test_crop_keeps_a_ramp_in_place(x, y, width, size):
    """On a picture whose value is its own coordinate, every crop pixel shows where it was read."""
    ramp = np.stack(np.meshgrid(np.arange(128.0), np.arange(128.0)), -1).astype(np.float32)
    out, matrix = crop(ramp, np.array([x, y, x + width, y + width]), size)
    assert out.shape == (size, size, 2)
    grid = np.stack(np.meshgrid(np.arange(size), np.arange(size)), -1)
    source = (grid - matrix[:, 2]) / np.diag(matrix[:, :2])
    margin = 1 + width / size
    inside = ((source > margin) & (source < 127 - margin)).all(-1)
    assert np.abs(out - source)[inside].max(initial=0) < 0.1 * max(1, width / size)


def run(*arguments) -> int:
    with pytest.raises(SystemExit) as exit_:
        cli.main([str(a) for a in arguments])
    return exit_.value.code or 0


def test_command_on_one_photo(tmp_path, photo, face, capsys):
    grey = Image.fromarray(photo).convert("L")
    grey.save(tmp_path / "grey.png")
    assert run("keypoints", tmp_path / "grey.png", "--out", tmp_path / "out") == 0
    assert error(read_points(tmp_path / "out" / "grey.txt", 68), face) < 0.02
    assert len((tmp_path / "out" / "grey.txt").read_text().splitlines()) == 68


def test_command_turns_the_photo_as_exif_says(tmp_path, photo, face):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    Image.fromarray(np.rot90(photo)).save(tmp_path / "turned.png", exif=exif)
    assert run("keypoints", tmp_path / "turned.png", "--out", tmp_path) == 0
    assert error(read_points(tmp_path / "turned.txt"), face) < 0.001


def test_command_on_a_folder_restarts_and_reports(tmp_path, photo, capsys):
    photos, out = tmp_path / "photos", tmp_path / "out"
    write_image(photos / "a.png", photo)
    write_image(photos / "person" / "a.jpg", photo)
    write_image(photos / "blank.png", np.zeros((60, 60, 3), np.uint8))
    (photos / "text.png").write_text("hello")
    assert run("keypoints", photos, "--out", out, "--processes", 1) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if "depthnets:" in line]
    assert sum("no face found" in line for line in lines) == 1
    assert sum("not a picture" in line for line in lines) == 1
    assert "2 of 4 photos gave no keypoints" in lines[-1]
    assert sorted(str(p.relative_to(out)) for p in out.rglob("*.txt")) == ["a.txt", "person/a.txt"]
    (out / "a.txt").write_text("kept")
    (out / "person" / "a.txt").unlink()
    assert run("keypoints", photos, "--out", out, "--processes", 1) == 2
    assert "1 written" in (said := capsys.readouterr().out) and "1 were there already" in said
    assert (out / "a.txt").read_text() == "kept" and len(read_points(out / "person" / "a.txt")) == 68


def test_command_writes_every_face(tmp_path, photo):
    write_image(tmp_path / "two.png", two_faces(photo))
    assert run("keypoints", tmp_path / "two.png", "--out", tmp_path, "--all") == 0
    assert read_points(tmp_path / "two.txt")[:, 0].min() > 512 > read_points(tmp_path / "two.2.txt")[:, 0].max()


@pytest.mark.parametrize("case", ["missing", "no_face", "empty_folder", "same_name", "truncated"])
def test_command_refuses_in_one_line_and_writes_nothing(tmp_path, photo, capsys, case):
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    arguments = [source / "a.png"]
    if case == "no_face":
        write_image(source / "a.png", np.zeros((50, 50, 3), np.uint8))
    elif case == "empty_folder":
        arguments = [source]
    elif case == "same_name":
        write_image(source / "a.png", photo)
        write_image(source / "a.jpg", photo)
        arguments = [source]
    elif case == "truncated":
        write_image(source / "b.png", photo)
        (source / "a.png").write_bytes((source / "b.png").read_bytes()[:9000])
    assert run("keypoints", *arguments, "--out", out) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert not out.exists()


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the real photos of ../shared/data")
def test_every_sample_photo_has_one_face_about_where_it_is_known():
    from scipy.io import loadmat

    for photo in sorted((SHARED / "aflw2000_sample").glob("*.jpg"))[:8]:
        true = loadmat(photo.with_suffix(".mat"))["pt3d_68"][:2].T
        box = find_boxes(read_image(photo))
        assert len(box) == 1
        assert np.linalg.norm(box[0].reshape(2, 2).mean(0) - true.mean(0)) < 0.35 * (box[0, 2] - box[0, 0])
