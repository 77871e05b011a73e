"""depthnets depth"""

from pathlib import Path
from typing import Annotated

import typer


def depth(
    source: Annotated[Path, typer.Option(help='Keypoints of the source face: N lines "x y", or .pts, .csv, .json.')],
    target: Annotated[Path, typer.Option(help="Keypoints of the face that the source is to be laid on.")],
    out: Annotated[Path, typer.Option(help="Folder for depth.txt and affine.txt.")],
    model: Annotated[str, typer.Option(help="A model by name, or the folder of a training run.")] = "pinv",
) -> None:
    """Depth of a face's keypoints, and the affine that lays them on another face (sections 2.1 to 2.3).

    depth.txt has N lines, in pixels of the source, larger is nearer; affine.txt the two lines "m1 m2 m3 tx" and
    "m4 m5 m6 ty" of equation 1. Both are what `depthnets warp` takes. pinv's depth is good for warping onto the target
    and free in scale and tilt; the depth of factorization is also true to a turned head.

    Example: depthnets depth --source me.txt --target you.txt --out out
    """
    from ..errors import InputError
    from ..keypoints import read_points, write_affine, write_depth
    from ..models import load_model
    from ..pipeline import predict

    x_s = read_points(source)
    x_t = read_points(target, len(x_s))
    loaded = load_model(model, len(x_s))
    if loaded.needs_images or model == "gt":
        raise InputError(model, "needs more than keypoints", "choose a model of keypoints, such as pinv")
    z, m = predict(loaded, x_s[None], x_t[None])
    write_depth(out / "depth.txt", z[0])
    write_affine(out / "affine.txt", m[0])
    typer.echo(f"{out / 'depth.txt'}\n{out / 'affine.txt'}")
