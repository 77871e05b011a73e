"""What a model of depth is: source and target faces in, 3D source points and the affine to the target out."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor, nn

from .affine import apply_affine, solve_affine
from .losses import keypoint_loss
from .recipes import RECIPES, Recipe


@dataclass(frozen=True)
class Faces:
    """A batch of faces as a model sees them.

    Keypoints xy (..., N, 2) in any unit; where known true depth z (..., N) in the same unit, and the picture ``image``
    (..., 80, 80, 3) RGB uint8, cropped by `as_faces`; ``code`` is what `DepthModel.encode` computed once a face.
    """

    xy: Tensor
    z: Tensor | None = None
    image: Tensor | None = None
    code: tuple[Tensor, ...] = ()

    def __getitem__(self, index) -> "Faces":
        """Index every part; `faces[:, None]` and `faces[None]` make sources and targets that broadcast."""
        take = lambda part: tuple(p[index] for p in part) if isinstance(part, tuple) else part[index]  # noqa: E731
        return Faces(**{f.name: take(v) for f in fields(self) if (v := getattr(self, f.name)) is not None})


@dataclass(frozen=True)
class Prediction:
    """3D source points (..., N, 3) in the source's unit, and the affine m (..., 2, 4) that takes them to the target."""

    points: Tensor
    m: Tensor

    @property
    def z(self) -> Tensor:
        return self.points[..., 2]

    @property
    def x_n(self) -> Tensor:
        """Where the source keypoints land (..., N, 2), equation 1."""
        return apply_affine(self.points[..., :2], self.points[..., 2], self.m)


class DepthModel(nn.Module):
    """Base of all models: `depth` gives z, and the affine follows from it in closed form (equation 3)."""

    recipes = RECIPES  # named settings of network and optimizer
    trained = False  # whether gradient descent fits it; otherwise `fit` does, once
    trained_on = ("anny", "all")  # data and pairs of the kit's own weights
    needs_depth = False  # whether it reads true depth, of the faces it is asked about or in training
    needs_images = False  # whether it looks at pictures

    def __init__(self, n_keypoints: int, recipe: Recipe):
        super().__init__()
        self.n_keypoints, self.recipe = n_keypoints, recipe

    def reset(self, generator: torch.Generator) -> None:
        """Draw the initial parameters."""

    def start_from(self, other: "DepthModel") -> None:
        """Take over the parameters of a model that was trained before; RuntimeError where they do not fit."""
        self.load_state_dict(other.state_dict())

    def fit(self, faces: Faces, generator: torch.Generator) -> None:
        """What the model learns from training faces without gradient descent."""

    def encode(self, faces: Faces) -> Faces:
        """Attach what can be computed once a face and shared over all its pairs."""
        return faces

    def depth(self, source: Faces, target: Faces) -> Tensor:
        """z (..., N) of the source keypoints, in their unit."""
        raise NotImplementedError

    def points(self, source: Faces, target: Faces) -> Tensor:
        """3D source points (..., N, 3): the keypoints as they are, with their depth."""
        return with_depth(source.xy, self.depth(source, target))

    def affine(self, points: Tensor, source: Faces, target: Faces) -> Tensor:
        """m (..., 2, 4) that takes the points to the target."""
        return solve_affine(points[..., :2], points[..., 2], target.xy)

    def forward(self, source: Faces, target: Faces) -> Prediction:
        """Encoded faces whose leading dimensions broadcast -> points and affine of every pair."""
        points = self.points(source, target)
        return Prediction(points, self.affine(points, source, target))

    def loss(self, source: Faces, target: Faces) -> Tensor:
        """Training loss of a batch of encoded pairs (equation 1)."""
        return keypoint_loss(self(source, target).x_n, target.xy)

    def parts(self) -> dict[str, nn.Module]:
        """What is optimised, by name, each part with an optimizer of its own."""
        return {"model": self}

    def training_step(self, source: Faces, target: Faces, update: Callable[[str, Tensor], None]) -> dict[str, Tensor]:
        """One step on a batch of encoded pairs: ``update(part, loss)`` for each part; returns what to log."""
        loss = self.loss(source, target)
        update("model", loss)
        return {"loss": loss}


def encode_all(model: DepthModel, faces: Faces, chunk: int = 256) -> Faces:
    """`DepthModel.encode` of many faces, some at a time: pictures need much memory on their way."""
    codes = [model.encode(faces[i : i + chunk]).code for i in range(0, len(faces.xy), chunk)]
    return replace(faces, code=tuple(torch.cat(parts) for parts in zip(*codes, strict=True)))


def with_depth(xy: Tensor, z: Tensor) -> Tensor:
    """(..., N, 3) points from keypoints (..., N, 2) and depth (..., N), whose leading dimensions may be more."""
    return torch.cat([xy.expand(*z.shape, 2), z[..., None]], -1)
