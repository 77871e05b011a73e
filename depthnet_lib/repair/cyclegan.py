"""CycleGAN as a training task: x warped faces, y true ones, F repairs, G breaks, two discriminators judge."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..images import write_image
from ..training import Task, Update
from . import losses
from .networks import Config, Discriminator, Generator, initialise

ADAM = {"lr": 2e-4, "betas": (0.5, 0.999)}  # supplement S.4
STEPS_AN_EPOCH = 100  # sheets, logs and the progress bar come once an epoch
SHEET_ROWS = 6


class CycleGan(nn.Module):
    """F: X -> Y and G: Y -> X with their discriminators (supplement S.4). x has c_x channels, y three."""

    def __init__(self, c_x: int, config: Config):
        super().__init__()
        self.config, self.c_x = config, c_x
        self.f, self.g = Generator(c_x, 3, config), Generator(3, c_x, config)
        self.d_x, self.d_y = Discriminator(c_x, config), Discriminator(3, config)

    def reset(self, generator: torch.Generator) -> "CycleGan":
        """Fresh weights, drawn with the generator."""
        initialise(self, generator)
        return self

    def generator_loss(self, x: Tensor, y: Tensor, cycle: float) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        """Equation 4: its four terms by name, and the made pictures F(x) and G(y)."""
        fx, gy = self.f(x), self.g(y)
        terms = {
            "fool_x": losses.real(self.d_x(gy)),
            "fool_y": losses.real(self.d_y(fx)),
            "cycle_y": cycle * losses.cycle(y, self.f(gy)),
            "cycle_x": cycle * losses.cycle(x, self.g(fx)),
        }
        return terms, fx, gy

    def discriminator_loss(self, x: Tensor, y: Tensor, fx: Tensor, gy: Tensor) -> Tensor:
        """Equation 5, on pictures that were made before and carry no gradient."""
        return (losses.real(self.d_x(x)) + losses.fake(self.d_x(gy))
                + losses.real(self.d_y(y)) + losses.fake(self.d_y(fx)))  # fmt: skip


class Pool(nn.Module):
    """Replay buffer of made pictures (Shrivastava and others, 2017): half of the time a discriminator sees an older
    one instead, so that a generator cannot win by going round in circles. Saved with the run; size 0 is no buffer."""

    def __init__(self, size: int, shape: tuple[int, ...]):
        super().__init__()
        self.register_buffer("pictures", torch.zeros(size, *shape))
        self.register_buffer("count", torch.zeros((), dtype=torch.long))

    def forward(self, made: Tensor) -> Tensor:
        """(B, C, S, S) of the same pictures, or earlier ones; random numbers are torch's global ones."""
        size, shown = len(self.pictures), []
        for picture in made.detach():
            if self.count < size:
                self.pictures[self.count] = picture
                self.count += 1
            elif size and torch.rand(()) < 0.5:
                place = int(torch.randint(size, ()))
                picture, self.pictures[place] = self.pictures[place].clone(), picture
            shown.append(picture)
        return torch.stack(shown)


class CycleGanTask(Task):
    """Trains on two unpaired sets of pictures, uint8 (M, S, S, c_x) and (K, S, S, 3), which may lie on disk.

    ``fixed`` are pictures x and y, uint8 too, that the sample sheets show epoch after epoch.
    """

    batches_per_epoch = STEPS_AN_EPOCH

    def __init__(
        self,
        gan: CycleGan,
        x: np.ndarray,
        y: np.ndarray,
        fixed: tuple[np.ndarray, np.ndarray],
        batch_size: int = 16,
        cycle: float = losses.CYCLE,
        pool: int = 50,
    ):
        super().__init__()
        self.gan, self.x, self.y, self.fixed = gan, x, y, fixed
        self.batch_size, self.cycle = batch_size, cycle
        size = gan.config.size
        self.pool_x, self.pool_y = Pool(pool, (gan.c_x, size, size)), Pool(pool, (3, size, size))

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        gan = self.gan
        return {
            "generators": torch.optim.Adam([*gan.f.parameters(), *gan.g.parameters()], **ADAM),
            "discriminators": torch.optim.Adam([*gan.d_x.parameters(), *gan.d_y.parameters()], **ADAM),
        }

    def learning_rate(self, progress: float) -> float:
        """Constant for the first half, then linearly to 0, as in the CycleGAN paper."""
        return min(1.0, 2 * (1 - progress))

    def batches(self, generator: torch.Generator) -> Iterator[Tensor]:
        """(B, 4): which x, which y, and whether each is mirrored."""
        for _ in range(self.batches_per_epoch):
            draw = lambda high: torch.randint(high, (self.batch_size,), generator=generator)  # noqa: E731
            yield torch.stack([draw(len(self.x)), draw(len(self.y)), draw(2), draw(2)], 1)

    def training_step(self, batch: Tensor, update: Update) -> dict[str, Tensor]:
        gan, device = self.gan, batch.device
        rows = batch.cpu().numpy()
        x = _mirrored(to_tensor(self.x[rows[:, 0]]).to(device), batch[:, 2])
        y = _mirrored(to_tensor(self.y[rows[:, 1]]).to(device), batch[:, 3])
        terms, fx, gy = gan.generator_loss(x, y, self.cycle)
        total = sum(terms.values())
        update("generators", total)
        judged = gan.discriminator_loss(x, y, self.pool_y(fx), self.pool_x(gy))
        update("discriminators", judged)
        return {"loss": total, "discriminators": judged, **terms}

    @torch.inference_mode()
    def sample(self, folder: Path, epoch: int) -> None:
        """samples/NNNN.png: a row for each fixed pair: x, F(x), G(F(x)), then y, G(y), F(G(y))."""
        x, y = (to_tensor(p[:SHEET_ROWS]).to(next(self.parameters()).device) for p in self.fixed)
        fx, gy = self.gan.f(x), self.gan.g(y)
        columns = [x, fx, self.gan.g(fx), y, gy, self.gan.f(gy)]
        write_image(folder / "samples" / f"{epoch:04d}.png", sheet([to_pictures(c) for c in columns]))


def to_tensor(pictures: np.ndarray) -> Tensor:
    """uint8 (B, S, S, C) -> float32 (B, C, S, S) in [-1, 1]."""
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).contiguous().float() / 127.5 - 1


def to_pictures(tensor: Tensor) -> np.ndarray:
    """float (B, C, S, S) in [-1, 1] -> uint8 (B, S, S, C)."""
    return ((tensor.float() + 1) * 127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1).cpu().numpy()


def sheet(columns: list[np.ndarray], gap: int = 2) -> np.ndarray:
    """One picture of columns of uint8 pictures (B, S, S, C); C = 6 is shown as two pictures side by side."""
    split = [c[..., i : i + 3] for c in columns for i in range(0, c.shape[-1], 3)]
    padded = [np.pad(c, ((0, 0), (gap, 0), (gap, 0), (0, 0)), constant_values=255) for c in split]
    return np.concatenate([np.concatenate(list(c), 0) for c in padded], 1)


def _mirrored(pictures: Tensor, flags: Tensor) -> Tensor:
    return torch.where(flags.bool()[:, None, None, None], pictures.flip(-1), pictures)
