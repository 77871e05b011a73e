"""Hard photos through the command, by both detectors: each gives 68 points on the face, or one clear line."""

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage import data

from depthnet_lib import cli
from depthnet_lib.heads import sample_shots
from depthnet_lib.heads.render import render
from depthnet_lib.images import write_image
from depthnet_lib.keypoints import find_face, read_points
from depthnet_lib.keypoints.score import nme, nme_box

from .warp_cases import needs_opengl

both = pytest.mark.parametrize("detector", ["dlib", "rcn"])
PHOTO = data.astronaut()
LIMIT = 0.12  # of the distance of the eyes: the two detectors differ by half of it on the unchanged photo


@pytest.fixture(scope="module")
def true():
    """The astronaut's points, which the tests of dlib hold in place."""
    return find_face(PHOTO).points


def run(folder, name, detector, *more) -> int:
    with pytest.raises(SystemExit) as end:
        cli.main(["keypoints", str(folder / name), "--out", str(folder), "--detector", detector, *more])
    return end.value.code or 0


def off(found, true) -> float:
    return float(nme(found[None], true[None])[0])


@both
@pytest.mark.parametrize(("top", "left"), [(0, 185), (95, 0), (60, 165)])
def test_a_face_at_the_edge(tmp_path, true, detector, top, left):
    write_image(tmp_path / "edge.png", np.ascontiguousarray(PHOTO[top:, left:]))
    assert run(tmp_path, "edge.png", detector) == 0
    inside = ((true - [left, top]) > 0).all(1)  # a point beyond the picture can only be guessed
    found = read_points(tmp_path / "edge.txt", 68) + np.array([left, top])
    apart = np.linalg.norm(found - true, axis=1)[inside].mean()
    assert apart < LIMIT * np.linalg.norm(true[36:42].mean(0) - true[42:48].mean(0))


@both
def test_two_faces(tmp_path, true, detector):
    two = np.hstack([np.pad(PHOTO, ((0, 256), (0, 0), (0, 0))), cv2.resize(PHOTO, (768, 768))])
    write_image(tmp_path / "two.png", two)
    assert run(tmp_path, "two.png", detector, "--all") == 0
    large, small = read_points(tmp_path / "two.txt", 68), read_points(tmp_path / "two.2.txt", 68)
    assert off((large - [512, 0] + 0.5) / 1.5 - 0.5, true) < LIMIT
    assert off(small, true) < LIMIT


@needs_opengl
@both
@pytest.mark.parametrize("yaw", [-85, 85])
def test_a_profile(tmp_path, capsys, detector, yaw):
    shot = sample_shots(4, np.array([300_020]), np.zeros(1, int), margin=(2.2, 2.2)).facing(np.array([yaw, 0, 0]))
    head = render(shot, 256)
    write_image(tmp_path / "profile.png", head.image[0])
    code = run(tmp_path, "profile.png", detector)
    if code == 0:
        found = read_points(tmp_path / "profile.txt", 68)
        assert found.min() > -64 and found.max() < 320
        if detector == "rcn":  # dlib has learned half profiles only
            assert nme_box(found[None], head.xy * 256 - 0.5)[0] < LIMIT
    else:
        assert code == 2 and not (tmp_path / "profile.txt").exists()
        (line,) = capsys.readouterr().err.strip().splitlines()
        assert "profile.png" in line and "no face found" in line


@both
def test_a_face_40_pixels_wide(tmp_path, true, detector):
    small = cv2.resize(PHOTO, None, fx=40 / 88, fy=40 / 88, interpolation=cv2.INTER_AREA)
    write_image(tmp_path / "small.png", small)
    assert run(tmp_path, "small.png", detector) == 0
    k = np.array(small.shape[1::-1]) / PHOTO.shape[1::-1]
    assert off((read_points(tmp_path / "small.txt", 68) + 0.5) / k - 0.5, true) < LIMIT


@both
def test_a_grey_png(tmp_path, true, detector):
    Image.fromarray(PHOTO).convert("L").save(tmp_path / "grey.png")
    assert run(tmp_path, "grey.png", detector) == 0
    assert off(read_points(tmp_path / "grey.txt", 68), true) < LIMIT


@both
def test_a_jpeg_of_24_megapixels(tmp_path, true, detector):
    large = np.full((4000, 6000, 3), 90, np.uint8)
    large[500:3500, 1000:4000] = cv2.resize(PHOTO, (3000, 3000))
    Image.fromarray(large).save(tmp_path / "large.jpg", quality=90)
    assert run(tmp_path, "large.jpg", detector) == 0
    found = (read_points(tmp_path / "large.txt", 68) - [1000, 500] + 0.5) * 512 / 3000 - 0.5
    assert off(found, true) < LIMIT
