"""Table 2: DepthCorr by source and target pose, of DepthNet without and with the adversarial loss, and beyond it."""

from matplotlib.figure import Figure

from ..datasets.base import POSES
from . import Plate
from .frame import test_sets
from .seeds import SEEDS, depthcorr, scores
from .tables import Table, mean_std

DATA = ("anny", "ict", "aflw2000")
MODELS = {"pinv": "DepthNet", "pinv-gan": "DepthNet + GAN", "metric": "metric (no labels)"}
PAPER = {  # on 3DFAW
    "pinv": ((24.67, 27.71, 29.70, 27.36), (25.54, 27.22, 26.19, 26.32), (21.66, 21.48, 23.87, 22.34)),
    "pinv-gan": ((59.78, 59.67, 59.63, 59.69), (58.77, 58.67, 58.61, 58.68), (59.97, 59.70, 59.60, 59.76)),
}
CELLS = (*POSES, "avg")


def make(id: str, data: tuple[str, ...]) -> Plate:
    """Rows: data and source pose; columns: model and target pose. Trained on anny:train, the other sets unseen."""
    sets, notes = test_sets(data)
    numbers, rows = {"paper, 3DFAW": PAPER}, []
    for name, faces in sets.items():
        if faces.z is None or faces.pose is None:
            notes.append(f"no rows for {name}: it has no true depth or no poses")
            continue
        runs = {model: scores(model, faces) for model in MODELS}
        numbers[name] = {
            model: {s: {t: [depthcorr(run, s, t) for run in seeds] for t in CELLS} for s in POSES}
            for model, seeds in runs.items()
        }
        for s in POSES:
            cells = [mean_std(numbers[name][model][s][t], 1) for model in MODELS for t in CELLS]
            rows.append([f"{faces.name}, source {s}", *cells])
    for s, *both in zip(POSES, *PAPER.values(), strict=True):
        ours = [""] * len(CELLS) * (len(MODELS) - len(PAPER))
        rows.append([f"paper, 3DFAW, source {s}", *(f"{v:.1f}" for model in both for v in model), *ours])
    heads = [t.capitalize() for t in CELLS] * len(MODELS)
    table = Table(["DepthCorr of 66", *heads], rows, [(label, len(CELLS)) for label in MODELS.values()])
    notes.append(f"mean ± standard deviation over {len(SEEDS)} seeds; 68 keypoints, the sum scaled to 66")
    figure = Figure(figsize=table.inches(), layout="constrained")
    table.draw(figure.subplots())
    return Plate(numbers, figure, table.markdown(), notes)
