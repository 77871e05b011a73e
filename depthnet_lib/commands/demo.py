"""depthnets demo"""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    photo: Annotated[Path | None, typer.Argument(help="A photo with a face; default: an astronaut.")] = None,
    target: Annotated[Path | None, typer.Option(help="Another photo, whose pose and geometry to take on.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("out/demo"),
) -> None:
    """A photo in, a turned head out: keypoints, depth, and the face from other sides.

    Writes sweep.png (the face turned by angles, and onto the poses of another head), turn.gif, depth.png, head.glb
    (a textured mesh for any 3D viewer) and result.json; with --target also target.png.
    """
    from ..demo import run_demo

    for path in run_demo(photo, target, out):
        print(path)
