"""`depthnets swap`: one person's face on another's geometry and background."""

from pathlib import Path
from typing import Annotated, Literal

import typer


def swap(
    source: Annotated[Path, typer.Argument(help="Photo whose face is taken.")],
    target: Annotated[Path, typer.Argument(help="Photo that it is put into, on the face there.")],
    out: Annotated[Path, typer.Option(help="The picture to write.")],
    model: Annotated[str, typer.Option(help="Model that gives depth and affine.")] = "factorization",
    blend: Annotated[
        Literal["poisson", "feather", "plain"],
        typer.Option(help="Seam and colour: gradients kept, colours matched and faded, or cut out (the paper's)."),
    ] = "poisson",
    mesh: Annotated[
        Literal["keypoints", "dense", "head"],
        typer.Option(help="What carries the texture: the paper's 68 points, a smooth mesh, or a fitted full head."),
    ] = "dense",
    fill: Annotated[
        bool, typer.Option("--fill/--no-fill", help="Take hidden skin from the other half of the face.")
    ] = True,
    repair: Annotated[
        bool, typer.Option("--repair", help="Poisson blended, then CycleGAN (figure 5); needs no other option.")
    ] = False,
) -> None:
    """Put the face of SOURCE on the geometry of the face in TARGET (section 3.3, figure 5).

    One affine brings the source's keypoints, with their depth, as close as it can to the target's; the expression
    stays the source's. Of the source and its mirror image the one closer in pose is used. Its metadata say that it
    is synthetic. Do this with pictures of people who agreed to it, and say what it is where you show it.
    """
    from ..images import SYNTHETIC, read_image, write_image
    from ..keypoints import find_face
    from ..pipeline import Portrait, metric_depth, repair_swap, swap_face

    pictures = [read_image(path) for path in (source, target)]
    x_s, x_t = (find_face(image, name=path).points for image, path in zip(pictures, (source, target), strict=True))
    portrait = Portrait(pictures[0], x_s, metric_depth(x_s))
    if repair:
        picture = repair_swap(portrait, pictures[1], x_t)
    else:
        picture = swap_face(portrait, pictures[1], x_t, model, mesh, fill, blend)[0]
    write_image(out, picture, SYNTHETIC)
    print(out)
