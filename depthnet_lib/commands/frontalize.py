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
) -> None:
    """Turn the face of a photo to the viewer (section 3.3), cropped, transparent around it (white in a .jpg).

    Depth comes from `factorization`: metric, from unlabelled faces alone. --mesh keypoints --no-fill is the paper's
    way, whose far side is stretched where the photo did not see it.
    """
    from ..images import write_image
    from ..pipeline import frontalize, read_portrait
    from ..warp.export import on_white

    face = frontalize(read_portrait(photo), mesh, fill).face
    write_image(out, on_white(face) if out.suffix.lower() in (".jpg", ".jpeg", ".bmp") else face)
    print(out)
