"""Scores of models over several seeds, for tables 2 and 3."""

from ..datasets import KeypointSet
from ..metrics import evaluate
from ..models import MODELS
from .trained import trained

SEEDS = (0, 1, 2)
SCALE = 66  # DepthCorr is given as of the paper's 66 keypoints


def scores(name: str, data: KeypointSet) -> list[dict]:
    """`metrics.evaluate` of a model for each seed; of one where no seed enters, or where a training takes pictures and
    an hour."""
    kind = MODELS[name]
    seeds = SEEDS if kind.trained and not kind.needs_images else SEEDS[:1]
    return [evaluate(trained(name, *MODELS[name].trained_on, seed), data) for seed in seeds]


def depthcorr(one: dict, source: str, target: str = "avg") -> float:
    """DepthCorr of a cell of the pose grid, scaled to 66 keypoints."""
    return one["depthcorr"][source][target] * SCALE / one["n_keypoints"]
