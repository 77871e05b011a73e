"""`depthnets frontalize`: a face turned to the viewer."""

from pathlib import Path
from typing import Annotated, Literal

import typer


def frontalize(
    photo: Annotated[Path, typer.Argument(help="A photo with a face; the largest counts.")],
    out: Annotated[Path, typer.Option(help="The picture to write.")],
    mesh: Annotated[
        Literal["keypoints", "dense", "head"],
        typer.Option(help="What carries the texture: the paper's 68 points, a smooth mesh, or a fitted full head."),
    ] = "dense",
    fill: Annotated[
        bool, typer.Option("--fill/--no-fill", help="Take hidden skin from the other half of the face.")
    ] = True,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Hair and background bent to fit, then CycleGAN (figure 4); 68 points, filled."),
    ] = False,
) -> None:
    """Turn the face of a photo to the viewer (section 3.3), cropped, transparent around it (white in a .jpg).

    Depth comes from `factorization`: metric, from unlabelled faces alone. --mesh keypoints --no-fill is the paper's
    way, whose far side is stretched where the photo did not see it. Its metadata say that it is synthetic.
    """
    from ..images import SYNTHETIC, write_image
    from ..pipeline import frontalize, read_portrait, repair_frontal
    from ..warp.export import on_white

    portrait = read_portrait(photo)
    picture = repair_frontal(portrait)[0].image if repair else frontalize(portrait, mesh, fill).face
    write_image(out, on_white(picture) if out.suffix.lower() in (".jpg", ".jpeg") else picture, SYNTHETIC)
    print(out)
