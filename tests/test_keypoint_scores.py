"""Tables of detectors beside each other: known errors, missing faces, sets that cannot be scored."""

from dataclasses import replace

import numpy as np
import pytest

from depthnet_lib.errors import InputError
from depthnet_lib.keypoint_scores import agreement, score_detectors, table_lines
from depthnet_lib.keypoints import score
from depthnet_lib.keypoints.rcn import box_around
from depthnet_lib.keypoints.score import nme, nme_box

from .conftest import toy_faces


@pytest.fixture
def faces(monkeypatch):
    """Toy faces whose boxes are found where they are, of the last one none."""
    faces = toy_faces(8)
    number = iter(range(8))
    boxes = [box_around(xy * 96)[None] for xy in faces.xy[:-1]] + [np.empty((0, 4))]
    monkeypatch.setattr(score, "find_boxes", lambda picture: boxes[next(number)])
    return faces


def shifted(faces, by):
    """A detector that knows the truth, and is ``by`` pixels off."""
    true = faces.xy * 96

    def find(image, boxes):
        return np.stack([true[np.abs(box_around(true) - box).sum(1).argmin()] + by for box in boxes])

    return find


def test_scores_are_the_known_errors_of_the_faces_found(faces):
    scores = score_detectors(faces, {"off": shifted(faces, [3, 4]), "right": shifted(faces, [0, 0])})
    true, pose = faces.xy[:-1] * 96, faces.pose[:-1]
    errors = 100 * nme(true + np.array([3, 4]), true)
    got = scores["off"]
    assert (got["photos"], got["found"]) == (8, 7)
    assert got["nme"]["mean"] == pytest.approx(errors.mean()) and got["nme"]["median"] == pytest.approx(
        np.median(errors)
    )
    assert got["nme_by_pose"]["frontal"] == pytest.approx(errors[pose == "front"].mean())
    assert got["nme_by_pose"]["turned"] == pytest.approx(errors[pose != "front"].mean())
    assert got["nme_box"]["mean"] == pytest.approx(100 * nme_box(true + np.array([3, 4]), true).mean())
    assert got["above_10_percent"] == (errors > 10).sum()
    assert scores["right"]["nme"]["mean"] == pytest.approx(0, abs=1e-9)
    head, off, right = table_lines({"toy": scores})
    assert "7 of 8" in off and f"{errors.mean():.2f}" in off and "0.00" in right
    assert len(head) == len(off) == len(right)


def test_agreement_is_measured_against_dlib(faces, monkeypatch):
    monkeypatch.setattr(score, "points_in", lambda image, boxes, d: (right if d == "dlib" else d)(image, boxes))
    right, off = shifted(faces, [0, 0]), shifted(faces, [0, 5])
    got = agreement([faces.image(i) for i in range(8)], {"off": off, "dlib": "dlib"})
    true = faces.xy[:-1] * 96
    assert list(got) == ["off"] and got["off"]["reference"] == "dlib" and got["off"]["found"] == 7
    assert got["off"]["nme"]["mean"] == pytest.approx(100 * nme(true + np.array([0, 5]), true).mean())


def test_sets_without_pictures_or_ibug_points_are_refused():
    with pytest.raises(InputError, match="no pictures"):
        score_detectors(replace(toy_faces(2), image=None), {"dlib": "dlib"})
    with pytest.raises(InputError, match="76 points, not iBUG's"):
        score_detectors(toy_faces(2, n_keypoints=76), {"dlib": "dlib"})
