"""Training of the Recombinator Network on any keypoint set that has pictures: rendered heads, or 300-W."""

import io
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from .checkpoints import half, save_tensors
from .datasets import KeypointSet
from .errors import InputError
from .experiments import command_line, versions
from .files import write_bytes, write_json
from .keypoint_scores import Table, reference_table
from .keypoints.augment import STORED, STORED_MARGIN, augment, draw_places
from .keypoints.boxes import crop
from .keypoints.rcn import BRANCHES, FINEST, MARGIN, RCN, SIZE, box_around, read_out, trained, widen
from .keypoints.rcn import points as find_points
from .keypoints.shape import Shapes, fit_shapes
from .training import Run, Task, Update, fit

BATCH_SIZE = 32
EPOCHS = 60
LEARNING_RATE = 2e-3
SHARES = (0.5, 0.25, 0.25)  # of the steps that train the coarsest three, four and all branches: each doubles the cost
FEW = 17  # keypoints, others each step, that the finest maps are trained on: all 68 would cost more than the network


class RcnTask(Task):
    """Stored crops in random order, each augmented anew; every branch learns to point at every keypoint."""

    def __init__(self, crops: np.ndarray, points: np.ndarray, mirror: tuple[int, ...], batch_size: int = BATCH_SIZE):
        super().__init__()
        self.net = RCN(points.shape[1]).to(memory_format=torch.channels_last)
        self.crops, self.points, self.mirror = crops, points, mirror
        self.batch_size = min(batch_size, len(crops))
        self.batches_per_epoch = len(crops) // self.batch_size

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        return {"rcn": torch.optim.AdamW(self.net.parameters(), LEARNING_RATE, weight_decay=1e-4)}

    def batches(self, generator: torch.Generator) -> Iterator[Tensor]:
        order = torch.randperm(len(self.crops), generator=generator)
        yield from order[: self.batches_per_epoch * self.batch_size].split(self.batch_size)

    def learning_rate(self, progress: float) -> float:
        """A short rise, then a half cosine to zero."""
        return min(progress / 0.02, 0.5 + 0.5 * np.cos(np.pi * progress)) + 1e-3

    def training_step(self, batch: Tensor, update: Update) -> dict[str, Tensor]:
        rows = batch.cpu().numpy()
        branches = len(BRANCHES) - int(torch.multinomial(torch.tensor(SHARES[::-1]), 1))
        few = torch.randperm(self.points.shape[1], device=batch.device)[:FEW]
        crops, points = torch.from_numpy(self.crops[rows]), torch.from_numpy(self.points[rows]).float()
        pictures, points = augment(crops, points, self.mirror, MARGIN)
        pictures = pictures.to(batch.device, memory_format=torch.channels_last)
        points = points.to(batch.device)
        maps = self.net.heat_maps(pictures, branches, few=few)
        losses = [heat_map_loss(m, points[:, few] if k == FINEST else points) for k, m in enumerate(maps)]
        update("rcn", torch.stack(losses).mean())
        return {"loss": losses[2], "pixels": (read_out(maps[2].detach()) - points).norm(dim=2).mean()}


def heat_map_loss(logits: Tensor, points: Tensor) -> Tensor:
    """Softmax cross-entropy of each keypoint's map over its pixels, in nats, averaged over the keypoints inside.

    ``logits`` (B, N, S, S), ``points`` (B, N, 2) in pixels of the 80 x 80 crop. The target shares its weight of one
    between the four pixels around the point, bilinearly, so that its mean position is the point itself.
    """
    s = logits.shape[-1]
    at = (points + 0.5) * (s / SIZE) - 0.5
    inside = ((points > -0.5) & (points < SIZE - 0.5)).all(-1)
    low = at.floor()[..., None, :]
    corner = low + torch.tensor([[0, 0], [1, 0], [0, 1], [1, 1]], device=at.device)
    weight = (1 - (at[..., None, :] - corner).abs()).prod(-1)  # (B, N, 4)
    pixel = corner.clamp(0, s - 1).long()
    log_p = logits.flatten(2).float().log_softmax(2).gather(2, pixel[..., 1] * s + pixel[..., 0])
    return -((weight * log_p).sum(2) * inside).sum() / inside.sum().clamp_min(1)


