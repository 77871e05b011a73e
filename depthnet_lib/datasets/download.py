"""One public file to a folder: checked by sha256, and resumed where an interrupted download stopped."""

import errno
import http.client
import os
import urllib.error
import urllib.request
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import pooch
from tqdm import tqdm

from ..errors import InputError
from ..files import PART, alone, writable


def download(url: str, folder: Path, sha256: str | None = None) -> Path:
    """Fetch ``url`` into ``folder`` and return its path; a file that is there already is only checked.

    Of programs that want the same file one fetches it and the others wait. Raises InputError where the connection
    fails (what came so far is kept as NAME.part and continued next time), where the disk does not take it, or where
    the file is not the one with that sha256.
    """
    path = folder / PurePosixPath(urlsplit(url).path).name
    with alone(path):
        if path.is_file() and _is_right(path, sha256):
            return path
        part = path.with_name(path.name + PART)
        try:
            _fetch(url, part)
        except (OSError, http.client.HTTPException) as error:
            remedy = "repeat the command, it goes on where it stopped; or fetch it by hand and give it with --from"
            raise InputError(url, f"download failed ({error})", remedy) from None
        if not _is_right(part, sha256):
            part.unlink()
            raise InputError(url, "is not the published file (other sha256)", "fetch it by hand, give it with --from")
        part.replace(path)
    return path


def _is_right(path: Path, sha256: str | None) -> bool:
    return sha256 is None or pooch.file_hash(str(path)) == sha256


def _fetch(url: str, part: Path) -> None:
    """Append what is missing of ``url`` to ``part``; OSError where not all bytes arrived."""
    done = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={done}-"} if done else {})
    try:
        answer = urllib.request.urlopen(request, timeout=60)
    except urllib.error.HTTPError as error:
        if error.code != 416:  # 416: nothing lies beyond what is here, so it is not this file: begin again
            raise
        part.unlink()
        return _fetch(url, part)
    with answer:
        if answer.status != 206:  # the server begins again at the first byte
            done = 0
        rest = answer.headers.get("Content-Length")
        total = done + int(rest) if rest else None
        bar = tqdm(total=total, initial=done, unit="B", unit_scale=True)
        with bar, open(part, "ab" if done else "wb", buffering=0) as file:
            while block := answer.read(1 << 16):
                with writable(part):
                    if file.write(block) < len(block):
                        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                bar.update(len(block))
    if total is not None and part.stat().st_size != total:
        raise OSError(f"{part.stat().st_size:,} of {total:,} bytes arrived")
