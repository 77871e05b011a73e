"""depthnets figures"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ..paper.frame import Status


def figures(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID...]", help="Such as table1 fig2; all.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="Only list the ids, what each shows and needs.")] = False,
    data: Annotated[list[str] | None, typer.Option(help="Only on this set; may be given more than once.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write to, whatever the numbers.")] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Commit to the new numbers, also where they differ.")
    ] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
) -> None:
    """Make the paper's tables and figures on data that this machine has, and compare with the kit's own numbers.

    Each goes to figures/ID/: ID.png, ID.pdf, ID.json with every plotted number, tables also as ID.md; figures/README.md
    shows all. What differs from the committed numbers, what lacks a data set, and what is made on other data (--data)
    goes to out/figures instead. What cannot be made, for want of data or weights, is named with the reason.

    Example: depthnets figures table2 table3 --data anny
    """
    from ..errors import InputError
    from ..paper import MANIFEST

    if list_:
        typer.echo("\n".join(_listed()))
        return
    if unknown := [id for id in ids or () if id not in MANIFEST]:
        raise InputError(unknown[0], "no such table or figure", f"choose from: {', '.join(MANIFEST)}")
    from ..config import FIGURES, ROOT
    from ..paper.index import write_index
    from ..paper.summary import update_readme

    done = []
    typer.echo(f"{'id':<10}  {'result':<8}  {'seconds':>7}  data")
    for status in _produced(ids or list(MANIFEST), (data or (), out, accept), jobs):
        done.append(status)
        line = f"{status.id:<10}  {status.result:<8}  {status.seconds:7.1f}  {' '.join(status.data)}"
        typer.echo(line + (f"  ({status.reason})" if status.reason else ""))
    for folder in {status.stem.parent.parent for status in done if status.stem}:
        write_index(folder)
        if folder == FIGURES:
            update_readme(ROOT / "README.md", FIGURES)
        typer.echo(f"see {folder / 'README.md'}")
    if failed := [status.id for status in done if status.result in ("differs", "not made")]:
        raise InputError("figures", f"{len(failed)} of {len(done)} differ or were not made", ", ".join(failed))


def _listed() -> Iterator[str]:
    from importlib import import_module

    from .. import paper
    from ..paper.readings import READINGS

    for id, (name, title) in paper.MANIFEST.items():
        module, reading = import_module(f".{name}", paper.__name__), READINGS[id]
        needs = f"data {' '.join(module.DATA)}; weights {' '.join(reading.weights) or 'none'}"
        yield f"{id:<10}  {title}\n{'':<12}paper/{name}.py; {needs}; tolerance {reading.tolerance:g}"


def _produced(ids: list[str], how: tuple, jobs: int) -> Iterator["Status"]:
    """In order, by several processes where there is more than one to make."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    if jobs == 1 or len(ids) == 1:
        yield from (_produce(id, *how) for id in ids)
        return
    with ProcessPoolExecutor(min(jobs, len(ids)), get_context("spawn")) as pool:  # OpenGL does not survive a fork
        yield from pool.map(_produce, ids, *([value] * len(ids) for value in how))


def _produce(id: str, data: list[str], out: Path | None, accept: bool) -> "Status":
    import torch

    from ..paper.frame import produce

    torch.set_num_threads(1)  # small matrices: more threads only wait for each other
    return produce(id, data, out, accept)
