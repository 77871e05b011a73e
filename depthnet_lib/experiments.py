"""Training of a depth model on a keypoint set, from the command line or a notebook."""

import importlib.metadata
import io
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from .checkpoints import write_bytes, write_json
from .datasets import KeypointSet, load
from .depth_model import DepthModel, Faces
from .errors import InputError
from .metrics import evaluate
from .models import build_model, save_model
from .recipes import Recipe
from .training import Run, Task, Update, fit, read_metrics


class DepthTask(Task):
    """Pairs drawn anew each epoch: every face is a source once, its target another face (of the same person where
    ``same_identity``). Nothing is stored but the faces."""

    def __init__(self, model: DepthModel, data: KeypointSet, same_identity: bool = False):
        super().__init__()
        self.model = model
        self.partners = _Partners(data, same_identity)
        self.batch_size = min(model.recipe.batch_size, self.partners.n_sources)
        self.batches_per_epoch = self.partners.n_sources // self.batch_size
        self.register_buffer("xy", torch.from_numpy(data.xy).float(), persistent=False)
        z = None if data.z is None or not model.needs_depth else torch.from_numpy(data.z).float()
        self.register_buffer("z", z, persistent=False)

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        recipe, parameters = self.model.recipe, self.model.parameters()
        if recipe.optimizer == "adam":
            return {"model": torch.optim.Adam(parameters, recipe.learning_rate)}
        return {"model": torch.optim.SGD(parameters, recipe.learning_rate, momentum=0.9, nesterov=True)}

    def batches(self, generator: torch.Generator) -> Iterator[Tensor]:
        pairs = self.partners.draw(generator)[: self.batches_per_epoch * self.batch_size]
        yield from pairs.split(self.batch_size)

    def training_step(self, batch: Tensor, update: Update) -> dict[str, Tensor]:
        faces = Faces(self.xy, self.z)
        source, target = (self.model.encode(faces[rows]) for rows in batch.unbind(1))
        loss = self.model.loss(source, target)
        update("model", loss)
        return {"loss": loss}


class _Partners:
    """Draws for each face another one: any, or one of the same identity."""

    def __init__(self, data: KeypointSet, same_identity: bool):
        if same_identity and data.identity is None:
            raise InputError(data.name, "does not say who is who", "train with --pairs all")
        group = data.identity if same_identity else np.zeros(len(data), int)
        order = np.argsort(group, kind="stable")
        _, start, inverse, count = np.unique(group[order], return_index=True, return_inverse=True, return_counts=True)
        enough = count[inverse] > 1
        if not enough.any():
            raise InputError(data.name, "has no two faces to pair", "use --pairs all, or more faces")
        self.order = torch.from_numpy(order)
        self.position = torch.from_numpy(np.flatnonzero(enough))
        self.start, self.count = (torch.from_numpy(a[inverse][enough]) for a in (start, count))
        self.n_sources = len(self.position)

    def draw(self, generator: torch.Generator) -> Tensor:
        """(n_sources, 2) shuffled pairs; the partner is uniform among the others of the group."""
        step = 1 + (torch.rand(self.n_sources, generator=generator) * (self.count - 1)).long()
        partner = self.start + (self.position - self.start + step) % self.count
        pairs = torch.stack([self.order[self.position], self.order[partner]], 1)
        return pairs[torch.randperm(self.n_sources, generator=generator)]


def train_depth_model(name: str, data: KeypointSet, recipe: Recipe, run: Run, pairs: str = "all") -> dict:
    """Train a model by name; leaves weights.safetensors, weights.json, metrics.csv and loss.png in ``run.out``.

    Returns what weights.json holds. Models without gradient descent are fitted at once.
    """
    model = build_model(name, data.xy.shape[1], replace(recipe, epochs=run.epochs))
    if model.needs_depth and data.z is None:
        raise InputError(data.name, f"has no true depth, which {name} learns from", "choose another set or model")
    generator = torch.Generator().manual_seed(run.seed)
    model.reset(generator)
    if model.trained:
        torch.set_num_threads(1)  # small matrices: more threads only wait for each other
        result = fit(DepthTask(model, data, pairs == "identity"), run)
        _plot_loss(run.out, name, data.name)
    else:
        z = None if data.z is None else torch.from_numpy(data.z).float()
        model.fit(Faces(torch.from_numpy(data.xy).float(), z), generator)
        run.out.mkdir(parents=True, exist_ok=True)
        result = {}
    save_model(run.out / "weights.safetensors", name, model)
    record = {"model": name, "command": command_line(), "data": data.name, "pairs": pairs, "seed": run.seed}
    record |= {
        "recipe": model.recipe.to_json(),
        "versions": versions(),
        **result,
        "scores": _held_out_scores(model, data),
    }
    write_json(run.out / "weights.json", record)
    return record


def command_line() -> str:
    """The command that is running, without the folders of this machine."""
    return " ".join(["depthnets" if "depthnet" in sys.argv[0] else Path(sys.argv[0]).name, *sys.argv[1:]])


def versions() -> dict[str, str]:
    """Versions that can change numbers."""
    names = ("torch", "numpy", "lightning-fabric")
    return {"python": ".".join(map(str, sys.version_info[:3]))} | {n: importlib.metadata.version(n) for n in names}


def _held_out_scores(model: DepthModel, data: KeypointSet) -> dict | None:
    """Scores on the set's test split, where it has one."""
    if not data.name.endswith(":train"):
        return None
    test = load(data.name.replace(":train", ":test"))
    return {"data": test.name, **evaluate(model, test)}


def _plot_loss(out: Path, name: str, data: str) -> None:
    rows = read_metrics(out)
    if not rows:
        return
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    axes.semilogy([r["epoch"] for r in rows], [r["loss"] for r in rows])
    axes.set(xlabel="epoch", ylabel="loss (equation 1, unit-spread keypoints)", title=f"{name} on {data}")
    axes.grid(alpha=0.3)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=100)
    write_bytes(out / "loss.png", picture.getvalue())
