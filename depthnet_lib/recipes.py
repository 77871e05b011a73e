"""Named settings of network and optimizer: what the paper says, and what the authors' released program does."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Recipe:
    """Network and optimizer of a learned model.

    ``hidden`` layer widths; ``norm`` batch normalisation before each non-linearity; ``optimizer`` "nesterov" (momentum
    0.9) or "adam"; ``coordinates`` that the network sees and in which the error counts: "unit" (each face centred, of
    unit spread) or "image" (as they come, the picture's side being 1).
    """

    hidden: tuple[int, ...]
    norm: bool
    optimizer: str
    learning_rate: float
    batch_size: int
    epochs: int
    coordinates: str = "unit"

    def to_json(self) -> dict:
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict) -> "Recipe":
        return cls(**values | {"hidden": tuple(values["hidden"])})


RECIPES = {
    # Supplement S.1.1; the batch size is not given there, and its coordinates are pixels.
    "paper": Recipe((256,), False, "nesterov", 1e-3, 128, 500),
    # The authors' released program (architectures/depthnet_shallowd5.py and its experiment scripts), not the paper's.
    "released": Recipe((512, 512, 512, 256, 256, 256, 128), True, "adam", 2e-4, 32, 100, "image"),
}
