"""Training and evaluating the pinv DepthNet, beside a naive reference that treats one pair at a time.

The reference does what the authors' released program is said to do: it fills the matrix A of equation 2 element by
element and differentiates through that and through the inverse of A^T A.
"""

import platform
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, nn

from benchmarks import print_table, rate
from depthnet_lib.affine import to_unit
from depthnet_lib.datasets import load
from depthnet_lib.datasets.tensors import as_faces
from depthnet_lib.depth_model import DepthModel, Faces
from depthnet_lib.experiments import DepthTask
from depthnet_lib.metrics import evaluate
from depthnet_lib.models import build_model, recipe_of
from depthnet_lib.recipes import RECIPES, Recipe
from depthnet_lib.training import Update, make_fabric


def naive_matrix(x_s: Tensor, z: Tensor) -> Tensor:
    """A (2N, 8) of equation 2 for one face, entry by entry; those of depth carry the gradient."""
    a = torch.zeros(2 * len(x_s), 8)
    for i in range(len(x_s)):
        for row, first in ((2 * i, 0), (2 * i + 1, 4)):
            a[row, first], a[row, first + 1], a[row, first + 3] = x_s[i, 0], x_s[i, 1], 1.0
    for i in range(len(x_s)):
        a[2 * i, 2] = z[i]
        a[2 * i + 1, 6] = z[i]
    return a


def naive_error(x_s: Tensor, z: Tensor, x_t: Tensor) -> Tensor:
    """|x_t - A (A^T A)^-1 A^T x_t|^2 of one pair."""
    a = naive_matrix(x_s, z)
    target = x_t.reshape(-1)
    m = torch.inverse(a.T @ a) @ a.T @ target
    return (target - a @ m).square().sum()


def naive_loss(net: nn.Module, x_s: Tensor, x_t: Tensor) -> Tensor:
    """Mean over a batch of pairs (B, N, 2), in a loop."""
    z = net(torch.cat([x_s, x_t], 1).flatten(1))
    return torch.stack([naive_error(x_s[b], z[b], x_t[b]) for b in range(len(x_s))]).mean()


def dense_net(n_keypoints: int, recipe: Recipe) -> nn.Sequential:
    """The recipe's network on both faces side by side, without the kit's split first layer."""
    layers: list[nn.Module] = []
    for width, following in zip((4 * n_keypoints, *recipe.hidden), (*recipe.hidden, n_keypoints), strict=True):
        norm = [nn.BatchNorm1d(following)] if recipe.norm else []
        layers += [nn.Linear(width, following), *norm, nn.ReLU()]
    return nn.Sequential(*layers[: -2 if recipe.norm else -1])


def naive_trainer(x: Tensor, recipe: Recipe) -> Callable[[], object]:
    """One training step of the reference on the first faces."""
    net = dense_net(x.shape[1], recipe)
    optimizer = torch.optim.Adam(net.parameters(), 1e-5)
    x_s, x_t = x[: 2 * recipe.batch_size].chunk(2)

    def step() -> None:
        optimizer.zero_grad()
        naive_loss(net, x_s, x_t).backward()
        optimizer.step()

    return step


def trainer(data, recipe: Recipe) -> Callable[[], object]:
    """One training step of the kit."""
    model = build_model("pinv", data.xy.shape[1], recipe)
    model.reset(torch.Generator().manual_seed(0))
    task = DepthTask(model, data)
    batches = list(task.batches(torch.Generator().manual_seed(0)))
    update = Update(task.optimizers(), make_fabric())
    return lambda: task.training_step(batches[0], update)


def naive_evaluator(model: DepthModel, faces: Faces, pairs: int) -> Callable[[], object]:
    """The errors of some pairs, one at a time."""

    def work() -> list[float]:
        with torch.inference_mode():
            z = model.depth(model.encode(faces[:pairs]), model.encode(faces[1 : pairs + 1]))
            return [float(naive_error(faces.xy[i], z[i], faces.xy[i + 1])) for i in range(pairs)]

    return work


def main() -> None:
    """Print the table."""
    torch.manual_seed(0)
    train, test = load("anny:train")[:4096], load("anny:test")
    unit = to_unit(torch.from_numpy(train.xy).float())[0]
    paper, released = recipe_of("pinv"), RECIPES["released"]
    threads = torch.get_num_threads()
    speeds = {"reference": rate(naive_trainer(unit, released), 32)}
    for label, recipe in {
        "released network, batch 32": released,
        "paper's network, batch 32": replace(paper, batch_size=32),
        "paper's network, batch 512": replace(paper, batch_size=512),
    }.items():
        speeds[label] = rate(trainer(train, recipe), recipe.batch_size)
    rows = [("training", "pairs a second", "times the reference")]
    rows += [(name, f"{speed:,.0f}", f"{speed / speeds['reference']:.0f}") for name, speed in speeds.items()]
    print_table(f"DepthNet through the closed form, {threads} threads, {platform.machine()}", rows)

    model = build_model("pinv", 68).eval()
    model.reset(torch.Generator().manual_seed(0))
    n_pairs = len(test) * (len(test) - 1)
    torch.set_num_threads(1)
    slow = rate(naive_evaluator(model, as_faces(test), 100), 100)
    fast = rate(lambda: evaluate(model, test), n_pairs)
    rows = [
        ("evaluation", "pairs a second", f"{n_pairs:,} pairs"),
        ("reference", f"{slow:,.0f}", f"{n_pairs / slow:.0f} s"),
    ]
    rows += [("depthnets evaluate, all scores", f"{fast:,.0f}", f"{n_pairs / fast:.2f} s")]
    print_table("Scoring the test pairs, 1 thread", rows)
    torch.set_num_threads(threads)
