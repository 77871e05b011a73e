"""Domains of repair from photos: a keypoint set by name, a folder by path; the same arrays, and errors that say why."""

from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest
import skimage

from depthnet_lib import repair_sets
from depthnet_lib.errors import InputError
from depthnet_lib.images import write_image
from depthnet_lib.repair.inputs import composite
from depthnet_lib.repair_sets import FRONT, YAW, Scenes, head_rows, load_repair_set

from .conftest import toy_faces
from .warp_cases import needs_opengl


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DEPTHNETS_DATA", str(tmp_path / "data"))


@pytest.fixture
def toy(monkeypatch):
    monkeypatch.setattr(repair_sets, "load", lambda name: toy_faces(40))


@pytest.mark.parametrize("task", ["background", "swap"])
def test_photos_of_a_named_set_become_both_domains(toy, task):
    made = load_repair_set(task, "toy:train", 16)
    assert made.x.shape[1:] == (16, 16, 6) and made.y.shape[1:] == (16, 16, 3)
    assert len(made.x) and len(made.y) and made.truth is None and made.inside is None
    if task == "swap":
        assert len(made.x) == len(made.y) == 20
    again = load_repair_set(task, "toy:train", 16)
    assert np.array_equal(made.x, again.x)


def test_turned_photos_are_warped_and_frontal_ones_are_not(toy, monkeypatch):
    """The yaw that the depth reads decides: with every face read as frontal there is nothing to repair."""
    monkeypatch.setattr(repair_sets, "turned_by", lambda m: FRONT - 1)
    with pytest.raises(InputError, match="has no warped face"):
        load_repair_set("background", "toy:train", 16)
    monkeypatch.setattr(repair_sets, "turned_by", lambda m: np.mean(YAW["background"]))
    with pytest.raises(InputError, match="has no true face"):
        load_repair_set("background", "toy:train", 16)


def test_a_folder_of_photos(tmp_path):
    photo = skimage.data.astronaut()
    for i in range(6):
        write_image(tmp_path / "mine" / f"{i}.png", photo[::2, ::2] if i % 2 else photo[::2, ::-2])
    write_image(tmp_path / "mine" / "wall.png", np.full((90, 90, 3), 80, np.uint8))
    made = load_repair_set("swap", f"{tmp_path / 'mine'}:train", 32)
    assert 3 <= len(made.x) + len(made.y) <= 6 and made.x.shape[1:] == (32, 32, 6)
    assert made.y.shape[1:] == (32, 32, 3)
    with pytest.raises(InputError, match="needs a split"):
        load_repair_set("swap", f"{tmp_path / 'mine'}:all", 32)
    write_image(tmp_path / "empty" / "wall.png", np.full((90, 90, 3), 80, np.uint8))
    with pytest.raises(InputError, match="no face in its"):
        load_repair_set("swap", f"{tmp_path / 'empty'}:train", 32)


@needs_opengl()
def test_rendered_heads_are_drawn_once_and_go_on_where_they_were_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(repair_sets, "PEOPLE", {"train": range(4), "test": range(2)})
    monkeypatch.setattr(repair_sets, "_CHUNK", 1)
    test = load_repair_set("swap", "heads:test", 16, processes=1)
    assert len(test.x) == len(test.truth) == len(test.plain) == 12 and test.inside.any((1, 2)).sum() == 6
    frontal = load_repair_set("background", "heads:test", 16, processes=1)
    lent = (frontal.plain != composite(frontal.x)).any((1, 2, 3))
    assert frontal.plain.shape == (6, 16, 16, 3) and lent.all()  # the paper's has other skin where the photo hid it
    whole = load_repair_set("background", "heads:train", 16, processes=2)
    assert whole.x.shape == (6, 16, 16, 6) and whole.y.shape == (6, 16, 16, 3)
    monkeypatch.setenv("DEPTHNETS_DATA", str(tmp_path / "killed"))
    drawn = []

    def dies(domain, people, size):
        drawn.append((domain, *people))
        if len(drawn) == 3:
            raise KeyboardInterrupt
        return head_rows(domain, people, size)

    monkeypatch.setattr(repair_sets, "worker_pool", lambda count: nullcontext(SimpleNamespace(map=map)))
    monkeypatch.setattr(repair_sets, "head_rows", dies)
    with pytest.raises(KeyboardInterrupt):
        load_repair_set("background", "heads:train", 16)
    again = load_repair_set("background", "heads:train", 16)
    assert drawn == [("x", 0), ("x", 2), ("y", 1), ("y", 1), ("y", 3)]
    assert np.array_equal(again.x, whole.x) and np.array_equal(again.y, whole.y)
    assert not list((tmp_path / "killed").rglob("*.npz"))


def test_damage_is_noticed(toy, tmp_path):
    load_repair_set("swap", "toy:train", 16)
    (file,) = (tmp_path / "data").rglob("swap.x.npy")
    file.write_bytes(file.read_bytes()[:-1] + b"\x00\x01")
    with pytest.raises(InputError, match="damaged or missing"):
        load_repair_set("swap", "toy:train", 16)


def test_answers_lie_where_frontalize_puts_the_face():
    """Keypoints alone, no picture: the answer's keypoints against those of the turned face, in pixels of 128."""
    scenes: Scenes = repair_sets.draw_scenes(np.arange(400, 404), YAW["background"], scenes=1)
    answers = scenes.answers()
    m = np.stack([repair_sets.frontal_affine(*face) for face in zip(scenes.x_s, scenes.z, strict=True)])
    gap = np.linalg.norm(answers.x_s - scenes.moved(m), axis=-1).mean(1)
    size = np.ptp(scenes.x_s, axis=1).max(1)
    assert (gap < 0.08 * size).all()
