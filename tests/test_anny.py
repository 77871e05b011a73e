"""The embedded keypoint sets."""

import numpy as np
import pytest

from depthnet_lib.datasets import load


@pytest.fixture(scope="module")
def train():
    return load("anny:train")


@pytest.fixture(scope="module")
def test():
    return load("anny:test")


def test_counts_are_those_of_the_paper(train, test):
    assert len(train) >= 13671
    assert len(test) == 225 and len(test) * (len(test) - 1) == 50400
    assert [(test.pose == p).sum() for p in ("left", "front", "right")] == [75, 75, 75]


def test_arrays(train, test):
    for faces in (train, test):
        assert faces.xy.shape == (len(faces), 68, 2) and faces.z.shape == (len(faces), 68)
        assert np.isfinite(faces.xy).all() and faces.xy.min() > 0 and faces.xy.max() < 1


def test_people_of_the_splits_never_meet(train, test):
    assert not set(train.identity) & set(test.identity)
    assert all((test.identity == person).sum() == 3 for person in set(test.identity))


def test_depth_points_at_the_viewer_and_pose_at_the_nose(test):
    nose, jaw = test.z[:, 30], test.z[:, [0, 16]].mean(1)
    assert (nose > jaw).all()
    aside = test.xy[:, 30, 0] - test.xy[:, [0, 16], 0].mean(1)
    assert (aside[test.pose == "left"] < 0).all() and (aside[test.pose == "right"] > 0).all()


def test_the_same_every_time(test):
    np.testing.assert_array_equal(load("anny:test").xy, test.xy)
