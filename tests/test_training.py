"""The training loop: same numbers for the same seed, after a kill, and over two processes."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from depthnet_lib.checkpoints import load_tensors
from depthnet_lib.datasets import load, save_npz
from depthnet_lib.datasets.tensors import as_faces
from depthnet_lib.errors import InputError
from depthnet_lib.experiments import DepthTask, train_depth_model
from depthnet_lib.models import RECIPES, build_model, load_model, recipe_of
from depthnet_lib.training import CHECKPOINT, Run, fit, read_metrics

from .conftest import toy_faces

ROOT = Path(__file__).resolve().parent.parent
SMALL = replace(RECIPES["paper"], batch_size=16)


def train(out, epochs=4, resume=False, data=None, name="pinv", **run):
    return train_depth_model(name, data or toy_faces(64), SMALL, Run(out, epochs, resume=resume, progress=False, **run))


def weights(out):
    return load_tensors(out / "weights.safetensors")[0]


def assert_same(a, b):
    a, b = weights(a), weights(b)
    assert a.keys() == b.keys()
    assert all(torch.equal(a[k], b[k]) for k in a)


@pytest.mark.parametrize("name", ["pinv", "separate", "pinv-gan", "aign"])
def test_loss_falls_and_the_same_seed_gives_the_same_numbers(name, tmp_path):
    for folder in "ab":
        train(tmp_path / folder, 30, name=name)
    losses = [row["loss"] for row in read_metrics(tmp_path / "a")]
    assert len(losses) == 30 and losses[-1] < losses[0]
    assert losses == [row["loss"] for row in read_metrics(tmp_path / "b")]
    assert_same(tmp_path / "a", tmp_path / "b")


def test_another_seed_gives_other_numbers(tmp_path):
    train(tmp_path / "a")
    train(tmp_path / "b", seed=1)
    assert not torch.equal(weights(tmp_path / "a")["net.tail.1.bias"], weights(tmp_path / "b")["net.tail.1.bias"])


class Interrupted(DepthTask):
    """Is asked to end, or fails, in a step of an epoch of four batches, one of two networks done."""

    at, how = 7, signal.SIGINT

    def training_step(self, batch, update):
        self.steps = getattr(self, "steps", 0) + 1
        return super().training_step(batch, self.stopped(update) if self.steps == self.at else update)

    def stopped(self, update):
        def stopped(name, loss):
            update(name, loss)
            if self.how is MemoryError:
                raise MemoryError
            signal.raise_signal(self.how)

        return stopped


@pytest.mark.parametrize(
    "name,at,how,end,step",
    [
        ("pinv", 7, signal.SIGINT, KeyboardInterrupt, 7),
        ("pinv", 8, signal.SIGINT, KeyboardInterrupt, 8),
        ("pinv-gan", 7, signal.SIGTERM, SystemExit, 7),
        ("aign", 7, MemoryError, MemoryError, 6),
        ("aign", 9, MemoryError, MemoryError, 8),
    ],
)
def test_stopped_in_any_step_and_resumed_equals_uninterrupted(name, at, how, end, step, tmp_path):
    train(tmp_path / "whole", 4, name=name)
    model = build_model(name, 68, SMALL)
    model.reset(torch.Generator().manual_seed(0))
    task = Interrupted(model, toy_faces(64))
    task.at, task.how = at, how
    with pytest.raises(end):
        fit(task, Run(tmp_path / "cut", 4, progress=False, checkpoint_seconds=0))
    assert load_tensors(tmp_path / "cut" / CHECKPOINT)[1]["step"] == step  # whole steps only
    train(tmp_path / "cut", 4, resume=True, name=name)
    assert_same(tmp_path / "whole", tmp_path / "cut")
    losses = [[row["loss"] for row in read_metrics(tmp_path / out)] for out in ("whole", "cut")]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


def command(data, out, epochs):
    rest = ["train", "pinv", "--data", data, "--out", out, "--epochs", epochs, "--batch-size", 16]
    return [sys.executable, "-m", "depthnet_lib.cli", *map(str, rest)]


def started(line):
    """A training process, once it has finished an epoch."""
    process = subprocess.Popen(line, env=os.environ | {"PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, text=True)
    out = Path(line[line.index("--out") + 1])
    while not read_metrics(out) and process.poll() is None:
        time.sleep(0.01)
    return process


def test_killed_and_resumed_equals_uninterrupted(tmp_path):
    save_npz(toy_faces(64), tmp_path / "toy.npz")
    process = started(command(tmp_path / "toy.npz", tmp_path / "cut", 150))
    process.send_signal(signal.SIGKILL)
    process.wait()
    data = load(tmp_path / "toy.npz")
    train(tmp_path / "cut", 150, resume=True, data=data)
    train(tmp_path / "whole", 150, data=data)
    assert_same(tmp_path / "whole", tmp_path / "cut")
    assert not list(tmp_path.rglob("*.part"))


def test_ctrl_c_keeps_a_checkpoint(tmp_path):
    save_npz(toy_faces(64), tmp_path / "toy.npz")
    process = started(command(tmp_path / "toy.npz", tmp_path / "run", 100_000))
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    assert process.stderr.read().endswith("interrupted\n")
    assert load_tensors(tmp_path / "run" / CHECKPOINT)[1]["step"] >= 4


@pytest.mark.parametrize("name", ["pinv", "pinv-gan"])
def test_two_processes_give_the_loss_curve_of_one(name, tmp_path):
    save_npz(toy_faces(64), tmp_path / "toy.npz")
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    rest = ["train", name, "--data", str(tmp_path / "toy.npz"), "--epochs", "8", "--batch-size", "16", "--out"]
    one = [sys.executable, "-m", "depthnet_lib.cli", *rest, str(tmp_path / "one")]
    two = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    two += ["-m", "depthnet_lib.cli", *rest, str(tmp_path / "two")]
    for line in (one, two):
        subprocess.run(line, env=environment, check=True, capture_output=True)
    losses = [[row["loss"] for row in read_metrics(tmp_path / name)] for name in ("one", "two")]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_minutes_bound_the_run(tmp_path):
    record = train(tmp_path / "run", epochs=100_000, minutes=0.02)
    assert record["seconds"] < 10 and record["epochs"] < 100_000


def test_a_folder_is_not_overwritten_and_a_foreign_one_not_resumed(tmp_path):
    train(tmp_path / "run", 1)
    with pytest.raises(InputError, match="--resume"):
        train(tmp_path / "run", 1)
    with pytest.raises(InputError, match="another model"):
        train(tmp_path / "run", 1, resume=True, name="separate")
    with pytest.raises(InputError, match="seed 0"):
        train(tmp_path / "run", 1, resume=True, seed=3)


def test_any_number_of_keypoints_trains_and_loads_again(tmp_path):
    data = toy_faces(40, n_keypoints=20)
    train(tmp_path / "run", 2, data=data)
    assert load_model(str(tmp_path / "run"), 20).n_keypoints == 20
    with pytest.raises(InputError, match="20 keypoints"):
        load_model(str(tmp_path / "run"), 68)


def test_diverged_training_says_so(tmp_path):
    data = toy_faces(64)
    wild = replace(SMALL, learning_rate=1e6)
    with pytest.raises(InputError, match="no longer finite"):
        train_depth_model("separate", data, wild, Run(tmp_path / "run", 5, progress=False))


def test_pairs_of_strangers_use_every_face_once_as_a_source():
    task = DepthTask(build_model("pinv", 68), toy_faces(30))
    pairs = task.draw(torch.Generator().manual_seed(0))
    assert sorted(pairs[:, 0].tolist()) == list(range(30))
    assert (pairs[:, 0] != pairs[:, 1]).all()
    assert not torch.equal(pairs, task.draw(torch.Generator().manual_seed(1)))


def test_pairs_of_persons_are_all_ordered_pairs_person_by_person():
    data = toy_faces(30, shots=3)
    task = DepthTask(build_model("pinv", 68), data, same_identity=True)
    pairs = task.draw(torch.Generator().manual_seed(0))
    assert len({tuple(p) for p in pairs.tolist()}) == len(pairs) == 60
    person = data.identity[pairs]
    assert (person[:, 0] == person[:, 1]).all() and (pairs[:, 0] != pairs[:, 1]).all()
    assert (person[:, 0].reshape(10, 6) == person[::6, :1]).all()
    assert not torch.equal(pairs, task.draw(torch.Generator().manual_seed(1)))


def test_a_picture_is_looked_at_once_however_many_pairs_it_is_in():
    data = toy_faces(12, shots=4)
    small = replace(recipe_of("pinv-cnn"), hidden=(24, 16, 8), batch_size=12)
    model = build_model("pinv-cnn", 68, small)
    model.reset(torch.Generator().manual_seed(0))
    torch.nn.init.normal_(model.net.tail[-1].weight, generator=torch.Generator().manual_seed(1))
    seen, losses = [], []
    model.net.features.register_forward_hook(lambda module, inputs, output: seen.append(len(output)))
    task = DepthTask(model, data, same_identity=True)
    batch = next(task.batches(torch.Generator().manual_seed(0)))
    task.training_step(batch, lambda name, loss: losses.append(loss))
    assert seen == [4]
    faces = as_faces(data, images=True)
    source, target = (model.encode(faces[rows]) for rows in batch.unbind(1))
    torch.testing.assert_close(losses[0], model.loss(source, target))


def test_image_models_resume_to_the_same_numbers(tmp_path):
    """Their convolutions lie in memory channel by channel, and so must the momentum that is read back."""
    small = replace(recipe_of("pinv-cnn"), hidden=(24, 16, 8), batch_size=12)
    data = toy_faces(12, shots=4)
    train_depth_model("pinv-cnn", data, small, Run(tmp_path / "whole", 3, progress=False), "identity")
    model = build_model("pinv-cnn", 68, replace(small, epochs=3))
    model.reset(torch.Generator().manual_seed(0))
    task = Interrupted(model, data, True)
    task.at = 4
    with pytest.raises(KeyboardInterrupt):
        fit(task, Run(tmp_path / "cut", 3, progress=False))
    train_depth_model("pinv-cnn", data, small, Run(tmp_path / "cut", 3, resume=True, progress=False), "identity")
    assert_same(tmp_path / "whole", tmp_path / "cut")


def test_training_starts_from_given_weights(tmp_path):
    train(tmp_path / "first", 2)
    slow = replace(SMALL, learning_rate=1e-12)
    start = str(tmp_path / "first")
    train_depth_model("pinv", toy_faces(64), slow, Run(tmp_path / "second", 1, progress=False), start=start)
    a, b = weights(tmp_path / "first"), weights(tmp_path / "second")
    assert all(torch.equal(a[k], b[k]) for k in a)
    with pytest.raises(InputError, match="cannot start"):
        train_depth_model("separate", toy_faces(64), SMALL, Run(tmp_path / "third", 1), start=start)


def test_image_models_train_and_say_when_there_are_no_pictures(tmp_path):
    small = replace(recipe_of("separate-cnn"), hidden=(24, 16, 8), batch_size=12, learning_rate=1e-4)
    data = toy_faces(12, shots=4)
    for out in "ab":
        train_depth_model("separate-cnn", data, small, Run(tmp_path / out, 3, progress=False), "identity")
    assert_same(tmp_path / "a", tmp_path / "b")
    losses = [row["loss"] for row in read_metrics(tmp_path / "a")]
    assert losses[-1] < losses[0]
    with pytest.raises(InputError, match="no pictures"):
        train_depth_model("separate-cnn", replace(data, image=None), small, Run(tmp_path / "c", 1), "identity")
