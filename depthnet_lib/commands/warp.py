"""`depthnets warp`: one picture, or a folder in the authors' FaceWarper layout."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError


def warp(
    out: Annotated[Path, typer.Option(help="The picture to write; with --dataset the folder to write to.")],
    image: Annotated[Path | None, typer.Option(help="Source picture.")] = None,
    keypoints: Annotated[Path | None, typer.Option(help='Its keypoints: N lines "x y", in pixels.')] = None,
    depth: Annotated[Path | None, typer.Option(help="Their depth: N lines, larger is nearer.")] = None,
    affine: Annotated[Path | None, typer.Option(help="Affine into the result: 2 lines (m1 m2 m3 tx).")] = None,
    dataset: Annotated[Path | None, typer.Option(help="Folder with source/ keypoints/ depth/ affine/.")] = None,
    processes: Annotated[int, typer.Option(min=1, help="Processes for a folder; worth it from some 500 faces.")] = 1,
    resume: Annotated[bool, typer.Option("--resume", help="Keep results that are newer than their inputs.")] = False,
    dask: Annotated[str | None, typer.Option(help="Address of a Dask scheduler whose workers see DIR.")] = None,
    backend: Annotated[str, typer.Option(help="gl, cpu, or auto: OpenGL where there is one.")] = "auto",
) -> None:
    """Move a face's pixels with its keypoints: the last step of the paper (section 2.1, step 5).

    One picture: --image, --keypoints, --depth and --affine; (0, 0) is the centre of the top-left pixel, the nearest
    part shows where the mesh folds, and outside the mesh the result is transparent. A folder: --dataset; there (0, 0)
    is the top-left corner, a triangles.csv is drawn in its order, and outside the mesh the result is black.
    """
    one = {"--image": image, "--keypoints": keypoints, "--depth": depth, "--affine": affine}
    given = [name for name, path in one.items() if path is not None]
    if dataset is not None:
        if given:
            raise InputError(given[0], "does not go with --dataset", "give a folder or one picture")
        from ..warp.folder import warp_folder
        from ..workers import cluster

        with cluster(dask) if dask else nullcontext() as executor:
            results = warp_folder(dataset, out, backend, processes, resume, executor)
        print(f"{len(results)} pictures in {out}")
        return
    if missing := [name for name in one if name not in given]:
        raise InputError("warp", f"{', '.join(missing)} missing", "give all four files, or --dataset")
    from ..warp.folder import warp_picture

    warp_picture(image, keypoints, depth, affine, out, backend)
    print(out)
