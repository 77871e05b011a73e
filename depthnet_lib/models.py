"""Every model by its name: source and target faces in, 3D source points and the affine to the target out."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from .affine import apply_affine, solve_affine, solve_affine_2d, to_unit
from .checkpoints import half, load_tensors, save_tensors
from .config import WEIGHTS
from .errors import InputError
from .geometry import factorization
from .losses import keypoint_loss
from .networks import PairNet, initialise, initialise_output


@dataclass(frozen=True)
class Faces:
    """A batch of faces as a model sees them: keypoints xy (..., N, 2) in any unit, and where known true depth z
    (..., N) and features ``code`` that `DepthModel.encode` computed once a face."""

    xy: Tensor
    z: Tensor | None = None
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

    trained = False  # whether gradient descent fits it; otherwise `fit` does, once
    needs_depth = False  # whether it reads true depth, of the faces it is asked about or in training

    def __init__(self, n_keypoints: int):
        super().__init__()
        self.n_keypoints = n_keypoints

    def reset(self, generator: torch.Generator) -> None:
        """Draw the initial parameters."""

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
        z = self.depth(source, target)
        return torch.cat([source.xy.expand(*z.shape, 2), z[..., None]], -1)

    def affine(self, points: Tensor, source: Faces, target: Faces) -> Tensor:
        """m (..., 2, 4) that takes the points to the target."""
        return solve_affine(points[..., :2], points[..., 2], target.xy)

    def forward(self, source: Faces, target: Faces) -> Prediction:
        """Encoded faces whose leading dimensions broadcast -> points and affine of every pair."""
        points = self.points(source, target)
        return Prediction(points, self.affine(points, source, target))

    def loss(self, source: Faces, target: Faces) -> Tensor:
        """Training loss of a batch of pairs (equation 1)."""
        return keypoint_loss(self(source, target).x_n, target.xy)


class Affine2D(DepthModel):
    """Model 1 of table 1: no depth at all."""

    def depth(self, source: Faces, target: Faces) -> Tensor:
        return torch.zeros_like(source.xy[..., 0])

    def affine(self, points: Tensor, source: Faces, target: Faces) -> Tensor:
        return solve_affine_2d(points[..., :2], target.xy)


class TrueDepth(DepthModel):
    """GT depth of table 3: the affine fitted to true depth."""

    needs_depth = True

    def depth(self, source: Faces, target: Faces) -> Tensor:
        if source.z is None:
            raise InputError("gt", "the data set has no true depth", "choose a set with depth, or another model")
        return source.z


@dataclass(frozen=True)
class Recipe:
    """Network and optimizer of a learned model."""

    hidden: tuple[int, ...]
    norm: bool
    optimizer: str  # "nesterov" or "adam"
    learning_rate: float
    batch_size: int
    epochs: int


RECIPES = {
    # Supplement S.1.1. The batch size is not given there.
    "paper": Recipe((256,), False, "nesterov", 1e-3, 128, 500),
    # The authors' released program (architectures/depthnet_shallowd5.py and its experiment scripts), not the paper's.
    "released": Recipe((512, 512, 512, 256, 256, 256, 128), True, "adam", 2e-4, 32, 100),
}


class Factorization(DepthModel):
    """Metric depth in closed form from unlabelled faces (see `geometry.factorization`); not in the paper."""

    n_targets = 1000  # more bring nothing; fewer, and a chance draw of poses shows

    def __init__(self, n_keypoints: int):
        super().__init__(n_keypoints)
        self.register_buffer("targets", torch.zeros(self.n_targets, n_keypoints, 2))

    def fit(self, faces: Faces, generator: torch.Generator) -> None:
        some = torch.randperm(len(faces.xy), generator=generator)
        rounds = -(-self.n_targets // len(some))  # small sets are used more than once
        self.targets = to_unit(faces.xy[some.repeat(rounds)[: self.n_targets]])[0].float()

    def encode(self, faces: Faces) -> Faces:
        z = factorization(faces.xy.double(), self.targets.double())
        return replace(faces, code=(z.to(faces.xy.dtype),))

    def depth(self, source: Faces, target: Faces) -> Tensor:
        return source.code[0]


class SeparateDepthNet(DepthModel):
    """Model 3 (section 2.1): depth and affine are both outputs of the network."""

    trained, n_affine = True, 8

    def __init__(self, n_keypoints: int, recipe: Recipe):
        super().__init__(n_keypoints)
        self.recipe = recipe
        self.net = PairNet(2 * n_keypoints, recipe.hidden, n_keypoints + self.n_affine, recipe.norm)

    def reset(self, generator: torch.Generator) -> None:
        initialise(self.net, generator)
        initialise_output(self.net.tail[-1], self.n_keypoints, generator)

    def encode(self, faces: Faces) -> Faces:
        unit = to_unit(faces.xy)[0].flatten(-2)
        return replace(faces, code=(self.net.source(unit), self.net.target(unit)))

    def output(self, source: Faces, target: Faces) -> tuple[Tensor, Tensor]:
        """Depth (..., N) and affine parameters (..., 8) in unit coordinates."""
        out = self.net(source.code[0], target.code[1])
        return out[..., : self.n_keypoints], out[..., self.n_keypoints :]

    def depth(self, source: Faces, target: Faces) -> Tensor:
        return self.output(source, target)[0] * to_unit(source.xy)[2][..., 0]

    def forward(self, source: Faces, target: Faces) -> Prediction:
        z, m = self.output(source, target)
        (_, centre_s, scale_s), (_, centre_t, scale_t) = to_unit(source.xy), to_unit(target.xy)
        z, m = z * scale_s[..., 0], m.unflatten(-1, (2, 4))
        linear = m[..., :3] * (scale_t / scale_s)
        shift = centre_t.mT + scale_t * m[..., 3:] - linear[..., :2] @ centre_s.mT
        points = torch.cat([source.xy.expand(*z.shape, 2), z[..., None]], -1)
        return Prediction(points, torch.cat([linear, shift], -1))


class TwoStepDepthNet(SeparateDepthNet):
    """Model 5 (section 2.2): trained as model 3; at test time its affine is the closed form on its depths."""

    def forward(self, source: Faces, target: Faces) -> Prediction:
        return super().forward(source, target) if self.training else DepthModel.forward(self, source, target)


class PinvDepthNet(SeparateDepthNet):
    """Model 7 (section 2.3): the network gives depth only; loss and gradient pass through equation 3."""

    n_affine = 0

    def forward(self, source: Faces, target: Faces) -> Prediction:
        return DepthModel.forward(self, source, target)


MODELS: dict[str, Callable[[int, Recipe], DepthModel]] = {
    "affine2d": lambda n, recipe: Affine2D(n),
    "separate": SeparateDepthNet,
    "two-step": TwoStepDepthNet,
    "pinv": PinvDepthNet,
    "gt": lambda n, recipe: TrueDepth(n),
    "factorization": lambda n, recipe: Factorization(n),
}


def build_model(name: str, n_keypoints: int, recipe: Recipe = RECIPES["paper"]) -> DepthModel:
    """A model by its name, not yet trained."""
    if name not in MODELS:
        raise InputError(name, "unknown model", f"choose one of: {', '.join(MODELS)}")
    return MODELS[name](n_keypoints, recipe)


def save_model(path: Path, name: str, model: DepthModel, recipe: Recipe) -> None:
    """Write a model's weights as float16 safetensors, with what is needed to build it again."""
    header = {"model": name, "n_keypoints": model.n_keypoints, "recipe": asdict(recipe)}
    save_tensors(path, half(model.state_dict()), header)


