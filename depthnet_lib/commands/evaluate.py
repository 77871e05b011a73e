"""depthnets evaluate"""

from pathlib import Path
from typing import Annotated

import typer


def evaluate(
    model: Annotated[
        str, typer.Argument(help="Name of a model with the kit's weights, the folder of a run, dlib or rcn.")
    ],
    data: Annotated[
        str, typer.Option(help="A name such as anny:test, or an .npz with xy and z. Of dlib and rcn also: all.")
    ],
    pairs: Annotated[str, typer.Option(help="all: ordered pairs of different faces; identity: of one person.")] = "all",
    json: Annotated[Path | None, typer.Option(help="Write all scores to this file.")] = None,
) -> None:
    """Score a model: keypoint MSE over pairs of faces, and of its depth DepthCorr and what lies beyond pose.

    Example: depthnets evaluate pinv --data anny:test --json scores.json
    """
    import torch

    from ..datasets import load
    from ..files import write_json
    from ..metrics import evaluate as score
    from ..models import load_model

    if model in ("dlib", "rcn"):
        _evaluate_detector(model, data, json)
        return
    torch.set_num_threads(1)  # small matrices: more threads only wait for each other
    faces = load(data)
    scores = {"model": model, "data": data, **score(load_model(model, faces.xy.shape[1]), faces, pairs, progress=True)}
    if json:
        write_json(json, scores)
    typer.echo("\n".join(_report(scores)))


def _evaluate_detector(detector: str, data: str, json: Path | None) -> None:
    """Errors of a keypoint detector, beside dlib's, on the pictures of one set or of all for comparison."""
    from ..datasets import load
    from ..files import write_json
    from ..keypoint_scores import reference_table, score_detectors, table_lines

    detectors = {name: name for name in dict.fromkeys((detector, "dlib"))}
    table = reference_table(detectors) if data == "all" else {data: score_detectors(load(data), detectors)}
    if json:
        write_json(json, {"model": detector, "data": data, "scores": table})
    typer.echo("\n".join(table_lines(table)))


def _report(s: dict) -> list[str]:
    n, times = s["n_keypoints"], 1e5
    lines = [f"{s['model']} on {s['data']}: {s['pairs']:,} pairs of {n} keypoints, {s['seconds']:.2f} s"]
    lines += [
        f"  MSE (x 1e-5)      {s['mse']['mean'] * times:.2f} ± {s['mse']['std'] * times:.2f}"
        f"   (2D affine {s['affine2d_mse'] * times:.2f}, best depth of each pair {s['optimum_mse'] * times:.2f})"
    ]
    if s["mse_norm"] is not None:
        lines.append(f"  MSE_norm          {s['mse_norm']:.2f} % of the interocular distance")
    if s["depthcorr_all"] is None:
        return [*lines, "  no true depth in this set: no depth scores"]
    lines.append(f"  DepthCorr of {n}   {s['depthcorr_all']:.2f} over all pairs")
    for source, row in s["depthcorr"].items():
        cells = "  ".join(f"{target} {value:.2f}" for target, value in row.items())
        lines.append(f"    source {source:<6} to  {cells}")
    face = s["per_face_r"]
    lines += [
        f"  correlation a face: median {face['median']:.3f}, 10% below {face['p10']:.3f}, "
        f"wrong sign {100 * face['negative_fraction']:.1f} %",
        f"  identity score    {s['identity_r']:.3f}   ({s['gauge_free_r']:.3f} after each face's best gauge)",
    ]
    return lines
