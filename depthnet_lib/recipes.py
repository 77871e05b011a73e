"""Named settings of network and optimizer: what the paper says, and what the authors' released program does."""

from dataclasses import asdict, dataclass, replace


@dataclass(frozen=True)
class Recipe:
    """Network and optimizer of a learned model.

    ``hidden`` layer widths; ``norm`` batch normalisation before each non-linearity; ``optimizer`` "nesterov" or "adam",
    with ``momentum`` (Adam's beta_1); ``cooldown`` the share of the run over whose end the learning rate falls to zero;
    ``coordinates`` that the network sees and in which the error counts: "unit" (each face centred, of unit spread) or
    "image" (as they come, the picture's side being 1).
    """

    hidden: tuple[int, ...]
    norm: bool
    optimizer: str
    learning_rate: float
    batch_size: int
    epochs: int
    momentum: float = 0.9
    cooldown: float = 0.0
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
    "released": Recipe((512, 512, 512, 256, 256, 256, 128), True, "adam", 2e-4, 32, 100, coordinates="image"),
}
# Of the three rates that the paper tried over a few epochs, this one trains this model best in unit coordinates.
PINV_RECIPES = RECIPES | {"paper": replace(RECIPES["paper"], learning_rate=1e-2)}
CNN_RECIPES = {"paper": Recipe((2048, 512, 256), False, "nesterov", 1e-3, 1024, 40)}
# The paper gives no settings for the models that are trained against a critic.
GAN_RECIPES = {"paper": Recipe((256,), False, "adam", 2e-4, 256, 100, momentum=0.5, cooldown=0.5)}
AIGN_RECIPES = {"paper": Recipe((), False, "adam", 2e-4, 128, 60, momentum=0.5, cooldown=0.5)}