def load_model(name: str, n_keypoints: int = 68) -> DepthModel:
    """A model ready to use: by name with the kit's own weights, or the folder of a training run.

    Raises InputError for an unknown name, missing or foreign weights, and weights of another number of keypoints.
    """
    if name in MODELS and not build_model(name, n_keypoints).state_dict():
        return build_model(name, n_keypoints).eval()
    path = WEIGHTS / f"{name}.safetensors" if name in MODELS else Path(name) / "weights.safetensors"
    if name not in MODELS and not Path(name).is_dir():
        raise InputError(name, "neither a model nor the folder of a run", f"models: {', '.join(MODELS)}")
    tensors, header = load_tensors(path)
    try:
        recipe = Recipe(**header["recipe"] | {"hidden": tuple(header["recipe"]["hidden"])})
        model = build_model(header["model"], header["n_keypoints"], recipe)
        model.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in tensors.items()})
    except (KeyError, TypeError, RuntimeError):
        raise InputError(path, "weights of something else", "train the model again") from None
    if model.n_keypoints != n_keypoints:
        remedy = "train one with depthnets train --data SET, and give its --out folder as the model"
        raise InputError(path, f"was trained on {model.n_keypoints} keypoints, the faces have {n_keypoints}", remedy)
    return model.eval()
