"""The command line `depthnets`: registers the commands and turns bad input into one line and exit code 2."""

import atexit
import gc
import sys
from importlib import import_module

import typer

from .errors import InputError

# command -> module of depthnet_lib.commands; the function has the command's name
COMMANDS: dict[str, str] = {
    "data": "data",
    "demo": "demo",
    "depth": "depth",
    "doctor": "doctor",
    "evaluate": "evaluate",
    "figures": "figures",
    "frontalize": "frontalize",
    "keypoints": "keypoints",
    "swap": "swap",
    "train": "train",
    "warp": "warp",
}

app = typer.Typer(
    name="depthnets",
    help="Facial keypoints to depth without depth labels, an affine in closed form, a warp, a repair (NeurIPS 2018).",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _group() -> None:
    """Keeps `depthnets` a group of commands."""


for _name, _module in COMMANDS.items():
    _command = getattr(import_module(f".commands.{_module}", __package__), _name)
    if isinstance(_command, typer.Typer):  # a group of its own
        app.add_typer(_command, name=_name)
    else:
        app.command(_name)(_command)


def main(arguments: list[str] | None = None) -> None:
    """Run one command and exit: 0 done, 2 bad input (one line on stderr), 130 interrupted."""
    arguments = sys.argv[1:] if arguments is None else arguments
    atexit.register(gc.freeze)  # an interpreter that ends would search PyTorch for cycles once more, for a second
    for stream in (sys.stdout, sys.stderr):  # a terminal that lacks a letter of a file's name gets its number
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = app(args=arguments or ["--help"], prog_name="depthnets", standalone_mode=False)
    except InputError as error:
        code = _complain(str(error))
    except typer.TyperException as error:  # unknown commands and options, values of the wrong kind
        context = getattr(error, "ctx", None)
        where = context.command_path if context else "depthnets"
        code = _complain(" ".join(error.format_message().split()).rstrip(".") + f"; {where} --help explains")
    if code == 130:  # Typer's answer to Ctrl-C
        print("depthnets: interrupted", file=sys.stderr)
    sys.exit(code)


def _complain(line: str) -> int:
    print("depthnets: " + line, file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
