"""depthnets train"""

from pathlib import Path
from typing import Annotated

import typer


def train(
    model: Annotated[
        str, typer.Argument(help="pinv, separate, factorization ...; rcn; repair-background, -swap, -extreme.")
    ],
    data: Annotated[str, typer.Option(help="Data set: a name such as anny:train, or an .npz with xy (M, N, 2).")],
    out: Annotated[Path, typer.Option(help="Folder of the run: weights, their json, metrics.csv, loss.png.")],
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the faces; default: the recipe's.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Pairs a step; default: the recipe's.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="The same seed gives the same numbers.")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run that --out holds.")] = False,
    minutes: Annotated[float | None, typer.Option(min=0.01, help="Stop after so many minutes of training.")] = None,
    pairs: Annotated[str, typer.Option(help="all: any two faces; identity: two of one person.")] = "all",
    start: Annotated[
        str | None, typer.Option(help="Begin with the weights of a run; image models also with their keypoint twin's.")
    ] = None,
    precision: Annotated[
        str, typer.Option(help="rcn, repair: bf16-mixed is faster where the machine has bfloat16, and learns as well.")
    ] = "32-true",
    recipe: Annotated[
        str | None,
        typer.Option(help="Depth: paper (S.1.1), released (the authors'), laptop (images). Repair: laptop, paper."),
    ] = None,
) -> None:
    """Train a model on a data set. Ctrl-C keeps a checkpoint; --resume goes on to the same final numbers.

    Example: depthnets train pinv --data anny:train --out runs/pinv
    """
    from dataclasses import replace

    from ..datasets import load
    from ..errors import InputError
    from ..experiments import train_depth_model
    from ..models import recipe_of
    from ..repair_training import TRAINED, train_repair
    from ..training import Run

    if model == "rcn":
        from ..keypoint_scores import table_lines
        from ..rcn_training import BATCH_SIZE, EPOCHS, score_run, train_rcn

        run = Run(out, epochs or EPOCHS, seed, minutes, resume, precision=precision)
        faces = load(data)
        train_rcn(faces, run, batch_size or BATCH_SIZE)
        print(f"weights in {out / 'weights.safetensors'}")
        if faces.layout.n == 68:
            print("\n".join(table_lines(score_run(out))))
        return
    if model in TRAINED:
        train_repair(
            model,
            data,
            out,
            epochs,
            batch_size,
            seed,
            resume,
            minutes,
            recipe or "laptop",
            precision,
            start and Path(start),
        )
        return
    if pairs not in ("all", "identity"):
        raise InputError(f"--pairs {pairs}", "unknown", "choose all or identity")
    chosen = recipe_of(model, recipe)
    chosen = replace(chosen, epochs=epochs or chosen.epochs, batch_size=batch_size or chosen.batch_size)
    run = Run(out, chosen.epochs, seed, minutes, resume)
    record = train_depth_model(model, load(data), chosen, run, pairs, start)
    if "note" in record:
        print(record["note"])
    scores = record["scores"]
    print(f"weights in {out / 'weights.safetensors'}")
    if scores:
        print(f"on {scores['data']}: MSE {scores['mse']['mean'] * 1e5:.2f}e-5 over {scores['pairs']:,} pairs")
