"""Training of a depth model on a keypoint set, from the command line or a notebook."""

import importlib.metadata
import io
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from .datasets import KeypointSet, load
from .datasets.tensors import as_faces
from .depth_model import DepthModel, Faces
from .errors import InputError
from .files import write_bytes, write_json
from .metric import MetricDepth, open_sign
from .metric_training import MetricTask
from .metrics import evaluate, ordered_pairs
from .models import build_model, load_model, save_model
from .recipes import Recipe
from .training import Run, Task, Update, fit, read_metrics


class DepthTask(Task):
    """Pairs of faces, formed as they are needed: nothing is stored but the faces.

    With ``same_identity`` an epoch is all ordered pairs of each person's faces, persons in random order (section 3.1);
    otherwise every face is a source once, its target any other face (section 3.2).
    """

    def __init__(self, model: DepthModel, data: KeypointSet, same_identity: bool = False):
        super().__init__()
        self.model = model
        self.draw = _pairs_of_persons(data) if same_identity else _pairs_of_strangers(data)
        n_pairs = len(self.draw(torch.Generator()))
        self.batch_size = min(model.recipe.batch_size, n_pairs)
        self.batches_per_epoch = n_pairs // self.batch_size
        faces = as_faces(data, model.needs_depth, model.needs_images)
        for name in ("xy", "z", "image"):
            self.register_buffer(name, getattr(faces, name), persistent=False)

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        return {name: _optimizer(self.model.recipe, part) for name, part in self.model.parts().items()}

    def learning_rate(self, progress: float) -> float:
        cooldown = self.model.recipe.cooldown
        return min(1.0, (1.0 - progress) / cooldown) if cooldown else 1.0

    def batches(self, generator: torch.Generator) -> Iterator[Tensor]:
        pairs = self.draw(generator)[: self.batches_per_epoch * self.batch_size]
        yield from pairs.split(self.batch_size)

    def training_step(self, batch: Tensor, update: Update) -> dict[str, Tensor]:
        faces = Faces(self.xy, self.z, self.image)
        if self.model.needs_images:  # a face is in many of the pairs: its picture is looked at once
            rows, batch = batch.unique(return_inverse=True)
            faces = self.model.encode(faces[rows])
            source, target = faces[batch[:, 0]], faces[batch[:, 1]]
        else:
            source, target = (self.model.encode(faces[rows]) for rows in batch.unbind(1))
        return self.model.training_step(source, target, update)


def _optimizer(recipe: Recipe, part: nn.Module) -> torch.optim.Optimizer:
    if recipe.optimizer == "adam":
        return torch.optim.Adam(part.parameters(), recipe.learning_rate, betas=(recipe.momentum, 0.999), fused=True)
    return torch.optim.SGD(part.parameters(), recipe.learning_rate, momentum=recipe.momentum, nesterov=True, fused=True)


def _pairs_of_strangers(data: KeypointSet) -> Callable[[torch.Generator], Tensor]:
    """Draws (M, 2) shuffled pairs: every face a source once, the target uniform among the others."""
    count = len(data)
    if count < 2:
        raise InputError(data.name, "has no two faces to pair", "give more faces")

    def draw(generator: torch.Generator) -> Tensor:
        source = torch.randperm(count, generator=generator)
        step = torch.randint(1, count, (count,), generator=generator)
        return torch.stack([source, (source + step) % count], 1)

    return draw


def _pairs_of_persons(data: KeypointSet) -> Callable[[torch.Generator], Tensor]:
    """Draws (P, 2): all ordered pairs of faces of one person, person by person in random order."""
    pairs = ordered_pairs(data, "identity")
    person = torch.from_numpy(np.unique(data.identity, return_inverse=True)[1])[pairs[:, 0]]

    def draw(generator: torch.Generator) -> Tensor:
        place = torch.randperm(int(person.max()) + 1, generator=generator)
        shuffled = torch.randperm(len(pairs), generator=generator)
        return pairs[shuffled[place[person[shuffled]].argsort(stable=True)]]

    return draw


def train_depth_model(
    name: str, data: KeypointSet, recipe: Recipe, run: Run, pairs: str = "all", start: str | None = None
) -> dict:
    """Train a model by name; leaves weights.safetensors, weights.json, metrics.csv and loss.png in ``run.out``.

    Returns what weights.json holds. Models without gradient descent are fitted at once. ``start`` names
    weights (as `load_model` does) to begin with, see `DepthModel.start_from`.
    """
    model = build_model(name, data.xy.shape[1], replace(recipe, epochs=run.epochs))
    if model.needs_depth and data.z is None:
        raise InputError(data.name, f"has no true depth, which {name} learns from", "choose another set or model")
    generator = torch.Generator().manual_seed(run.seed)
    model.reset(generator)
    if start:
        _start(model, name, start)
    if model.trained:
        torch.set_num_threads(1)  # small matrices: more threads only wait for each other
        metric = isinstance(model, MetricDepth)
        task = MetricTask(model, data, generator) if metric else DepthTask(model, data, pairs == "identity")
        result = fit(task, run)
        if metric and not model.needs_depth and (note := open_sign(data.layout)):
            result["note"] = note
        _plot_loss(run.out, name, data.name)
    else:
        model.fit(as_faces(data), generator)
        result = {}
    save_model(run.out / "weights.safetensors", name, model)
    record = {"model": name, "command": command_line(), "data": data.name, "pairs": pairs, "seed": run.seed}
    record |= {
        "recipe": model.recipe.to_json(),
        "versions": versions(),
        **result,
        **_held_out_scores(model, load_model(str(run.out), model.n_keypoints), data, pairs),
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


def _start(model: DepthModel, name: str, start: str) -> None:
    try:
        model.start_from(load_model(start, model.n_keypoints))
    except (RuntimeError, AttributeError):
        remedy = f"give weights of {name}, or of the same model without pictures"
        raise InputError(start, f"{name} cannot start from these weights", remedy) from None


def _held_out_scores(model: DepthModel, written: DepthModel, data: KeypointSet, pairs: str) -> dict:
    """Scores of the weights as they were written, on the test split's pairs of the same kind, where there is one, and
    the MSE before they were rounded to be written."""
    if not data.name.endswith(":train"):
        return {"scores": None}
    test = load(data.name.replace(":train", ":test"))
    scores = {"data": test.name, **evaluate(written, test, pairs)}
    return {"scores": scores, "mse_before_rounding": evaluate(model, test, pairs)["mse"]["mean"]}


def _plot_loss(out: Path, name: str, data: str) -> None:
    rows = read_metrics(out)
    if not rows:
        return
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    axes.semilogy([r["epoch"] for r in rows], [r["loss"] for r in rows])
    axes.set(xlabel="epoch", ylabel="loss (equation 1, unit-spread keypoints)", title=f"{name} on {Path(data).name}")
    axes.grid(alpha=0.3)
    picture = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # letters of a file's name that the font lacks become boxes
        figure.savefig(picture, format="png", dpi=100)
    write_bytes(out / "loss.png", picture.getvalue())
