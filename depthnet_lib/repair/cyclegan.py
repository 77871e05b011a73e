"""CycleGAN (equations 4 and 5): x warped faces, y true ones, F repairs, G breaks, two discriminators judge."""

import numpy as np
import torch
from torch import Tensor, nn

from . import losses
from .networks import Config, Discriminator, Generator, initialise


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

    def generator_loss(self, x: Tensor, y: Tensor, w: losses.Weights) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        """Equation 4: its four terms by name, `losses.keep` where it has a weight, and the made pictures F(x), G(y)."""
        fx, gy = self.f(x), self.g(y)
        terms = {
            "fool_x": losses.real(self.d_x(gy)),
            "fool_y": losses.real(self.d_y(fx)),
            "cycle_y": w.cycle * losses.cycle(y, self.f(gy)),
            "cycle_x": w.cycle * losses.cycle(x, self.g(fx)),
        }
        if w.keep:
            terms["keep"] = w.keep * losses.keep(fx, x, w.rest)
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


def to_tensor(pictures: np.ndarray) -> Tensor:
    """uint8 (B, S, S, C) -> float32 (B, C, S, S) in [-1, 1]."""
    return torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2).contiguous().float() / 127.5 - 1


def to_pictures(tensor: Tensor) -> np.ndarray:
    """float (B, C, S, S) in [-1, 1] -> uint8 (B, S, S, C)."""
    return ((tensor.float() + 1) * 127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1).cpu().numpy()
