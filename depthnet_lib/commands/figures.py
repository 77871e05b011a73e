"""depthnets figures"""

from pathlib import Path
from typing import Annotated

import typer


def figures(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID...]", help="Such as table1 fig2; all.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="Only list the ids, and what each shows.")] = False,
    data: Annotated[list[str] | None, typer.Option(help="Only on this set; may be given more than once.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write to; default: figures/ of the clone.")] = None,
) -> None:
    """Make the paper's tables and figures on data that this machine has, the paper's numbers beside.

    Each goes to its own folder: ID.png, ID.pdf, ID.json with every plotted number, tables also as ID.md. What cannot
    be made, for want of a data set or of weights, is named with the reason at the end; the rest is made.

    Example: depthnets figures table2 table3 --data anny
    """
    from ..errors import InputError
    from ..paper import MANIFEST

    if list_:
        width = max(map(len, MANIFEST))
        typer.echo("\n".join(f"{id:<{width}}  {title}" for id, (_, title) in MANIFEST.items()))
        return
    if unknown := [id for id in ids or () if id not in MANIFEST]:
        raise InputError(unknown[0], "no such table or figure", f"choose from: {', '.join(MANIFEST)}")

    import torch

    from ..config import FIGURES
    from ..paper.frame import produce

    torch.set_num_threads(1)  # small matrices: more threads only wait for each other
    done = []
    for id in ids or MANIFEST:
        status = produce(id, data or (), out or FIGURES)
        done.append(status)
        typer.echo(
            f"{id:<10}  {'not made' if status.reason else 'made':<8}  {status.seconds:6.1f} s  {' '.join(status.data)}"
        )
    if failed := [status for status in done if status.reason]:
        reasons = "; ".join(f"{status.id}: {status.reason}" for status in failed)
        raise InputError("figures", f"{len(failed)} of {len(done)} not made", reasons)
