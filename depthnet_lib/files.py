"""Files on disk: written whole or not at all, and made by one program at a time."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory

from filelock import FileLock

from .errors import InputError

PART = ".part"  # ends the name of what is not whole yet; nothing reads such files
_LEFT = 60.0  # seconds after which nobody writes to a small file any more


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A name beside ``path`` to write to: it becomes ``path`` when the block ends well, else it vanishes.

    A reader, or a kill in between, sees the old file or the new one. Raises InputError where the folder or the disk
    does not take it.
    """
    path = Path(path)
    part = path.with_name(f"{path.name}.{os.getpid()}{PART}")
    with writable(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            yield part
            part.replace(path)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)


@contextmanager
def writable(path: str | Path) -> Iterator[None]:
    """What the system answers to writing ``path`` (disk full, read-only, no such place) as one InputError."""
    try:
        yield
    except OSError as error:
        reason = f"cannot be written ({error.strerror or error})"
        raise InputError(path, reason, "free space or choose another folder") from None


@contextmanager
def new_folder(parent: Path) -> Iterator[Path]:
    """A folder inside ``parent`` to make several files in, before they are moved out of it; it goes with the block."""
    parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(PART, ".making-", parent) as folder:
        yield Path(folder)


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    with replacing(path) as part:
        part.write_bytes(content)


def write_json(path: str | Path, value: dict) -> None:
    """Write a dictionary as indented JSON."""
    write_bytes(path, (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode())


@contextmanager
def alone(path: str | Path) -> Iterator[None]:
    """Hold this while making ``path``: another program that wants to make it waits here, and then finds it made.

    The system lets go of it when the holder is killed.
    """
    lock = Path(f"{path}.lock")
    with writable(path):
        lock.parent.mkdir(parents=True, exist_ok=True)
        held = FileLock(lock)
        held.acquire()
    try:
        yield
    finally:
        with suppress(OSError):  # while it is held: whoever waits sees that its file is gone, and opens a new one
            lock.unlink()
        held.release()


def sweep(folder: Path) -> None:
    """Remove what a kill left half-written in a folder: parts that nobody has touched for a minute."""
    if folder.is_dir():
        for part in folder.glob(f"*{PART}"):
            with suppress(OSError):
                if time.time() - part.stat().st_mtime > _LEFT:
                    rmtree(part) if part.is_dir() else part.unlink()
