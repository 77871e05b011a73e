"""What each part of `metric` brings: trained without it, five seeds each, mean and worst. Not in the paper.

The runs take an hour on two cores, so their scores are kept (figures/ablation/runs.json); a run that is missing there
is trained at once. To measure all of them anew, delete that file.
"""

import json
import tempfile
from dataclasses import replace
from pathlib import Path

from matplotlib.figure import Figure
from tqdm.auto import tqdm

from ..config import FIGURES, data_dir
from ..datasets import KeypointSet, load
from ..datasets.base import POSES
from ..depth_model import DepthModel
from ..experiments import train_depth_model
from ..files import write_json
from ..metrics import evaluate
from ..models import load_model
from ..recipes import METRIC_RECIPES
from ..training import Run
from . import Plate
from .frame import test_sets
from .seeds import depthcorr
from .tables import Table
from .trained import trained

DATA = ("anny", "ict")  # trained on the first, the second unseen
SEEDS = (0, 1, 2, 3, 4)
FACES, EPOCHS = 2000, 8  # of a short training
FULL = METRIC_RECIPES["full"]
PARTS = {
    "metric": FULL,
    "taught by one shared head": replace(FULL, teacher="head"),
    "taught by factorization": replace(FULL, teacher="factorization"),
    "not made mirror-symmetric": replace(FULL, mirror=False),
    "then section 2.3 with rigidity": replace(FULL, lesson=0.6),
    "then section 2.3 alone": replace(FULL, lesson=0.6, rigidity=0.0),
    "no teacher, rigidity only": replace(FULL, lesson=0.0),
    "no teacher, no rigidity": replace(FULL, lesson=0.0, rigidity=0.0),
}
WHOLE = "metric, all faces, 25 epochs"
SHOWN = {  # column -> (key of a run's scores, digits, whether more is better)
    "DepthCorr": ("depthcorr", 1, True),
    "r of a face": ("r", 3, True),
    "wrong sign": ("wrong_sign", 2, False),
    "identity": ("identity", 2, True),
    "MSE x 1e5": ("mse", 2, False),
}


def make(id: str, data: tuple[str, ...]) -> Plate:
    """A row for each part left out, a group of columns for each set: mean over seeds, and the worst of them."""
    sets, notes = test_sets(data)
    file = (FIGURES if data == DATA else data_dir() / "trained") / "ablation/runs.json"
    numbers = _measured(file, data[0], sets)
    rows = [
        [part, *(c for name in sets for c in _cells([run[name] for run in runs]))] for part, runs in numbers.items()
    ]
    head = [column for _ in sets for column in SHOWN]
    table = Table(
        ["", *head],
        rows,
        [(f"{faces.name}: mean (worst) of {len(SEEDS)} seeds", len(SHOWN)) for faces in sets.values()],
    )
    figure = Figure(figsize=table.inches(), layout="constrained")
    table.draw(figure.subplots())
    notes += [
        f"all but the first row: {EPOCHS} epochs of 100 steps on {FACES:,} faces of {data[0]}:train",
        "DepthCorr of 66, mean over the source's poses; worst: of the worst pose in the worst seed",
        "r of a face: median over faces; wrong sign: share of faces; identity: as in table 3",
    ]
    return Plate(numbers, figure, table.markdown(), notes)


def _measured(file: Path, name: str, sets: dict[str, KeypointSet]) -> dict[str, list[dict]]:
    """part -> for each seed the scores on each set; runs that the file does not hold are trained and put there."""
    known = json.loads(file.read_text()) if file.is_file() else {}
    todo = [
        (part, seed)
        for part in (WHOLE, *PARTS)
        for seed in SEEDS
        if set(sets) - set(known.get(part, {}).get(str(seed), ()))
    ]
    for part, seed in tqdm(todo, "trainings", disable=not todo):
        model = trained("metric", name, seed=seed) if part == WHOLE else _short(part, name, seed)
        known.setdefault(part, {})[str(seed)] = {set_: _scores(model, faces) for set_, faces in sets.items()}
        write_json(file, known)
    return {part: [known[part][str(seed)] for seed in SEEDS] for part in (WHOLE, *PARTS)}


def _short(part: str, name: str, seed: int) -> DepthModel:
    train = load(f"{name}:train")
    some = replace(train[: min(FACES, len(train))], name=f"{name}, {FACES} faces")  # not scored by the training
    with tempfile.TemporaryDirectory() as folder:
        train_depth_model("metric", some, PARTS[part], Run(Path(folder), EPOCHS, seed, progress=False))
        return load_model(folder, train.xy.shape[1])


def _scores(model: DepthModel, faces: KeypointSet) -> dict:
    found = evaluate(model, faces)
    return {
        "depthcorr": [depthcorr(found, pose) for pose in POSES],
        "r": found["per_face_r"]["median"],
        "wrong_sign": found["per_face_r"]["negative_fraction"],
        "identity": found["identity_r"],
        "mse": 1e5 * found["mse"]["mean"],
    }


def _cells(runs: list[dict]) -> list[str]:
    cells = []
    for key, digits, more in SHOWN.values():
        values = [run[key] for run in runs]
        if key == "depthcorr":
            values, worst = [sum(v) / len(v) for v in values], min(map(min, values))
        else:
            worst = min(values) if more else max(values)
        cells.append(f"{sum(values) / len(values):.{digits}f} ({worst:.{digits}f})")
    return cells
