"""What people bring: a folder, a .zip or a .tar, read in place and never unpacked."""

import fnmatch
import hashlib
import io
import re
import stat
import tarfile
import zipfile
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..errors import InputError
from ..images import decode_image

MAX_FILE = 1 << 29  # bytes of one file inside an archive: more is not a face, a list or a scan
_OUTSIDE = re.compile(r"^/|\\|^[A-Za-z]:|(^|/)\.\.(/|$)")  # absolute, of Windows, upwards
_WHOLE = "fetch or copy it again, whole"


class Source:
    """Files of a folder, of an archive, or one single file, by their relative names with forward slashes.

    ``sizes`` maps each name to its bytes; hidden files and those that an operating system adds are left out.
    Raises InputError for what is absent, damaged, or names places outside itself (absolute paths, "..", links).
    """

    def __init__(self, path: str | Path):
        self.path = Path(path).expanduser().resolve()
        if not self.path.exists():
            raise InputError(path, "no such file or folder", "check the path")
        self.archive: zipfile.ZipFile | tarfile.TarFile | None = None
        with _readable(self.path):
            entries = self._entries()
        self.sizes = {name: size for name, size in sorted(entries) if not _hidden(name)}

    def __contains__(self, name: str) -> bool:
        return name in self.sizes

    def match(self, pattern: str) -> list[str]:
        """Names that match a glob pattern from the right, in capitals or not: `*.mat`, `Anno/*.txt` in any folder."""
        parts, like = pattern.count("/") + 1, re.compile(fnmatch.translate(pattern), re.IGNORECASE)
        return [name for name in self.sizes if like.match("/".join(name.split("/")[-parts:]))]

    def read(self, name: str) -> bytes:
        """The bytes of one file."""
        if self.sizes[name] > MAX_FILE:
            raise InputError(f"{self.path.name}/{name}", f"{self.sizes[name]:,} bytes are too many", "leave it out")
        with _readable(self.path, name):
            if isinstance(self.archive, zipfile.ZipFile):
                return self.archive.read(name)
            if isinstance(self.archive, tarfile.TarFile):
                return self.archive.extractfile(name).read()
            return self.file(name).read_bytes()

    def text(self, name: str) -> str:
        """One file as text; bytes that are not UTF-8 become question marks."""
        return self.read(name).decode("utf-8", "replace")

    def parse(self, name: str, parser: Callable[[bytes], Any]) -> Any:
        """What ``parser`` makes of the bytes of a file; whatever it raises becomes an InputError that names it."""
        content = self.read(name)
        with _readable(self.path, name):
            return parser(content)

    def image(self, name: str) -> np.ndarray:
        """One picture as RGB uint8 (H, W, 3)."""
        return decode_image(self.read(name), f"{self.path.name}/{name}")

    def image_size(self, name: str) -> tuple[int, int]:
        """Width and height of a picture, from its header."""
        with _readable(self.path, name), Image.open(io.BytesIO(self.read(name))) as picture:
            return picture.size

    def file(self, name: str) -> Path:
        """The path of a file in a folder (archives have none)."""
        return self.path / name if self.path.is_dir() else self.path

    def inside(self, name: str) -> "Source":
        """An archive that lies in this folder, opened."""
        return self if self.archive else Source(self.file(name))

    def fingerprint(self) -> str:
        """A checksum that changes when a file does: of names, sizes, and checksums (zip) or times (folder, tar)."""
        if isinstance(self.archive, zipfile.ZipFile):
            marks = [(i.filename, i.file_size, i.CRC) for i in self.archive.infolist()]
        elif self.archive:
            marks = [(m.name, m.size, m.mtime) for m in self.archive.getmembers()]
        else:
            marks = [(name, size, self.file(name).stat().st_mtime_ns) for name, size in self.sizes.items()]
        return hashlib.sha256(repr(sorted(marks)).encode()).hexdigest()

    def _entries(self) -> list[tuple[str, int]]:
        if self.path.is_dir():
            files = (p for p in self.path.rglob("*") if p.is_file())
            return [(p.relative_to(self.path).as_posix(), p.stat().st_size) for p in files]
        if self.path.suffix == ".zip":
            self.archive = zipfile.ZipFile(self.path)
            infos = [i for i in self.archive.infolist() if not i.is_dir()]
            links = [i.filename for i in infos if stat.S_ISLNK(i.external_attr >> 16)]
            entries = [(i.filename, i.file_size) for i in infos]
        elif self.path.name.endswith((".tar", ".tar.gz", ".tgz")):
            self.archive = tarfile.open(self.path)  # noqa: SIM115 - stays open as long as the source
            members = self.archive.getmembers()
            links = [m.name for m in members if not (m.isreg() or m.isdir())]
            entries = [(m.name, m.size) for m in members if m.isreg()]
        else:
            return [(self.path.name, self.path.stat().st_size)]
        outside = [name for name, _ in entries if _OUTSIDE.search(name)]
        twice = [name for name, count in Counter(name for name, _ in entries).items() if count > 1]
        for names, why in ((links + outside, "points outside the archive"), (twice, "is there more than once")):
            if names:
                raise InputError(self.path, f"refused: {names[0]} {why}", "fetch it from its publisher")
        return entries


def picture_problem(content: bytes) -> str | None:
    """Why the bytes of a picture are not whole, or None. Decodes nothing, so it is quick on 200,000 of them."""
    try:
        with Image.open(io.BytesIO(content)) as picture:
            kind = picture.format
            picture.verify()  # checksums of PNG; nothing for JPEG, whose end is marked instead
    except Exception as error:
        return f"not a whole picture ({type(error).__name__})"
    if kind == "JPEG" and b"\xff\xd9" not in content[-64:]:
        return "truncated: the JPEG has no end"
    return None


def _hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) and part != "." for part in name.split("/"))


@contextmanager
def _readable(path: Path, name: str | None = None):
    """Every way that damaged files and archives fail becomes one InputError: decoders raise nearly anything on them."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        subject = path if name is None or path.name == name else f"{path}/{name}"
        why = " ".join(str(error).split()) or type(error).__name__
        raise InputError(subject, f"damaged or truncated ({why})", _WHOLE) from None
