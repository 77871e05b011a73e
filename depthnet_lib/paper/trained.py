"""Trained models for tables and figures: from the kit's weights, else from an earlier run here, else trained now."""

from pathlib import Path

from ..config import WEIGHTS, data_dir
from ..datasets import load
from ..depth_model import DepthModel
from ..errors import InputError
from ..experiments import train_depth_model
from ..files import alone
from ..models import MODELS, TRAINED_AS, build_model, load_weights, recipe_of
from ..training import Run


def trained(name: str, data: str = "anny", pairs: str = "all", seed: int = 0, n_keypoints: int = 68) -> DepthModel:
    """The model ``name`` trained on a set's training split by its "paper" recipe.

    Models of keypoints that nobody has trained yet are trained at once, in minutes, and kept in the data folder. Those
    of pictures take an hour: InputError says how.
    """
    if not (model := build_model(name, n_keypoints)).state_dict():
        return model.eval()
    stem = weights_name(name, data, pairs, seed)
    here = data_dir() / "trained" / stem
    if (kit := WEIGHTS / f"{stem}.safetensors").is_file():
        return load_weights(kit, name, n_keypoints)
    own, record = TRAINED_AS.get(name, name), here / "weights.json"  # a training writes its record last
    if MODELS[name].needs_images and not record.is_file():
        raise InputError(name, f"the kit has no weights trained on {data}", _commands(own, data, pairs, seed, here))
    if not record.is_file():
        with alone(here):  # several figures may want it at once
            if not record.is_file():
                recipe = recipe_of(own)
                run = Run(here, recipe.epochs, seed, resume=True)
                train_depth_model(own, load(f"{data}:train"), recipe, run, pairs)
    return load_weights(here / "weights.safetensors", name, n_keypoints)


def weights_name(name: str, data: str, pairs: str, seed: int) -> str:
    """Name of the weights of a training: plain where it is the model's usual one."""
    own = TRAINED_AS.get(name, name)
    usual = (data, pairs) == MODELS[name].trained_on
    return own + ("" if usual else f"-{data}-{pairs}") + (f"-{seed}" if seed else "")


def _commands(own: str, data: str, pairs: str, seed: int, out: Path) -> str:
    """The lines that train a model of pictures; one with a keypoint twin starts from it (`DepthModel.start_from`)."""
    rest = f"--data {data}:train --pairs {pairs} --seed {seed} --out {_shown(out)}"
    if "laptop" not in MODELS[own].recipes:
        return f"depthnets train {own} {rest}"
    twin = f"depthnets train {own.removesuffix('-cnn')} {rest}-twin"
    return f"{twin} && depthnets train {own} --recipe laptop --start {_shown(out)}-twin {rest}"


def _shown(path: Path) -> str:
    return str(path).replace(str(Path.home()), "~", 1)
