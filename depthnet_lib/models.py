"""Every model by its name: built, saved, loaded."""

from pathlib import Path

from .adversarial import PinvGAN
from .baselines.aign import AIGN
from .baselines.closed_form import Affine2D, Factorization, Optimum, Shapes, TrueDepth
from .baselines.mofa import MOFA
from .baselines.template import PosedTemplate, Template
from .checkpoints import compact, expand, load_tensors, save_tensors
from .config import WEIGHTS
from .depth_model import DepthModel, Faces, Prediction
from .depthnets import PinvCNN, PinvDepthNet, SeparateCNN, SeparateDepthNet, TwoStepCNN, TwoStepDepthNet
from .errors import InputError
from .metric import MetricDepth, Oracle
from .recipes import RECIPES, Recipe

__all__ = [
    "MODELS",
    "RECIPES",
    "DepthModel",
    "Faces",
    "Prediction",
    "Recipe",
    "build_model",
    "load_model",
    "save_model",
]

MODELS: dict[str, type[DepthModel]] = {
    "affine2d": Affine2D,
    "template": Template,
    "separate": SeparateDepthNet,
    "separate-cnn": SeparateCNN,
    "two-step": TwoStepDepthNet,
    "two-step-cnn": TwoStepCNN,
    "pinv": PinvDepthNet,
    "pinv-cnn": PinvCNN,
    "pinv-gan": PinvGAN,
    "aign": AIGN,
    "mofa": MOFA,
    "gt": TrueDepth,
    "posed-template": PosedTemplate,
    "optimum": Optimum,
    "factorization": Factorization,
    "shapes": Shapes,
    "metric": MetricDepth,
    "oracle": Oracle,
}
# Models whose network another one trains: section 2.2 is section 2.1 until test time.
TRAINED_AS = {"two-step": "separate", "two-step-cnn": "separate-cnn"}


def recipe_of(name: str, recipe: str | None = None) -> Recipe:
    """The settings of a model by both names; its first, usually the paper's, without the second."""
    if name not in MODELS:
        raise InputError(name, "unknown model", f"choose one of: {', '.join(MODELS)}")
    known = MODELS[name].recipes
    recipe = recipe or next(iter(known))
    if recipe not in known:
        raise InputError(f"--recipe {recipe}", f"unknown for {name}", f"choose one of: {', '.join(known)}")
    return known[recipe]


def build_model(name: str, n_keypoints: int, recipe: Recipe | None = None) -> DepthModel:
    """A model by its name, not yet trained; without a recipe, with the model's first one."""
    recipe = recipe or recipe_of(name)
    return MODELS[name](n_keypoints, recipe)


def save_model(path: Path, name: str, model: DepthModel) -> None:
    """Write a model's weights as small safetensors (`checkpoints.compact`), with what is needed to build it again."""
    header = {"model": name, "n_keypoints": model.n_keypoints, "recipe": model.recipe.to_json()}
    save_tensors(path, compact(model.state_dict()), header)


def load_model(name: str, n_keypoints: int = 68) -> DepthModel:
    """A model ready to use: by name with the kit's own weights, or the folder of a training run.

    Raises InputError for an unknown name, missing or foreign weights, and weights of another number of keypoints.
    """
    if name in MODELS:
        if not build_model(name, n_keypoints).state_dict():
            return build_model(name, n_keypoints).eval()
        return load_weights(WEIGHTS / f"{TRAINED_AS.get(name, name)}.safetensors", name, n_keypoints)
    if not Path(name).is_dir():
        raise InputError(name, "neither a model nor the folder of a run", f"models: {', '.join(MODELS)}")
    return load_weights(Path(name) / "weights.safetensors", None, n_keypoints)


def load_weights(path: Path, name: str | None = None, n_keypoints: int = 68) -> DepthModel:
    """The model whose weights are in a file; with a name, those weights as that model's (see TRAINED_AS)."""
    tensors, header = load_tensors(path)
    try:
        name = name or header["model"]
        if name not in MODELS:
            raise KeyError(name)
        recipe = type(recipe_of(name)).from_json(header["recipe"])
        model = build_model(name, header["n_keypoints"], recipe)
        model.load_state_dict(expand(tensors))
    except (KeyError, TypeError, RuntimeError):
        raise InputError(path, "weights of something else", "train the model again") from None
    if model.n_keypoints != n_keypoints:
        remedy = "train one with depthnets train --data SET, and give its --out folder as the model"
        raise InputError(path, f"was trained on {model.n_keypoints} keypoints, the faces have {n_keypoints}", remedy)
    return model.eval()