def train_rcn(data: KeypointSet, run: Run, batch_size: int = BATCH_SIZE) -> dict:
    """Train on a set with pictures; leaves crops.npy, weights.safetensors, weights.json, metrics.csv in ``run.out``.

    Returns what weights.json holds.
    """
    crops, points = stored_crops(data, run.out)
    task = RcnTask(crops, points, data.layout.mirror, batch_size)
    task.net.reset(torch.Generator().manual_seed(run.seed))
    result = fit(task, run)
    tensors = half(task.net.state_dict())
    tensors |= {f"shapes.{k}": v for k, v in shapes_of(points, data.layout.mirror, run.seed)._asdict().items()}
    save_tensors(run.out / "weights.safetensors", tensors, {"n_points": points.shape[1]})
    recipe = {
        "epochs": run.epochs,
        "batch_size": task.batch_size,
        "learning_rate": LEARNING_RATE,
        "precision": run.precision,
    }
    record = {"model": "rcn", "command": command_line(), "data": data.name, "faces": len(data), "seed": run.seed}
    record |= {"recipe": recipe, "versions": versions(), **result}
    write_json(run.out / "weights.json", record)
    return record


def shapes_of(points: np.ndarray, mirror: tuple[int, ...], seed: int) -> Shapes:
    """The shapes of a set's points (M, N, 2) in stored crops, each in four crops drawn as for training."""
    torch.manual_seed(seed)
    many = torch.from_numpy(points).float().repeat(4, 1, 1)
    return fit_shapes(draw_places(len(many), MARGIN).move(many, STORED, mirror))


def score_run(out: Path) -> Table:
    """The errors of a run's weights beside dlib's on pictures never trained on, added to its weights.json."""
    model = trained(out / "weights.safetensors")
    table = reference_table({"rcn": partial(find_points, model=model), "dlib": "dlib"})
    record = json.loads((out / "weights.json").read_text())
    write_json(out / "weights.json", record | {"scores": table})
    return table


def stored_crops(data: KeypointSet, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """(M, 128, 128) grey uint8 crops, a mapped file in ``folder``, and the points (M, N, 2) in their pixels."""
    path = folder / "crops.npy"
    if not path.is_file():
        content = io.BytesIO()
        np.save(content, cut_faces(data, STORED, STORED_MARGIN)[0])
        write_bytes(path, content.getvalue())
    return np.load(path, mmap_mode="r", allow_pickle=False), _boxes(data, STORED, STORED_MARGIN)[1]


def cut_faces(data: KeypointSet, size: int = SIZE, margin: float = MARGIN) -> tuple[np.ndarray, np.ndarray]:
    """Grey uint8 crops (M, size, size) around the known points of a set with pictures, and the points in their pixels.

    ``margin`` is the crop's width over the face box's. Raises InputError for a set without pictures.
    """
    if data.image is None:
        raise InputError(data.name, "has no pictures to look for keypoints in", "choose a set that has, or 300w:train")
    boxes, points = _boxes(data, size, margin)
    crops = np.empty((len(data), size, size), np.uint8)
    for i, box in enumerate(tqdm(boxes, "cutting out faces", unit="face", delay=2)):
        picture = data.image(i)
        crops[i] = crop(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), box * max(picture.shape), size)[0]
    return crops, points


def _boxes(data: KeypointSet, size: int, margin: float) -> tuple[np.ndarray, np.ndarray]:
    """Boxes (M, 4), like xy in units of the picture's longer side, and the points in pixels of their crops."""
    boxes = widen(box_around(data.xy), margin)
    low, high = boxes[:, None, :2], boxes[:, None, 2:]
    return boxes, (data.xy - low) / (high - low) * size - 0.5
