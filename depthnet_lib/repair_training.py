"""Training of repair: CycleGAN as a task of the training loop, on a set of unpaired pictures."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .errors import InputError
from .experiments import command_line, versions
from .files import write_json
from .images import write_image
from .repair import losses
from .repair.apply import CHANNELS, TASKS, load_start, save_gan
from .repair.cyclegan import CycleGan, Pool, to_pictures, to_tensor
from .repair.networks import CONFIGS
from .repair.scores import scores
from .repair_sets import RepairSet, load_repair_set
from .training import Run, Task, Update, fit

BETAS = (0.5, 0.999)  # of Adam (supplement S.4)
TRAINED = {f"repair-{task}": task for task in TASKS}  # name on the command line -> task
EPOCHS = 400
STEPS_AN_EPOCH = 50  # logs and sample sheets come once an epoch, every minute or so
SHEET_ROWS = 6


@dataclass(frozen=True)
class Settings:
    """Pictures a step, Adam's learning rate, and what the terms count."""

    batch_size: int
    lr: float
    weights: losses.Weights


PAPER = Settings(16, 2e-4, losses.Weights())
# What a few thousand steps on 2 cores need: small steps, and cycles that let go of the composite's faults, which a
# strict lambda keeps in the repaired picture, while the face and the wall are held, and the rest somewhat: left to the
# judges alone, it gets coloured stripes. Of a swap the target around the face is held, and little is left to do: strict
# cycles.
LAPTOP = {
    "background": Settings(4, 3e-4, losses.Weights(cycle=5.0, keep=8.0, rest=0.3)),
    "extreme": Settings(4, 3e-4, losses.Weights(cycle=5.0, keep=8.0, rest=0.3)),
    "swap": Settings(4, 2e-4, losses.Weights(keep=5.0)),
}


class CycleGanTask(Task):
    """Trains on two unpaired sets of pictures: x uint8 (M, S, S, c_x) and y (K, S, S, 3), arrays or mapped files.

    ``fixed`` are pictures x and y, uint8 too, that the sample sheets show epoch after epoch: a generator that falls
    for one look only (mode collapse), or whose colours drift, is seen there first. ``pool`` is the size of the replay
    buffers.
    """

    batches_per_epoch = STEPS_AN_EPOCH

    def __init__(
        self,
        gan: CycleGan,
        x: np.ndarray,
        y: np.ndarray,
        fixed: tuple[np.ndarray, np.ndarray],
        settings: Settings = PAPER,
        pool: int = 50,
    ):
        super().__init__()
        self.gan, self.x, self.y, self.fixed = gan, x, y, fixed
        self.settings = settings
        size = gan.config.size
        self.pool_x, self.pool_y = Pool(pool, (gan.c_x, size, size)), Pool(pool, (3, size, size))

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        gan = self.gan
        return {
            "generators": torch.optim.Adam(
                [*gan.f.parameters(), *gan.g.parameters()], lr=self.settings.lr, betas=BETAS
            ),
            "discriminators": torch.optim.Adam(
                [*gan.d_x.parameters(), *gan.d_y.parameters()], lr=self.settings.lr, betas=BETAS
            ),
        }

    def learning_rate(self, progress: float) -> float:
        """Constant for the first half, then linearly to 0, as in the CycleGAN paper."""
        return min(1.0, 2 * (1 - progress))

    def batches(self, generator: torch.Generator) -> Iterator[Tensor]:
        """(B, 4): which x, which y, and whether each is mirrored."""
        for _ in range(self.batches_per_epoch):
            draw = lambda high: torch.randint(high, (self.settings.batch_size,), generator=generator)  # noqa: E731
            yield torch.stack([draw(len(self.x)), draw(len(self.y)), draw(2), draw(2)], 1)

    def training_step(self, batch: Tensor, update: Update) -> dict[str, Tensor]:
        rows = batch.cpu().numpy()
        x = _mirrored(to_tensor(self.x[rows[:, 0]]).to(batch.device), batch[:, 2])
        y = _mirrored(to_tensor(self.y[rows[:, 1]]).to(batch.device), batch[:, 3])
        terms, fx, gy = self.gan.generator_loss(x, y, self.settings.weights)
        total = sum(terms.values())
        update("generators", total)
        judged = self.gan.discriminator_loss(x, y, self.pool_y(fx), self.pool_x(gy))
        update("discriminators", judged)
        return {"loss": total, "discriminators": judged, **terms}

    @torch.inference_mode()
    def sample(self, folder: Path, epoch: int) -> None:
        """samples/NNNN.png: a row for each fixed pair: x, F(x), G(F(x)), then y, G(y), F(G(y))."""
        device = next(self.parameters()).device
        rows = min(SHEET_ROWS, *map(len, self.fixed))
        x, y = (to_tensor(p[:rows]).to(device) for p in self.fixed)
        fx, gy = self.gan.f(x), self.gan.g(y)
        columns = [x, fx, self.gan.g(fx), y, gy, self.gan.f(gy)]
        write_image(folder / "samples" / f"{epoch:04d}.png", sheet([to_pictures(c) for c in columns]))


