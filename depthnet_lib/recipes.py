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


@dataclass(frozen=True)
class MetricRecipe(Recipe):
    """How the network of `metric.MetricDepth` learns, in epochs of 100 steps however many faces there are.

    ``teacher`` whose depth it learns at first, a name of `metric.TEACHERS`; ``lesson`` the share of the run that this
    takes, the rest being the loss of section 2.3 with ``rigidity`` as weight of that term, each source with
    ``n_targets`` targets; ``mirror`` whether the network is made to treat a face and its mirror image alike.
    """

    teacher: str = "shapes"
    lesson: float = 1.0
    rigidity: float = 0.02
    n_targets: int = 8
    mirror: bool = True


# Supplement S.1.1. Its coordinates are pixels and its batch size is not given. The learning rates are chosen as there:
# of 0.01, 0.001 and 0.0001, the one with the lowest training loss after nine epochs.
RECIPES = {
    "paper": Recipe((256,), False, "nesterov", 1e-4, 128, 500),
    # The authors' released program (architectures/depthnet_shallowd5.py and its experiment scripts), not the paper's.
    "released": Recipe((512, 512, 512, 256, 256, 256, 128), True, "adam", 2e-4, 32, 100, coordinates="image"),
}
PINV_RECIPES = RECIPES | {"paper": replace(RECIPES["paper"], learning_rate=1e-2)}
# With pictures: 500 epochs take hours on two cores. "laptop" is meant to start from the trained keypoint twin
# (`DepthModel.start_from`); its batch is all pairs of four people who have eight pictures each.
CNN_RECIPES = {
    "paper": Recipe((2048, 512, 256), False, "nesterov", 1e-4, 1024, 500),
    "laptop": Recipe((2048, 512, 256), False, "adam", 2e-4, 224, 2, cooldown=0.5),
}
PINV_CNN_RECIPES = CNN_RECIPES | {"paper": replace(CNN_RECIPES["paper"], learning_rate=1e-3)}
# The paper gives no settings for the models that are trained against a critic.
GAN_RECIPES = {"paper": Recipe((256,), False, "adam", 2e-4, 256, 40, momentum=0.5, cooldown=0.5)}
AIGN_RECIPES = {"paper": Recipe((), False, "adam", 2e-4, 128, 12, momentum=0.5, cooldown=0.5)}
MOFA_RECIPES = {"paper": Recipe((512,), False, "adam", 5e-4, 64, 40, cooldown=0.5)}
METRIC_RECIPES = {"full": MetricRecipe((512, 512, 256), True, "adam", 1e-3, 128, 25)}
ORACLE_RECIPES = {"paper": replace(METRIC_RECIPES["full"], teacher="truth")}
