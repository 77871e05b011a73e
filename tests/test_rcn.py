"""The Recombinator Network: shapes, read-out, loss, augmentation, training, editing of its points."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

from depthnet_lib import cli
from depthnet_lib.datasets import KeypointSet
from depthnet_lib.errors import InputError
from depthnet_lib.heads import sample_shots
from depthnet_lib.heads.render import render
from depthnet_lib.images import write_image
from depthnet_lib.keypoints import find_face, read_points
from depthnet_lib.keypoints.augment import STORED, augment, place
from depthnet_lib.keypoints.boxes import crop
from depthnet_lib.keypoints.rcn import (
    MARGIN,
    RCN,
    SIZE,
    WEIGHTS_FILE,
    box_around,
    folded,
    locate,
    read_out,
    standardise,
    widen,
)
from depthnet_lib.keypoints.score import nme, nme_box
from depthnet_lib.layouts import IBUG68
from depthnet_lib.rcn_training import RcnTask, heat_map_loss, stored_crops, train_rcn
from depthnet_lib.training import Run

from .conftest import toy_faces
from .warp_cases import needs_opengl


def drawn_faces(count: int, seed: int = 0, side: int = 128) -> KeypointSet:
    """Toy faces with pictures: outlines of face, brows, eyes, nose and lips."""
    faces = toy_faces(count, seed)

    def image(i: int) -> np.ndarray:
        picture = np.full((side, side, 3), 60, np.uint8)
        pixels = np.round(faces.xy[i] * side * 16).astype(np.int32)
        cv2.fillPoly(picture, [cv2.convexHull(pixels)], (190, 190, 190), cv2.LINE_AA, 4)
        for line in IBUG68.lines:
            cv2.polylines(picture, [pixels[list(line)]], False, (30, 30, 30), 2, cv2.LINE_AA, 4)
        return picture

    return KeypointSet("drawn", faces.xy, image=image)


@pytest.fixture(scope="module")
def net():
    net = RCN()
    net.reset(torch.Generator().manual_seed(0))
    return net.eval()


def test_every_branch_has_maps_at_its_resolution(net):
    crops = torch.randn(2, 1, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    maps = net.heat_maps(crops)
    assert [tuple(m.shape) for m in maps] == [(2, 68, s, s) for s in (5, 10, 20, 40, 80)]
    torch.testing.assert_close(net(crops), maps[-1])
    for fewer, all_ in zip(net.heat_maps(crops, branches=3), maps, strict=False):
        torch.testing.assert_close(fewer, all_)


def test_a_branch_turned_off_changes_its_own_and_finer_maps_only(net):
    crops = torch.randn(1, 1, SIZE, SIZE, generator=torch.Generator().manual_seed(1))
    maps, without = net.heat_maps(crops), net.heat_maps(crops, off=(2,))
    assert [torch.equal(a, b) for a, b in zip(maps, without, strict=True)] == [True, True, False, False, False]


def test_folded_normalisation_is_the_same_function(net):
    task_net = RCN()
    task_net.load_state_dict(net.state_dict())
    for part in task_net.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(part.running_mean, -0.5, 0.5, generator=torch.Generator().manual_seed(2))
            torch.nn.init.uniform_(part.running_var, 0.5, 2, generator=torch.Generator().manual_seed(3))
    crops = torch.randn(2, 1, SIZE, SIZE, generator=torch.Generator().manual_seed(4))
    expected = task_net.eval()(crops)
    torch.testing.assert_close(folded(task_net)(crops), expected, rtol=1e-3, atol=1e-3)


@given(st.floats(0, 79), st.floats(0, 79), st.sampled_from([10, 20, 40, 80]))
def test_read_out_finds_the_point_that_the_loss_teaches(x, y, size):
    """Where the loss is at its minimum, the read-out gives the point back."""
    cell = SIZE / size
    point = torch.tensor([[[x, y]]], dtype=torch.float64)
    at = ((point + 0.5) / cell - 0.5).clamp(0, size - 1)
    grid = torch.arange(size, dtype=torch.float64)
    tent = [(1 - (grid - at[0, 0, k]).abs()).clamp_min(0) for k in (0, 1)]
    logits = (tent[1][:, None] * tent[0] + 1e-12).log()[None, None]
    expected = (at + 0.5) * cell - 0.5
    torch.testing.assert_close(read_out(logits), expected.float(), atol=1e-3, rtol=0)


def test_loss_is_least_at_the_target_and_ignores_points_outside():
    target = torch.tensor([[[10.0, 20.25], [200.0, 5.0]]])
    right, wrong = torch.full((2, 1, 2, SIZE, SIZE), -12.0)
    right[0, 0, 20, 10], right[0, 0, 21, 10] = np.log(0.75), np.log(0.25)
    wrong[0, 0, 40, 40] = 0.0
    entropy = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert heat_map_loss(right, target).item() == pytest.approx(entropy, abs=0.05)
    assert heat_map_loss(wrong, target).item() > 10
    flat = torch.zeros(1, 2, 20, 20)
    assert heat_map_loss(flat, target).item() == pytest.approx(np.log(400), rel=1e-5)


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_augmentation_moves_points_with_the_picture(seed):
    """A bright blob at a keypoint is found again where the augmentation says that the keypoint went."""
    torch.manual_seed(seed)
    at = torch.empty(1, 1, 2).uniform_(48, 80)
    grid = torch.arange(STORED, dtype=torch.float32)
    blob = torch.exp(-((grid - at[0, 0, 0]) ** 2 + (grid[:, None] - at[0, 0, 1]) ** 2) / 8)
    pictures, moved = place((blob * 255).byte()[None], at, (0,), margin=1.4)
    ys, xs = torch.meshgrid(torch.arange(SIZE), torch.arange(SIZE), indexing="ij")
    weight = pictures[0, 0] / pictures.sum()
    centre = torch.stack([(weight * xs).sum(), (weight * ys).sum()])
    if ((moved > 8) & (moved < SIZE - 8)).all():
        torch.testing.assert_close(moved[0, 0], centre, atol=0.15, rtol=0)


def test_augmented_batches_are_standardised_finite_and_follow_the_seed():
    crops, at = torch.randint(0, 256, (8, STORED, STORED), dtype=torch.uint8), torch.rand(8, 68, 2) * 128
    torch.manual_seed(1)
    pictures, moved = augment(crops, at, IBUG68.mirror, 1.4)
    torch.manual_seed(1)
    again, _ = augment(crops, at, IBUG68.mirror, 1.4)
    assert pictures.shape == (8, 1, SIZE, SIZE) and moved.shape == (8, 68, 2)
    assert pictures.isfinite().all() and torch.equal(pictures, again)
    torch.testing.assert_close(pictures.mean((1, 2, 3)), torch.zeros(8), atol=1e-4, rtol=0)


def test_flat_crops_stay_finite():
    assert standardise(torch.full((2, SIZE, SIZE), 7, dtype=torch.uint8)).abs().max() < 1e-3


def test_stored_crops_hold_the_faces_and_their_points(tmp_path):
    faces = drawn_faces(3)
    crops, at = stored_crops(faces, tmp_path)
    assert crops.shape == (3, STORED, STORED) and crops.dtype == np.uint8
    assert ((at > 20) & (at < STORED - 21)).all()
    for picture, jaw in zip(crops, at[:, 2:15], strict=True):
        x, y = np.round(jaw).astype(int).T
        assert picture[y, x].mean() < 60  # on the dark outline
    with pytest.raises(InputError, match="no pictures"):
        stored_crops(replace(toy_faces(3), image=None), tmp_path / "without")


def test_training_learns_resumes_and_leaves_weights(tmp_path):
    faces = drawn_faces(16)
    run = Run(tmp_path / "whole", epochs=4, progress=False)
    record = train_rcn(faces, run, batch_size=8)
    train_rcn(faces, Run(tmp_path / "parts", epochs=4, minutes=1e-9, progress=False), batch_size=8)
    resumed = train_rcn(faces, Run(tmp_path / "parts", epochs=4, resume=True, progress=False), batch_size=8)
    assert resumed["loss"] == record["loss"] < np.log(1600)
    weights = [(tmp_path / part / "weights.safetensors").read_bytes() for part in ("whole", "parts")]
    assert weights[0] == weights[1] and len(weights[0]) < 8e6


def test_gradients_reach_every_parameter():
    faces = drawn_faces(4)
    task = RcnTask(np.zeros((4, STORED, STORED), np.uint8), faces.xy, IBUG68.mirror)
    maps = task.net.heat_maps(torch.randn(2, 1, SIZE, SIZE))
    sum(heat_map_loss(m, torch.full((2, 68, 2), 30.0)) for m in maps).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in task.net.parameters())


@given(st.floats(20, 400), st.floats(-50, 50), st.floats(0.5, 3))
def test_boxes_move_and_grow_with_the_face(scale, shift, factor):
    face = IBUG68.template
    box, moved = box_around(face), box_around(face * scale + shift)
    np.testing.assert_allclose(moved, box * scale + shift, atol=1e-9 * scale)
    wide = widen(box, factor)
    np.testing.assert_allclose(wide[2:] - wide[:2], factor * (box[2:] - box[:2]))
    np.testing.assert_allclose(wide[2:] + wide[:2], box[2:] + box[:2], atol=1e-12)


def test_nme_of_a_known_shift():
    true = np.stack([IBUG68.template * 100, IBUG68.template * 50])
    eyes = np.linalg.norm(true[0, 36:42].mean(0) - true[0, 42:48].mean(0))
    found = true + np.array([3, 4])
    np.testing.assert_allclose(nme(found, true), [5 / eyes, 10 / eyes])
    size = np.sqrt(np.prod(np.ptp(true[0], axis=0)))
    np.testing.assert_allclose(nme_box(found, true), [5 / size, 10 / size])


# the committed weights -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def crops_of_renders():
    """Crops (12, 80, 80) of rendered heads and their points in crop pixels."""
    pictures = render(sample_shots(9, np.arange(300_000, 300_012), np.zeros(12, int), (-50, 50), margin=(2.0, 2.4)))
    crops, true = [], []
    for image, points in zip(pictures.image, pictures.xy * 128 - 0.5, strict=True):
        grey, matrix = crop(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), widen(box_around(points), MARGIN), SIZE)
        crops.append(grey)
        true.append(points * np.diag(matrix[:, :2]) + matrix[:, 2])
    return np.stack(crops), np.stack(true)


def test_committed_weights_are_small_and_say_how_they_were_made():
    assert WEIGHTS_FILE.stat().st_size < 8e6
    record = json.loads(WEIGHTS_FILE.with_suffix(".json").read_text())
    assert {"command", "data", "seed", "versions", "scores"} <= set(record)


def test_both_detectors_agree_on_a_photo():
    photo = data.astronaut()
    by_dlib, by_rcn = (find_face(photo, d).points for d in ("dlib", "rcn"))
    assert nme(by_rcn[None], by_dlib[None])[0] < 0.12


@needs_opengl
def test_flips_and_batches_change_little(crops_of_renders):
    crops, true = crops_of_renders
    once, twice = locate(crops), locate(crops, flip=True)
    np.testing.assert_allclose(locate(crops[:1]), once[:1], atol=1e-3)
    assert nme_box(once, true).mean() < 0.03 and nme_box(twice, true).mean() < 0.03


def test_command_with_rcn(tmp_path, capsys):
    write_image(tmp_path / "a.png", data.astronaut())
    with pytest.raises(SystemExit) as end:
        cli.main(["keypoints", str(tmp_path / "a.png"), "--out", str(tmp_path), "--detector", "rcn"])
    assert not end.value.code
    assert len(read_points(tmp_path / "a.txt", 68)) == 68
