"""The training of `metric.MetricDepth`: a teacher's lesson, then the losses that see only 2D."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from .affine import apply_affine, solve_affine, to_unit
from .datasets import KeypointSet
from .datasets.tensors import as_faces
from .errors import InputError
from .geometry import rigidity
from .metric import MetricDepth
from .training import Task, Update

_STEPS = 100  # of an epoch: small sets need as many as large ones
_REFINING = 0.5  # of the learning rate, after the lesson


class MetricTask(Task):
    """Sources and ``n_targets`` targets for each, all drawn from the same faces, new at each step."""

    batches_per_epoch = _STEPS

    def __init__(self, model: MetricDepth, data: KeypointSet, generator: torch.Generator):
        super().__init__()
        if len(data) < 2:
            raise InputError(data.name, "has no two faces to pair", "give more faces")
        self.model, self.recipe = model, model.recipe
        faces = as_faces(data, model.needs_depth)
        model.fit(faces, generator)
        self.register_buffer("x", to_unit(faces.xy)[0], persistent=False)
        lesson = model.lesson(faces, data.layout, generator) if self.recipe.lesson else torch.zeros_like(self.x[..., 0])
        self.register_buffer("z", lesson, persistent=False)

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        recipe, net = self.recipe, self.model.net
        return {"model": torch.optim.Adam(net.parameters(), recipe.learning_rate, (recipe.momentum, 0.999), fused=True)}

    def learning_rate(self, progress: float) -> float:
        """Falls as a cosine over the lesson to what refining starts with, then to nothing."""
        start, end, low, high = 0.0, self.recipe.lesson, _REFINING if self.recipe.lesson < 1 else 0.0, 1.0
        if progress >= end:
            start, end, low, high = end, 1.0, 0.0, _REFINING
        share = (progress - start) / max(end - start, 1e-9)
        return low + (high - low) * (1 + math.cos(math.pi * min(share, 1.0))) / 2

    def batches(self, generator: torch.Generator) -> Iterator[Tensor]:
        shape = (_STEPS, self.recipe.batch_size, 1 + self.recipe.n_targets)
        yield from torch.randint(len(self.x), shape, generator=generator)

    def training_step(self, batch: Tensor, update: Update) -> dict[str, Tensor]:
        z = self.model.unit_depth(self.x[batch[:, 0]])
        taught = (z - self.z[batch[:, 0]]).abs().mean()
        if self.progress < self.recipe.lesson:
            update("model", taught)
            return {"loss": taught, "lesson": taught}
        error, bend = unrigid(self.x[batch[:, :1]], z[:, None], self.x[batch[:, 1:]])
        loss = error + self.recipe.rigidity * bend
        update("model", loss)
        return {"loss": loss, "lesson": taught}


def unrigid(x_s: Tensor, z: Tensor, x_t: Tensor) -> tuple[Tensor, Tensor]:
    """Mean MSE (equation 1 with 3) of sources (B, 1, N, 2) of depth (B, 1, N) on targets (B, T, N, 2), and the mean
    `geometry.rigidity` of the affines that take them there."""
    m = solve_affine(x_s, z, x_t)
    return (apply_affine(x_s, z, m) - x_t).square().mean(), rigidity(m).mean()