def train_repair(
    model: str,
    data: str,
    out: Path,
    epochs: int | None = None,
    batch_size: int | None = None,
    seed: int = 0,
    resume: bool = False,
    minutes: float | None = None,
    recipe: str = "laptop",
    precision: str = "32-true",
    start: Path | None = None,
) -> dict:
    """Train one of `TRAINED` on a set of `load_repair_set`, such as heads:train; what `depthnets train` does.

    ``start``: weights of `save_gan` to go on from. Extreme poses may start from background synthesis: the same work,
    only harder.
    """
    if recipe not in CONFIGS:
        raise InputError(f"--recipe {recipe}", "unknown", f"choose one of: {', '.join(CONFIGS)}")
    task, config = TRAINED[model], CONFIGS[recipe]
    train = load_repair_set(task, data, config.size)
    test = load_repair_set(task, data.replace(":train", ":test"), config.size)
    settings = PAPER if recipe == "paper" else LAPTOP[task]
    gan = CycleGan(CHANNELS, config).reset(torch.Generator().manual_seed(seed))
    if start:
        load_start(gan, start)
    run = Run(out, epochs or EPOCHS, seed, minutes, resume, checkpoint_seconds=180, precision=precision)
    settings = replace(settings, batch_size=batch_size or settings.batch_size)
    return train_gan(task, gan, train, test, run, settings, _stages(start) if start else [])


def _stages(start: Path) -> list[dict]:
    """What made the weights that a training starts from, of the json beside them: the runs, first to last."""
    path = start / "weights.json" if start.is_dir() else start.with_suffix(".json")
    if not path.is_file():
        return [{"start": start.name}]  # nobody knows what made them
    record = json.loads(path.read_text())
    stage = {name: record[name] for name in ("command", "pictures", "weights", "epochs", "seconds") if name in record}
    after = record.get("scores", {}).get("after")
    if after:
        stage |= {"ssim": after["whole"]["ssim"], "two_sample": after["two_sample"]}
    return [*record.get("earlier", []), stage]


def train_gan(
    task: str,
    gan: CycleGan,
    train: RepairSet,
    test: RepairSet,
    run: Run,
    settings: Settings,
    earlier: Sequence[dict] = (),
) -> dict:
    """Train the networks; leaves weights.safetensors, weights.json, metrics.csv, samples/ and a resumable checkpoint in
    ``run.out``. Returns what weights.json holds; ``earlier`` are the runs that it went on from."""
    result = fit(CycleGanTask(gan.train(), train.x, train.y, (test.x, test.y), settings), run)
    save_gan(run.out / "weights.safetensors", gan, task)
    record = {"model": f"repair-{task}", "command": command_line(), "data": train.name, "seed": run.seed}
    record |= {"pictures": {"x": len(train.x), "y": len(train.y)}, "config": gan.config.asdict()}
    record |= asdict(settings) | {"precision": run.precision, "versions": versions(), **result}
    if test.truth is not None:
        record["scores"] = {"data": test.name} | scores(gan.eval().f, test.x, test.truth, test.inside, test.plain)
    if earlier:
        record["earlier"] = list(earlier)
    write_json(run.out / "weights.json", record)
    return record


def sheet(columns: list[np.ndarray], gap: int = 2) -> np.ndarray:
    """One picture of columns of uint8 pictures (B, S, S, C); C = 6 is shown as two pictures side by side."""
    split = [c[..., i : i + 3] for c in columns for i in range(0, c.shape[-1], 3)]
    padded = [np.pad(c, ((0, 0), (gap, 0), (gap, 0), (0, 0)), constant_values=255) for c in split]
    return np.concatenate([np.concatenate(list(c), 0) for c in padded], 1)


def _mirrored(pictures: Tensor, flags: Tensor) -> Tensor:
    return torch.where(flags.bool()[:, None, None, None], pictures.flip(-1), pictures)
