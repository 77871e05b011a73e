"""`depthnets data list | get | check`: which faces there are, which of them are here, and whether they are whole."""

from pathlib import Path
from textwrap import fill
from typing import Annotated

import typer

data = typer.Typer(help="Data sets: what each is and may be used for, how to get it, and whether it is whole.")
Name = Annotated[str, typer.Argument(help="A name that `depthnets data list` prints.")]


@data.command("list")
def list_() -> None:
    """Print every data set: faces, licence, whether it is on this machine, and how to get it.

    Models train on the embedded heads at once; the other sets are what the paper and its critics measured on.
    """
    from ..datasets.cards import CARDS
    from ..datasets.store import state

    for card in CARDS.values():
        if card.embedded:
            how = "nothing to do"
        elif card.url:
            how = f"depthnets data get {card.name} --accept-licence, or --from PATH"
        else:
            how = f"ask at {card.page}, then depthnets data get {card.name} --from PATH"
        rows = {"": card.title, "faces": card.faces, "depth": card.depth, "licence": card.licence, "get": how}
        print(f"{card.name:10s}{state(card)}")
        for key, value in rows.items():
            print(fill(value, 110, initial_indent=f"  {key:8s}", subsequent_indent=" " * 10, break_on_hyphens=False))


@data.command()
def get(
    name: Name,
    source: Annotated[
        Path | None, typer.Option("--from", help="The folder, archive or file that you brought; it stays where it is.")
    ] = None,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="You read the licence and accept it: download.")
    ] = False,
) -> None:
    """Download a data set that has a public address, or take the one that you brought; check it and remember it.

    An interrupted download goes on where it stopped. Nothing that you bring is copied or unpacked.
    """
    from ..datasets import store
    from ..datasets.cards import CARDS

    store.adapter(name)
    card = CARDS[name]
    print(f"{card.title}\nlicence: {card.licence}\n{card.page}\n{card.citation}")
    report = store.get(name, source, accept_licence)
    print("\n".join(report.facts))
    print(f"ready: --data {name}:train and {name}:test")


@data.command()
def check(
    name: Annotated[str, typer.Argument(help="A name, or the path of a folder or archive; its kind is recognised.")],
) -> None:
    """Look for missing and truncated files, wrong counts and points outside the pictures, and say what to do."""
    from ..datasets import store

    found, report = store.check(name)
    print(f"{found}: OK\n" + "\n".join(report.facts))
